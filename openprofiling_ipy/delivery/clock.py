"""Time as a delivery sees it: a test puts its own in the place of the machine's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from threading import Condition

__all__ = ["Clock", "MachineClock"]


class Clock(Protocol):
    def now(self) -> float:
        """Return seconds that never go back."""
        ...

    def unix(self) -> int:
        """Return the time of day, unix ns: files of other processes are told by it."""
        ...

    def wait(self, condition: Condition, seconds: float) -> None:
        """Wait, with the condition held, until it is notified or so many seconds have passed."""
        ...


class MachineClock:
    def now(self) -> float:
        return time.monotonic()

    def unix(self) -> int:
        return time.time_ns()

    def wait(self, condition: Condition, seconds: float) -> None:
        condition.wait(seconds)
