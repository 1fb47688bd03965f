"""
Who is to send an entry: a process holds a lock on a file of its own as long as it lives.

The lock is what counts, since the system takes it from a process that dies in whatever way, and since it is true across
containers that share a folder, where a process id is not. The file also tells process id and start time: where a forked
child that never ran Python's own hooks has kept the lock of its dead parent, they say so.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

__all__ = ["Owner", "alive", "is_shared", "owner_of"]

_SUFFIX: Final = ".owner"
#: What a file system says that knows no locks.
_NO_LOCKS: Final = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


def is_shared() -> bool:
    """Tell whether this system has the locks by which processes share a folder."""
    return sys.platform != "win32"


def owner_of(file: str) -> str:
    """Return the owner whose file has this name, "" where it is none."""
    return file.removesuffix(_SUFFIX) if file.endswith(_SUFFIX) and not file.startswith(".") else ""


class Owner:
    """This process's hold on its entries in a folder."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError where the folder takes no file."""
        self.id = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._file = folder / f"{self.id}{_SUFFIX}"
        hidden = folder / f".new-{self.id}{_SUFFIX}"
        self._handle = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(self._handle, json.dumps(_myself()).encode())
            # Locked before it has its name: nobody ever sees it free while its owner lives.
            _lock(self._handle, shared=False)
            hidden.rename(self._file)
        except BaseException:
            os.close(self._handle)
            with contextlib.suppress(OSError):
                hidden.unlink()
            raise

    def release(self) -> None:
        """Let others send what is left; nothing happens when called again."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                self._file.unlink()
            self.forget()

    def forget(self) -> None:
        """Close this process's handle; in a forked child the parent's hold stays as it is."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            with contextlib.suppress(OSError):
                os.close(handle)


def alive(folder: Path, owner: str) -> bool:
    """Tell whether the process that owns entries is there to send them."""
    try:
        handle = os.open(folder / f"{owner}{_SUFFIX}", os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return True  # it cannot be told: leave it alone
    try:
        # Those who only ask do not stand in each other's way.
        held = not _lock(handle, shared=True)
        return held and not _gone(os.read(handle, 4096))
    except OSError:
        return True
    finally:
        os.close(handle)


def _lock(handle: int, *, shared: bool) -> bool:
    """Lock a file without waiting; False where another holds it, or where no lock can be had."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return False
        raise
    return True


def _gone(record: bytes) -> bool:
    """Tell whether the process of this record has certainly ended."""
    try:
        told: dict[str, Any] = json.loads(record)
        here = _place() == (told["boot"], told["namespace"]) and all(_place())
        return here and _started(int(told["pid"])) != told["started"]
    except (ValueError, KeyError, TypeError):
        return False


def _myself() -> dict[str, object]:
    boot, namespace = _place()
    return {"pid": os.getpid(), "started": _started(os.getpid()), "boot": boot, "namespace": namespace}


def _place() -> tuple[str, str]:
    """Return where process ids mean the same: this start of the machine, and this namespace of ids; "" if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return boot, str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return "", ""


def _started(pid: int) -> str:
    """Return when a process started, in ticks since the machine did (proc(5), stat, field 22); "" if it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return ""
    # The second field is the program's name in parentheses, which may hold blanks and parentheses itself.
    words = text[text.rfind(b")") + 2 :].split()
    # A zombie has ended, though its line is still there.
    return words[19].decode() if len(words) > 19 and words[0] not in (b"Z", b"X") else ""
