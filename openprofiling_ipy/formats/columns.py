"""
`Profile` as plain JSON data and back: what a speedscope file's `openprofiling` member and the HTML page carry.

The layout is columns again, with two changes that make it small under deflate: a stack's parent is stored as the
distance to it (1: the stack before, 0: a root), and the stacks and times of samples as differences. `end` is derived.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from openprofiling_ipy.model import (
    FrameTable,
    FunctionTable,
    Profile,
    SampleTable,
    StackTable,
    Thread,
    ThreadKind,
    Unit,
    ValueType,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["VERSION", "attributes", "decode", "encode", "lane", "sources"]

VERSION = 1
_INT32 = np.iinfo(np.int32)
_UNITS = get_args(Unit)
_THREAD_KINDS = get_args(ThreadKind)


def encode(profile: Profile) -> dict[str, Any]:
    """Return the profile as dicts, lists, strings and numbers that `json` writes."""
    stacks, samples = profile.stacks, profile.samples
    distance = np.where(stacks.parent < 0, 0, np.arange(len(stacks)) - stacks.parent)
    return {
        "version": VERSION,
        "strings": list(profile.strings),
        "functions": {
            "name": profile.functions.name.tolist(),
            "file": profile.functions.file.tolist(),
            "first_line": profile.functions.first_line.tolist(),
        },
        "frames": {
            "function": profile.frames.function.tolist(),
            "line": profile.frames.line.tolist(),
            "expression": profile.frames.expression.tolist(),
        },
        "stacks": {"parent": distance.tolist(), "frame": stacks.frame.tolist()},
        "samples": {
            "stack": _differences(samples.stack),
            "thread": samples.thread.tolist(),
            "time": None if samples.time is None else _differences(samples.time),
            "values": [column.tolist() for column in samples.values.T],
        },
        "threads": [{"name": t.name, "kind": t.kind, "home": t.home} for t in profile.threads],
        "value_types": [{"kind": v.kind, "unit": v.unit} for v in profile.value_types],
        # Unix ns do not fit a JavaScript number, so they travel as text.
        "started_at": str(profile.started_at),
        "duration": profile.duration,
        "attributes": dict(profile.attributes),
        "sources": dict(profile.sources),
    }


def decode(obj: object) -> Profile:
    """
    Return the profile that `encode` wrote.

    Raises ValueError whatever is wrong with `obj`; time and memory are bounded by its size.
    """
    data = _object(obj, "the profile")
    version = data.get("version")
    if version != VERSION or isinstance(version, bool):
        raise ValueError(f"version {str(version)[:20]} of the data is not one this release reads ({VERSION})")
    functions, frames = _member(data, "functions"), _member(data, "frames")
    value_types = tuple(_value_type(item) for item in _list(data, "value_types"))
    return Profile(
        strings=tuple(_strings(_list(data, "strings"), "strings")),
        functions=FunctionTable(*(_int32(functions, key) for key in ("name", "file", "first_line"))),
        frames=FrameTable(*(_int32(frames, key) for key in ("function", "line", "expression"))),
        stacks=_stacks(_member(data, "stacks")),
        samples=_samples(_member(data, "samples"), len(value_types)),
        threads=tuple(lane(item) for item in _list(data, "threads")),
        value_types=value_types,
        started_at=_decimal(data.get("started_at")),
        duration=_whole(data.get("duration"), "duration"),
        attributes=attributes(data),
        sources=sources(data),
    )


def _differences(column: NDArray[Any]) -> list[int]:
    # int64 wraps round at its ends and `decode` wraps back, so that any two numbers have a difference.
    wide = column.astype(np.int64)
    with np.errstate(over="ignore"):
        return cast("list[int]", np.diff(wide, prepend=np.int64(0)).tolist())


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object")  # noqa: TRY004  # callers catch ValueError alone
    return value


def _member(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return _object(data.get(key), key)


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{key} must be a list")  # noqa: TRY004
    return value


def _strings(values: list[Any], what: str) -> list[str]:
    if set(map(type, values)) - {str}:
        raise ValueError(f"{what} must hold strings only")
    return values


def _int64(data: Mapping[str, Any], key: str) -> NDArray[np.int64]:
    return _whole_numbers(_list(data, key), key)


def _whole_numbers(values: list[Any], what: str) -> NDArray[np.int64]:
    # numpy alone would round 1.5, take True for 1 and read "7".
    if set(map(type, values)) - {int}:
        raise ValueError(f"{what} must hold whole numbers only")
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        raise ValueError(f"a number in {what} is too large") from None


def _int32(data: Mapping[str, Any], key: str) -> NDArray[np.int32]:
    return _narrow(_int64(data, key), key)


def _narrow(column: NDArray[np.int64], what: str) -> NDArray[np.int32]:
    if len(column) and (int(column.min()) < _INT32.min or int(column.max()) > _INT32.max):
        raise ValueError(f"a number in {what} is too large")
    return column.astype(np.int32)


def _stacks(data: Mapping[str, Any]) -> StackTable:
    distance, frame = _int64(data, "parent"), _int32(data, "frame")
    ids = np.arange(len(distance), dtype=np.int64)
    if not ((distance >= 0) & (distance <= ids)).all():
        raise ValueError("stacks.parent must point to an earlier stack")
    parent = np.where(distance == 0, -1, ids - distance).astype(np.int32)
    # A plain loop: a level at a time would be quadratic on a chain of a million frames.
    owner, size = parent.tolist(), [1] * len(parent)
    for stack in range(len(owner) - 1, 0, -1):
        if owner[stack] >= 0:
            size[owner[stack]] += size[stack]
    return StackTable(parent, frame, (ids + np.array(size, dtype=np.int64)).astype(np.int32))


def _samples(data: Mapping[str, Any], width: int) -> SampleTable:
    columns = _list(data, "values")
    if len(columns) != width or not all(isinstance(column, list) for column in columns):
        raise ValueError("samples.values must have a list for each value type")
    stack = _narrow(np.cumsum(_int64(data, "stack"), dtype=np.int64), "samples.stack")
    values = [_whole_numbers(column, "samples.values") for column in columns]
    if any(len(column) != len(stack) for column in values):
        raise ValueError("the columns of samples differ in length")
    if any(float(np.abs(column.astype(np.float64)).sum()) >= 2.0**63 for column in values):
        raise ValueError("samples.values add up to more than 64 bits hold")
    return SampleTable(
        stack=stack,
        thread=_int32(data, "thread"),
        values=np.column_stack(values) if values else np.zeros((len(stack), 0), dtype=np.int64),
        time=None if data.get("time") is None else np.cumsum(_int64(data, "time"), dtype=np.int64),
    )


def _value_type(item: object) -> ValueType:
    data = _object(item, "a value type")
    kind, unit = data.get("kind"), data.get("unit")
    if not isinstance(kind, str) or unit not in _UNITS:
        raise ValueError(f"a value type needs a kind and a unit of {', '.join(_UNITS)}")
    return ValueType(kind, cast("Unit", unit))


def lane(item: object) -> Thread:
    """Return one of `threads`. Raises ValueError."""
    data = _object(item, "a thread")
    name, kind, home = data.get("name"), data.get("kind"), data.get("home")
    if not isinstance(name, str) or kind not in _THREAD_KINDS or not isinstance(home, bool):
        raise ValueError(f"a thread needs a name, a kind of {', '.join(_THREAD_KINDS)} and whether it is home")
    return Thread(name, cast("ThreadKind", kind), home)


def _decimal(text: object) -> int:
    if not isinstance(text, str) or len(text) > 20 or not text.removeprefix("-").isdecimal() or not text.isascii():
        raise ValueError("started_at must be a whole number written as text")
    return int(text)


def _whole(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
        raise ValueError(f"{what} must be a whole number")
    return value


def attributes(data: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """Return the member `attributes`. Raises ValueError."""
    found = _member(data, "attributes")
    for key, value in found.items():
        # Looked at here, too, for a message that is short whatever the file holds.
        if not isinstance(value, str | int | float) or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError(f"attribute {key[:40]} must be text, a finite number, true or false")
    return dict(found)


def sources(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the member `sources`. Raises ValueError."""
    found = _member(data, "sources")
    _strings(list(found.values()), "sources")
    return dict(found)
