"""The few rows that stand for a profile where there is no room for all: the functions and lines that weigh most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from openprofiling_ipy.analysis import lines as line_analysis, places, summary
from openprofiling_ipy.model.units import Unit, format_count, format_percent
from openprofiling_ipy.widgets.ranking import names, rank
from openprofiling_ipy.widgets.sources import main_file, source_lines

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = ["Hottest", "Row", "hottest"]

#: Of the rows, at most so many are lines of the cell, and none below this share of the whole.
_LINES = 5
_SMALLEST_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Row:
    """A function with its place, or a line's place and text; self and total; `own` where it is the user's code."""

    name: str
    place: str
    weights: tuple[int, int]
    own: bool


@dataclass(frozen=True, slots=True)
class Hottest:
    """
    Functions by self, descending, and lines of the cell in the order of its source.

    `whole` is what shares are of, in `unit`; `rest` says what the functions left out come to, "" where all are shown.
    """

    functions: list[Row]
    lines: list[Row]
    rest: str
    whole: int
    unit: Unit

    def share(self, weight: int) -> float:
        return weight / max(self.whole, 1)


def hottest(profile: Profile, rows: int) -> Hottest:
    """Return at most `rows` rows of the value that is shown first."""
    value = summary.shown_value(profile)
    found = places.places(profile)
    ranking = rank(profile, value)
    seen = sum(total > 0 for total in ranking.total)
    lines = _lines(profile, value, ranking.whole, min(_LINES, rows - 1))
    shown = min(seen, rows - len(lines))
    columns = zip(ranking.function[:shown], ranking.self_weight, ranking.total, strict=False)
    functions = [
        Row(*names(profile, which, found), (own, total), found[profile.function_file(which)].kind in ("cell", "user"))
        for which, own, total in columns
    ]
    left = seen - shown
    part = format_percent(sum(ranking.self_weight[shown:]) / max(ranking.whole, 1))
    rest = f"{format_count(left)} more function{'s' * (left > 1)}, {part} of self" if left else ""
    return Hottest(functions, lines, rest, ranking.whole, profile.value_types[value].unit)


def _lines(profile: Profile, value: int, whole: int, most: int) -> list[Row]:
    """Return the lines of the main file with most weight, where its source came with the profile."""
    file = main_file(profile, value)
    if file not in profile.sources or most < 1:
        return []
    text = source_lines(profile, file)
    columns = zip(*(column.tolist() for column in line_analysis.line_weights(profile, file, value)), strict=True)
    least = max(1, _SMALLEST_SHARE * whole)
    hot = [(total, own, number) for number, own, total in columns if 0 < number <= len(text) and total >= least]
    hot = sorted(hot, key=lambda row: (-row[0], row[2]))[:most]
    return [
        Row(text[number - 1].expandtabs(4), f"{file}:{number}", (own, total), own=True)
        for total, own, number in sorted(hot, key=lambda row: row[2])
    ]
