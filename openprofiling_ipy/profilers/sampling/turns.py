"""How the sampler gets its turn: it needs the GIL, and how it comes by it decides what it gets to see."""

from __future__ import annotations

import sys
from enum import Enum, auto

__all__ = ["Turn", "Turns"]

#: Switch intervals (s) that are tried in this order in place of the usual one.
_LEVELS = (250e-6, 20e-6)

_FREE = 200_000  # a turn this soon (ns) found the GIL free
_GOOD = 1_000_000  # how much later (ns) than the switch interval a forced turn may come
_WAKING = 30_000  # how much later (ns) it comes at least
_COSTLY = 300_000  # CPU time (ns) spent waiting for one turn that is too much
_SAME = 1e-6  # s: intervals are kept in whole microseconds
_FREE_EVERY = 8  # looks

_IDLE = 0.05  # cores
_LONGEST_PATIENCE = 60_000_000_000
_NEVER = 1 << 62


class Turn(Enum):
    """How the sampler got the GIL: nobody held it, somebody did, or it came too soon to tell."""

    FREE = auto()
    HELD = auto()
    UNKNOWN = auto()


class Turns:
    """
    Lowers the interpreter's switch interval while the sampler waits, where the usual one would hide what happens.

    A waiting thread forces the GIL from its holder after the switch interval (5 ms) only. A program that gives it up
    by itself more often than that, for a read, a lock, a large numpy operation, is seen at these points alone: with
    a file read every 2 ms between computations, all samples fall on `read`, and as the waiting begins anew each time,
    there are next to none. A turn that came neither at once nor after the interval is the sign of it.

    Waiting for a C call that keeps the GIL costs CPU at every interval, so where waiting becomes costly a longer one
    is taken again, and shorter ones are tried less and less often. With several threads that compete for the GIL, a
    shorter interval would slow them, so it is left alone, as where the program sets its own.
    """

    def __init__(self) -> None:
        self._usual = sys.getswitchinterval()
        self._set = self._usual
        self._level = 0  # -1: the usual interval
        self._signs = 0.0
        self._costs = 0.0
        self._tick = 0
        self._not_before = 0
        self._patience = 1_000_000_000  # ns until a shorter interval is tried again

    @property
    def interval(self) -> int:
        """The switch interval while waiting, ns."""
        return round(self._set * 1e9)

    def open(self) -> None:
        """Before waiting for a turn: set the interval for it."""
        if abs(sys.getswitchinterval() - self._set) > _SAME:
            # The program has set its own: that is the usual one from now on, and there is no other.
            self._usual = self._set = sys.getswitchinterval()
            self._level, self._not_before = -1, _NEVER
        # Now and then a longer one shows whether the GIL was free, which at the shortest nobody can tell.
        self._put(self._level if self._tick % _FREE_EVERY else min(self._level, 0))

    def begin(self) -> int:
        """
        At the beginning of a turn: set the interval for the time of the look. Return the one that was waited with, ns.

        Long enough that the look is not interrupted, but where it is, the sampler must come by the GIL again.
        """
        waited = self.interval
        self._put(min(self._level, 0))
        return waited

    def close(self) -> None:
        """After the last turn: put the usual interval back, unless the program has set its own meanwhile."""
        if abs(sys.getswitchinterval() - self._set) < _SAME:
            self._put(-1)

    def _put(self, level: int) -> None:
        wanted = min(_LEVELS[level], self._usual) if level >= 0 else self._usual
        if wanted != self._set:
            sys.setswitchinterval(wanted)
            self._set = wanted

    def turn(self, waited: int, late: int) -> Turn:
        """Tell what a turn was that came `late` after it was due, at a switch interval of `waited` (ns)."""
        if waited <= _FREE:
            return Turn.UNKNOWN
        return Turn.FREE if late < _FREE else Turn.HELD

    def judge(self, now: int, waited: int, late: int, spent: int, busy: int, load: float) -> None:
        """
        Learn from a turn at `now` that came `late` after it was due and took `spent` CPU of the sampler (ns).

        It was `waited` for with that switch interval (ns). Meanwhile `busy` threads used a good part of the time, and all together `load` cores.
        """
        self._tick += 1
        if busy > 1:
            self._level, self._signs = -1, 0.0
            return
        # A shorter interval did not help: what holds the GIL does not give it up for anybody.
        in_vain = self._level >= 0 and spent > _COSTLY
        self._costs = self._costs + min(spent / _COSTLY, 2.0) if in_vain else max(0.0, self._costs - 0.2)
        if self._costs > 5:
            self._back_off(now)
        if in_vain or late < _FREE or load < _IDLE:
            return
        forced = waited + _WAKING <= late <= waited + _GOOD
        self._signs = max(0.0, self._signs - 0.2) if forced else self._signs + min(max(1.0, late / waited / 4), 2.0)
        if self._signs > 2 and self._level + 1 < len(_LEVELS) and now >= self._not_before:
            self._level, self._signs = self._level + 1, 0.0

    def _back_off(self, now: int) -> None:
        self._level, self._costs, self._signs = self._level - 1, 0.0, 0.0
        self._not_before = now + self._patience
        self._patience = min(self._patience * 2, _LONGEST_PATIENCE)
