"""The samples of a pprof message as columns: stacks, values, times, and which labels belong together."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import numpy as np

from openprofiling_ipy.formats import pprof_labels
from openprofiling_ipy.formats.pprof_message import record
from openprofiling_ipy.formats.protobuf import BYTES, WireError, decode, fields, integer, number, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from openprofiling_ipy.formats.pprof_message import Message
    from openprofiling_ipy.model import ProfileBuilder

__all__ = ["Rows", "rows"]

#: Parts of a longer path, in bytes, are not remembered: together they would be as large as its square.
_SHORT: Final = 256
#: More labels of one sample than any tool writes.
_MOST_LABELS: Final = 1000
#: How many bytes, for each thing there is room for, of samples that are written in ways that take long to read.
_SLOW: Final = 8
#: The tags of a sample's fields.
_PATH: Final = 1 << 3 | BYTES
_VALUES: Final = 2 << 3 | BYTES
_LABEL: Final = 3 << 3 | BYTES


@dataclass(frozen=True)
class Rows:
    """
    Samples: `stack` [S], `label` [S] into `labels`, `values` [S, V] in the file's order and units, `time` [S] in ns.

    `labels` are the different sets of labels but for times. `time` is None where one sample has none.
    """

    stack: NDArray[np.int64]
    label: NDArray[np.int64]
    labels: list[dict[str, int | str]]
    values: NDArray[np.int64]
    time: NDArray[np.int64] | None


def rows(message: Message, builder: ProfileBuilder, room: int) -> Rows:
    """
    Return the samples of a message; their stacks, at most `room`, are added to `builder`.

    Raises WireError or ValueError.
    """
    spans = message.samples
    stacks, labels = _Stacks(message, builder, room), _Labels(message)
    stack, label, bounds = array("q"), array("q"), array("q", [0])
    values = bytearray()
    slow = _SLOW * room
    for at, stop in zip(spans[::2], spans[1::2], strict=True):
        parts = _parts(message.data, at, stop)
        if parts is None:
            slow -= stop - at
            if slow < 0:
                raise WireError("it has more parts than a file of its size can hold", at)
            parts = _any_parts(message.data, at, stop)
        path, numbers, told = parts
        number = labels.find(told)
        label.append(number)
        stack.append(stacks.find(path, labels.expressions[number], at))
        values += numbers
        bounds.append(len(values))
    return Rows(
        np.array(stack, dtype=np.int64),
        np.array(label, dtype=np.int64),
        labels.sets,
        _values(values, bounds, len(message.types), spans),
        labels.times(len(stack)),
    )


def _parts(data: bytes, at: int, stop: int) -> tuple[bytes, bytes, list[bytes]] | None:
    """
    Return locations and values of a sample as packed numbers, and its labels.

    None where it is not written as nearly all are: packed, each once, none longer than two bytes can tell.
    """
    path = values = b""
    labels: list[bytes] = []
    while at + 2 < stop:
        tag, size = data[at], data[at + 1]
        at += 2
        if size >= 0x80:
            if data[at] >= 0x80:
                return None
            size = size & 0x7F | data[at] << 7
            at += 1
        content = data[at : at + size]
        at += size
        if tag == _LABEL and len(labels) < _MOST_LABELS:
            labels.append(content)
        elif tag == _PATH and not path:
            path = content
        elif tag == _VALUES and not values:
            values = content
        else:
            return None
    whole = at == stop and (not path or path[-1] < 0x80) and (not values or values[-1] < 0x80)
    return (path, values, labels) if whole else None


def _any_parts(data: bytes, at: int, stop: int) -> tuple[bytes, bytes, list[bytes]]:
    """Do the same for a sample that is written in any other way, or wrong."""
    path, values = bytearray(), bytearray()
    labels: list[bytes] = []
    for tag, wire, begin, end in fields(data, at, stop):
        if tag <= 2:
            if end > begin and data[end - 1] >= 0x80:
                raise WireError("a number is cut off", end)
            (path if tag == 1 else values).extend(data[begin:end])
        elif tag == 3 and wire == BYTES:
            labels.append(data[begin:end])
        if len(labels) > _MOST_LABELS:
            raise WireError(f"a sample has more than {_MOST_LABELS} labels", at)
    return bytes(path), bytes(values), labels


def _values(values: bytearray, bounds: array[int], width: int, spans: array[int]) -> NDArray[np.int64]:
    """Return the values [S, V] of samples whose bytes end at `bounds`."""
    numbers, ends = decode(values)
    found = np.diff(np.searchsorted(ends, np.array(bounds, dtype=np.int64), side="right"))
    wrong = np.flatnonzero(found != width)
    if len(wrong):
        raise WireError(f"a sample has {found[wrong[0]]} values, not {width}", spans[2 * int(wrong[0])])
    return numbers.reshape(-1, width)


class _Stacks:
    """Stacks by the bytes of their locations, leaf first: what is left without the first is the parent's."""

    def __init__(self, message: Message, builder: ProfileBuilder, room: int) -> None:
        self._builder = builder
        self._room = room
        self._known: dict[bytes, int] = {b"": -1}
        self._leaves: dict[tuple[bytes, str], int] = {}
        #: Function and line of each location's frames, outermost first, and their ids.
        self._lines = dict(_lines(message, builder))
        self._frames = {key: [builder.frame(*line) for line in lines] for key, lines in self._lines.items()}

    def find(self, path: bytes, expression: str, offset: int) -> int:
        """Return the stack of a sample that begins at `offset`. Raises WireError for a location that does not exist."""
        found = self._known.get(path)
        if expression and path:
            return self._leaf(path, expression, offset)
        return self._whole(path, offset) if found is None else found

    def _leaf(self, path: bytes, expression: str, offset: int) -> int:
        """Return the stack of a path whose last frame evaluated an expression."""
        key = (path, expression)
        if key not in self._leaves:
            location, rest = _split(path)
            parent = self._whole(rest, offset)
            *outer, _ = self._frames_of(location, offset)
            leaf = self._builder.frame(*self._lines[location][-1], expression)
            self._leaves[key] = self._grown(parent, [*outer, leaf])
        return self._leaves[key]

    def _whole(self, path: bytes, offset: int) -> int:
        """Return the stack of a path, grown from its longest known part."""
        known = self._known
        if len(path) > _SHORT:
            if path not in known:
                stack = -1
                for location in decode(path)[0][::-1].view(np.uint64):
                    stack = self._grown(stack, self._frames_of(int(location), offset))
                known[path] = stack
            return known[path]
        todo = []
        rest = path
        while rest not in known:
            location, shorter = _split(rest)
            todo.append((rest, location))
            rest = shorter
        stack = known[rest]
        for part, location in reversed(todo):
            known[part] = stack = self._grown(stack, self._frames_of(location, offset))
        return stack

    def _grown(self, stack: int, frames: list[int]) -> int:
        self._room -= len(frames)
        if self._room < 0:
            raise ValueError("it has more stacks than a file of its size can hold")
        for frame in frames:
            stack = self._builder.child(stack, frame)
        return stack

    def _frames_of(self, location: int, offset: int) -> list[int]:
        found = self._frames.get(location)
        if found is None:
            raise WireError(f"a sample names location {location}, which does not exist", offset)
        return found


