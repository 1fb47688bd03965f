"""What makes a profile whole: its columns fit each other, so that nothing behind it has to check again."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from openprofiling_ipy.model.profile import Profile, StackTable

__all__ = ["check"]

_THREAD_KINDS: Final = ("thread", "task", "native")
_UNITS: Final = ("ns", "bytes", "count")
#: Durations and totals stay below, so that the sum of two fits int64.
_LONGEST: Final = 2**62


def _within(column: NDArray[np.int32], low: int, high: int, what: str) -> None:
    if len(column) and (int(column.min()) < low or int(column.max()) >= high):
        raise ValueError(f"{what} must lie in [{low}, {high})")


def _lengths(table: Any, what: str) -> None:
    sizes = {len(value) for f in fields(table) if (value := getattr(table, f.name)) is not None}
    if len(sizes) > 1:
        raise ValueError(f"the columns of {what} differ in length: {sorted(sizes)}")


def check(profile: Profile) -> None:
    """Raise ValueError where the parts of a profile contradict each other or cannot be what they are called."""
    if not profile.strings or profile.strings[0] != "":
        raise ValueError('strings[0] must be ""')
    _all_str(profile.strings, "strings")
    _check_facts(profile)
    for name in ("functions", "frames", "stacks", "samples"):
        _lengths(getattr(profile, name), name)
    strings = len(profile.strings)
    _within(profile.functions.name, 0, strings, "functions.name")
    _within(profile.functions.file, 0, strings, "functions.file")
    _within(profile.functions.first_line, 0, 2**31 - 1, "functions.first_line")
    _within(profile.frames.function, 0, len(profile.functions), "frames.function")
    _within(profile.frames.line, 0, 2**31 - 1, "frames.line")
    _within(profile.frames.expression, 0, strings, "frames.expression")
    _check_stacks(profile.stacks, len(profile.frames))
    _check_samples(profile)


def _all_str(texts: Iterable[Any], what: str) -> None:
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{what} must be str")


def _check_facts(profile: Profile) -> None:
    if not isinstance(profile.started_at, int) or not isinstance(profile.duration, int):
        raise ValueError("started_at and duration must be int, in nanoseconds")  # noqa: TRY004 one error for all
    if not (abs(profile.started_at) < _LONGEST and 0 <= profile.duration < _LONGEST):
        raise ValueError("started_at or duration lies beyond all time")
    for thread in profile.threads:
        _all_str((thread.name,), "names of lanes")
        if thread.kind not in _THREAD_KINDS:
            raise ValueError(f"a lane cannot be a {thread.kind!r}")
    for value_type in profile.value_types:
        _all_str((value_type.kind,), "kinds of values")
        if value_type.unit not in _UNITS:
            raise ValueError(f"no unit is called {value_type.unit!r}")
    _all_str(profile.attributes, "names of attributes")
    for key, value in profile.attributes.items():
        if not isinstance(value, str | int | float) or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError(f"attribute {key!r} cannot be {value!r}")
    _all_str((*profile.sources, *profile.sources.values()), "sources")


def _check_stacks(stacks: StackTable, frames: int) -> None:
    count = len(stacks)
    _within(stacks.frame, 0, frames, "stacks.frame")
    ids = np.arange(count, dtype=np.int32)
    if not ((stacks.parent >= -1) & (stacks.parent < ids)).all():
        raise ValueError("stacks.parent must be -1 or an earlier stack")
    # The sizes of a subtree's children add up to its own, so by induction `end - i` counts the descendants of i. All of
    # them lie between i and `end`, which leaves no room for others: that is preorder.
    if not ((stacks.end > ids) & (stacks.end <= count)).all():
        raise ValueError("stacks.end must lie behind its stack")
    inner = stacks.parent >= 0
    if not (stacks.end[inner] <= stacks.end[stacks.parent[inner]]).all():
        raise ValueError("stacks.end must lie within the parent's subtree")
    if count and not _tiles(stacks):
        raise ValueError("stacks must be in preorder")


def _tiles(stacks: StackTable) -> bool:
    """Tell whether the children of every stack, and the roots, tile the interval they stand in without a gap."""
    covered = np.zeros(len(stacks) + 1, dtype=np.int64)
    sizes = stacks.end.astype(np.int64) - np.arange(len(stacks))
    np.add.at(covered, stacks.parent, sizes)  # parent -1 is the last place: the roots
    wanted = np.append(sizes - 1, len(stacks))
    return bool((covered == wanted).all())


def _check_samples(profile: Profile) -> None:
    samples = profile.samples
    if not profile.value_types:
        raise ValueError("a profile needs at least one value type")
    if len(set(profile.value_kinds)) != len(profile.value_types):
        raise ValueError("value types must differ")
    if samples.values.shape != (len(samples), len(profile.value_types)):
        shape = cast("tuple[int, ...]", samples.values.shape)
        raise ValueError(f"samples.values has shape {shape}, not {(len(samples), len(profile.value_types))}")
    if len(samples) and int(samples.values.min()) < 0:
        raise ValueError("samples.values must not be negative")
    if (samples.values.sum(axis=0, dtype=np.float64) >= _LONGEST).any():
        raise ValueError("samples.values add up to more than can be counted")
    _within(samples.stack, -1, len(profile.stacks), "samples.stack")
    _within(samples.thread, 0, len(profile.threads), "samples.thread")
    if samples.time is not None and len(samples):
        # numpy sorts 16-bit keys by radix, ten times faster than wider ones.
        few = len(profile.threads) < 2**16
        order = np.argsort(samples.thread.astype(np.uint16) if few else samples.thread, kind="stable")
        thread, time = samples.thread[order], samples.time[order]
        # Compared, not subtracted: times may be any int64.
        if ((time[1:] < time[:-1]) & (thread[1:] == thread[:-1])).any():
            raise ValueError("samples.time must not decrease within a thread")
