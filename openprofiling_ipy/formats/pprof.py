"""
pprof (https://github.com/google/pprof/blob/main/proto/profile.proto), gzipped: what Go's tools and most services read.

All values are sample types, the kind's own the default one; a location is a function and an executed line; a sample is
written as it was taken, with its lane and time as labels, so that what is read again is the same profile. Samples of
one place stay apart for that, which costs some ten bytes a sample after packing.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.errors import MalformedProfile
from openprofiling_ipy.formats import pprof_labels, pprof_reader, pprof_writer, protobuf
from openprofiling_ipy.formats.disclosure import told

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = ["contents", "document", "dumps", "loads", "losses", "name", "sniff", "suffixes"]

name: str = "pprof"
suffixes: tuple[str, ...] = (".pb.gz", ".pprof", ".pprof.gz", ".pb")
document: str = "Profile"

_GZIP: Final = b"\x1f\x8b"
#: zlib's word for "deflate with a gzip header and trailer"; the header has no time.
_GZIP_BITS: Final = 31
#: Rows of numbers get a tenth smaller by the highest level, which takes ten times as long.
_LEVEL: Final = 6
#: A file may unpack to so much, and beyond that to so many times its size: enough for millions of samples, no bomb.
_UNPACKED: Final = 1 << 26
_RATIO: Final = 64
_MOST: Final = 1 << 28
#: How many samples, stacks and the like a small file may hold; a larger one as many as it has bytes, far above what
#: real ones take. A bomb of the same few bytes would else fill the memory.
_ROOM: Final = 1 << 20
#: The wire type of each field of a profile; a few scalars may come packed.
_WIRES: Final = {
    **dict.fromkeys(range(1, 7), protobuf.BYTES),
    **dict.fromkeys((7, 8, 9, 10, 12, 13, 14, 15), protobuf.NUMBER),
    11: protobuf.BYTES,
}


def sniff(head: bytes) -> bool:
    """Tell by the fields of the message: a type of samples, or the empty string that comes before all others."""
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(_GZIP_BITS).decompress(head, 1 << 16)
        except zlib.error:
            return False
    found = False
    try:
        for field, wire, at, stop in protobuf.fields(head, 0, len(head)):
            if wire != _WIRES.get(field, wire) and field != pprof_reader.COMMENT:
                return False
            if field == pprof_reader.SAMPLE_TYPE:
                found = found or all(tag <= 2 for tag, *_ in protobuf.fields(head, at, stop))
            found = found or (field == pprof_reader.STRING and at == stop)
    except protobuf.WireError as error:
        return found and error.offset == len(head)  # cut by who asks
    return found


def losses(document: Profile) -> tuple[str, ...]:
    cut = any(text != pprof_labels.clean(text) for text in document.strings)
    return ("the exact bytes of names that are no Unicode",) if cut else ()


def contents(document: Profile) -> tuple[str, ...]:
    return told(document, everything=True)


def dumps(document: Profile) -> bytes:
    """Write the profile."""
    squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_BITS)
    packed = [squeezer.compress(piece) for piece in pprof_writer.pieces(document)]
    return b"".join((*packed, squeezer.flush()))


def loads(data: bytes) -> Profile:
    """
    Read ours exactly, anybody's else as far as a profile goes. Raises MalformedProfile; what it unpacks to is bounded.

    Offsets count in the message, which for a gzipped file is what it unpacks to.
    """
    gzipped = data.startswith(_GZIP)
    message = _unpack(data) if gzipped else data
    try:
        return pprof_reader.read(message, name, room=max(_ROOM, len(data)))
    except protobuf.WireError as error:
        where = " (counted in what it unpacks to)" if gzipped else ""
        raise MalformedProfile(name, f"{error}{where}", error.offset) from None
    except ValueError as error:
        raise MalformedProfile(name, str(error)) from None


def _unpack(data: bytes) -> bytes:
    """Return what a gzip file holds, which may be several packed ones in a row."""
    most = min(max(_UNPACKED, _RATIO * len(data)), _MOST)
    pieces: list[bytes] = []
    left = data
    while left:
        offset = len(data) - len(left)
        if not left.startswith(_GZIP):
            raise MalformedProfile(name, "something else follows the packed data", offset)
        inflater = zlib.decompressobj(_GZIP_BITS)
        room = most - sum(map(len, pieces))
        try:
            pieces.append(inflater.decompress(left, room + 1))
        except zlib.error as error:
            raise MalformedProfile(name, f"its data are damaged: {error}", offset) from None
        if len(pieces[-1]) > room:
            raise MalformedProfile(name, f"its data unpack to more than {most >> 20} MiB", offset)
        if not inflater.eof:
            raise MalformedProfile(name, "its data are cut off", len(data))
        left = inflater.unused_data.lstrip(b"\0")
    return b"".join(pieces)
