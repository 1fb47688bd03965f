"""
A capture as a notebook's output: a live picture where frames live, a still one where they are stripped.

Every front end takes one of the bundle's forms. `text/html` holds the live page in a frame and, hidden as long as that
frame stands beside it, a still picture with a table: JupyterLab strips frames, styles and scripts from a notebook it
does not trust, GitHub from every one, and what hid the still form goes with them. `image/png` is for those that look
for pictures first (GitLab) or take no HTML at all (PDF, consoles): the same picture with the header drawn into it,
while the one inside the HTML has its header as text. `text/plain` is the table of a terminal.

Everything is in its private form. The same capture always gives the same bytes.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
from dataclasses import replace
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.analysis import summary, transforms
from openprofiling_ipy.formats import html
from openprofiling_ipy.model import ProfileBuilder, ValueType
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.widgets import fallback, picture, text
from openprofiling_ipy.widgets.measure import harmless

if TYPE_CHECKING:
    from collections.abc import Collection

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.model import Profile

__all__ = ["Result", "bundle", "in_terminal"]

_BUDGET = 300_000
#: What a page may grow by when it is quoted, beyond what the viewer in it does: quotes in its title and its table.
_SLACK = 1_000
#: In px: header, tools, crumbs and status line; a note; a row; and the bounds of the whole.
_ROUND, _NOTE, _ROW, _LOWEST, _HIGHEST = 132, 26, 20, 260, 460

#: The frame hides the still form beside it; where a sanitiser takes frames it takes this as well. The strip below the
#: frame is the handle's: over a frame it could not be reached.
_STYLE = """<style>
.oprof-live{position:relative;box-sizing:border-box;height:var(--oprof-height,360px);min-height:120px;max-width:100%;\
padding-bottom:8px;overflow:hidden;resize:vertical}
.oprof-live>iframe{display:block;width:100%;height:100%;border:0;border-radius:6px}
.oprof-live>iframe~details{display:none}
</style>"""

#: The frame's origin is opaque, so its page cannot see the notebook's theme: this tells it when the page is ready and
#: when the theme changes. An attribute rather than a script, for it goes wherever the frame goes. A frame that is gone
#: is let go at the next occasion: a notebook whose cells run all day must not keep their old pages.
_TELL = (
    "(f=>{if(f.oprof)return f.oprof();const b=document.body,h=document.documentElement,"
    "t=e=>{if(!f.isConnected){f.oprof=0;o.disconnect();window.removeEventListener('message',t);return}"
    "const w=f.contentWindow;if(!w||e&&e.source&&e.source!=w)return;"
    "const l=b.dataset.jpThemeLight,k=b.dataset.vscodeThemeKind||h.getAttribute('theme')||'';"
    "w.postMessage({type:'oprof-theme',theme:l?l=='true'?'light':'dark':!k?'auto':/light/.test(k)?'light':'dark'},'*')},"
    "o=new MutationObserver(t);o.observe(b,{attributes:true});window.addEventListener('message',t);t(f.oprof=t)})(this)"
)


class Result:
    """
    Displays a capture; while it runs, what is recorded so far.

    `budget` bounds the whole output in bytes (None: it does not): beyond it small frames fold, and the picture says so.
    `quiet` shows the header and the notes alone. With `private` off, absolute paths and all sources stay in.
    """

    def __init__(
        self, capture: Capture, *, budget: int | None = _BUDGET, quiet: bool = False, private: bool = True
    ) -> None:
        self._capture = capture
        self._budget = budget
        self._quiet = quiet
        self._private = private

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        # A terminal shows nothing but text: the rest need not be made.
        if in_terminal():
            return {"text/plain": repr(self)}
        made = bundle(self._profile(), budget=self._budget, quiet=self._quiet, private=self._private)
        return {kind: data for kind, data in made.items() if kind in (include or made) and kind not in (exclude or ())}

    def __repr__(self) -> str:
        show = text.header if self._quiet else text.table
        return show(self._profile(), **_terminal())

    def _profile(self) -> Profile:
        """Return what to show; of a loaded one with the number it has here, by which `%oprof export` finds it."""
        profile = self._capture.peek()
        if self._capture.status != "loaded":
            return profile
        return replace(profile, attributes={**profile.attributes, A.NUMBER: self._capture.number})


def in_terminal() -> bool:
    """Tell whether the standard output is a terminal; what a program puts in its place need not know."""
    return bool(getattr(sys.stdout, "isatty", bool)())


def _terminal() -> dict[str, Any]:
    """Return what the standard output can show: width, colours, characters."""
    out = sys.stdout
    encoding = getattr(out, "encoding", None) or "utf-8"
    if not in_terminal():
        return {"encoding": encoding}
    color = "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return {"encoding": encoding, "color": color, "width": min(100, shutil.get_terminal_size().columns)}


def bundle(
    profile: Profile, *, budget: int | None = _BUDGET, quiet: bool = False, private: bool = True
) -> dict[str, str]:
    """Return the output of a profile by MIME type, `image/png` in base64 as notebooks keep it. See `Result`."""
    shown = transforms.trim_sources(transforms.private(profile)) if private else profile
    if quiet:
        line, notes = fallback.header(summary.summary(shown))
        return {"text/html": f"<div>{line}{notes}</div>", "text/plain": text.header(shown)}
    drawing = picture.Still(shown)
    drawn = drawing.draw()
    still = fallback.still(shown, drawing.said, drawn.below_header())
    rest = {"image/png": base64.b64encode(drawn.png).decode(), "text/plain": text.table(shown)}
    outside = _size({"text/html": _framed(drawing, "", still), **rest})
    page = _page(shown, None if budget is None else budget - outside, private=private)
    if page is None:
        too_small = "<p>The live picture does not fit into the budget of this output.</p>"
        return {"text/html": still + too_small, **rest}
    return {"text/html": _framed(drawing, page, still), **rest}


def _page(profile: Profile, room: int | None, *, private: bool) -> str | None:
    """Return the live page, quoted for an attribute, in `room` bytes; None where not even the viewer fits."""
    if room is None:
        return _quoted(html.dumps(profile, private=private))
    # How much the fixed parts grow is known; what names add to that is seen afterwards.
    wanted = room - _growth() - _SLACK
    for _ in range(2):
        page = _quoted(html.dumps(profile, budget=wanted, private=private))
        over = _size(page) - room
        if over <= 0:
            return page
        wanted -= over
    return None


@cache
def _growth() -> int:
    """Return how many bytes an empty page grows by when it is quoted and stored: the viewer's share of it."""
    page = html.dumps(ProfileBuilder([ValueType("samples", "count")]).build())
    return _size(_quoted(page)) - len(page)


def _quoted(page: bytes) -> str:
    # Single quotes round it: the page's many double ones then need no entity.
    return page.decode().replace("&", "&amp;").replace("'", "&#39;")


def _size(stored: object) -> int:
    """Return the bytes that a notebook file needs for this."""
    return len(json.dumps(stored, ensure_ascii=False).encode())


def _framed(drawing: picture.Still, page: str, still: str) -> str:
    height = _height(drawing)
    title = escape(harmless(drawing.said.title))
    return (
        f'<div class="oprof">{_STYLE}<div class="oprof-live" style="--oprof-height:{height}px"><iframe '
        f'title="{title}" width="100%" height="{height}" sandbox="allow-scripts allow-downloads" '
        f"onload=\"{escape(_TELL)}\" srcdoc='{page}'></iframe>{still}</div></div>"
    )


def _height(drawing: picture.Still) -> int:
    """Return the height in px at which the live picture shows all its rows at first, within bounds."""
    notes = _NOTE if drawing.said.notes else 0
    return min(max(_ROUND + notes + _ROW * drawing.rows, _LOWEST), _HIGHEST)
