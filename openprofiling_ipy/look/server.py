"""Lets the user of this process look at it from a terminal. Its thread sleeps until somebody does."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.background import Background
from openprofiling_ipy.errors import OpenProfilingError
from openprofiling_ipy.look import wire

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.model import Profile

__all__ = ["listen"]

_log = logging.getLogger(__name__)
#: Seconds that a caller may take to say what it wants, and to take the answer.
_PATIENCE = 10.0
_BACKLOG = 4
#: How often a process that samples for a look asks whether somebody ended it (s).
_STEP = 0.1
#: What a process can be short of for a while: files, memory.
_SHORT_OF = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class _Server:
    """The one server of a process, as long as somebody wants it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = 0
        self._listener: socket.socket | None = None

    def join(self) -> None:
        with self._lock:
            self._wanted += 1
            if self._listener is None and wire.supported():
                self._start()

    def leave(self) -> None:
        with self._lock:
            self._wanted -= 1
            if not self._wanted and self._listener is not None:
                _close(self._listener)
                self._listener = None

    def after_fork(self) -> None:
        """In a forked child: the thread and the name are the parent's."""
        self._lock = threading.Lock()
        self._wanted = 0
        if self._listener is not None:
            # Only this copy: shutting it down would end the parent's too.
            self._listener.close()
            self._listener = None

    def _start(self) -> None:
        with contextlib.ExitStack() as undo:
            try:
                listener = undo.enter_context(wire.open_socket())
                listener.bind(wire.address(os.getpid()))
                listener.listen(_BACKLOG)
                Background(_run, "openprofiling-look", (listener,)).start()
            except (OSError, RuntimeError) as error:
                _log.info("nobody can look at this process from a terminal: %s", error)
            else:
                self._listener = listener
                undo.pop_all()


_server = _Server()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_server.after_fork)


def listen() -> Callable[[], None]:
    """
    Let this user look at this process; return what ends that, and does nothing when called again.

    Where the system cannot do it, it does nothing. Never raises.
    """
    _server.join()
    pids = [os.getpid()]

    def end() -> None:
        # A forked child has nothing to end.
        if pids and pids.pop() == os.getpid():
            _server.leave()

    return end


def _close(listener: socket.socket) -> None:
    try:
        listener.shutdown(2)  # wakes the thread that waits
    except OSError as error:
        _log.debug("the look's socket: %s", error)
    listener.close()


def _run(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError as error:
            if error.errno not in _SHORT_OF:
                return
            # The caller waits in the queue, and may yet be heard.
            time.sleep(_STEP)
            continue
        try:
            with connection:
                connection.settimeout(_PATIENCE)
                if wire.may_look(wire.peer_of(connection).user):
                    wire.send(connection, _answer(wire.receive(connection)))
        except Exception as error:  # noqa: BLE001  # the program goes on, and so does the next look
            _log.info("a look failed: %s", error)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        document = _document(min(max(float(asked.get("seconds", 2)), _STEP), wire.LONGEST))
        from openprofiling_ipy.widgets import text

        table = text.table(
            document,
            width=min(max(int(asked.get("width", 100)), 1), 1000),
            color=bool(asked.get("color")),
            encoding=str(asked.get("encoding", "utf-8")),
        )
    except (OpenProfilingError, ValueError, TypeError, LookupError) as error:
        return {"error": str(error)}
    return {"text": table}


def _document(seconds: float) -> Profile:
    """Return what is recorded so far where a recording is under way, else what is seen in so many seconds."""
    from openprofiling_ipy import ledger

    under_way = ledger.running()
    if under_way:
        return under_way[-1].peek()
    capture = _begin()
    end = time.monotonic() + seconds
    while capture.status == "running" and time.monotonic() < end:
        time.sleep(_STEP)
    # Somebody else, such as the notebook's user, may have ended it.
    return (ledger.stop(capture) if capture.status == "running" else capture).document


def _begin() -> Capture:
    from openprofiling_ipy import ledger
    from openprofiling_ipy.cells import sources
    from openprofiling_ipy.model.attributes import A
    from openprofiling_ipy.profilers.cpu import CpuProfiler

    home = threading.main_thread().ident or 0
    scope = sources.scope(home)
    # A plain process has no thread that is the one to look at.
    profiler = CpuProfiler(scope=replace(scope, everyone=sources.current_shell() is None))
    return ledger.start(profiler, label=f"pid {os.getpid()}", name="look", attributes={A.TRIGGER: "look"})
