"""
Captures under random faults: a backend that fails in many ways, and services that are killed in the middle of it.

A service is this file run as a program: it submits captures and says on its standard output what became of each. Its
spool is shared with another one. Its disk is full from time to time: the limit on the size of a file makes writes fail
in the middle, as a full disk does, and needs no rights.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import random
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from openprofiling_ipy.delivery import Delivery, Limits
from openprofiling_ipy.errors import ExportError
from openprofiling_ipy.exporters.base import Parcel

#: The client gives up after so many seconds; a slow answer takes longer.
PATIENCE = 0.25
SLOW = 0.6
LIMITS = Limits(first_wait=0.02, longest_wait=0.3, look_wait=0.2)


def parcel(number: int) -> Parcel:
    """The capture of this number: the same bytes in every process, 1 to 64 KiB that no one else has."""
    chance = random.Random(number)
    data = chance.randbytes(chance.randrange(1 << 10, 1 << 16))
    return Parcel(f"service/cpu-{number:05d}.profile", data, "application/octet-stream", {"status": "done"})


class HttpExporter:
    """Puts parcels to an address; the whole of one connection each."""

    name = "http"
    format = None

    def __init__(self, port: int) -> None:
        self.port = port

    def describe(self) -> str:
        return f"http://127.0.0.1:{self.port}/captures"

    def send(self, parcel: Parcel, progress: object = None) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("PUT", f"/{parcel.name}", parcel.data)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise ExportError(self.name, self.describe(), type(error).__name__, retry=True) from error
        finally:
            connection.close()
        if status != 200:
            raise ExportError(self.name, self.describe(), f"HTTP {status}", retry=status >= 500)
        return f"{self.describe()}/{parcel.name}"

    def export(self, capture: Any) -> str:
        raise AssertionError("a delivery sends parcels")

    def close(self) -> None:
        pass


class Backend:
    """A server that fails as `faults` say, a share each of "500", "403", "reset", "slow"; `healthy` ends that."""

    def __init__(self, seed: int, faults: dict[str, float]) -> None:
        self.faults = faults
        self.stored: dict[str, str] = {}
        self.times: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.up()

    def up(self) -> None:
        """Listen again, at the same port."""
        handler = type("Handler", (_Handler,), {"backend": self})
        ThreadingHTTPServer.request_queue_size = 64
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
            with self._lock:
                self.seen["server down, connections refused (times)"] += 1

    def healthy(self) -> None:
        self.faults = {}
        if self._server is None:
            self.up()

    def fault(self) -> str:
        with self._lock:
            point = self._chance.random()
            for name, share in self.faults.items():
                point -= share
                if point < 0:
                    self.seen[name] += 1
                    return name
            return ""

    def store(self, name: str, data: bytes) -> None:
        with self._lock:
            self.stored[name] = hashlib.sha256(data).hexdigest()
            self.times[name] += 1


class _Handler(BaseHTTPRequestHandler):
    backend: Backend

    def do_PUT(self) -> None:
        fault = self.backend.fault()
        if fault == "reset":
            # Half of it is read, then the connection breaks with RST.
            self.rfile.read(int(self.headers["Content-Length"]) // 2)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if fault in ("500", "403"):
            self.send_error(int(fault))
            return
        if fault == "slow":
            time.sleep(SLOW)
        # What was slow arrived, but its answer did not: it will come again.
        self.backend.store(self.path.lstrip("/"), data)
        with contextlib.suppress(OSError):
            self.send_response(200)
            self.end_headers()

    def log_message(self, *words: object) -> None:
        pass

    def handle(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().handle()


@dataclass
class Service:
    """A process that takes captures `numbers`, is killed after so many (between `life`), and starts where it was."""

    numbers: list[int]
    port: int
    spool: Path
    chance: random.Random
    life: tuple[int, int]
    kills: int = 0
    taken: int = 0
    accepted: set[int] = field(default_factory=set)
    in_memory: set[int] = field(default_factory=set)

    def run(self) -> None:
        """Run to the last capture. Raises AssertionError where a service ends in any other way."""
        while self.taken < len(self.numbers):
            rest = self.numbers[self.taken :]
            step = rest[1] - rest[0] if rest[1:] else 1
            words = (self.port, self.spool, self.chance.randrange(1 << 30), rest[0], rest[-1] + 1, step)
            command = (sys.executable, "-m", "tests.delivery.faults", *map(str, words))
            last = self.taken + self.chance.randint(*self.life)
            folder = Path(__file__).parents[2]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    self._hear(line)
                    if self.taken == last < len(self.numbers) and process.poll() is None:
                        time.sleep(self.chance.uniform(0, 0.03))
                        process.send_signal(signal.SIGKILL)
                        self.kills += 1
                        last = -1
            assert process.returncode in (0, -signal.SIGKILL), "a service failed"

    def _hear(self, line: bytes) -> None:
        """A line that the kill has cut is no word of the service's."""
        words = line.decode().split()
        if not line.endswith(b"\n"):
            return
        if words[0] == "takes":
            self.taken += 1
        else:
            {"accepted": self.accepted, "memory": self.in_memory}[words[0]].add(int(words[1]))


