"""
A pprof message taken apart: its tables by id, its samples still as bytes.

Fields may come in any order, the strings last of all, and numbers that repeat packed or one by one. What does not fit
together is a ValueError; a mapping that is missing, or a function that a line does not name, is not: pprof takes both.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.formats.protobuf import BYTES, NUMBER, WireError, fields, number, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COMMENT", "SAMPLE_TYPE", "STRING", "Function", "Location", "Message", "parse", "record"]

SAMPLE_TYPE: Final = 1
_SAMPLE: Final = 2
_MAPPING: Final = 3
_LOCATION: Final = 4
_FUNCTION: Final = 5
STRING: Final = 6
_TIME: Final = 9
_DURATION: Final = 10
_PERIOD_TYPE: Final = 11
_PERIOD: Final = 12
COMMENT: Final = 13
_DEFAULT: Final = 14
_LINES: Final = 2**31 - 1
_TOO_MANY: Final = "it has more parts than a file of its size can hold"
#: More inlined calls at one place than any compiler makes.
_INLINED: Final = 1000


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    file: str
    first_line: int


@dataclass(frozen=True, slots=True)
class Location:
    """`lines` are (function's id, line), the innermost of inlined ones first; none where it has no symbols."""

    address: int
    mapping: int
    lines: tuple[tuple[int, int], ...]


@dataclass
class Message:
    """`types` are (type, unit); `samples` holds where each sample begins and ends in `data`, one behind the other."""

    data: bytes
    strings: list[str] = field(default_factory=list)
    types: list[tuple[str, str]] = field(default_factory=list)
    samples: array[int] = field(default_factory=lambda: array("q"))
    #: The file of each mapping.
    mappings: dict[int, str] = field(default_factory=dict)
    locations: dict[int, Location] = field(default_factory=dict)
    functions: dict[int, Function] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    default: str = ""
    time: int = 0
    duration: int = 0
    period: int = 0
    period_unit: str = ""

    def text(self, index: int) -> str:
        if not index:
            return ""
        if index >= len(self.strings):
            raise ValueError(f"string {signed(index)} is named, but there are {len(self.strings)}")
        return self.strings[index]


def parse(data: bytes, room: int) -> Message:
    """Return the message in `data`, of at most so many parts. Raises WireError or ValueError, whatever the bytes."""
    message = Message(data)
    places, numbers = _parts(message, room)
    message.strings = [data[at:stop].decode(errors="backslashreplace") for at, stop in places.get(STRING, ())]
    if message.strings and message.strings[0]:
        raise ValueError("the table of strings must begin with an empty one")
    message.types = [_value_type(message, *place) for place in places.get(SAMPLE_TYPE, ())]
    for place in places.get(_MAPPING, ()):
        found = record(data, *place)
        message.mappings[found.get(1, 0)] = message.text(found.get(5, 0))
    for place in places.get(_FUNCTION, ()):
        _add_function(message, *place)
    for place in places.get(_LOCATION, ()):
        room -= _add_location(message, *place)
        if room < 0:
            raise WireError(_TOO_MANY, place[0])
    comments = dict.fromkeys(index for place in places.get(COMMENT, ()) for index in _packed(data, *place))
    message.comments = [message.text(index) for index in comments]
    message.default = message.text(numbers.get(_DEFAULT, 0))
    message.time, message.duration = signed(numbers.get(_TIME, 0)), signed(numbers.get(_DURATION, 0))
    message.period = signed(numbers.get(_PERIOD, 0))
    for place in places.get(_PERIOD_TYPE, ()):
        message.period_unit = _value_type(message, *place)[1]
    return message


def _parts(message: Message, room: int) -> tuple[dict[int, list[tuple[int, int]]], dict[int, int]]:
    """Return where the messages, strings and comments of each field stand, and the numbers; samples are kept aside."""
    places: dict[int, list[tuple[int, int]]] = {}
    numbers: dict[int, int] = {}
    left = 2 * room
    for tag, wire, at, stop in fields(message.data, 0, len(message.data)):
        left -= 1
        if left < 0:
            raise WireError(_TOO_MANY, at)
        if wire == NUMBER and tag != COMMENT:
            numbers[tag] = number(message.data, at, stop)
        elif tag == _SAMPLE:
            message.samples.extend((at, stop))
        else:
            places.setdefault(tag, []).append((at, stop))
    return places, numbers


def record(data: bytes, at: int, stop: int) -> dict[int, int]:
    """Return the numbers of a message by field, the last where one stands twice, unsigned."""
    return {tag: number(data, begin, end) for tag, wire, begin, end in fields(data, at, stop) if wire == NUMBER}


def _packed(data: bytes, at: int, stop: int) -> Iterator[int]:
    """Yield the numbers that follow each other in `data[at:stop]`, unsigned."""
    begin = at
    for place in range(at, stop):
        if data[place] < 0x80:
            yield number(data, begin, place + 1)
            begin = place + 1
    if begin < stop:
        raise WireError("a number is cut off", begin)


def _value_type(message: Message, at: int, stop: int) -> tuple[str, str]:
    found = record(message.data, at, stop)
    return message.text(found.get(1, 0)), message.text(found.get(2, 0))


def _add_function(message: Message, at: int, stop: int) -> None:
    found = record(message.data, at, stop)
    key = _id(found.get(1, 0), message.functions, "function", at)
    name = message.text(found.get(2, 0)) or message.text(found.get(3, 0))
    message.functions[key] = Function(name, message.text(found.get(4, 0)), _line(found.get(5, 0)))


def _add_location(message: Message, at: int, stop: int) -> int:
    """Add a location and return how many lines it has."""
    data = message.data
    found = record(data, at, stop)
    key = _id(found.get(1, 0), message.locations, "location", at)
    lines = []
    for tag, wire, begin, end in fields(data, at, stop):
        if tag == 4 and wire == BYTES:
            line = record(data, begin, end)
            function = line.get(1, 0)
            if function and function not in message.functions:
                raise WireError(f"location {key} names function {function}, which does not exist", begin)
            lines.append((function, _line(line.get(2, 0))))
            if len(lines) > _INLINED:
                raise WireError(f"location {key} has more than {_INLINED} lines", begin)
    message.locations[key] = Location(found.get(3, 0), found.get(2, 0), tuple(lines))
    return len(lines)


def _id(key: int, known: dict[int, Function] | dict[int, Location], what: str, at: int) -> int:
    if not key:
        raise WireError(f"a {what} has the id 0", at)
    if key in known:
        raise WireError(f"two {what}s have the id {key}", at)
    return key


def _line(line: int) -> int:
    return line if line < _LINES else 0
