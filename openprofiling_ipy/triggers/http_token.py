"""The file that holds a random token: for this user alone, and no longer than its process lives."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

if sys.platform != "win32":
    import fcntl

__all__ = ["TokenFile"]

_PREFIX: Final = "openprofiling-http-"
_SUFFIX: Final = ".json"


class TokenFile:
    """
    A new file in the temporary folder, with a name that nobody knows before and mode 0600.

    It is locked as long as its process lives, so that the next one can tell and remove those that a signal left behind.
    """

    def __init__(self, facts: dict[str, Any]) -> None:
        """Write it. Raises OSError; then there is none."""
        _sweep(Path(tempfile.gettempdir()))
        self._handle, path = tempfile.mkstemp(prefix=f"{_PREFIX}{os.getpid()}-", suffix=_SUFFIX)
        self.path = Path(path)
        self._pid = os.getpid()
        self._identity = _identity(self._handle)
        try:
            # Locked before it holds anything: an empty file is nobody's yet.
            _lock(self._handle)
            os.write(self._handle, json.dumps(facts).encode("ascii"))
        except OSError:
            self.remove()
            raise

    def remove(self) -> None:
        """
        Remove it; a forked child only closes what it has of it.

        A program that becomes a daemon closes all descriptors, and its own files may have got this one's number since.
        """
        handle, self._handle = self._handle, -1
        if handle < 0:
            return
        with suppress(OSError):
            if _identity(handle) == self._identity:
                os.close(handle)
        if os.getpid() == self._pid:
            with suppress(OSError):
                self.path.unlink()


def _identity(handle: int) -> tuple[int, int]:
    found = os.fstat(handle)
    return found.st_dev, found.st_ino


def _lock(handle: int) -> bool:
    """Lock an open file if nobody has; True where that is done."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sweep(folder: Path) -> None:
    """Remove files of this user's processes that are gone."""
    if sys.platform == "win32":
        return
    for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        # Others may write here too: nothing of theirs is followed, waited for or touched.
        with suppress(OSError):
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                found = os.fstat(handle)
                if found.st_uid == os.geteuid() and found.st_size and _lock(handle):
                    path.unlink()
            finally:
                os.close(handle)
