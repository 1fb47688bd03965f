"""A child's side: it records as ordered, and hands in what it has once a second, when asked, and at its end."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from multiprocessing import process, util
from pathlib import Path
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.background import Background
from openprofiling_ipy.profilers import registry
from openprofiling_ipy.profilers.base import Scope

if TYPE_CHECKING:
    from openprofiling_ipy.children.post import Order, Post
    from openprofiling_ipy.profilers.base import Recording

__all__ = ["ANSWER", "BEGUN", "END", "PROFILE", "Worker"]

BEGUN: Final = "begun"  # holds the process's name
PROFILE: Final = "pb.gz"
ANSWER: Final = "answer"  # holds the number of what was asked last, and the CPU time (ns) used till then
END: Final = "end"  # is there when the last profile is

#: How long (s) the thread sleeps while it records, and while it waits for another recording.
_TURN: Final = 0.02
_IDLE: Final = 0.05
#: How often (s) it hands in what it has; more rarely where that takes long.
_EVERY: Final = 1.0
_SHARE: Final = 20
_PATIENCE: Final = 2.0

_log = logging.getLogger(__name__)
#: Frames of multiprocessing that only begin and end a process hide all that is older: a forked child has its parent's
#: stack. What this room does at the end is not the program's.
_STARTING: Final = (process.__file__, util.__file__)
_HERE: Final = str(Path(__file__).parent) + os.sep
_OURS: Final = str(Path(__file__).parents[1]) + os.sep


class Worker:
    """The recordings of this process that its parent orders, one after another."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._pid = os.getpid()
        self._parent = os.getppid()
        self._lock = threading.Lock()
        self._order: Order | None = None
        self._recording: Recording | None = None
        self._answered = 0
        self._next = 0.0
        #: The CPU time (ns) of the process that is not the recording's: what a new process takes to begin is.
        self._before = 0

    def begin(self) -> None:
        """Record from now on, on the main thread, before the process does anything; nothing is raised."""
        try:
            # What documents are made with is loaded now: later would be in the middle of the program's own work.
            from openprofiling_ipy.formats import pprof  # noqa: F401

            self._obey()
            util.Finalize(None, self.finish, exitpriority=0)
            Background(self._watch, "openprofiling-children").start()
        except Exception:  # noqa: BLE001  # it must never reach the program
            _log.exception("this process is not recorded")

    def finish(self) -> None:
        """Hand in the last profile: the process ends."""
        if os.getpid() == self._pid and self._lock.acquire(timeout=_PATIENCE):
            try:
                self._end()
            except Exception:  # noqa: BLE001  # it must never reach the program
                _log.exception("this process could not hand in its profile")
            finally:
                self._lock.release()

    def _watch(self) -> None:
        try:
            while os.getppid() == self._parent:
                time.sleep(_IDLE if self._recording is None else _TURN)
                with self._lock:
                    self._obey()
        except FileNotFoundError:
            pass  # the parent has gone, and its folder
        except Exception:  # noqa: BLE001  # it must never reach the program
            _log.exception("this process cannot hand in its profile")
        with self._lock, contextlib.suppress(Exception):
            if self._recording is not None:
                self._recording.stop()

    def _obey(self) -> None:
        """Do what the order says."""
        order = self._post.order()
        if order is None:
            return
        if self._order is not None and (order.number != self._order.number or not order.open):
            self._end()
        if order.open and self._order is None:
            self._start(order)
        elif self._order is not None and (order.asked > self._answered or time.monotonic() >= self._next):
            self._hand_in(order.asked)

    def _start(self, order: Order) -> None:
        scope = Scope(
            hidden_files=(_OURS, *_STARTING),
            closed_files=(_HERE,),
            outer_files=frozenset(_STARTING),
            home=threading.main_thread().ident or 0,
        )
        self._recording = registry.create(order.kind, scope=scope, **order.options).start()
        self._order, self._answered = order, order.asked
        self._next = time.monotonic() + _EVERY
        self._post.put(order.number, self._pid, BEGUN, process.current_process().name.encode())

    def _hand_in(self, asked: int) -> None:
        if self._recording is None or self._order is None:
            return
        from openprofiling_ipy.formats import pprof

        before = time.monotonic()
        self._post.put(self._order.number, self._pid, PROFILE, pprof.dumps(self._recording.peek()))
        used = time.process_time_ns() - self._before
        self._post.put(self._order.number, self._pid, ANSWER, f"{asked} {used}".encode())
        self._answered = asked
        now = time.monotonic()
        self._next = now + max(_EVERY, _SHARE * (now - before))

    def _end(self) -> None:
        if self._recording is None or self._order is None:
            return
        recording, order = self._recording, self._order
        recording.stop()
        self._hand_in(order.asked)
        self._post.put(order.number, self._pid, END, b"")
        self._recording = self._order = None
        self._before = time.process_time_ns()