def serve(port: int, spool: Path, seed: int, numbers: range) -> None:
    """Submit captures, and say of each first that it is taken, then whether it is on the disk."""
    chance = random.Random(seed)
    delivery = Delivery([HttpExporter(port)], spool=spool, limits=LIMITS)
    for number in numbers:
        print("takes", number, flush=True)
        full = chance.random() < 0.08
        if full:
            resource.setrlimit(resource.RLIMIT_FSIZE, (chance.randrange(1, 1000), resource.RLIM_INFINITY))
        ticket = delivery.submit(parcel(number))
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print("accepted" if ticket.on_disk else "memory", number, flush=True)
        time.sleep(chance.expovariate(100))
    delivery.close(0.2)


@dataclass
class Outcome:
    """What was taken, what is missing in the end, and what the faults were."""

    captures: int
    accepted: set[int]
    in_memory: set[int]
    lost: set[int]
    lost_memory: set[int]
    wrong: set[int]
    again: int
    kills: int
    seen: Counter[str]
    seconds: float
    left: int


def run(captures: int, seed: int, spool: Path, life: tuple[int, int] = (5, 40)) -> Outcome:
    """
    Send captures by two services under faults, then heal everything, let one more process finish, and compare.

    A service is killed each time it has taken a number of captures between the ends of `life`.
    """
    began = time.monotonic()
    chance = random.Random(seed)
    faults = {"500": 0.12, "reset": 0.1, "slow": 0.03, "403": 0.03}
    backend = Backend(chance.randrange(1 << 30), faults)
    services = [
        Service(list(range(first, captures, 2)), backend.port, spool, random.Random(chance.randrange(1 << 30)), life)
        for first in (0, 1)
    ]
    threads = [threading.Thread(target=service.run) for service in services]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(chance.uniform(0.3, 1.0))
        backend.down()
        time.sleep(chance.uniform(0.1, 0.4))
        backend.up()
    backend.healthy()
    # What the killed ones left is sent by whoever comes next.
    last = Delivery([HttpExporter(backend.port)], spool=spool, limits=LIMITS)
    last.flush(60)
    left = last.status().waiting + last.status().failed
    last.close(0)
    backend.down()
    return _compare(services, backend, captures, time.monotonic() - began, left)


def _compare(services: list[Service], backend: Backend, captures: int, seconds: float, left: int) -> Outcome:
    accepted = set().union(*(service.accepted for service in services))
    in_memory = set().union(*(service.in_memory for service in services))
    there = {number for number in range(captures) if parcel(number).name in backend.stored}
    right = {n for n in there if backend.stored[parcel(n).name] == hashlib.sha256(parcel(n).data).hexdigest()}
    return Outcome(
        captures=captures,
        accepted=accepted,
        in_memory=in_memory,
        lost=accepted - there,
        lost_memory=in_memory - there,
        wrong=there - right,
        again=sum(times - 1 for times in backend.times.values()),
        kills=sum(service.kills for service in services),
        seen=backend.seen,
        seconds=seconds,
        left=left,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("spool", type=Path)
    parser.add_argument("numbers", type=int, nargs=4, metavar="SEED FIRST END STEP")
    given = parser.parse_args()
    serve(given.port, given.spool, given.numbers[0], range(*given.numbers[1:]))
