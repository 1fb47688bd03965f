"""The functions of a profile by weight: what every table of functions shows, whatever it is drawn with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from openprofiling_ipy.analysis import weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openprofiling_ipy.analysis.places import Place
    from openprofiling_ipy.model import Profile

__all__ = ["Ranking", "names", "order", "rank"]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Functions [U] by weight, with their self [U] and total [U]; `whole` is the document's total."""

    function: list[int]
    self_weight: list[int]
    total: list[int]
    whole: int


def order(profile: Profile, function: Sequence[int], first: Sequence[int], then: Sequence[int]) -> list[int]:
    """
    Return the positions [K] of functions [K] by `first` and `then`, both descending.

    Ties go by name, file and line, so that the order depends on nothing but what is seen.
    """
    functions = profile.functions

    def key(position: int) -> tuple[int, int, str, str, int]:
        which = function[position]
        name, file = profile.function_name(which), profile.function_file(which)
        return -first[position], -then[position], name, file, int(functions.first_line[which])

    return sorted(range(len(function)), key=key)


def rank(profile: Profile, value: int) -> Ranking:
    """Rank all functions by self, then by total, over the lanes shown at first."""
    own, total = (column.tolist() for column in weights.function_weights(profile, value))
    function = order(profile, range(len(own)), own, total)
    whole = weights.document_total(profile, value)
    return Ranking(function, [own[i] for i in function], [total[i] for i in function], whole)


def names(profile: Profile, function: int, found: dict[str, Place]) -> tuple[str, str]:
    """Return what a function is called and its place, "" where none is known: ("train", "In[3]:12")."""
    short = found[profile.function_file(function)].short
    line = int(profile.functions.first_line[function])
    where = f"{short}:{line}" if short and line else short
    return profile.function_name(function) or "(anonymous)", where
