"""The result as text: what a terminal, a log and `text/plain` show."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from openprofiling_ipy.analysis import summary
from openprofiling_ipy.model.units import format_percent, format_value
from openprofiling_ipy.widgets import measure
from openprofiling_ipy.widgets.rows import Hottest, Row, hottest

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = ["header", "table"]

#: In columns. A narrower terminal loses the bars first.
_LONGEST_BAR = 8
_SHORTEST_BAR = 4
_NARROWEST = 48
_NARROWEST_LABEL = 40
_NARROWEST_WITH_PLACE = 30

_BOLD, _FAINT, _YELLOW, _BLUE, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[34m", "\x1b[0m"

#: What stands for our own characters where an encoding has none of them.
_PLAIN = str.maketrans({"µ": "u", "±": "~", "…": "...", "·": "-"})


@dataclass(frozen=True, slots=True)
class _Look:
    """What may be written: `steps` are the parts of a bar's last column, from the thinnest to the full one."""

    width: int
    color: bool
    encoding: str
    steps: str = "▏▎▍▌▋▊▉█"
    ellipsis: str = "…"
    dot: str = " · "

    def clean(self, text: str) -> str:
        """Return `text` without anything that steers a terminal or that the encoding does not have."""
        safe = measure.harmless(text)
        return safe if _has(self.encoding, safe) else _replaced(self.encoding, safe.translate(_PLAIN))

    def paint(self, text: str, code: str) -> str:
        return f"{code}{text}{_OFF}" if self.color and code and text.strip() else text


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _replaced(encoding: str, text: str) -> str:
    return text.encode(encoding, "replace").decode(encoding)


def _look(width: int, color: bool, encoding: str) -> _Look:
    columns = max(width, _NARROWEST)
    look = _Look(columns, color, encoding)
    rich = _has(encoding, look.steps + look.ellipsis + look.dot)
    return look if rich else _Look(columns, color, encoding, "#", "...", " - ")


def table(profile: Profile, rows: int = 15, width: int = 100, color: bool = False, encoding: str = "utf-8") -> str:
    """
    Return the header, the notes and a table of at most `rows` rows in `width` columns (at least 48).

    Functions stand by self, descending; the last rows are the hottest lines of the cell, in the order of its source.
    `color` adds ANSI colours. Where `encoding` has no block characters everything is ASCII.
    """
    look = _look(width, color, encoding)
    shown = hottest(profile, rows)
    out = [_head(profile, look)]
    if shown.functions:
        grid = _Grid(look, shown)
        out += ["", *grid.lines("function", shown.functions)]
        out += [look.paint(measure.clip(shown.rest, look.width, look.ellipsis), _FAINT)] if shown.rest else []
        # Code reads best behind the places of its lines, one below the other.
        place = max((measure.width(row.place) for row in shown.lines), default=0)
        code = [replace(row, name=f"{measure.pad(row.place, place)}  {row.name}", place="") for row in shown.lines]
        out += ["", *grid.lines("hottest lines", code)] if code else []
    return "\n".join(out)


def header(profile: Profile, width: int = 100, color: bool = False, encoding: str = "utf-8") -> str:
    """Return the header and the notes alone."""
    return _head(profile, _look(width, color, encoding))


def _head(profile: Profile, look: _Look) -> str:
    said = summary.summary(profile)
    title = look.clean(said.title)
    # Facts stay whole: a line ends between two of them.
    lines = [title]
    for fact in map(look.clean, said.facts):
        if measure.width(lines[-1] + look.dot + fact) <= look.width:
            lines[-1] += look.dot + fact
        else:
            lines.append("  " + fact)
    out = [look.paint(title, _BOLD) + lines[0][len(title) :], *lines[1:]]
    for note in said.notes:
        mark, code = ("! ", _YELLOW) if note.level == "warn" else ("  ", _FAINT)
        wrapped = textwrap.wrap(mark + look.clean(note.text), look.width, subsequent_indent="  ")
        out += [look.paint(line, code) for line in wrapped]
    return "\n".join(out)


class _Grid:
    """Lays rows out in columns: a label, then self and total, each as weight, share and bar."""

    def __init__(self, look: _Look, shown: Hottest) -> None:
        self._look = look
        self._shown = shown
        # "12 min 59 s" is the longest of the usual numbers; a longer one only moves its own row.
        self._number = max(8, len(format_value(shown.whole, shown.unit)))
        self._fixed = 2 + self._number + 1 + 6
        bar = min(_LONGEST_BAR, (look.width - _NARROWEST_LABEL) // 2 - self._fixed - 1)
        self._bar = bar if bar >= _SHORTEST_BAR else -1  # -1: not even the space before it
        self._label = look.width - 2 * (self._fixed + self._bar + 1)

    def lines(self, title: str, rows: list[Row]) -> list[str]:
        blank = " " * (self._bar + 1)
        heads = "".join(f"{name:>{self._fixed}}{blank}" for name in ("self", "total"))
        return [self._look.paint((measure.pad(title, self._label) + heads).rstrip(), _FAINT), *map(self._line, rows)]

    def _line(self, row: Row) -> str:
        text = self._text(row)
        for weight in row.weights:
            share = self._shown.share(weight)
            number = self._look.clean(format_value(weight, self._shown.unit))
            text += f"  {number:>{self._number}} {format_percent(share):>6}"
            if self._bar > 0:
                bar = measure.bar(share, self._bar, self._look.steps)
                text += " " + self._look.paint(bar, _BLUE) + " " * (self._bar - len(bar))
        return text.rstrip()

    def _text(self, row: Row) -> str:
        look = self._look
        name, place = look.clean(row.name), look.clean(row.place)
        if self._label < _NARROWEST_WITH_PLACE:
            place = ""
        # The folders of a place go first, then "<locals>", and the end of the name last: it tells most.
        least = min(self._label // 2, len(look.ellipsis) + 1 + measure.width(place.rpartition("/")[2]))
        place = measure.shorten(place, max(self._label - measure.width(name + look.dot), least), look.ellipsis)
        tail = look.dot + place if place else ""
        room = self._label - measure.width(tail)
        name = name if measure.width(name) <= room else name.replace("<locals>.", "")
        name = measure.clip(name, room, look.ellipsis)
        blank = " " * (self._label - measure.width(name + tail))
        return look.paint(name, _BOLD if row.own and place else "") + look.paint(tail, _FAINT) + blank
