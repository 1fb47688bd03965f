"""Threads of ours in a program's process: they do not keep it from ending, and leave its signals to its own threads."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Background"]

#: What a thread does to itself: held back, a crash would not even be reported.
_FAULTS: Final = ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP")
_HELD_BACK: Final = signal.valid_signals() - {getattr(signal, name) for name in _FAULTS if hasattr(signal, name)}


class Background(threading.Thread):
    """
    A daemon thread that no signal is given to.

    The system gives a signal to any thread of the process that does not hold it back. A program that does so around
    what must not be interrupted would be interrupted all the same, if a thread of ours were open to the signal.
    """

    def __init__(self, target: Callable[..., object], name: str, args: tuple[Any, ...] = ()) -> None:
        super().__init__(target=target, name=name, args=args, daemon=True)

    def start(self) -> None:
        """Begin. Raises RuntimeError where the system gives no thread."""
        if not hasattr(signal, "pthread_sigmask"):
            super().start()
            return
        # A thread begins with the mask of the one that starts it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def run(self) -> None:
        """Do it, untold to a tracer or profiler that the program has set for all its threads."""
        sys.settrace(None)
        sys.setprofile(None)
        super().run()
