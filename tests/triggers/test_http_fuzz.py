"""10,000 malformed, oversized, slow and unauthorised requests: nothing starts, nothing crashes, nothing grows."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import struct
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psutil
import pytest

from openprofiling_ipy.triggers.http_message import Limits
from tests.triggers.http_client import ask, status_of, until
from tests.triggers.http_service import Service, service

REQUESTS = 10_000
#: After so many everything that is made once has been made: what is measured then is compared with the end.
WARM = 2_000
PROFILE = "/debug/pprof/profile?seconds=0.1"
PATHS = ("/start", "/stop", "/toggle", "/status", "/debug/pprof/", "/debug/pprof/profile?seconds=1", "/nowhere")
#: Whatever is sent here may be refused so, and in no other way. 501 and 200 would mean that something was done.
REFUSALS = {400, 401, 403, 404, 405, 408, 411, 413, 414, 431, 503, 505}


@dataclass
class Attacker:
    """Makes requests from a seed. None of them may start anything: those with the right token are wrong otherwise."""

    token: str
    chance: random.Random = field(default_factory=lambda: random.Random(20261123))

    def requests(self) -> Iterator[tuple[str, bytes]]:
        """Yield (kind, bytes) without end."""
        makers: list[Callable[[], bytes]] = [
            self.garbage,
            self.mutated,
            self.oversized,
            self.slow,
            self.unauthorised,
            self.foreign,
            self.wrong,
        ]
        while True:
            maker = self.chance.choice(makers)
            yield maker.__name__, maker()

    def head(self, method: str, path: str, *headers: str, host: str = "127.0.0.1") -> bytes:
        return "\r\n".join((f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, "", "")).encode("latin-1")

    def garbage(self) -> bytes:
        return self.chance.randbytes(self.chance.randint(1, 3000))

    def mutated(self) -> bytes:
        """A good request without the token, and some of its bytes changed, left out or repeated."""
        data = bytearray(self.head("POST", self.chance.choice(PATHS), "Content-Length: 3", "X: y") + b"a=1")
        for _ in range(self.chance.randint(1, 12)):
            at = self.chance.randrange(len(data))
            data[at : at + self.chance.randint(0, 2)] = self.chance.randbytes(self.chance.randint(0, 3))
        return bytes(data)

    def oversized(self) -> bytes:
        size = self.chance.choice((5_000, 20_000, 70_000, 300_000))
        bearer = f"Authorization: Bearer {self.token}"
        return self.chance.choice(
            (
                self.head("GET", "/" + "a" * size, bearer),
                self.head("GET", "/status", bearer, "X: " + "a" * max(size, 20_000)),
                self.head("GET", "/status", bearer, *["X: y"] * 100),
                self.head("POST", "/start", bearer, f"Content-Length: {size}") + b"a" * size,
                self.head("POST", "/start", bearer, "Transfer-Encoding: chunked") + b"5\r\naaaaa\r\n" * (size // 10),
                self.head("POST", "/start", bearer, f"Content-Length: {10**18}"),
            )
        )

    def slow(self) -> bytes:
        """The beginning of a request, whose end never comes."""
        data = self.head("POST", "/start", f"Authorization: Bearer {self.token}", "Content-Length: 10")
        return data[: self.chance.randint(0, len(data))]

    def unauthorised(self) -> bytes:
        wrong = [
            "",
            "Authorization: Bearer",
            f"Authorization: Bearer {self.token[:-1]}",
            f"Authorization: Bearer {self.token}0",
            f"Authorization: Basic {self.token}",
            "Authorization: Bearer " + self.chance.randbytes(24).hex(),
            "Cookie: token=" + self.token,
        ]
        method = self.chance.choice(("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "CONNECT"))
        header = self.chance.choice(wrong)
        return self.head(method, self.chance.choice(PATHS), *([header] if header else []))

    def foreign(self) -> bytes:
        """From a web site, which has got hold of the token."""
        bearer = f"Authorization: Bearer {self.token}"
        path = self.chance.choice(PATHS)
        site = self.chance.choice(("evil.example", "127.0.0.1.evil.example", "localhost.", "0x7f000001"))
        headers = self.chance.choice(("Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"))
        if self.chance.random() < 0.5:
            return self.head("POST", path, bearer, host=site)
        return self.head("POST", path, bearer, headers)

    def wrong(self) -> bytes:
        """With the right token, and something else wrong."""
        bearer = f"Authorization: Bearer {self.token}"
        return self.chance.choice(
            (
                self.head("GET", self.chance.choice(("/start", "/stop", "/toggle")), bearer),
                self.head("POST", "/debug/pprof/profile?seconds=1", bearer),
                self.head("POST", f"/start?kind={self.chance.randbytes(6).hex()}", bearer),
                self.head("POST", "/start?rate=0", bearer),
                self.head("POST", "/start?scope=1", bearer),
                self.head("GET", "/debug/pprof/profile?seconds=999999", bearer),
                self.head("GET", "/debug/pprof/profile?seconds=99999", bearer),
                self.head("POST", "/start", bearer, "Content-Length: 2") + b"[]",
                self.head("POST", "/../start", bearer),
            )
        )


@dataclass
class Siege:
    """The attacker's side: some connections are left hanging, some cut, of the others the answers are read."""

    served: Service
    statuses: Counter[int] = field(default_factory=Counter)
    hanging: deque[socket.socket] = field(default_factory=deque)
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def send(self, kind: str, data: bytes) -> None:
        sock = socket.create_connection(("127.0.0.1", self.served.port), timeout=30)
        # A refused client may be cut off while it still sends.
        with contextlib.suppress(ConnectionError):
            sock.sendall(data)
        if kind in {"slow", "garbage", "mutated"}:
            # It may wait for more: left hanging, as many at a time as are taken, and some more.
            self.hanging.append(sock)
            if len(self.hanging) > 2 * Limits().connections:
                self.let_go()
        elif self.chance.random() < 0.05:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        else:
            self.take(sock)

    def take(self, sock: socket.socket) -> None:
        """Read an answer, to its end or as far as it has come: none, or a refusal with its reason."""
        pieces = []
        with sock, contextlib.suppress(ConnectionError, BlockingIOError):
            while piece := sock.recv(65536):
                pieces.append(piece)
        answer = b"".join(pieces)
        if not answer:
            self.statuses[0] += 1
            return
        status = status_of(answer)
        self.statuses[status] += 1
        assert status in REFUSALS
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"Server:" not in head
        # HEAD has no body, and a client that was cut off may have lost it.
        assert not body or json.loads(body)["reason"]

    def let_go(self) -> None:
        """Hang up with one that was left hanging; it may have been answered in the meantime."""
        sock = self.hanging.popleft()
        sock.settimeout(0)
        self.take(sock)

    def end(self) -> None:
        while self.hanging:
            self.let_go()


