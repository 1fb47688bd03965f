"""What the engine sees of the process: clocks, stacks, threads. The seam that tests and other platforms fill in."""

from __future__ import annotations

import os
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType

__all__ = ["NO_CLOCK", "Frame", "LiveProcess", "Process", "ThreadFacts", "clock_of"]

NO_CLOCK = -1
"""The CPU clock of a thread whose clock cannot be read."""


class Frame(Protocol):
    """As much of a frame as the engine looks at."""

    @property
    def f_code(self) -> CodeType: ...
    @property
    def f_lasti(self) -> int: ...
    @property
    def f_back(self) -> Frame | None: ...


class ThreadFacts(NamedTuple):
    """`clock` is the id of its CPU clock, or NO_CLOCK."""

    name: str
    clock: int


def clock_of(native_id: int) -> int:
    """Return the id of the CPU clock of any thread of this process (Linux: MAKE_THREAD_CPUCLOCK of the kernel)."""
    return (~native_id << 3) | 6


class Process(Protocol):
    """Where clocks and stacks come from. Times are in ns."""

    #: Whether the CPU time of single threads can be read here.
    thread_clocks: bool

    def now(self) -> int: ...

    def cpu(self) -> int:
        """CPU time of all threads of the process, ended ones and native ones included."""
        ...

    def own_cpu(self) -> int:
        """CPU time of the calling thread."""
        ...

    def own_blocks(self) -> int:
        """How often the calling thread has blocked so far; always 0 where nobody can tell."""
        ...

    def thread_cpu(self, clock: int, /) -> int:
        """CPU time of a thread. Raises OSError once it has ended, and for NO_CLOCK."""
        ...

    def frames(self) -> Mapping[int, Frame]:
        """The topmost frame of every Python thread, by its ident."""
        ...

    def identity(self, ident: int, /) -> object:
        """An object that is the same as long as `ident` means the same thread."""
        ...

    def facts(self, ident: int) -> ThreadFacts: ...

    def blocked(self, clock: int, /) -> bool:
        """
        Whether the thread of a CPU clock waits for something else than a core; True where nobody can tell.

        Reading it gives up the GIL: only where that was free.
        """
        ...

    def all_clocks(self) -> list[int]:
        """The clocks of all threads of the process, native ones included; empty where nobody can tell."""
        ...


class LiveProcess:
    """This very process. Its hot methods are the C functions themselves."""

    now = staticmethod(time.monotonic_ns)
    cpu = staticmethod(time.process_time_ns)
    own_cpu = staticmethod(time.thread_time_ns)
    frames = staticmethod(sys._current_frames)  # noqa: SLF001  # documented, for debuggers and profilers

    def __init__(self) -> None:
        # `threading.enumerate` takes a lock that a paused program may hold; the table behind it can just be read.
        self._threads: dict[int, Any] = threading._active  # type: ignore[attr-defined]  # noqa: SLF001
        self.identity = self._threads.get
        self.thread_clocks = _has_thread_clocks()
        self.thread_cpu = time.clock_gettime_ns if self.thread_clocks else _no_clock

    def own_blocks(self) -> int:
        return 0 if _usage is None else _usage().ru_nvcsw

    def facts(self, ident: int) -> ThreadFacts:
        thread = self._threads.get(ident)
        if thread is None:
            return ThreadFacts(f"thread {ident}", self._foreign_clock(ident))
        clock = clock_of(thread.native_id) if thread.native_id else NO_CLOCK
        try:
            self.thread_cpu(clock)
        except OSError:
            # After a fork, `threading` goes on telling the id that the thread had in the parent.
            clock = self._foreign_clock(ident)
        return ThreadFacts(thread.name, clock)

    def blocked(self, clock: int) -> bool:
        try:
            with open(f"/proc/self/task/{~(clock >> 3)}/stat", "rb") as file:  # noqa: PTH123  # light
                return not file.read().rpartition(b")")[2].startswith(b" R")
        except OSError:
            return True

    def all_clocks(self) -> list[int]:
        try:
            native_ids = os.listdir("/proc/self/task")  # noqa: PTH208  # light
        except OSError:
            return []
        return [clock_of(int(native_id)) for native_id in native_ids]

    def _foreign_clock(self, ident: int) -> int:
        """
        Return the clock of a thread that `threading` knows nothing about, or nothing right.

        C code reads its native id from the memory that `ident` points to, so make sure that it is mapped (the thread
        may have ended without a word to Python) and that the id is that of a living thread.
        """
        if not self.thread_clocks:
            return NO_CLOCK
        try:
            if not _mapped(ident):
                return NO_CLOCK
            clock = time.pthread_getcpuclockid(ident)
            time.clock_gettime_ns(clock)
        except (OSError, ValueError):
            return NO_CLOCK
        return clock


def _mapped(address: int) -> bool:
    with open("/proc/self/maps", encoding="ascii", errors="replace") as file:  # noqa: PTH123  # light
        for line in file:
            low, _, high = line.split(" ", 1)[0].partition("-")
            if int(low, 16) <= address < int(high, 16):
                return line.split(" ", 2)[1].startswith("rw")
    return False


def _has_thread_clocks() -> bool:
    if sys.platform != "linux":
        return False
    try:
        time.clock_gettime_ns(clock_of(threading.get_native_id()))
    except OSError:
        return False
    return True


def _thread_usage() -> Callable[[], Any] | None:
    """Return what reads the calling thread's resource usage, None where a system does not account for threads."""
    try:
        import resource

        return partial(resource.getrusage, resource.RUSAGE_THREAD)
    except (ImportError, AttributeError):
        return None


_usage = _thread_usage()


def _no_clock(_clock: int) -> int:
    raise OSError("this platform has no CPU clock of single threads")
