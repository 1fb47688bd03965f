"""Labels of boxes, and the forms that fit where the whole does not: the same steps as in `js/paint_text.js`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openprofiling_ipy.widgets.measure import harmless
from openprofiling_ipy.widgets.ranking import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.analysis.places import Place
    from openprofiling_ipy.model import Profile

__all__ = ["clip", "fit", "forms"]


def forms(profile: Profile, function: int, found: dict[str, Place]) -> list[str]:
    """
    Return what a box may be called, from the longest to the shortest: name and place, name, its last part.

    The place is a line in the user's own code, elsewhere the package: a box is small, and a reader wants his own lines.
    """
    name, line = map(harmless, names(profile, function, found))
    where = found[profile.function_file(function)]
    place = (harmless(where.package) or line) if where.kind in ("package", "stdlib") else line
    return [f"{name} · {place}" if place else name, name, name.rpartition(".")[2] or name]


def fit(labels: list[str], width: Callable[[str], float], room: float) -> str:
    """
    Return the longest form that fits, else the last one clipped, "" where not even two letters would stand.

    `width` measures a text in the unit of `room`.
    """
    return next((label for label in labels if width(label) <= room), "") or clip(labels[-1], width, room)


def clip(text: str, width: Callable[[str], float], room: float) -> str:
    """Cut `text` to `room`, the ellipsis included; "" where not even two letters fit."""
    if width(text) <= room:
        return text
    left = room - width("…")
    for position, char in enumerate(text):
        left -= width(char)
        if left < 0:
            return text[:position].rstrip() + "…" if position > 1 else ""
    return text
