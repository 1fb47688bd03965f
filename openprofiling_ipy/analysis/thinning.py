"""Fewer samples with the same weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from openprofiling_ipy.model import Profile, SampleTable
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["thin_samples"]


def thin_samples(profile: Profile, count: int) -> Profile:
    """
    Join samples of the same lane and stack until at most `count` are left, or none can be joined.

    First those that follow each other without a gap, which loses nothing that can be seen; then those within one step
    of time, ever longer: in a step each stack has one sample, and they stand in the order of their last. Sets
    TIME_STEP to the step's length. The values of every stack and lane stay exact.
    """
    if len(profile.samples) <= count:
        return profile
    samples = _join_runs(profile)
    if len(samples) <= count:
        return replace(profile, samples=samples)
    span = _span(samples)
    steps = max(1, count)
    while steps > 1 and _groups(samples, span, steps)[1].size > count:
        steps //= 2
    thinned = _join_steps(profile, samples, span, steps)
    facts = dict(profile.attributes)
    if samples.time is not None:
        facts[A.TIME_STEP] = max(int(facts.get(A.TIME_STEP, 0)), -(-span // steps))
    return replace(profile, samples=thinned, attributes=facts)


def _join_runs(profile: Profile) -> SampleTable:
    """Join samples of one lane that follow each other without a gap and have the same stack."""
    samples = profile.samples
    order = np.argsort(samples.thread, kind="stable")
    thread, stack = samples.thread[order], samples.stack[order]
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = (np.diff(thread) != 0) | (np.diff(stack) != 0)
    if samples.time is not None and "wall" in profile.value_kinds:
        end = samples.time[order]
        start = end - samples.values[order, profile.value_kinds.index("wall")]
        fresh[1:] |= start[1:] > end[:-1]
    first = np.flatnonzero(fresh)
    last = order[np.append(first[1:], len(order)) - 1]
    values = np.add.reduceat(samples.values[order], first, axis=0)
    # Back into the order they were taken in.
    back = np.argsort(last)
    last = last[back]
    time = None if samples.time is None else samples.time[last]
    return SampleTable(samples.stack[last], samples.thread[last], values[back], time)


def _span(samples: SampleTable) -> int:
    """Return one more than the last time, or than the last position where there are no times."""
    return len(samples) if samples.time is None else max(1, int(samples.time.max()) + 1)


def _groups(
    samples: SampleTable, span: int, steps: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """
    Number the samples of one lane, step and stack: each one's number [S], the last of each [G], and the step [S].

    Numbers follow lane and step, and within a step the position of the last.
    """
    at = np.arange(len(samples)) if samples.time is None else np.maximum(samples.time, 0)
    # Times reach to 2**63: divide first.
    step = np.minimum(at // -(-span // steps), steps - 1)
    block = samples.thread.astype(np.int64) * steps + step
    stacks = int(samples.stack.max(initial=-1)) + 2
    _, which = np.unique(np.unique(block, return_inverse=True)[1] * stacks + samples.stack + 1, return_inverse=True)
    last = np.zeros(int(which.max()) + 1, dtype=np.int64)
    np.maximum.at(last, which, np.arange(len(samples)))
    order = np.lexsort((last, block[last]))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[which], last[order], block


def _join_steps(profile: Profile, samples: SampleTable, span: int, steps: int) -> SampleTable:
    which, last, block = _groups(samples, span, steps)
    values = np.zeros((len(last), samples.values.shape[1]), dtype=np.int64)
    np.add.at(values, which, samples.values)
    thread, stack = samples.thread[last], samples.stack[last]
    if samples.time is None:
        order = np.argsort(last)
        return SampleTable(stack[order], thread[order], values[order])
    time = samples.time[last]
    if "wall" in profile.value_kinds:
        time = _tiled(time, values[:, profile.value_kinds.index("wall")], block[last])
        time = _not_before(time, thread)
    order = np.argsort(time, kind="stable")
    return SampleTable(stack[order], thread[order], values[order], time[order])


def _tiled(time: NDArray[np.int64], wall: NDArray[np.int64], block: NDArray[np.int64]) -> NDArray[np.int64]:
    """Let the samples of a step end one after another, the last at the step's last time, so that none hides one."""
    ends = np.append(np.flatnonzero(np.diff(block)), len(block) - 1)
    owner = np.searchsorted(ends, np.arange(len(block)))
    after = np.cumsum(wall[::-1])[::-1] - wall
    last: NDArray[np.int64] = ends[owner]
    return np.asarray(time[last] - (after - after[last]))


def _not_before(time: NDArray[np.int64], thread: NDArray[np.int32]) -> NDArray[np.int64]:
    """Let times not decrease within a lane nor lie before 0: waits of tasks overlap, and tiles reach back too far."""
    result = np.maximum(time, 0)
    for lane in np.unique(thread).tolist():
        mine = thread == lane
        result[mine] = np.maximum.accumulate(result[mine])
    return result
