"""
Captures as files: whole or not at all, and never over a file that is there.

A file is written under a hidden name beside its place and gets its own by a hard link, which fails where another file
stands, also one that came a moment ago. Files are readable by their owner alone: a profile tells paths and source.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.errors import ExportError
from openprofiling_ipy.exporters import naming

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.exporters.base import Parcel, Progress
    from openprofiling_ipy.exporters.naming import Destination, Target

__all__ = ["FileExporter", "export", "save"]

_HIGHEST: Final = 10_000
#: What to say and do about it. Other errors speak in the system's own words.
_REASONS: Final = {
    errno.EACCES: "no permission to write there: choose another folder",
    errno.EPERM: "no permission to write there: choose another folder",
    errno.EROFS: "that disk is read-only: choose another folder",
    errno.ENOSPC: "the disk is full: free some room or choose another folder",
    errno.EDQUOT: "your share of the disk is used up: free some room or choose another folder",
    errno.EFBIG: "the file is larger than that disk takes: choose another folder",
    errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
    errno.ENOENT: "the folder is gone or takes no files: choose another one",
    errno.ENOTDIR: "a part of the path is a file, not a folder: choose another folder",
    errno.EEXIST: "a file of that name is there already: choose another name",
    errno.EINVAL: "the name holds what that disk does not take: choose another name",
}
#: What may be over when it is tried again.
_PASSING: Final = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ETIMEDOUT}


class FileExporter:
    """
    Writes every capture into a folder: one a person exports under a name for people, a parcel under its own.

    A relative `folder` is below the working folder of the moment in which the exporter is made.
    """

    name = "file"

    def __init__(self, folder: Destination | None = None, format: str | None = None) -> None:  # noqa: A002
        self.folder = None if folder is None else os.path.abspath(os.path.expanduser(folder))  # noqa: PTH100, PTH111  # links stay as they are
        self.format = format
        self._closed = False

    def export(self, capture: Capture, /) -> str:
        """Write it and return the absolute path. Raises ExportError, FormatError or NotRunning."""
        self._check_open()
        place = "" if self.folder is None else os.path.join(os.fspath(self.folder), "")  # noqa: PTH118  # ends in a separator
        return export(capture, place, self.format)

    def send(self, parcel: Parcel, /, progress: Progress | None = None) -> str:
        """
        Write it under the last part of its name and return the absolute path. Raises ExportError.

        A file of that name is an earlier state of the same recording: it is replaced, whole or not at all.
        """
        self._check_open()
        with _clear(self.describe()):
            folder = naming.folder(self.folder)
            _make(folder)
            final = folder / parcel.name.rpartition("/")[2]
            with _hidden(folder, parcel.data) as hidden:
                os.replace(hidden, final)  # noqa: PTH105
                _settle(folder)
        if progress is not None:
            progress(len(parcel.data), len(parcel.data))
        return os.path.abspath(final)  # noqa: PTH100  # links stay as they are

    def describe(self) -> str:
        """Return the place that captures go to."""
        return os.fspath(self.folder) if self.folder is not None else "the default folder"

    def identity(self) -> str:
        """Return what tells this place from others in every process, wherever that runs."""
        return f"folder {os.path.abspath(naming.folder(self.folder))}"  # noqa: PTH100  # links stay as they are

    def close(self) -> None:
        self._closed = True

    def __repr__(self) -> str:
        return f"FileExporter({self.describe()!r})"

    def _check_open(self) -> None:
        if self._closed:
            raise ExportError(self.name, self.describe(), "this exporter is closed")


def save(capture: Capture, path: Destination, format: str | None = None) -> Path:  # noqa: A002
    """
    Write a capture to `path` and return it; to a folder under the default name.

    Raises NotRunning, UnknownFormat, UnsupportedDocument or ExportError; then nothing is written.
    """
    return _write(capture, path, format, exact=True)


def export(capture: Capture, destination: Destination = "", format: str | None = None) -> str:  # noqa: A002
    """
    Write a capture and return the absolute path of the file.

    `destination` is a folder (it exists or ends in a separator), a file, or "" for the default folder. A file's name
    that tells no format gets a suffix. Missing folders in it are made. Raises what `save` raises.
    """
    return os.path.abspath(_write(capture, destination, format, exact=False))  # noqa: PTH100  # links stay as they are


def _write(capture: Capture, destination: Destination, format_name: str | None, *, exact: bool) -> Path:
    document = capture.document
    given = os.fspath(destination)
    with _clear(given or "the default folder"):
        place = naming.target(capture, given, format_name, exact=exact)
    data = place.format.dumps(document)
    with _clear(given or str(place.folder / place.name)):
        if given:
            _make(place.folder)
        return _put(place, data)


@contextlib.contextmanager
def _clear(shown: str) -> Iterator[None]:
    """Turn what a disk refuses into one line that says what to do."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
        raise ExportError("file", shown, reason, retry=error.errno in _PASSING) from error
    except ValueError as error:  # a zero byte, or letters that the disk's names cannot hold
        raise ExportError("file", repr(shown), "no file can have that name: choose another one") from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error


def _put(place: Target, data: bytes) -> Path:
    """Write `data` and give the file its name, or the next that is free where the name is ours."""
    with _hidden(place.folder, data) as hidden:
        for number in range(1, 2 if place.named else _HIGHEST):
            final = place.folder / naming.numbered(place.name, place.suffix, number)
            with contextlib.suppress(FileExistsError):
                _name(hidden, final)
                _settle(place.folder)
                return final
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


@contextlib.contextmanager
def _hidden(folder: Path, data: bytes) -> Iterator[str]:
    """Write `data` to a hidden file, make sure that it is on the disk, and take it away again if it stays hidden."""
    handle, hidden = tempfile.mkstemp(dir=folder, prefix=".oprof-", suffix=".part")
    try:
        with open(handle, "wb") as stream:  # noqa: PTH123  # it is open already
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        yield hidden
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(hidden)  # noqa: PTH108  # mkstemp's word for it is a string


def _name(hidden: str, final: Path) -> None:
    """Give a file its name. Raises FileExistsError where the name is taken."""
    try:
        os.link(hidden, final)
    except FileExistsError:
        raise
    except OSError:
        # This disk knows no links: take the name with an empty file of ours, then put the whole one in its place.
        os.close(os.open(final, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _replace(hidden, final)


def _replace(hidden: str, final: Path) -> None:
    try:
        os.replace(hidden, final)  # noqa: PTH105
    except BaseException:
        final.unlink(missing_ok=True)
        raise


def _settle(folder: Path) -> None:
    """Make the new name survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