def _split(path: bytes) -> tuple[int, bytes]:
    """Return the first number of a path, and the rest."""
    first = path[0]
    if first < 0x80:
        return first, path[1:]
    end = next(place for place, byte in enumerate(path, 1) if byte < 0x80)
    return number(path, 0, end), path[end:]


def _lines(message: Message, builder: ProfileBuilder) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """
    Yield each location with function and line of its frames, the outermost first.

    Where it has no symbols, its address stands for the function, or its mapping where that is missing, too.
    """
    functions = {key: builder.function(f.name, f.file, f.first_line) for key, f in message.functions.items()}
    nameless: dict[tuple[int, int], int] = {}
    for key, location in message.locations.items():
        place = (location.mapping, location.address)
        if place not in nameless and any(not function for function, _ in location.lines or ((0, 0),)):
            file = message.mappings.get(location.mapping, "")
            short = f"[{PurePosixPath(file).name or 'unknown'}]"
            nameless[place] = builder.function(f"0x{location.address:x}" if location.address else short, file)
        frames = reversed(location.lines or ((0, 0),))
        yield key, [(functions[function] if function else nameless[place], line) for function, line in frames]


class _Labels:
    """The different sets of labels; a sample's time is told apart from them."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._known: dict[tuple[bytes, ...], int] = {}
        self._numbers: dict[frozenset[tuple[str, int | str]], int] = {}
        #: How a label with a time begins, as everybody writes it.
        self._time = tuple(integer(1, n) for n, text in enumerate(message.strings) if n and text == pprof_labels.TIME)
        self._times: list[bytes] = []
        self.sets: list[dict[str, int | str]] = []
        #: The expression of each set.
        self.expressions: list[str] = []

    def find(self, told: list[bytes]) -> int:
        """Return the set that the labels of a sample belong to; its time is kept."""
        rest = []
        for content in told:
            if content.startswith(self._time):
                self._times.append(content)
            else:
                rest.append(content)
        key = tuple(rest)
        found = self._known.get(key)
        return self._add(key) if found is None else found

    def times(self, count: int) -> NDArray[np.int64] | None:
        """Return the times of `count` samples, None unless each has one. Raises WireError or ValueError."""
        if len(self._times) != count or not count:
            return None
        numbers, ends = decode(b"".join(self._times))
        bounds = np.cumsum([len(content) for content in self._times])
        width = len(numbers) // count
        table = numbers[: width * count].reshape(count, width)
        regular = len(numbers) == width * count and np.array_equal(ends[width - 1 :: width], bounds)
        # A row is key, time and perhaps unit, each behind its tag.
        if regular and width in (4, 6) and (table[:, 2] == 3 << 3).all() and not (table[:, ::2] & 7).any():
            return table[:, 3]
        found = [signed(record(content, 0, len(content)).get(3, 0)) for content in self._times]
        return np.array(found, dtype=np.int64)

    def _add(self, key: tuple[bytes, ...]) -> int:
        labels = dict(map(self._label, key))
        expression = str(labels.pop(pprof_labels.EXPRESSION, ""))
        known = frozenset((*labels.items(), (pprof_labels.EXPRESSION, expression)))
        if known not in self._numbers:
            self._numbers[known] = len(self.sets)
            self.sets.append(labels)
            self.expressions.append(expression)
        self._known[key] = self._numbers[known]
        return self._known[key]

    def _label(self, content: bytes) -> tuple[str, int | str]:
        found = record(content, 0, len(content))
        text = self._message.text(found.get(2, 0))
        return self._message.text(found.get(1, 0)), text or signed(found.get(3, 0))
