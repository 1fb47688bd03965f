"""
The handler that the system itself calls for a signal, which Python's `signal` neither tells nor keeps.

C code sets some behind Python's back: `faulthandler.register` is the one people meet. Reading, calling and putting back
such a handler takes `sigaction(2)`; on systems where its layout is not known here, nothing is known of them.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import Any, Final, NamedTuple

__all__ = ["Action", "call", "get", "put"]

#: Larger than any `struct sigaction`.
_SIZE: Final = 256
_POINTER: Final = 8
#: Where `sa_flags` stands, behind the handler's address and a mask of 1024 bits (glibc and musl on these machines).
_FLAGS: Final = _POINTER + 128
_MACHINES: Final = ("x86_64", "aarch64", "riscv64", "ppc64le")
_SA_SIGINFO: Final = 4


class Action(NamedTuple):
    """What `sigaction` tells, as it stands in memory."""

    raw: bytes

    @property
    def address(self) -> int:
        """The handler's address; 0 is the default action, 1 is to ignore."""
        return int.from_bytes(self.raw[:_POINTER], sys.byteorder)

    @property
    def is_code(self) -> bool:
        return self.address not in {0, 1}

    @property
    def callable_here(self) -> bool:
        """Whether the handler takes the signal's number alone, which is all that can be passed on."""
        flags = int.from_bytes(self.raw[_FLAGS : _FLAGS + 4], sys.byteorder)
        return self.is_code and not flags & _SA_SIGINFO


@cache
def _library() -> Any:
    """Return the C library, None where it cannot be used."""
    if sys.platform != "linux" or sys.maxsize < 1 << 32 or os.uname().machine not in _MACHINES:
        return None
    try:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
    except (ImportError, OSError):
        return None
    return library if hasattr(library, "sigaction") else None


def get(signum: int) -> Action | None:
    """Return the action of a signal; None where nobody can tell."""
    library = _library()
    if library is None:
        return None
    import ctypes

    found = ctypes.create_string_buffer(_SIZE)
    return Action(found.raw) if library.sigaction(signum, None, found) == 0 else None


def put(signum: int, action: Action | None) -> bool:
    """Give a signal an action, None the default one; from any thread. Return whether that was done."""
    library = _library()
    if library is None:
        return False
    import ctypes

    given = ctypes.create_string_buffer(action.raw if action else bytes(_SIZE), _SIZE)
    return bool(library.sigaction(signum, given, None) == 0)


def call(signum: int, action: Action) -> None:
    """Call a handler written in C as the system would. It must be `callable_here`."""
    import ctypes

    # It may look at the interpreter, so the GIL stays held.
    ctypes.PYFUNCTYPE(None, ctypes.c_int)(action.address)(signum)
