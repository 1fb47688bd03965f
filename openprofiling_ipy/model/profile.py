"""
`Profile`: stacks with weights, as columns.

A profile of a million stacks is a dozen arrays rather than a million objects: it is built and kept at a tenth of the
cost, and totals are one cumulative sum. Stacks are in preorder, so that the subtree of stack i is `[i, end[i])`.

Sentinels, stated once: `parent` -1 is a root, `samples.stack` -1 is an empty stack, `line` and `first_line` 0 are
unknown, string 0 is "".
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from openprofiling_ipy.model.units import Unit

__all__ = [
    "Attribute",
    "FrameTable",
    "FunctionTable",
    "Profile",
    "SampleTable",
    "StackTable",
    "Thread",
    "ThreadKind",
    "ValueType",
]

Attribute = str | int | float | bool
ThreadKind = Literal["thread", "task", "native"]


@dataclass(frozen=True, slots=True)
class ValueType:
    """What a column of values counts: `kind` such as "cpu", "wall", "samples"; `unit` of its integers."""

    kind: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Thread:
    """
    A lane of samples.

    `kind` is "thread" (a Python thread), "task" (asyncio tasks of one name, whose waits may overlap) or "native" (CPU
    time that no Python thread used). `home` marks the lanes shown at first: the thread that was asked about, those
    started during it, its tasks, and native ones.
    """

    name: str
    kind: ThreadKind = "thread"
    home: bool = True


def _freeze(table: Any) -> None:
    """Turn every array of a table into a read-only contiguous one of its declared type; lists are welcome."""
    for column in fields(table):
        value = getattr(table, column.name)
        if value is None:
            continue
        array = np.ascontiguousarray(value, dtype=column.metadata["dtype"])
        if array is value and array.flags.writeable:
            array = array.copy()
        array.setflags(write=False)
        object.__setattr__(table, column.name, array)


def _column(dtype: str, *, optional: bool = False) -> Any:
    metadata = {"dtype": np.dtype(dtype)}
    return field(metadata=metadata, default=None) if optional else field(metadata=metadata)


@dataclass(frozen=True, slots=True, eq=False)
class FunctionTable:
    """Functions. `name` (qualified) and `file` index `Profile.strings`; `first_line` is 1-based, 0 unknown."""

    name: NDArray[np.int32] = _column("int32")
    file: NDArray[np.int32] = _column("int32")
    first_line: NDArray[np.int32] = _column("int32")

    def __post_init__(self) -> None:
        _freeze(self)

    def __len__(self) -> int:
        return len(self.name)


@dataclass(frozen=True, slots=True, eq=False)
class FrameTable:
    """
    Positions in functions: `function` indexes the functions, `line` is the executed line (0 unknown).

    `expression` indexes `Profile.strings`: the source text that was being evaluated, known at leaves only; 0 elsewhere.
    """

    function: NDArray[np.int32] = _column("int32")
    line: NDArray[np.int32] = _column("int32")
    expression: NDArray[np.int32] = _column("int32")

    def __post_init__(self) -> None:
        _freeze(self)

    def __len__(self) -> int:
        return len(self.function)


@dataclass(frozen=True, slots=True, eq=False)
class StackTable:
    """The trie of stacks in preorder: `parent` (-1 a root), `frame`, and `end`, one past the last of the subtree."""

    parent: NDArray[np.int32] = _column("int32")
    frame: NDArray[np.int32] = _column("int32")
    end: NDArray[np.int32] = _column("int32")

    def __post_init__(self) -> None:
        _freeze(self)

    def __len__(self) -> int:
        return len(self.parent)


@dataclass(frozen=True, slots=True, eq=False)
class SampleTable:
    """
    Samples in the order they were taken.

    `stack` [S] is a leaf's index (-1 an empty stack), `thread` [S] indexes `Profile.threads`, `values` [S, V] has a
    column for each of `Profile.value_types`, `time` [S] is the end of what the sample stands for, in ns since
    `started_at`, non-decreasing within a thread, or None where the recording has no times.
    """

    stack: NDArray[np.int32] = _column("int32")
    thread: NDArray[np.int32] = _column("int32")
    values: NDArray[np.int64] = _column("int64")
    time: NDArray[np.int64] | None = _column("int64", optional=True)

    def __post_init__(self) -> None:
        _freeze(self)

    def __len__(self) -> int:
        return len(self.stack)


@dataclass(frozen=True, eq=False)
class Profile:
    """
    Stacks with weights.

    `value_types[0]` is the one its kind shows first. `started_at` is in unix ns, `duration` in ns. `attributes` are
    facts about the recording (see `openprofiling_ipy.model.attributes`). `sources` maps a function's file, such as
    "In[5]", to its text as it ran; only what cannot be read again elsewhere stands there.

    Raises ValueError where the columns contradict each other, so that nothing behind it has to check again.
    """

    strings: tuple[str, ...]
    functions: FunctionTable
    frames: FrameTable
    stacks: StackTable
    samples: SampleTable
    threads: tuple[Thread, ...]
    value_types: tuple[ValueType, ...]
    started_at: int = 0
    duration: int = 0
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", MappingProxyType(dict(self.attributes)))
        object.__setattr__(self, "sources", MappingProxyType(dict(self.sources)))
        _check(self)

    def function_name(self, function: int) -> str:
        return self.strings[int(self.functions.name[function])]

    def function_file(self, function: int) -> str:
        return self.strings[int(self.functions.file[function])]

    @property
    def value_kinds(self) -> tuple[str, ...]:
        return tuple(value_type.kind for value_type in self.value_types)

    def __eq__(self, other: object) -> bool:
        """Equal columns, exactly: what a lossless save and load must give back."""
        if not isinstance(other, Profile):
            return NotImplemented
        return all(_same(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))

    __hash__ = None  # type: ignore[assignment]  # arrays have no hash

    def __reduce__(self) -> tuple[Any, ...]:
        values = [getattr(self, f.name) for f in fields(self)]
        return Profile, tuple(dict(v) if isinstance(v, MappingProxyType) else v for v in values)


def _same(left: Any, right: Any) -> bool:
    if not isinstance(left, FunctionTable | FrameTable | StackTable | SampleTable):
        return bool(left == right)
    for column in fields(left):
        one, two = getattr(left, column.name), getattr(right, column.name)
        if (one is None) != (two is None) or (one is not None and not np.array_equal(one, two)):
            return False
    return True


def _within(column: NDArray[np.int32], low: int, high: int, what: str) -> None:
    if len(column) and (int(column.min()) < low or int(column.max()) >= high):
        raise ValueError(f"{what} must lie in [{low}, {high})")


def _lengths(table: Any, what: str) -> None:
    sizes = {len(value) for f in fields(table) if (value := getattr(table, f.name)) is not None}
    if len(sizes) > 1:
        raise ValueError(f"the columns of {what} differ in length: {sorted(sizes)}")


def _check(profile: Profile) -> None:
    if not profile.strings or profile.strings[0] != "":
        raise ValueError('strings[0] must be ""')
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


def _check_stacks(stacks: StackTable, frames: int) -> None:
    count = len(stacks)
    _within(stacks.frame, 0, frames, "stacks.frame")
    ids = np.arange(count, dtype=np.int32)
    if not ((stacks.parent >= -1) & (stacks.parent < ids)).all():
        raise ValueError("stacks.parent must be -1 or an earlier stack")
    # Preorder holds exactly when every stack's parent is the innermost interval still open before it: then `end` is
    # determined, and comparing with the determined one is enough.
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
    _within(samples.stack, -1, len(profile.stacks), "samples.stack")
    _within(samples.thread, 0, len(profile.threads), "samples.thread")
    if samples.time is not None and len(samples):
        order = np.argsort(samples.thread, kind="stable")
        same = np.diff(samples.thread[order]) == 0
        if (np.diff(samples.time[order])[same] < 0).any():
            raise ValueError("samples.time must not decrease within a thread")
