"""A clock that a test moves, an exporter that does what it is told, and parcels to send."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from random import Random

from openprofiling_ipy.errors import ExportError
from openprofiling_ipy.exporters.base import Parcel


def parcel(number: int = 1, data: bytes = b"data", status: str = "done") -> Parcel:
    return Parcel(f"service/cpu-{number}.profile", data, "application/octet-stream", {"kind": "cpu", "status": status})


def until(true: Callable[[], object], seconds: float = 30) -> None:
    """Wait for something to become true; a machine may be busy."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


class FakeClock:
    """Seconds that pass only when a test says so; the time of day goes with them."""

    def __init__(self) -> None:
        self.time = 0.0
        self.began = time.time_ns()
        self._waiting: list[threading.Condition] = []

    def now(self) -> float:
        return self.time

    def unix(self) -> int:
        return self.began + int(self.time * 1e9)

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Whoever waits looks again when it is notified, and when time has passed."""
        self._waiting.append(condition)
        condition.wait(60)
        self._waiting.remove(condition)

    def sleepers(self) -> int:
        return len(self._waiting)

    def advance(self, seconds: float) -> None:
        self.time += seconds
        for condition in list(self._waiting):
            with condition:
                condition.notify_all()


class Highest(Random):
    """Draws the upper bound: waits are as long as they can be."""

    def uniform(self, a: float, b: float) -> float:
        assert a <= b
        return b


class FakeExporter:
    """Fails as `answers` say, one a try ("" is success), then succeeds; keeps what it got."""

    format: str | None = None

    def __init__(self, *answers: str | BaseException, name: str = "fake") -> None:
        self.name = name
        self.answers = list(answers)
        self.tries = 0
        self.got: list[Parcel] = []
        self.may_go = threading.Event()
        self.may_go.set()
        self.entered = threading.Event()
        self.before: Callable[[Parcel], object] = lambda parcel: None

    def describe(self) -> str:
        return f"{self.name}://place"

    def send(self, parcel: Parcel, progress: object = None) -> str:
        self.tries += 1
        self.entered.set()
        self.may_go.wait(60)
        self.before(parcel)
        answer = self.answers.pop(0) if self.answers else ""
        if isinstance(answer, BaseException):
            raise answer
        if answer:
            raise ExportError(self.name, self.describe(), answer, retry="refused" not in answer)
        self.got.append(parcel)
        return f"{self.describe()}/{parcel.name}"

    def export(self, capture: object) -> str:
        raise AssertionError("a delivery sends parcels")

    def close(self) -> None:
        raise AssertionError("exporters are their owner's to close")

    def names(self) -> list[str]:
        return [each.name for each in self.got]
