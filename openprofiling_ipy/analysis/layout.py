"""Where the boxes of a flame graph stand; no canvas, only numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from openprofiling_ipy.analysis.weights import depths, path_sums, stack_functions, stack_self, stack_total

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from openprofiling_ipy.model import Profile

__all__ = ["Boxes", "left_heavy", "time_order"]


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """
    Boxes [B] by depth, then from left to right; those of one depth never overlap.

    `stack` int32 [B] into the profile's stacks, `depth` int32 [B] (0 a root), `x0` and `x1` int64 [B] in the unit of
    the value, or in ns since the start where samples have times.
    """

    stack: NDArray[np.int32]
    depth: NDArray[np.int32]
    x0: NDArray[np.int64]
    x1: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.stack)


def _boxes(stack: NDArray[np.int64], depth: NDArray[np.int32], x0: NDArray[np.int64], x1: NDArray[np.int64]) -> Boxes:
    order = np.lexsort((x0, depth))
    return Boxes(stack[order].astype(np.int32), depth[order], x0[order], x1[order])


def left_heavy(profile: Profile, value: int, lanes: NDArray[np.bool_] | None = None) -> Boxes:
    """
    Lay the stacks out by weight: siblings by total, the heaviest first, ties by function, then in their order.

    A child begins where its parent begins or its heavier sibling ends; what a stack has of its own is left free at its
    right. Stacks without weight have no box. Lines stay apart: see `transforms.by_function`.
    """
    stacks = profile.stacks
    total = stack_total(stacks, stack_self(profile, value, lanes))
    order = np.lexsort((stack_functions(profile), -total, stacks.parent))
    before = np.cumsum(total[order]) - total[order]
    owner = stacks.parent[order]
    first = np.searchsorted(owner, owner, side="left")
    offset = np.empty(len(stacks), dtype=np.int64)
    offset[order] = before - before[first]
    x0 = path_sums(stacks, offset)
    some = np.flatnonzero(total > 0)
    return _boxes(some, depths(stacks)[some], x0[some], (x0 + total)[some])


def time_order(profile: Profile, lane: int, value: int) -> Boxes:
    """
    Lay the samples of a lane out as they came; what adjacent samples share from the root on is one box.

    Where times and "wall" are known, a sample covers [time - wall, time] less what the one before it covers already,
    and times that no sample covers are gaps. Else samples stand side by side, as wide as their weight. Samples without
    weight in `value` and those with an empty stack are left out.
    """
    samples = profile.samples
    chosen = np.flatnonzero((samples.thread == lane) & (samples.values[:, value] > 0) & (samples.stack >= 0))
    if samples.time is not None and "wall" in profile.value_kinds:
        end = samples.time[chosen]
        start = end - samples.values[chosen, profile.value_kinds.index("wall")]
        start[1:] = np.maximum(start[1:], end[:-1])
        chosen, start, end = (column[end > start] for column in (chosen, start, end))
    else:
        end = np.cumsum(samples.values[chosen, value])
        start = end - samples.values[chosen, value]
    return _runs(profile, samples.stack[chosen].tolist(), start.tolist(), end.tolist())


def _runs(profile: Profile, leaves: list[int], starts: list[int], ends: list[int]) -> Boxes:
    parent, depth = profile.stacks.parent.tolist(), depths(profile.stacks)
    found: list[tuple[int, int, int]] = []
    path: list[tuple[int, int]] = []  # the open boxes from the root on: stack and start
    pen = 0

    def close(kept: int) -> None:
        while len(path) > kept:
            stack, begin = path.pop()
            found.append((stack, begin, pen))

    for leaf, start, end in zip(leaves, starts, ends, strict=True):
        if start > pen:
            close(0)
        fresh = []
        stack = leaf
        while stack >= 0 and not (depth[stack] < len(path) and path[depth[stack]][0] == stack):
            fresh.append(stack)
            stack = parent[stack]
        close(int(depth[stack]) + 1 if stack >= 0 else 0)
        path.extend((opened, start) for opened in reversed(fresh))
        pen = end
    close(0)
    columns = np.array(found, dtype=np.int64).reshape(-1, 3)
    return _boxes(columns[:, 0], depth[columns[:, 0]], columns[:, 1], columns[:, 2])
