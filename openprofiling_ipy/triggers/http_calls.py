"""The threads that answer requests, one each and only so many, while the server's own thread waits for sockets."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from openprofiling_ipy.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openprofiling_ipy.triggers.http_connection import Connection
    from openprofiling_ipy.triggers.http_message import Answer

    #: Makes the answer; its argument is set when nobody waits for it any more.
    Call = Callable[[threading.Event], Answer]

__all__ = ["Calls"]


class Calls:
    """Calls under way. All but `wake` belongs to the server's thread, and `join` to whoever ended that."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._under_way = 0
        #: Theirs, and those that are just ending.
        self._threads: list[threading.Thread] = []
        self._done: SimpleQueue[tuple[Connection, Answer | None]] = SimpleQueue()
        #: Can be read from when `answers` has some, or somebody wants to be heard.
        self.ear, self._mouth = socket.socketpair()
        self.ear.settimeout(0)
        self._mouth.settimeout(0)

    def begin(self, connection: Connection, call: Call) -> bool:
        """Make the answer on a thread of its own; False where there are too many, or none can be started."""
        if self._under_way >= self._most:
            return False
        thread = Background(self._run, "openprofiling-http-call", (connection, call))
        try:
            thread.start()
        except RuntimeError:
            return False
        self._under_way += 1
        self._threads = [*(known for known in self._threads if known.is_alive()), thread]
        return True

    def answers(self) -> Iterator[tuple[Connection, Answer | None]]:
        """Yield what has been made since the last time; None for a call that gave none."""
        with suppress(BlockingIOError):
            while self.ear.recv(1024):
                pass
        with suppress(Empty):
            while True:
                done = self._done.get_nowait()
                self._under_way -= 1
                yield done

    def wake(self) -> None:
        """Let the server's thread go round, from any thread."""
        # A pipe that is full wakes as well, and one that is closed has nobody to wake.
        with suppress(OSError):
            self._mouth.send(b"\0")

    def join(self, timeout: float) -> bool:
        """Wait for those under way, for so many seconds; whether all came to their end."""
        end = time.monotonic() + timeout
        threads = [thread for thread in self._threads if thread is not threading.current_thread()]
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def close(self) -> None:
        self.ear.close()
        self._mouth.close()

    def _run(self, connection: Connection, call: Call) -> None:
        answer = None
        try:
            answer = call(connection.gone)
        finally:
            self._done.put((connection, answer))
            self.wake()
