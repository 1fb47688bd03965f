"""Where a capture goes: from what the user wrote to a folder, a name and a format."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.errors import ExportError
from openprofiling_ipy.exporters.address import is_address
from openprofiling_ipy.formats import naming

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.formats.base import Format

__all__ = [
    "Destination",
    "Target",
    "default_folder",
    "default_name",
    "folder",
    "numbered",
    "set_default_folder",
    "target",
]

Destination = str | os.PathLike[str]


@dataclass(frozen=True)
class Target:
    """`named` tells whether the user chose the file's name; a name of ours gets a number where it is taken."""

    folder: Path
    name: str
    named: bool
    format: Format

    @property
    def suffix(self) -> str:
        """The part of the name that tells the format, such as ".speedscope.json"."""
        known = [suffix for suffix in self.format.suffixes if self.name.lower().endswith(suffix)]
        return max(known, key=len, default="")


@dataclass
class _Default:
    """Where captures go that nobody gave a place."""

    folder: Callable[[], Destination]


_DEFAULT: Final = _Default(tempfile.gettempdir)


def set_default_folder(folder: Callable[[], Destination] | None) -> None:
    """Let `folder` say where captures go that nobody gave a place; None: the temporary folder."""
    _DEFAULT.folder = folder or tempfile.gettempdir


def default_folder() -> Path:
    return Path(_DEFAULT.folder())


def folder(given: Destination | None) -> Path:
    """Return the folder that is meant, by default where captures go. Raises OSError where there is no such home."""
    if given is None:
        return default_folder()
    try:
        return Path(given).expanduser()
    except RuntimeError as error:
        raise FileNotFoundError(errno.ENOENT, str(error)) from None


def default_name(capture: Capture, fmt: Format) -> str:
    """
    Return a name that is legal everywhere, such as "cpu-20261123T021530.123Z.speedscope.json".

    The time is the capture's start, or now where a file of another tool did not tell it.
    """
    return naming.stem(capture.kind, capture.started_at or time.time_ns()) + fmt.suffixes[0]


def numbered(name: str, suffix: str, number: int) -> str:
    """Return "run-2.json" for the second "run.json" whose suffix is ".json"."""
    return name if number == 1 else f"{name[: len(name) - len(suffix)]}-{number}{suffix}"


def target(capture: Capture, destination: Destination, format_name: str | None, *, exact: bool) -> Target:
    """
    Return where `destination` means: "" is the default folder; a folder exists or ends in a separator; else a file.

    A file's name that tells no format gets the suffix of the chosen one, unless it is `exact`. Raises UnknownFormat,
    and ExportError for what is no path.
    """
    from openprofiling_ipy.formats import registry

    given = os.fspath(destination)
    if is_address(given):
        # Whatever stands in it, a secret even, is not repeated.
        raise ExportError("file", given.partition(":")[0] + ":...", "it is an address: give a file, or .export() it")
    if not given:
        fmt = registry.for_path("", format_name)
        return Target(default_folder(), default_name(capture, fmt), named=False, format=fmt)
    try:
        path = Path(given).expanduser()
    except RuntimeError:
        raise ExportError("file", given, "there is no such home folder: write the path without ~") from None
    if given.endswith(("/", os.sep)) or path.is_dir():
        fmt = registry.for_path("", format_name)
        return Target(path, default_name(capture, fmt), named=False, format=fmt)
    fmt = registry.for_path(path, format_name)
    known = exact or registry.by_suffix(path.name) is not None
    return Target(path.parent, path.name if known else path.name + fmt.suffixes[0], named=True, format=fmt)
