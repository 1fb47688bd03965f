"""A private folder: where it is, and files in it that are there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["HIDDEN", "default_folder", "listed", "private", "settle", "write"]

#: How the names of files begin that are being written.
HIDDEN: Final = ".new-"
_ONLY_OURS: Final = 0o700


def default_folder() -> Path:
    """
    Return OPENPROFILING_SPOOL, else "openprofiling" in the user's folder for state (XDG Base Directory Specification).

    Where there is no home, it is one in the temporary folder that carries the user's number.
    """
    given = os.environ.get("OPENPROFILING_SPOOL", "")
    if given:
        return Path(os.path.abspath(os.path.expanduser(given)))  # noqa: PTH100, PTH111  # raise nothing, whatever the words
    state = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(state):  # noqa: PTH117  # others are to be ignored, says the specification
        return Path(state) / "openprofiling"
    home = os.path.expanduser("~")  # noqa: PTH111
    if os.path.isdir(home) and os.access(home, os.W_OK):  # noqa: PTH112
        return Path(home) / ".local" / "state" / "openprofiling"
    return Path(tempfile.gettempdir()) / f"openprofiling-{_user()}"


def private(folder: Path) -> Path:
    """
    Return the folder in `folder` that is this user's alone, made where it is missing.

    Several users may be given one folder, and it may be everybody's: what is written goes into one of our own. Raises
    OSError where it cannot be made, or where somebody else has made it.
    """
    place = folder / f"spool-{_user()}"
    place.mkdir(mode=_ONLY_OURS, parents=True, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "geteuid") and found.st_uid != os.geteuid()):
        raise PermissionError(errno.EPERM, "it belongs to somebody else", str(place))
    if stat.S_IMODE(found.st_mode) != _ONLY_OURS:
        place.chmod(_ONLY_OURS)
    return place


def write(folder: Path, name: str, chunks: Iterable[bytes]) -> None:
    """
    Write a file and its name to the disk, in the place of one of that name.

    When it returns, the file survives a power cut; when it raises OSError, there is nothing of it.
    """
    hidden = folder / f"{HIDDEN}{os.getpid()}-{os.urandom(8).hex()}"
    handle = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "wb") as stream:  # noqa: PTH123  # it is open already
            stream.writelines(chunks)
            stream.flush()
            os.fsync(stream.fileno())
        hidden.replace(folder / name)
    except BaseException:
        with contextlib.suppress(OSError):
            hidden.unlink()
        raise
    settle(folder)


def settle(folder: Path) -> None:
    """Make what has been named, renamed or removed in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def listed(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Yield (name, size in bytes, last change in unix ns) of each file of a folder, as far as it can be read."""
    with contextlib.suppress(OSError), os.scandir(folder) as files:
        for file in files:
            with contextlib.suppress(OSError):
                told = file.stat(follow_symlinks=False)
                if stat.S_ISREG(told.st_mode):
                    yield file.name, told.st_size, told.st_mtime_ns


def _user() -> str:
    return str(os.geteuid()) if hasattr(os, "geteuid") else "user"
