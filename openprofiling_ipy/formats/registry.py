"""All formats: one explicit tuple, then what other packages add by the entry point `openprofiling_ipy.formats`."""

from __future__ import annotations

import stat
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from openprofiling_ipy.errors import UnknownFormat
from openprofiling_ipy.formats import cpuprofile, folded, html, pprof, speedscope

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from openprofiling_ipy.formats.base import Format
    from openprofiling_ipy.model import Profile

__all__ = ["DEFAULT", "FORMATS", "MAX_BYTES", "by_name", "by_suffix", "detect", "for_path", "load", "names"]

#: In the order in which they are asked whether a file is theirs; the first is what is written where nobody says.
FORMATS: tuple[Format, ...] = (speedscope, html, cpuprofile, folded, pprof)
DEFAULT = FORMATS[0]
#: A larger file is refused rather than read into memory.
MAX_BYTES = 1 << 30
_TOO_LARGE = f"larger than {MAX_BYTES >> 30} GiB"
_HEAD = 1 << 16
#: What people write who want a picture or a table, which a profile's file is not.
_NO_PROFILES = {
    **dict.fromkeys((".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp"), "a picture: save .plot().figure instead"),
    **dict.fromkeys((".csv", ".tsv", ".xlsx", ".parquet", ".feather"), "a table: save .table() instead"),
}
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


@cache
def _guests() -> tuple[Format, ...]:
    """Return the formats of other packages; one that does not load is left out, for it must not break ours."""
    found = []
    for point in entry_points(group="openprofiling_ipy.formats"):
        try:
            found.append(point.load())
        except Exception:  # noqa: BLE001, S112  # whatever a stranger's import raises
            continue
    return tuple(found)


def _all() -> Iterator[Format]:
    """Yield ours, then the guests, which are looked up only when ours did not answer."""
    yield from FORMATS
    yield from _guests()


def names() -> tuple[str, ...]:
    return tuple(fmt.name for fmt in _all())


def by_name(name: str) -> Format:
    """Return the format called `name`. Raises UnknownFormat, which lists them."""
    wanted = str(name).strip().lower().removeprefix(".")
    for fmt in _all():
        if wanted == fmt.name:
            return fmt
    # What people type beside the name: "speedscope.json", "htm".
    for fmt in _all():
        if "." + wanted in fmt.suffixes:
            return fmt
    raise UnknownFormat(name, names())


def by_suffix(filename: str) -> Format | None:
    """Return the format with the longest suffix that `filename` ends in; None where there is none."""
    lower = filename.lower()
    matches = [(len(suffix), fmt) for fmt in _all() for suffix in fmt.suffixes if lower.endswith(suffix)]
    return max(matches, key=lambda match: match[0])[1] if matches else None


def for_path(path: str | os.PathLike[str], name: str | None = None) -> Format:
    """
    Return the format to write `path` in: the one called `name`, else the one of its suffix, else the default.

    Raises UnknownFormat, also for a suffix that promises something else than a profile.
    """
    if name:
        return by_name(name)
    suffix = Path(path).suffix.lower()
    found = by_suffix(Path(path).name)
    if found is None and suffix in _NO_PROFILES:
        raise UnknownFormat(
            suffix, names(), f"{suffix} is {_NO_PROFILES[suffix]}, or give a format: {', '.join(names())}"
        )
    return found or DEFAULT


def detect(data: bytes, filename: str = "") -> Format:
    """Return the format of `data`: by its content, then by `filename`. Raises UnknownFormat."""
    # A JSON file may keep the telling keys for its end.
    for head in (data[:_HEAD], data[:_HEAD] + data[-_HEAD:]):
        for fmt in _all():
            if fmt.sniff(head):
                return fmt
    named = by_suffix(filename)
    if named is not None:
        return named
    shown = filename or "the data"
    for magic, packing in _PACKED.items():
        if data.startswith(magic):
            raise UnknownFormat(filename, names(), f"{shown} is packed by {packing}: unpack it first")
    raise UnknownFormat(filename, names(), f"{shown} is none of the known formats: {', '.join(names())}")


def load(path: str | os.PathLike[str]) -> Profile:
    """
    Read a profile from a file of any known format.

    Raises UnknownFormat, MalformedProfile, and OSError where the file itself cannot be read.
    """
    file = Path(path).expanduser()
    facts = file.stat()
    if stat.S_ISREG(facts.st_mode) and facts.st_size <= MAX_BYTES:
        data = file.read_bytes()
        return detect(data, file.name).loads(data)
    why = "a folder" if file.is_dir() else "not a plain file" if facts.st_size <= MAX_BYTES else _TOO_LARGE
    raise UnknownFormat(file.name, names(), f"{path} is {why}: it is not read")
