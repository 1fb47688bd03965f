"""Several profiles as one."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from openprofiling_ipy.analysis.reshape import regroup, select_samples
from openprofiling_ipy.model import FrameTable, FunctionTable, Profile, SampleTable, StackTable

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from numpy.typing import NDArray

    from openprofiling_ipy.model import Thread, ValueType

__all__ = ["merge"]


def merge(profiles: Sequence[Profile]) -> Profile:
    """
    Lay profiles over each other: equal functions, frames and stacks become one, weights add up.

    Kept are the values that all of them have, in the order of the first, and the attributes on which all agree. Lanes
    that look alike become one where the profiles were recorded one after another; of profiles that overlap in time
    each keeps its own, for a thread is at one place at a time. Times are kept where all have them; a source is left
    out where profiles have different texts of one file. Raises ValueError where there is no profile, or no value in
    common.
    """
    if not profiles:
        raise ValueError("give at least one profile to merge")
    first = profiles[0]
    types = tuple(kept for kept in first.value_types if all(kept in other.value_types for other in profiles))
    if not types:
        raise ValueError(f"no value in common: {', '.join(str(p.value_kinds) for p in profiles)}")
    strings, functions, frames, frame_ids = _tables(profiles)
    offsets = np.cumsum([0, *(len(p.stacks) for p in profiles)])
    joined = list(zip(profiles, offsets.tolist(), strict=False))
    frame = np.concatenate(frame_ids)
    parent = np.concatenate([np.where(p.stacks.parent < 0, -1, p.stacks.parent + at) for p, at in joined])
    moved, stacks = regroup(
        StackTable(parent, frame.astype(np.int32), np.concatenate([p.stacks.end + at for p, at in joined])), frame
    )
    begun = min(p.started_at for p in profiles)
    threads, lanes = _lanes(profiles)
    stack = np.concatenate([np.where(p.samples.stack < 0, -1, p.samples.stack + at) for p, at in joined])
    samples = SampleTable(
        stack=np.append(moved, -1)[stack],
        thread=np.concatenate([lane[p.samples.thread] for p, lane in zip(profiles, lanes, strict=True)]),
        values=np.concatenate([_columns(p, types) for p in profiles]),
        time=_times(profiles, begun),
    )
    if samples.time is not None:
        samples = select_samples(samples, np.argsort(samples.time, kind="stable"))
    return Profile(
        strings=strings,
        functions=functions,
        frames=frames,
        stacks=stacks,
        samples=samples,
        threads=threads,
        value_types=types,
        started_at=begun,
        duration=max(p.started_at + p.duration for p in profiles) - begun,
        attributes={k: v for k, v in first.attributes.items() if all(p.attributes.get(k) == v for p in profiles)},
        sources=_sources(profiles),
    )


def _tables(
    profiles: Sequence[Profile],
) -> tuple[tuple[str, ...], FunctionTable, FrameTable, list[NDArray[np.int64]]]:
    """Return strings, functions and frames of all profiles, and the new frame [N] of every stack of each."""
    strings: dict[Hashable, int] = {}
    functions: dict[Hashable, int] = {}
    frames: dict[Hashable, int] = {}
    stacks = []
    for p in profiles:
        text = _intern(strings, p.strings)
        own = p.functions
        function = _intern(
            functions, zip(text[own.name].tolist(), text[own.file].tolist(), own.first_line.tolist(), strict=True)
        )
        rows = zip(
            function[p.frames.function].tolist(),
            p.frames.line.tolist(),
            text[p.frames.expression].tolist(),
            strict=True,
        )
        stacks.append(_intern(frames, rows)[p.stacks.frame])
    name = np.array(list(functions), dtype=np.int32).reshape(-1, 3)
    position = np.array(list(frames), dtype=np.int32).reshape(-1, 3)
    return (
        tuple(str(s) for s in strings),
        FunctionTable(name[:, 0], name[:, 1], name[:, 2]),
        FrameTable(position[:, 0], position[:, 1], position[:, 2]),
        stacks,
    )


def _intern(table: dict[Hashable, int], items: Iterable[Hashable]) -> NDArray[np.int64]:
    """Return the ids of `items` in `table`, which grows by those it has not met."""
    return np.array([table.setdefault(item, len(table)) for item in items], dtype=np.int64)


def _columns(profile: Profile, types: Sequence[ValueType]) -> NDArray[np.int64]:
    return profile.samples.values[:, [profile.value_types.index(kept) for kept in types]]


def _times(profiles: Sequence[Profile], begun: int) -> NDArray[np.int64] | None:
    """Return the times of all samples since the first of the profiles began."""
    times = []
    for p in profiles:
        if p.samples.time is None:
            return None
        times.append(p.samples.time + (p.started_at - begun))
    return np.concatenate(times)


def _lanes(profiles: Sequence[Profile]) -> tuple[tuple[Thread, ...], list[NDArray[np.int64]]]:
    """Return the lanes of all profiles, and the new lane [T] of every lane of each."""
    spans = sorted((p.started_at, p.started_at + p.duration) for p in profiles)
    apart = any(following[0] < this[1] for this, following in pairwise(spans))
    known: dict[Hashable, int] = {}
    threads: list[Thread] = []
    lanes = []
    for number, p in enumerate(profiles):
        # Lanes of one profile that look the same are different threads: the n-th joins the n-th of another.
        met: Counter[Thread] = Counter()
        mine = []
        for thread in p.threads:
            key = (thread, met[thread], number if apart else 0)
            met[thread] += 1
            if key not in known:
                known[key] = len(threads)
                threads.append(thread)
            mine.append(known[key])
        lanes.append(np.array(mine, dtype=np.int64))
    return tuple(threads), lanes


def _sources(profiles: Sequence[Profile]) -> dict[str, str]:
    """Return the sources of all profiles, without files that one profile has otherwise than another."""
    texts: dict[str, set[str]] = {}
    for p in profiles:
        for file, text in p.sources.items():
            texts.setdefault(file, set()).add(text)
    return {file: next(iter(found)) for file, found in texts.items() if len(found) == 1}
