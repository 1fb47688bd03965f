"""A bounded HTTP server on one thread: slow, greedy and hostile clients take from each other, not from the program."""

from __future__ import annotations

import logging
import os
import selectors
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

from openprofiling_ipy.background import Background
from openprofiling_ipy.triggers.http_calls import Calls
from openprofiling_ipy.triggers.http_connection import Connection
from openprofiling_ipy.triggers.http_message import Refusal

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from openprofiling_ipy.triggers.http_calls import Call
    from openprofiling_ipy.triggers.http_message import Answer, Limits, Request

    #: Checks a request from an address and returns what will answer it. On the server's thread; raises Refusal.
    Route = Callable[[Request, str], Call]

__all__ = ["Server"]

_log = logging.getLogger(__name__)

#: Connections that are taken at once before the others have their turn.
_BURST = 16
#: How long to leave the listener alone when the process has no file descriptor left, in seconds.
_PAUSE = 0.25
_BUSY = Refusal(503, "too many requests at once; try again", ("Retry-After", "1"))


class Server:
    """
    Answers requests from `listener`, which it owns.

    The standard library's http.server is not used: it costs a process 7 MB (ssl, email), gives each connection a
    thread, and its time limit starts anew with every byte. Here one thread waits for all sockets; a thread more lives
    while a request that has passed every check is answered.
    """

    def __init__(self, listener: socket.socket, route: Route, limits: Limits) -> None:
        listener.settimeout(0)
        self._listener = listener
        self._route = route
        self._limits = limits
        self._selector = selectors.DefaultSelector()
        self._calls = Calls(limits.calls)
        self._connections: set[Connection] = set()
        #: Monotonic times: until when nothing is accepted, and when the last answer must be out (0: not closing).
        self._resume = 0.0
        self._end = 0.0
        self._closing = False
        self._thread = Background(self._run, "openprofiling-http")

    def start(self) -> None:
        """Begin to answer. Raises RuntimeError where no thread can be started; nothing is left open then."""
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._calls.ear, selectors.EVENT_READ)
        try:
            self._thread.start()
        except RuntimeError:
            self.abandon()
            raise
        _servers.add(self)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def close(self, timeout: float) -> bool:
        """
        End within `timeout` seconds, whatever clients do; most of it is for answers under way.

        What a client waits for is told to come to its end at once. Returns False where a call is still under way then:
        its thread ends with it, no socket is left.
        """
        end = time.monotonic() + timeout
        self._end = end - timeout / 3
        self._closing = True
        self._calls.wake()
        self._thread.join(timeout)
        return not self.alive and self._calls.join(end - time.monotonic())

    def abandon(self) -> None:
        """
        In a forked child: close its copies of the sockets, so that nobody waits at them for an answer.

        No goodbye, no event and no lock (some thread of the parent may have held it), and nothing is taken out of the
        selector, which is the parent's epoll: it would be taken out there.
        """
        for connection in self._connections:
            connection.sock.close()
        self._close()

    def _close(self) -> None:
        self._listener.close()
        self._calls.close()
        self._selector.close()

    # On the server's thread.

    def _run(self) -> None:
        try:
            while not self._finished():
                for key, _ in self._selector.select(self._patience()):
                    self._serve(key)
                self._expire()
        except Exception:  # noqa: BLE001  # logged, with its traceback
            # Somebody closed our sockets, as daemons do that detach: nothing can be answered any more.
            _log.exception("the HTTP server has ended; the program goes on")
        finally:
            _servers.discard(self)
            for connection in self._connections:
                connection.close()
            self._close()

    def _finished(self) -> bool:
        """Take nothing new while closing. Returns whether all is said."""
        if not self._closing:
            return False
        self._leave_listener()
        self._listener.close()
        self._resume = 0.0
        for connection in tuple(self._connections):
            if connection.stage == "calling":
                connection.gone.set()
            elif connection.stage != "sending":
                self._drop(connection)
        return not self._connections or time.monotonic() >= self._end

    def _patience(self) -> float | None:
        """Return how long to wait for sockets, in seconds; None, and no wake-up at all, where there is nobody."""
        ends = [connection.deadline for connection in self._connections if connection.deadline is not None]
        ends += [end for end in (self._resume, self._end) if end]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _serve(self, key: selectors.SelectorKey) -> None:
        if key.fileobj is self._listener:
            self._accept()
        elif key.fileobj is self._calls.ear:
            for connection, answer in self._calls.answers():
                if answer is None:
                    self._drop(connection)
                elif connection.stage == "calling":
                    self._guarded(self._answer, connection, answer)
        elif key.data.stage != "closed":
            self._guarded(self._continue, key.data)

    def _accept(self) -> None:
        for _ in range(_BURST):
            try:
                sock, address = self._listener.accept()
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            except OSError as error:  # no descriptor left: without a pause this would be a busy loop
                _log.warning("no connection can be accepted: %s", error)
                self._leave_listener()
                self._resume = time.monotonic() + _PAUSE
                return
            connection = Connection(sock, str(address[0]), self._limits, time.monotonic())
            if len(self._connections) >= self._limits.connections:
                self._make_room()
            self._connections.add(connection)
            self._guarded(self._watch, connection)
            if len(self._connections) > self._limits.connections:
                self._guarded(self._answer, connection, _BUSY.answer())

    def _leave_listener(self) -> None:
        with suppress(KeyError, ValueError):  # already left, or closed
            self._selector.unregister(self._listener)

    def _make_room(self) -> None:
        """Cut off the client that has longest been about to finish its request, or to hang up."""
        slow = [c for c in self._connections if c.stage in {"reading", "lingering"}]
        if slow:
            slowest = min(slow, key=lambda c: (c.stage == "reading", c.deadline or 0.0))
            if slowest.stage == "reading":
                self._guarded(self._answer, slowest, _BUSY.answer())
            self._drop(slowest)

    def _expire(self) -> None:
        """Cut off those whose time is over."""
        now = time.monotonic()
        if self._resume and now >= self._resume:
            self._resume = 0.0
            self._selector.register(self._listener, selectors.EVENT_READ)
        for connection in tuple(self._connections):
            if connection.deadline is None or now < connection.deadline:
                continue
            if connection.stage == "reading":
                late = Refusal(408, f"the request did not come within {self._limits.request_time:g} s")
                self._guarded(self._answer, connection, late.answer())
            else:
                self._drop(connection)

    def _guarded(self, step: Callable[..., None], connection: Connection, *arguments: Answer) -> None:
        """Do a step of one connection; whatever goes wrong with it ends that connection and nothing else."""
        try:
            step(connection, *arguments)
        except BlockingIOError:
            pass
        except OSError:  # the client has gone
            self._drop(connection)
        except Exception:  # noqa: BLE001  # logged, with its traceback
            _log.exception("a connection failed")
            self._drop(connection)

    def _continue(self, connection: Connection) -> None:
        """Go on with a connection that can be read from, or written to."""
        if connection.stage == "reading":
            self._read(connection)
        elif connection.stage == "sending":
            connection.push(time.monotonic())
            self._watch(connection)
        elif not connection.skip():
            if connection.stage == "calling":
                # It hung up, or only its half: nobody waits, and if somebody does, the answer comes early.
                connection.gone.set()
                self._selector.unregister(connection.sock)
            else:
                self._drop(connection)

    def _read(self, connection: Connection) -> None:
        try:
            request = connection.read()
            if request is None:
                return
            call = self._route(request, connection.peer)
        except Refusal as refusal:
            self._answer(connection, refusal.answer())
            return
        connection.call()
        if not self._calls.begin(connection, call):
            self._answer(connection, _BUSY.answer())

    def _answer(self, connection: Connection, answer: Answer) -> None:
        connection.send(answer, time.monotonic())
        self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        """Wait for what its stage needs; a client that hung up its half during a call is no longer waited for."""
        wanted = selectors.EVENT_WRITE if connection.stage == "sending" else selectors.EVENT_READ
        try:
            self._selector.modify(connection.sock, wanted, connection)
        except KeyError:
            self._selector.register(connection.sock, wanted, connection)

    def _drop(self, connection: Connection) -> None:
        if connection.stage != "closed":
            with suppress(KeyError):
                self._selector.unregister(connection.sock)
            connection.close()
        self._connections.discard(connection)


#: Those that run in this process.
_servers: WeakSet[Server] = WeakSet()


def _abandon_all() -> None:
    """In a forked child: the sockets are the parent's, whose clients must not wait for the child to end."""
    for server in tuple(_servers):
        server.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)
