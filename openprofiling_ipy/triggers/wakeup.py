"""
What signals leave behind: a thread that handlers hand their work to, and that knows when each signal arrived.

A Python handler runs when the main thread next runs Python, which may be long after the signal. But the C half of
`signal` writes the number of each signal to the wakeup descriptor at once (`signal.set_wakeup_fd`), from where this
thread reads it. On Linux the kernel stamps what is received, so the time is right even where the interpreter's lock is
not to be had. The descriptor belongs to one owner a process: where somebody else has it, arrivals are not known.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from openprofiling_ipy.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Signalled", "begin", "end", "post", "unwatch", "watch"]

_log = logging.getLogger(__name__)

#: Linux's SO_TIMESTAMPNS, which `socket` does not name: messages come with the time of their receipt (s, ns).
_TIMESTAMP: Final = 35
_STAMP: Final = struct.Struct("@qq")
#: No signal has this number: a handler has left some work.
_WORK: Final = b"\0"
#: So many signals within a second that are nobody's here, and listening pauses so long (s) before the next.
_MANY: Final = 30
_PAUSE: Final = 0.1
#: Owners of the descriptor that complain when it is taken before they come.
_JEALOUS: Final = ("trio",)


class Signalled(NamedTuple):
    """A signal that was handled: when it arrived, as far as that is known, and when its handler ran (unix ns)."""

    signum: int
    arrived: int
    handled: int


class _Wakeup:
    """One a process, while somebody needs it. Its thread sleeps in the kernel until something arrives."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.users = 0
        self.lock = threading.Lock()
        self.watchers: dict[int, Callable[[], None]] = {}
        self._ear: socket.socket | None = None
        self._mouth: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._owns = False
        self._work: deque[tuple[int, int, Callable[[Signalled], None]]] = deque()
        self._arrivals: dict[int, list[int]] = {}
        self._strangers = 0
        self._counted_since = 0.0

    def start(self) -> None:
        """Start the thread. Raises RuntimeError or OSError where the system gives none, or no sockets."""
        if not hasattr(socket, "AF_UNIX"):
            raise OSError("this system has no such sockets")
        if self._ear is None or self._mouth is None:
            # Datagrams: each is a message of its own with a time of its own.
            self._ear, self._mouth = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._mouth.setblocking(False)  # noqa: FBT003  # the way it is called
            if sys.platform == "linux":
                with contextlib.suppress(OSError):
                    self._ear.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
        thread = Background(self._run, "openprofiling-signals", (self._ear,))
        thread.start()
        self._thread = thread
        self._take()

    def _take(self) -> None:
        """Become the owner of the wakeup descriptor where it has none and may be had."""
        mine = self._mouth
        if mine is None or threading.current_thread() is not threading.main_thread():
            return
        if any(package in sys.modules for package in _JEALOUS):
            return
        had = signal.set_wakeup_fd(mine.fileno(), warn_on_full_buffer=False)
        self._owns = had in {-1, mine.fileno()}
        if not self._owns:
            _put_back(had)

    def stop(self) -> None:
        """End the thread and give everything back."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self.say()
            if thread is not threading.current_thread():
                thread.join(1.0)
        if not self._owns:
            self._close()
        elif threading.current_thread() is threading.main_thread() and self._mouth is not None:
            self._owns = False
            had = signal.set_wakeup_fd(-1)
            if had == self._mouth.fileno():
                self._close()
            elif had != -1:
                # An event loop has it now, and will put ours back when it ends: the sockets have to stay.
                _put_back(had)

    def _close(self) -> None:
        for end_ in (self._ear, self._mouth):
            if end_ is not None:
                end_.close()
        self._ear = self._mouth = None

    def after_fork(self) -> None:
        """Be nothing in a forked child: the thread is the parent's, and so is what the sockets carry."""
        if self._owns and self._mouth is not None:
            with contextlib.suppress(ValueError, OSError):
                had = signal.set_wakeup_fd(-1)
                if had not in {-1, self._mouth.fileno()}:
                    _put_back(had)
        self._close()
        self.reset()

    def post(self, signum: int, react: Callable[[Signalled], None]) -> None:
        """Let the thread call `react`; from a signal handler."""
        self._work.append((signum, time.time_ns(), react))
        self.say()

    def say(self) -> None:
        mouth = self._mouth
        if mouth is not None:
            with contextlib.suppress(OSError):  # full: then the thread is awake already
                mouth.send(_WORK)

    def _run(self, ear: socket.socket) -> None:
        me = threading.current_thread()
        try:
            while self._thread in {None, me}:
                # Work comes before the word of it: that word may have been taken with an earlier one.
                if not self._work:
                    self._hear(ear, 0)
                # Whatever a handler has left by now, its signal's number was sent before that.
                work = [self._work.popleft() for _ in range(len(self._work))]
                with contextlib.suppress(BlockingIOError):
                    while True:
                        self._hear(ear, socket.MSG_DONTWAIT)
                for signum, handled, react in work:
                    self._call(react, Signalled(signum, self._arrived(signum, handled), handled))
                if self.users == 0:
                    return
                if not work:
                    self._endure()
        except OSError as error:
            # Somebody closed our sockets, as programs do that become daemons.
            if self.users:
                _log.error("signals are no longer heard: %s", error)  # one line

    def _endure(self) -> None:
        """
        Slow down where a program sends itself signals by the hundred, such as a timer's, that are none of ours.

        They wait in the socket, and what it has no room for is dropped in silence.
        """
        now = time.monotonic()
        self._strangers += 1
        if now - self._counted_since > 1.0:
            self._strangers, self._counted_since = 0, now
        elif self._strangers > _MANY:
            time.sleep(_PAUSE)

    def _hear(self, ear: socket.socket, flags: int) -> None:
        data, extra, _, _ = ear.recvmsg(1, 64, flags)
        signum = data[0] if data else 0
        if not signum:
            return
        stamps = [_STAMP.unpack(value[: _STAMP.size]) for _, kind, value in extra if kind == _TIMESTAMP]
        arrived = stamps[0][0] * 1_000_000_000 + stamps[0][1] if stamps else time.time_ns()
        # Signals that nobody here asked for come this way too.
        self._arrivals.setdefault(signum, []).append(arrived)
        del self._arrivals[signum][:-8]
        if signum in self.watchers:
            try:
                self.watchers[signum]()
            except Exception:  # noqa: BLE001  # the thread goes on
                _log.exception("signal %d", signum)

    def _arrived(self, signum: int, handled: int) -> int:
        """Return when the first of the signals arrived that one call of a handler was for."""
        arrived = self._arrivals.pop(signum, [])
        later = [moment for moment in arrived if moment > handled]
        if later:
            self._arrivals[signum] = later
        return min([*arrived, handled])

    def _call(self, react: Callable[[Signalled], None], signalled: Signalled) -> None:
        try:
            react(signalled)
        except Exception:  # noqa: BLE001  # the thread goes on
            _log.exception("signal %d", signalled.signum)


