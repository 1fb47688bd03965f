"""
Protocol Buffers on the wire (https://protobuf.dev/programming-guides/encoding): as much of it as pprof needs.

A message is a row of fields; each has a tag (its number and its wire type) and a number or a run of bytes. Numbers are
varints: seven bits a byte, the lowest first, the top bit set on all but the last; negative ones are 64 bits wide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = [
    "BYTES",
    "NUMBER",
    "WireError",
    "blob",
    "decode",
    "encode",
    "fields",
    "integer",
    "number",
    "signed",
    "varint",
]

NUMBER: Final = 0
BYTES: Final = 2
#: Wire types of a fixed width, which pprof has none of: they are stepped over.
_FIXED: Final = {1: 8, 5: 4}
_MASK: Final = 2**64 - 1
_LONGEST: Final = 10
_CUT: Final = "it is cut off"
_LONG: Final = "a number is longer than 64 bits"
#: The numbers of one and two bytes, which most are.
_SHORT: Final = [bytes((n,)) if n < 128 else bytes((n & 0x7F | 0x80, n >> 7)) for n in range(1 << 14)]


class WireError(ValueError):
    """Bytes that are no message. `offset` counts from the start of the data."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.offset = offset


def varint(value: int) -> bytes:
    """Return a number of up to 64 bits, signed or not."""
    if 0 <= value < len(_SHORT):
        return _SHORT[value]
    value &= _MASK
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def integer(field: int, value: int) -> bytes:
    """Return a field that holds a number; nothing for 0, which is what a missing one means."""
    return varint(field << 3 | NUMBER) + varint(value) if value else b""


def blob(field: int, data: bytes) -> bytes:
    """Return a field (below 2048) that holds bytes: a string, a message or packed numbers."""
    size = len(data)
    # Looked up rather than called for: a large profile is millions of these.
    return _SHORT[field << 3 | BYTES] + (_SHORT[size] if size < len(_SHORT) else varint(size)) + data


def encode(values: NDArray[np.int64]) -> tuple[bytes, list[int]]:
    """Return the varints of an array [N], one behind the other, and where each begins and the last ends [N+1]."""
    left = values.astype(np.uint64)
    columns = np.empty((len(left), _LONGEST), dtype=np.uint8)
    length = np.ones(len(left), dtype=np.int64)
    for place in range(_LONGEST):
        columns[:, place] = left & np.uint64(0x7F)
        left >>= np.uint64(7)
        more = left > 0
        columns[:, place] |= more.astype(np.uint8) << np.uint8(7)
        length += more
    used = np.arange(_LONGEST) < length[:, None]
    return columns[used].tobytes(), [0, *np.cumsum(length).tolist()]


def decode(data: bytes | bytearray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Return the numbers that follow each other in `data`, as signed ones [N], and where each ends [N].

    Raises ValueError: the bytes of many messages may have been joined, and so no offset is known.
    """
    raw = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(raw < 0x80) + 1  # the last byte of each
    if len(raw) and (not len(ends) or int(ends[-1]) != len(raw)):
        raise ValueError(_CUT)
    starts = np.append(0, ends)[:-1]
    length = ends - starts
    if int(length.max(initial=0)) > _LONGEST:
        raise ValueError(_LONG)
    found = np.zeros(len(ends), dtype=np.uint64)
    for place in range(int(length.max(initial=0))):
        inside = length > place
        bits = raw[starts[inside] + place].astype(np.uint64) & np.uint64(0x7F)
        found[inside] |= bits << np.uint64(7 * place)
    return found.view(np.int64), ends


def number(data: bytes, at: int, stop: int) -> int:
    """Return the number in `data[at:stop]` as an unsigned one."""
    value = shift = 0
    for byte in data[at:stop]:
        value |= (byte & 0x7F) << shift
        shift += 7
    return value & _MASK


def signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def fields(data: bytes, at: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
    """
    Yield field, wire type, and where its content stands (from, to) for each field of the message `data[at:stop]`.

    Raises WireError at the first thing that is none. Fields of a fixed width are stepped over.
    """
    while at < stop:
        begin = at
        tag = data[at]
        at += 1
        if tag > 0x7F:
            at = _end(data, begin, stop)
            tag = number(data, begin, at)
        field, wire = tag >> 3, tag & 7
        if not field:
            raise WireError("a field has the number 0", begin)
        if wire == NUMBER:
            end = _end(data, at, stop)
            yield field, wire, at, end
        elif wire == BYTES:
            content = _end(data, at, stop)
            end = content + number(data, at, content)
            if end > stop:
                raise WireError(_CUT, min(stop, len(data)))
            yield field, wire, content, end
        elif wire in _FIXED:
            end = at + _FIXED[wire]
            if end > stop:
                raise WireError(_CUT, min(stop, len(data)))
        else:
            raise WireError(f"a field has the wire type {wire}", begin)
        at = end


def _end(data: bytes, at: int, stop: int) -> int:
    """Return where the number that begins at `at` ends."""
    limit = min(at + _LONGEST, stop)
    for place in range(at, limit):
        if data[place] < 0x80:
            return place + 1
    if limit < at + _LONGEST:
        raise WireError(_CUT, limit)
    raise WireError(_LONG, at)
