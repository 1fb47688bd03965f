"""
What stands in a spool folder: one file a parcel and destination.

Its name tells what a look at the folder needs: when it was made, for which destination, which parcel, who is to send
it, and its state. Its content begins with a line that says what it is, how long and with which sum, then a line of
JSON, then the parcel's bytes as they will be sent. The name of a destination is what its exporter says of itself; it
holds no credentials, and what looks like some is left out.
"""

from __future__ import annotations

import contextlib
import json
import re
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from openprofiling_ipy.exporters.base import Parcel

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = [
    "DamagedEntry",
    "Entry",
    "Head",
    "State",
    "as_recovered",
    "describe",
    "digest",
    "dumps",
    "head",
    "loads",
    "without_secrets",
]

State = Literal["parcel", "partial", "recovered", "damaged"]
_STATES: Final[dict[str, State]] = {
    "parcel": "parcel",
    "partial": "partial",
    "recovered": "recovered",
    "damaged": "damaged",
}
_NAME: Final = re.compile(r"(\d{20})-([0-9a-f]{16})-([0-9a-f]{16})\.(\d+-[0-9a-f]{8})\.([a-z]+)")
_FIRST: Final = re.compile(rb"openprofiling-spool 1 ([0-9a-f]{8}) (\d{1,15})\n")
_OFFSET: Final = 0xCBF29CE484222325
_PRIME: Final = 0x100000001B3
_MASK: Final = (1 << 64) - 1
_LONGEST_LINE: Final = 1 << 20
#: User and password of an address, and its query, which may carry a signature.
_SECRET: Final = re.compile(r"(?<=//)[^/@\s]*@|\?\S*")


class DamagedEntry(ValueError):
    """A file in the spool is not what it should be; it will never be sent."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """
    One file of a spool. `time` is when it was first made (unix ns), `owner` the process that sends it.

    A "parcel" waits to be sent; a "partial" is what a recording under way has so far; a "recovered" was the partial of
    a process that died; a "damaged" one is set aside.
    """

    time: int
    destination: str
    key: str
    owner: str
    state: State

    @property
    def file(self) -> str:
        return f"{self.time:020d}-{self.destination}-{self.key}.{self.owner}.{self.state}"

    @classmethod
    def parse(cls, file: str) -> Entry | None:
        """Return what a file's name tells; None where it is no entry."""
        found = _NAME.fullmatch(file)
        if found is None or found[5] not in _STATES:
            return None
        return cls(int(found[1]), found[2], found[3], found[4], _STATES[found[5]])

    def moved(self, owner: str, state: State) -> Entry:
        return replace(self, owner=owner, state=state)


@dataclass(frozen=True, slots=True)
class Head:
    """What an entry tells without its data; `size` in bytes."""

    destination: str
    name: str
    content_type: str
    metadata: dict[str, str]
    size: int


def digest(text: str) -> str:
    """
    Return 16 hexadecimal digits that stand for `text` in a file's name: 64-bit FNV-1a (Fowler, Noll, Vo).

    `hashlib` would do as well, at 4 MB of OpenSSL in a process that has nothing to send.
    """
    value = _OFFSET
    for byte in text.encode("utf-8", "surrogatepass"):
        value = (value ^ byte) * _PRIME & _MASK
    return f"{value:016x}"


def describe(exporter: object) -> str:
    """
    Return the words that an exporter's destination is known by, the same in every process and without credentials.

    They are its `identity()` or `describe()` or, where it has neither, its repr; its name where that is Python's own.
    """
    text = str(getattr(exporter, "name", type(exporter).__name__))
    for word in ("identity", "describe"):
        given = getattr(exporter, word, None)
        if callable(given):
            # An outsider's may fail, and so may a path where the working folder is gone.
            with contextlib.suppress(Exception):
                return without_secrets(str(given()))
    if type(exporter).__repr__ is not object.__repr__:
        text = repr(exporter)
    return without_secrets(text)


def without_secrets(text: str) -> str:
    """Leave out what looks like a password or a signature in an address."""
    return _SECRET.sub("", text)


def as_recovered(parcel: Parcel) -> Parcel:
    """Return the parcel of a recording whose process died, marked as what it is."""
    return replace(parcel, metadata={**parcel.metadata, "status": "recovered"})


def dumps(parcel: Parcel, destination: str) -> tuple[bytes, bytes]:
    """Return an entry's first two lines, and its data."""
    line = json.dumps(
        {
            "destination": destination,
            "name": parcel.name,
            "type": parcel.content_type,
            "metadata": dict(parcel.metadata),
        }
    )
    told = line.encode() + b"\n"
    total = zlib.crc32(parcel.data, zlib.crc32(told))
    return b"openprofiling-spool 1 %08x %d\n" % (total, len(parcel.data)) + told, parcel.data


def head(stream: BinaryIO) -> Head:
    """Read an entry's first two lines. Raises DamagedEntry."""
    return _head(stream)[0]


def loads(stream: BinaryIO) -> tuple[str, Parcel]:
    """Read an entry: its destination and the parcel. Raises DamagedEntry."""
    told, total = _head(stream)
    data = stream.read(told.size + 1)
    if len(data) != told.size:
        raise DamagedEntry(f"it should hold {told.size} bytes and has {len(data)}")
    if zlib.crc32(data, total[1]) != total[0]:
        raise DamagedEntry("its sum is wrong")
    return told.destination, Parcel(told.name, data, told.content_type, told.metadata)


def _head(stream: BinaryIO) -> tuple[Head, tuple[int, int]]:
    """Return what the first lines tell, and two sums: the one promised, and that of the second line."""
    found = _FIRST.fullmatch(stream.readline(_LONGEST_LINE))
    line = stream.readline(_LONGEST_LINE)
    if found is None:
        raise DamagedEntry("its first line is none of ours")
    try:
        told: Any = json.loads(line)
        metadata = {str(key): str(value) for key, value in told["metadata"].items()}
        words = [told[key] for key in ("destination", "name", "type")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DamagedEntry("its second line is none of ours") from error
    if not all(isinstance(word, str) for word in words):
        raise DamagedEntry("its second line is none of ours")
    destination, name, content_type = cast("list[str]", words)
    return Head(destination, name, content_type, metadata, int(found[2])), (int(found[1], 16), zlib.crc32(line))