def _put_back(descriptor: int) -> None:
    # `asyncio` wants to be warned when its buffer is full, uvloop does not; `signal` does not tell what was set.
    signal.set_wakeup_fd(descriptor, warn_on_full_buffer="uvloop" not in sys.modules)


_wakeup = _Wakeup()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_wakeup.after_fork)


def begin() -> None:
    """Ask for the thread; on the main thread it also becomes the owner of the wakeup descriptor, if nobody is."""
    with _wakeup.lock:
        _wakeup.users += 1
        if _wakeup.users > 1:
            return
        try:
            _wakeup.start()
        except BaseException:
            _wakeup.users = 0
            raise


def end() -> None:
    """Need it no longer: the last one to say so ends it."""
    with _wakeup.lock:
        _wakeup.users = max(0, _wakeup.users - 1)
        if not _wakeup.users:
            _wakeup.stop()


def post(signum: int, react: Callable[[Signalled], None]) -> None:
    """Let `react` be called on the thread, with what is known of the signal; made to be called in a signal handler."""
    _wakeup.post(signum, react)


def watch(signum: int, seen: Callable[[], None]) -> None:
    """Let `seen` be called on the thread as soon as a signal arrives, even if its handler cannot run yet."""
    _wakeup.watchers[signum] = seen


def unwatch(signum: int) -> None:
    _wakeup.watchers.pop(signum, None)
