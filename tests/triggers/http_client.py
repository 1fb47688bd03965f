"""A control that only writes down what it is told, and clients for it: http.client, and sockets for what that cannot."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from openprofiling_ipy.capture import Capture
from openprofiling_ipy.errors import AlreadyRunning, NotRunning
from openprofiling_ipy.triggers.http import HttpTrigger

GENEROUS = 30.0


@dataclass
class FakeControl:
    """Records what it is asked for; `collect` waits like a real one, and answers what it is told to."""

    kinds: tuple[str, ...] = ("cpu", "wall")
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    running: Capture | None = None
    ended_early: threading.Event = field(default_factory=threading.Event)
    collecting: threading.Event = field(default_factory=threading.Event)
    data: bytes = b"\x1f\x8bprofile"
    error: BaseException | None = None

    def start(self, kind=None, *, facts=None, **options):
        self._ask("start", kind, options)
        if self.running:
            raise AlreadyRunning(self.running.kind)
        self.running = Capture(kind or "cpu", 1, started_at=1_795_400_130_000_000_000)
        return [self.running]

    def stop(self, kind=None):
        self._ask("stop", kind)
        if self.running is None:
            raise NotRunning("nothing is running")
        done, self.running = self.running, None
        done.status = "done"
        return [done]

    def toggle(self, *, facts=None, **options):
        return self.stop() if self.running else self.start(**options)

    def status(self):
        self._ask("status")
        return {"service": "shop", "running": []}

    def collect(self, kind, seconds, format, *, gone=None, **options):
        self._ask("collect", kind, seconds, format, options)
        self.collecting.set()
        if gone.wait(seconds):
            self.ended_early.set()
        return self.data

    def _ask(self, *what):
        self.asked.append(what)
        if self.error:
            raise self.error


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def ask(
    trigger: HttpTrigger, method: str, path: str, *, token: str | None = "right", body: Any = None, **headers: str
) -> Reply:
    """One request by http.client; `token` "right" is the trigger's own, None sends none."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        sent.setdefault("Authorization", f"Bearer {trigger.token if token == 'right' else token}")
    connection = http.client.HTTPConnection("127.0.0.1", trigger.port, timeout=GENEROUS)
    try:
        connection.request(method, path, body=body, headers=sent)
        response = connection.getresponse()
        return Reply(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def connect(trigger: HttpTrigger) -> socket.socket:
    return socket.create_connection(("127.0.0.1", trigger.port), timeout=GENEROUS)


def raw(trigger: HttpTrigger, data: bytes) -> bytes:
    """Send bytes as they are and return all that comes back."""
    with connect(trigger) as sock:
        sock.sendall(data)
        return everything(sock)


def everything(sock: socket.socket) -> bytes:
    pieces = []
    while piece := sock.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def until(condition: Callable[[], Any], seconds: float = GENEROUS) -> Any:
    """Wait for something to become true and return it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)
    return found
