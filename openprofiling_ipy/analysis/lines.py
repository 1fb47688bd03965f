"""Which lines of a file weigh what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openprofiling_ipy.analysis.weights import outermost, stack_self, stack_total, sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from openprofiling_ipy.model import Profile

__all__ = ["line_weights"]


def line_weights(
    profile: Profile, file: str, value: int, lanes: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """
    Return line [K], self [K] and total [K] of the lines of `file` that were executed, ascending.

    A line counts once in a stack, in whatever functions and however deep it recurs. Where positions are unknown they
    stand under line 0. Lines without weight in this value and these lanes are left out.
    """
    frames, stacks = profile.frames, profile.stacks
    here = np.array([profile.strings[i] == file for i in profile.functions.file.tolist()], dtype=np.bool_)
    line = np.where(here[frames.function], frames.line, -1)[stacks.frame]
    own = stack_self(profile, value, lanes)
    first = outermost(stacks, line) & (line >= 0)
    found, slot = np.unique(line[first], return_inverse=True)
    total = sums(slot.astype(np.int32), stack_total(stacks, own)[first], len(found))
    inside = line >= 0
    self_weight = sums(np.searchsorted(found, line[inside]).astype(np.int32), own[inside], len(found))
    some = total > 0
    return found[some].astype(np.int32), self_weight[some], total[some]
