"""One connection: what it waits for, until when, and what is still to be sent."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Literal

from openprofiling_ipy.triggers.http_message import Reader

if TYPE_CHECKING:
    from openprofiling_ipy.triggers.http_message import Answer, Limits, Request

__all__ = ["Connection", "Stage"]

#: A request is read, then answered by a thread of its own (a call), the answer sent, and the client left to hang up:
#: closing first, with bytes of it unread, would throw away the answer on its way.
Stage = Literal["reading", "calling", "sending", "lingering", "closed"]

_PIECE = 16384
#: What a client may send behind its request before it is cut off, in bytes.
_MOST_UNREAD = 1 << 20


class Connection:
    """Belongs to the server's thread; `gone` alone is read elsewhere."""

    def __init__(self, sock: socket.socket, peer: str, limits: Limits, now: float) -> None:
        sock.settimeout(0)
        self.sock = sock
        #: The client's address, as the system writes it.
        self.peer = peer
        self.stage: Stage = "reading"
        #: Monotonic time at which it is over; None while a call is under way, which ends by itself.
        self.deadline: float | None = now + limits.request_time
        #: Set when nobody waits for the answer any more.
        self.gone = threading.Event()
        self.method = ""
        self._limits = limits
        self._reader = Reader(limits)
        self._unread = _MOST_UNREAD
        self._left = memoryview(b"")

    def read(self) -> Request | None:
        """Take what has come; the request once it is whole. Raises Refusal, and ConnectionError when it was cut."""
        data = self.sock.recv(_PIECE)
        if not data:
            raise ConnectionAbortedError
        request = self._reader.feed(data)
        if request is not None:
            self.method = request.method
        return request

    def skip(self) -> bool:
        """Throw away what comes behind a request. Returns whether more may come."""
        data = self.sock.recv(_PIECE)
        self._unread -= len(data)
        return bool(data) and self._unread > 0

    def call(self) -> None:
        """Wait for the answer, however long that takes."""
        self.stage, self.deadline = "calling", None

    def send(self, answer: Answer, now: float) -> None:
        """Begin to send an answer."""
        self.stage, self.deadline = "sending", now + self._limits.send_time
        self._left = memoryview(answer.render(bodiless=self.method == "HEAD"))
        self.push(now)

    def push(self, now: float) -> None:
        """Send on what the client takes, then wait for it to hang up. Raises OSError."""
        try:
            sent = self.sock.send(self._left)
        except BlockingIOError:
            sent = 0
        self._left = self._left[sent:]
        if not self._left:
            self.stage, self.deadline = "lingering", now + self._limits.linger_time
            self.sock.shutdown(socket.SHUT_WR)
        elif sent:
            self.deadline = now + self._limits.send_time

    def close(self) -> None:
        """Hang up, whatever the stage. Harmless again."""
        self.stage, self.deadline = "closed", None
        self.gone.set()
        self.sock.close()
