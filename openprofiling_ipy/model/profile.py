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
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from openprofiling_ipy.model.check import check

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
    started during it, and its tasks. Native ones are not: their elapsed time is that of whoever waited for them.
    """

    name: str
    kind: ThreadKind = "thread"
    home: bool = True


def _freeze(table: Any) -> None:
    """
    Turn every array of a table into a read-only contiguous one of its declared type; lists are welcome.

    Raises ValueError where a number would change on the way: numpy itself wraps and truncates without a word.
    """
    for column in fields(table):
        value = getattr(table, column.name)
        if value is None:
            continue
        array = _exact(value, column.metadata["dtype"], column.name)
        if array.flags.writeable and (array is value or array.base is not None):
            array = array.copy()  # somebody else may hold it and write to it
        array.setflags(write=False)
        object.__setattr__(table, column.name, array)


def _exact(value: Any, dtype: np.dtype[Any], name: str) -> NDArray[Any]:
    array = np.asarray(value)
    if array.ndim != (2 if name == "values" else 1):
        raise ValueError(f"column {name} has {array.ndim} dimensions")
    if array.dtype != dtype and array.size:
        limits = np.iinfo(dtype)
        if array.dtype.kind not in "iu":
            raise ValueError(f"column {name} must hold integers, not {array.dtype}")
        if int(array.min()) < limits.min or int(array.max()) > limits.max:
            raise ValueError(f"column {name} holds numbers beyond {dtype}")
    return np.ascontiguousarray(array, dtype=dtype)


def _reduce(table: Any) -> tuple[Any, ...]:
    """Pickle a table as its columns: made anew, they are read-only and of the right type again."""
    return type(table), tuple(getattr(table, column.name) for column in fields(table))


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

    __reduce__ = _reduce


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

    __reduce__ = _reduce


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

    __reduce__ = _reduce


@dataclass(frozen=True, slots=True, eq=False)
class SampleTable:
    """
    Samples in the order they were taken.

    `stack` [S] is a leaf's index (-1 an empty stack), `thread` [S] indexes `Profile.threads`, `values` [S, V] has a
    column for each of `Profile.value_types` and none negative, `time` [S] is the end of what the sample stands for, in
    ns since `started_at`, non-decreasing within a thread, or None where the recording has no times.
    """

    stack: NDArray[np.int32] = _column("int32")
    thread: NDArray[np.int32] = _column("int32")
    values: NDArray[np.int64] = _column("int64")
    time: NDArray[np.int64] | None = _column("int64", optional=True)

    def __post_init__(self) -> None:
        _freeze(self)

    def __len__(self) -> int:
        return len(self.stack)

    __reduce__ = _reduce


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
        check(self)

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
