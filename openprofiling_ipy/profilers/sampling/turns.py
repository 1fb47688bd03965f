"""How the sampler gets its turn: it needs the GIL, and how it comes by it decides what it gets to see."""

from __future__ import annotations

import sys

__all__ = ["Turns"]

#: Switch intervals (s) that are tried in this order in place of the usual one.
_LEVELS = (1e-3, 20e-6)

_FREE = 300_000  # a turn this soon (ns) found the GIL free
_GOOD = 1_000_000  # how much later (ns) than the switch interval a forced turn may come


class Turns:
    """
    Lowers the interpreter's switch interval while the sampler waits, where the usual one would hide what happens.

    A waiting thread forces the GIL from its holder after the switch interval (5 ms) only. A program that gives it up
    by itself more often than that, for a read, a lock, a large numpy operation, is seen at these points alone: with
    a file read every 2 ms between computations, all samples fall on `read`, and as the waiting begins anew each time,
    there are next to none. A turn that came neither at once nor after the interval is the sign of it.

    Waiting for a C call that keeps the GIL costs CPU at every interval, so where turns come late in spite of it the
    usual one is taken again, and tried less and less often. With several threads that compete for the GIL, a shorter
    interval would slow them, so it is left alone. It is lowered only between looks, and put back by `close` at the latest.
    """

    def __init__(self) -> None:
        self._usual = sys.getswitchinterval()
        self._level = -1  # -1: the usual interval
        self._signs = 0.0
        self._costs = 0.0
        self._tick = 0
        self._not_before = 0
        self._patience = 64

    @property
    def lowered(self) -> bool:
        return self._level >= 0

    def open(self) -> None:
        """Before waiting: set the interval."""
        if self._level >= 0:
            self._usual = sys.getswitchinterval()
            sys.setswitchinterval(min(_LEVELS[self._level], self._usual))

    def close(self) -> None:
        """After waiting: put it back, unless the program has set its own meanwhile."""
        if self._level >= 0 and sys.getswitchinterval() == min(_LEVELS[self._level], self._usual):
            sys.setswitchinterval(self._usual)

    def judge(self, late: int, busy: int) -> None:
        """Learn from a turn that came `late` ns after it was asked for, with `busy` threads using CPU."""
        self._tick += 1
        if busy > 1:
            self._level, self._signs = -1, 0.0
            return
        interval = round((self._usual if self._level < 0 else _LEVELS[self._level]) * 1e9)
        if self._level >= 0 and late > 16 * (interval + 60_000):
            self._costs += 1
            if self._costs > 3:
                self._back_off()
            return
        self._costs = max(0.0, self._costs - 0.2)
        if late < _FREE:
            return
        forced = interval * 0.9 <= late <= interval + _GOOD
        self._signs = max(0.0, self._signs - 0.2) if forced else self._signs + busy
        if self._signs > 3 and self._level + 1 < len(_LEVELS) and self._tick >= self._not_before:
            self._level, self._signs = self._level + 1, 0.0

    def _back_off(self) -> None:
        self._level, self._costs, self._signs = -1, 0.0, 0.0
        self._not_before = self._tick + self._patience
        self._patience = min(self._patience * 2, 4096)
