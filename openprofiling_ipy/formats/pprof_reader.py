"""
A pprof message as a profile: ours as it was written, and those of Go, Parca, Pyroscope, Datadog and others.

The default value comes first (where none is named, the last, as for pprof); times become ns, sizes bytes, and all else
is counted. An inlined call is a frame of its own. Times and lanes come from labels; what all samples of another tool's
file are labelled alike becomes a fact about the recording, other labels are not kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from openprofiling_ipy.formats import pprof_labels
from openprofiling_ipy.formats.pprof_message import COMMENT, SAMPLE_TYPE, STRING, parse
from openprofiling_ipy.formats.pprof_samples import Rows, rows
from openprofiling_ipy.model import ProfileBuilder, Thread, ValueType
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from openprofiling_ipy.formats.pprof_message import Message
    from openprofiling_ipy.model import Profile, Unit
    from openprofiling_ipy.model.profile import Attribute

__all__ = ["COMMENT", "SAMPLE_TYPE", "STRING", "read"]

_TIMES: Final = {
    **dict.fromkeys(("nanoseconds", "nanosecond", "ns"), 1),
    **dict.fromkeys(("microseconds", "microsecond", "us", "µs"), 1_000),
    **dict.fromkeys(("milliseconds", "millisecond", "ms"), 1_000_000),
    **dict.fromkeys(("seconds", "second", "sec", "s"), 1_000_000_000),
    **dict.fromkeys(("minutes", "minute", "min"), 60_000_000_000),
    **dict.fromkeys(("hours", "hour", "hrs", "hr", "h"), 3_600_000_000_000),
}
_SIZES: Final = {
    **dict.fromkeys(("bytes", "byte", "b"), 1),
    **dict.fromkeys(("kilobytes", "kilobyte", "kb", "kib"), 1 << 10),
    **dict.fromkeys(("megabytes", "megabyte", "mb", "mib"), 1 << 20),
    **dict.fromkeys(("gigabytes", "gigabyte", "gb", "gib"), 1 << 30),
}
_LARGEST: Final = 2**62
#: A time in ns from here on counts from 1970, not from the beginning of the recording: 2001.
_UNIX: Final = 10**18
_SECOND: Final = 10**9
#: More types of values than any tool writes.
_TYPES: Final = 100
#: Where no label says whose the samples are.
_NO_LANE: Final = Thread("all threads")
_UNNAMED: Final = Thread("other threads")


def read(data: bytes, name: str, *, room: int) -> Profile:
    """
    Return the profile in a message of at most `room` samples, stacks, functions and so on.

    Raises WireError, ValueError or MalformedProfile (of the format `name`), whatever the bytes.
    """
    message = parse(data, room)
    if not 0 < len(message.types) <= _TYPES:
        raise ValueError(f"it has {len(message.types)} types of values")
    known = pprof_labels.read_facts(message.comments, name)
    types, columns, scales = _types(message, ours=bool(known))
    builder = ProfileBuilder(types)
    table = rows(message, builder, room)
    threads = _threads(builder, table, known[0][0] if len(known) == 1 else [])
    values = _scaled(table.values[:, columns], scales)
    started_at, times = _clock(message, table)
    lanes = threads[table.label]
    if times is None:
        for stack, lane, row in zip(table.stack.tolist(), lanes.tolist(), values.tolist(), strict=True):
            builder.sample(stack, lane, row)
    else:
        order = _in_order(lanes, times)
        builder.samples(table.stack[order], lanes[order], values[order], times[order])
    return builder.build(
        started_at=started_at,
        duration=max(min(message.duration, _LARGEST - 1), 0),
        attributes=_attributes(message, table, [facts for _, facts, _ in known]),
        sources=_agreed([sources for *_, sources in known]),
    )


def _types(message: Message, *, ours: bool) -> tuple[list[ValueType], list[int], list[int]]:
    """Return the value types, the column of each in the file, and what its numbers are multiplied by."""
    names = [kind for kind, _ in message.types]
    first = names.index(message.default) if message.default in names else 0 if ours else len(names) - 1
    order = [first, *(column for column in range(len(names)) if column != first)]
    found: dict[str, ValueType] = {}
    scales = []
    for column in order:
        kind, unit = message.types[column]
        word, count = unit.lower(), 2
        shown = kind
        while shown in found:
            shown, count = f"{kind} ({count})", count + 1
        ours_unit: Unit = "ns" if word in _TIMES else "bytes" if word in _SIZES else "count"
        found[shown] = ValueType(shown, ours_unit)
        scales.append(_TIMES.get(word) or _SIZES.get(word) or 1)
    return list(found.values()), order, scales


def _scaled(values: NDArray[np.int64], scales: list[int]) -> NDArray[np.int64]:
    if len(values) and int(values.min()) < 0:
        raise ValueError("a value is negative: it is the difference of two profiles, not a profile")
    if (values.astype(np.float64).sum(axis=0) * scales >= _LARGEST).any():
        raise ValueError("the values add up to more than 64 bits hold")
    return values * np.array(scales, dtype=np.int64)


def _threads(builder: ProfileBuilder, table: Rows, listed: list[Thread]) -> NDArray[np.int64]:
    """Return the lane of each set of labels; those that the file lists come first, and in its order."""
    keys = [pprof_labels.lane(dict(labels)) for labels in pprof_labels.lanes(listed)]
    ids: dict[Any, int] = {}
    for thread, key in zip(listed, keys, strict=True):
        number = key[1] if key else 1
        ids[pprof_labels.clean(thread.name), thread.kind, thread.home, number] = builder.thread(thread, len(ids))
    named = [pprof_labels.lane(labels) for labels in table.labels]
    rest = (_UNNAMED if any(named) else _NO_LANE, 1)
    found = []
    for thread, number in (lane or rest for lane in named):
        known = (thread.name, thread.kind, thread.home, number)
        if known not in ids:
            ids[known] = builder.thread(thread, len(ids))
        found.append(ids[known])
    return np.array(found, dtype=np.int64)


def _clock(message: Message, table: Rows) -> tuple[int, NDArray[np.int64] | None]:
    """Return when the recording began and the times [S] since; no times where one sample has none."""
    started_at = message.time if abs(message.time) < _LARGEST else 0
    times = table.time
    if times is None or not len(times):
        return started_at, None
    if not started_at and int(times.min()) >= _UNIX:
        started_at = int(times.min())
    with np.errstate(over="ignore"):  # 64 bits wrap round, as they did when it was written
        return started_at, times - np.int64(started_at)


def _in_order(lanes: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the samples in the order of the file, or by time where that is not the order within a lane."""
    order = np.argsort(lanes, kind="stable")
    lane, time = lanes[order], times[order]
    back = (time[1:] < time[:-1]) & (lane[1:] == lane[:-1])
    return np.argsort(times, kind="stable") if back.any() else np.arange(len(lanes))


def _attributes(message: Message, table: Rows, known: list[dict[str, Attribute]]) -> dict[str, Attribute]:
    if known:
        return _agreed(known)
    found = pprof_labels.shared(table.labels)
    said = "\n".join(comment for comment in message.comments if comment)
    if said:
        found["comment"] = said
    scale = _TIMES.get(message.period_unit.lower())
    if scale and 0 < message.period * scale < _LARGEST:
        found[A.RATE] = _SECOND / (message.period * scale)
    return found


def _agreed(known: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what all recordings in a merged file have in common: all, where there is one."""
    if not known:
        return {}
    first: Mapping[str, Any] = known[0]
    return {key: value for key, value in first.items() if all(other.get(key) == value for other in known)}