def measured(process: psutil.Process) -> tuple[int, int, int]:
    """Threads, open files and resident bytes of a process."""
    return process.num_threads(), process.num_fds(), process.memory_info().rss


def settling(process: psutil.Process) -> tuple[int, int, int]:
    time.sleep(0.1)
    return measured(process)


@pytest.mark.slow
def test_ten_thousand_bad_requests(tmp_path):
    with service(tmp_path) as served:
        process = psutil.Process(served.pid)
        # What the first profile loads (numpy among it) is no leak.
        assert ask(served, "GET", PROFILE).status == 200
        # The least of a second: the thread of that call may just be ending.
        calm = [min(column) for column in zip(*(settling(process) for _ in range(10)), strict=True)]
        siege = Siege(served)
        attacks = Attacker(served.token).requests()
        for _ in range(WARM):
            siege.send(*next(attacks))
        warm = measured(process)
        for _ in range(REQUESTS - WARM):
            siege.send(*next(attacks))
        # In the middle of it, with every place taken by clients that hang, it answers who has the token.
        assert ask(served, "GET", "/status").status == 200
        siege.end()
        until(lambda: all(now <= then for now, then in zip(measured(process)[:2], calm[:2], strict=True)))
        assert measured(process)[2] - warm[2] < 1 << 20, "memory has grown"
        assert {400, 401, 403, 405, 411, 413, 414, 431, 503} <= siege.statuses.keys()
        # And it still does what it is for.
        assert ask(served, "GET", PROFILE).status == 200
    assert served.told == {"begun": ["cpu", "cpu"], "threads": []}
    assert "Traceback" not in served.log
    assert served.token not in served.log
    # Refusals are warned of once a minute, so 10,000 of them are a few lines.
    assert served.log.count("refused a request") <= 5
