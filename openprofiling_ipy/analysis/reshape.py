"""What every transform is made of: stacks joined into one another, samples moved along, the unused left behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from openprofiling_ipy.analysis.weights import path_sums, stable_order, stack_total, sums
from openprofiling_ipy.model import FrameTable, FunctionTable, Profile, SampleTable, StackTable
from openprofiling_ipy.model.builder import preorder

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["compact", "join", "regroup", "select_samples"]


def regroup(
    stacks: StackTable, key: NDArray[np.integer[Any]], keep: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int64], StackTable]:
    """
    Join stacks that have equal keys on equal paths; a stack not in `keep` [N] joins its nearest kept ancestor.

    Returns where each stack went [N] (-1 where it had nobody to join) and the new stacks, whose `frame` is the key.
    Siblings keep the order in which they first stood.
    """
    count = len(stacks)
    kept = np.ones(count, dtype=np.bool_) if keep is None else keep
    level = path_sums(stacks, kept.astype(np.int64)) - 1
    # The nearest kept stack at or above each, by doubling pointers; the last place stands for "none".
    up = np.append(np.where(kept, np.arange(count), stacks.parent), -1)
    while not np.array_equal(up, up[up]):
        up = up[up]
    above = np.append(up[stacks.parent], -1)
    node = np.full(count + 1, -1, dtype=np.int64)
    parents, keys, filled = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)], 0
    wide = np.asarray(key, dtype=np.int64)
    order = np.flatnonzero(kept)[stable_order(level[kept])]
    levels = []
    for ids in np.split(order, np.flatnonzero(np.diff(level[order])) + 1):
        new_parent = node[above[ids]]
        inverse, first = _group(new_parent, wide[ids])
        node[ids] = inverse + filled
        parents.append(new_parent[first])
        keys.append(wide[ids[first]])
        levels.append(np.arange(filled, filled + len(first)))
        filled += len(first)
    position, parent, end = preorder(np.concatenate(parents).astype(np.int32), levels)
    frame = np.empty(filled, dtype=np.int32)
    frame[position] = np.concatenate(keys)
    moved = np.append(position, -1)[node[up[:-1]]]
    return moved, StackTable(parent, frame, end)


def _group(one: NDArray[np.int64], two: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the distinct pairs by first occurrence: each pair's number [K], and where each number first stood."""
    if not len(one):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    span = int(two.max()) + 1
    _, first, inverse = np.unique((one + 1) * span + two, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[inverse], first[order]


def join(
    profile: Profile,
    key: NDArray[np.integer[Any]],
    keep: NDArray[np.bool_] | None = None,
    frames: FrameTable | None = None,
) -> Profile:
    """Regroup the stacks of a profile; `key` is a frame, of `frames` where given. Samples move with their stacks."""
    moved, stacks = regroup(profile.stacks, key, keep)
    samples = replace(profile.samples, stack=np.append(moved, -1)[profile.samples.stack])
    return replace(profile, stacks=stacks, samples=samples, frames=frames or profile.frames)


def select_samples(samples: SampleTable, chosen: NDArray[Any]) -> SampleTable:
    """Return the samples at `chosen`, a mask or positions."""
    time = None if samples.time is None else samples.time[chosen]
    return SampleTable(samples.stack[chosen], samples.thread[chosen], samples.values[chosen], time)


def compact(profile: Profile) -> Profile:
    """Leave out stacks in which no sample ends, and the frames, functions and strings that nothing uses then."""
    stacks, frames, functions = profile.stacks, profile.frames, profile.functions
    ends = sums(profile.samples.stack, np.ones(len(profile.samples), dtype=np.int64), len(stacks) + 1)[:-1]
    used = stack_total(stacks, ends) > 0
    at = np.concatenate((np.cumsum(used) - 1, [-1]))
    before = np.concatenate(([0], np.cumsum(used)))
    frame, which_frames = _renumber(stacks.frame[used], len(frames))
    function, which = _renumber(frames.function[which_frames], len(functions))
    ids = (functions.name[which], functions.file[which], frames.expression[which_frames])
    new = {0: 0}
    for ident in np.column_stack(ids[:2]).ravel().tolist() + ids[2].tolist():
        new.setdefault(ident, len(new))
    name, file, expression = (np.array([new[i] for i in column.tolist()], dtype=np.int32) for column in ids)
    return replace(
        profile,
        strings=tuple(profile.strings[i] for i in new),
        functions=FunctionTable(name, file, functions.first_line[which]),
        frames=FrameTable(function.astype(np.int32), frames.line[which_frames], expression),
        stacks=StackTable(at[stacks.parent[used]], frame.astype(np.int32), before[stacks.end[used]]),
        samples=replace(profile.samples, stack=at[profile.samples.stack]),
    )


def _renumber(ids: NDArray[np.int32], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the ids in use from 0, in their old order: the ids so numbered, and which they were."""
    used = np.zeros(count, dtype=np.bool_)
    used[ids] = True
    return (np.cumsum(used) - 1)[ids], np.flatnonzero(used)
