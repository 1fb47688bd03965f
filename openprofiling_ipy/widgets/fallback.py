"""The result as plain HTML: what a front end shows that strips frames, styles and scripts."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from openprofiling_ipy.model.units import format_percent, format_value
from openprofiling_ipy.widgets.measure import bar, harmless
from openprofiling_ipy.widgets.rows import hottest

if TYPE_CHECKING:
    from openprofiling_ipy.analysis.summary import Summary
    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.widgets.rows import Hottest, Row

__all__ = ["header", "inert", "still"]

_ROWS = 12
_BAR = 10
#: GitHub heeds the attribute and strips the style, JupyterLab the other way round.
_LEFT = 'align="left" style="text-align:left"'
_RIGHT = 'align="right" style="text-align:right"'


def inert(text: str) -> str:
    """Return `text` as HTML that is nothing but text: no markup, no control characters, no formula for MathJax."""
    safe = escape(harmless(text))
    # MathJax reads text between delimiters; an element between the signs of one keeps it from seeing any.
    return safe.replace("$", "<span>$</span>").replace("\\", "<span>\\</span>")


def header(said: Summary) -> tuple[str, str]:
    """Return the header's line and the notes as HTML."""
    line = " · ".join([f"<b>{inert(said.title)}</b>", *map(inert, said.facts)])
    notes = "".join(f"<p>{'⚠ ' * (note.level == 'warn')}{inert(note.text)}</p>" for note in said.notes)
    return line, notes


def still(profile: Profile, said: Summary, png: bytes) -> str:
    """Return an open `<details>`: the header's line, the notes, the picture `png` and a table. Needs no style."""
    line, notes = header(said)
    shown = hottest(profile, _ROWS)
    image = _image(said, png) if shown.functions else ""
    table = _table(shown) if shown.functions else ""
    return f"<details open><summary>{line}</summary>{notes}{image}{table}</details>"


def _image(said: Summary, png: bytes) -> str:
    data = base64.b64encode(png).decode()
    alt = escape(f"Flame graph: {harmless(said.title)}")
    return f'<p><img alt="{alt}" src="data:image/png;base64,{data}"></p>'


def _table(shown: Hottest) -> str:
    body = _rows("function", [_function(row) for row in shown.functions], shown.functions, shown)
    body += _rows("hottest lines", [_line(row) for row in shown.lines], shown.lines, shown)
    rest = f"<p>{inert(shown.rest)}</p>" if shown.rest else ""
    return f"<table>{body}</table>{rest}"


def _rows(title: str, labels: list[str], rows: list[Row], shown: Hottest) -> str:
    if not rows:
        return ""
    head = f"<tr><th {_LEFT}>{title}</th><th {_RIGHT}>self</th><th {_RIGHT}>total</th><th></th></tr>"
    cells = zip(labels, rows, strict=True)
    return head + "".join(f"<tr><td {_LEFT}>{label}</td>{_numbers(row, shown)}</tr>" for label, row in cells)


def _function(row: Row) -> str:
    name = f"<b>{inert(row.name)}</b>" if row.own else inert(row.name)
    return f"{name} · {inert(row.place)}" if row.place else name


def _line(row: Row) -> str:
    code = row.name.lstrip(" ")
    indent = "&nbsp;" * (len(row.name) - len(code))
    return f"{inert(row.place)} <code>{indent}{inert(code)}</code>"


def _numbers(row: Row, shown: Hottest) -> str:
    texts = [f"{format_value(weight, shown.unit)} ({format_percent(shown.share(weight))})" for weight in row.weights]
    cells = "".join(f"<td {_RIGHT}>{text}</td>" for text in texts)
    return f"{cells}<td {_LEFT}>{bar(shown.share(row.weights[1]), _BAR)}</td>"
