"""
The HTML page: one file with the viewer and its data, which needs no network and opens as a profile again.

The data are raw deflate in base64, so nothing a function is called can be read as markup; the page's policy runs the
viewer's own script, known by its hash, and nothing else. By default it is private: no host, user, pid or absolute path.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from dataclasses import replace
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.analysis.budget import fit
from openprofiling_ipy.analysis.privacy import private as without_names
from openprofiling_ipy.analysis.summary import shown_value, summary
from openprofiling_ipy.analysis.transforms import trim_sources
from openprofiling_ipy.errors import MalformedProfile
from openprofiling_ipy.formats import columns, html_view, jsontext
from openprofiling_ipy.formats.disclosure import told

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = ["contents", "document", "dumps", "loads", "losses", "name", "sniff", "suffixes"]

name: str = "html"
suffixes: tuple[str, ...] = (".html", ".htm")
document: str = "Profile"

_OPEN: Final = b'<script type="application/vnd.openprofiling" id="oprof-data">'
_CLOSE: Final = b"</script>"
_PLACEHOLDER: Final = re.compile(r"/\*STYLE\*/|/\*SCRIPT\*/|<!--TITLE-->")
#: Columns of digits get no smaller by the higher levels (1 % by 9), which take seven times as long.
_LEVEL: Final = 5
_ANY_SCRIPT: Final = "script-src 'unsafe-inline'"
#: Data may unpack to so much, and beyond that to so many times their size: enough for millions of samples, no bomb.
_UNPACKED: Final = 1 << 26
_RATIO: Final = 64
_MOST: Final = 1 << 29


def sniff(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    return start.startswith(b"<!doctype html") and b"openprofiling" in head


def losses(document: Profile) -> tuple[str, ...]:
    """Say what the default page leaves out of this document."""
    kept = set(contents(document))
    private = [phrase for phrase in told(replace(document, sources={}), everything=True) if phrase not in kept]
    return tuple(f"{phrase} (left out to be private)" for phrase in private)


def contents(document: Profile) -> tuple[str, ...]:
    return told(_public(document), everything=True)


def dumps(document: Profile, *, budget: int | None = None, private: bool = True) -> bytes:
    """
    Write the page.

    With a `budget` in bytes small frames are folded and samples joined until the whole page fits, which it says.
    `private=False` keeps host, user, pid, absolute paths and all sources.
    """
    full = _public(document) if private else document
    shell = _shell(summary(full).title)
    if budget is None:
        return _body(full, full).join(shell)
    # What was measured is packed already; what is far too large is never packed.
    packed: list[tuple[Profile, bytes]] = []

    def size(profile: Profile) -> int:
        packed.append((profile, _body(full, profile)))
        return len(packed[-1][1])

    fitting = fit(full, budget - sum(map(len, shell)), size)
    known = (body for profile, body in packed if profile is fitting)
    return (next(known, None) or _body(full, fitting)).join(shell)


def _public(profile: Profile) -> Profile:
    return trim_sources(without_names(profile))


def _shell(title: str) -> list[bytes]:
    """Return what stands before and behind the data."""
    template, style, script = _parts()
    # The title as browsers write it: the page exports its own text by writing itself out again.
    escaped = escape(title, quote=False).replace("\xa0", "&nbsp;")
    pieces = {"/*STYLE*/": style, "/*SCRIPT*/": script, "<!--TITLE-->": escaped}
    before, _, behind = template.partition("<!--DATA-->")
    # In one pass: what one piece holds is no placeholder for another.
    return [_text(_PLACEHOLDER.sub(lambda match: pieces[match[0]], part)) for part in (before, behind)]


def _text(text: str) -> bytes:
    # A name may hold half a surrogate pair, which UTF-8 has no place for; the data have escaped it.
    return text.encode(errors="replace")


def _body(full: Profile, profile: Profile) -> bytes:
    """Return the table and the data of `profile`, which is `full` or made smaller of it."""
    # How many samples were recorded is said of all of it, what was folded of what is left.
    words = summary(replace(full, attributes=profile.attributes))
    value = shown_value(full)
    content = {"profile": columns.encode(profile), "view": html_view.view(profile, words, value)}
    squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = base64.b64encode(squeezer.compress(jsontext.write(content)) + squeezer.flush())
    table = html_view.table(profile, words, value)
    return b"".join((_text(f"<noscript>{table}</noscript>"), _OPEN, packed, _CLOSE))


@cache
def _parts() -> tuple[str, str, str]:
    """Return template, style and script; the template's policy names the script by its hash."""
    folder = files("openprofiling_ipy.widgets") / "static"
    template, style, script = (
        (folder / file).read_text(encoding="utf-8") for file in ("page.html", "viewer.css", "viewer.js")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return template.replace(_ANY_SCRIPT, f"script-src 'sha256-{digest}'"), style, script


def loads(data: bytes) -> Profile:
    """Read a page of ours. Raises MalformedProfile; what its data unpack to is bounded."""
    start = data.find(_OPEN)
    if start < 0:
        raise MalformedProfile(name, "it is not a page written by openprofiling_ipy")
    start += len(_OPEN)
    end = data.find(_CLOSE, start)
    if end < 0:
        raise MalformedProfile(name, "its data are cut off", len(data))
    content = jsontext.parse(_unpack(data[start:end], start), name)
    try:
        return columns.decode(content.get("profile"))
    except ValueError as error:
        raise MalformedProfile(name, str(error)) from None


def _unpack(packed: bytes, offset: int) -> bytes:
    most = min(max(_UNPACKED, _RATIO * len(packed)), _MOST)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        text = inflater.decompress(base64.b64decode(packed, validate=True), most + 1)
    except (binascii.Error, zlib.error) as error:
        raise MalformedProfile(name, f"its data are damaged: {error}", offset) from None
    if len(text) > most:
        raise MalformedProfile(name, f"its data unpack to more than {most >> 20} MiB", offset)
    if not inflater.eof:
        raise MalformedProfile(name, "its data are cut off", offset)
    return text
