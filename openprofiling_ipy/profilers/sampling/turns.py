"""How the sampler gets its turn: it needs the GIL, and how it comes by it decides what it gets to see."""

from __future__ import annotations

import sys
from enum import Enum, auto
from typing import NamedTuple

__all__ = ["Taken", "Turn", "Turns"]

#: Switch intervals (s) that are tried in this order in place of the usual one.
_LEVELS = (250e-6, 40e-6)

#: How often a thread blocks (its voluntary context switches) until it has its turn where the GIL is free: once, to
#: sleep until it is time. Once more where the GIL is given up before it is asked for; then once an interval.
_SLEPT = 1
_WAITED_ONCE = 2
_IN_VAIN = 20  # so often costs too much
_STEP = 1 / 16

# Where the system does not count them, times have to tell.
_FREE = 200_000  # a turn this soon (ns) found the GIL free
_GOOD = 1_000_000  # how much later (ns) than the switch interval a forced turn may come
_WAKING = 30_000  # how much later (ns) it comes at least
_COSTLY = 300_000  # CPU time (ns) spent waiting for one turn that is too much
_SAME = 1e-6  # s: intervals are kept in whole microseconds
_FREE_EVERY = 8  # looks

_IDLE, _AT_WORK = 0.05, 0.7  # cores
_LONGEST_PATIENCE = 60_000_000_000
_NEVER = 1 << 62


class Turn(Enum):
    """
    How the sampler got the GIL: nobody held it; whoever held it gave it up by itself, or because the sampler asked for
    it; somebody held it; or nobody can tell.
    """

    FREE = auto()
    RELEASED = auto()
    FORCED = auto()
    HELD = auto()
    UNKNOWN = auto()


class Taken(NamedTuple):
    """
    A turn: the switch interval it was waited for with, how late it came, what CPU that took (ns), and how.

    `blocks` is how often the sampler's thread has blocked for it, 0 where that is not known.
    """

    waited: int
    late: int
    spent: int
    turn: Turn
    blocks: int = 0

    @property
    def kept(self) -> bool:
        """Whether the GIL was kept for longer than Python code keeps it once it is asked for."""
        return self.turn is not Turn.FREE and self.late > self.waited + _GOOD

    @property
    def cost(self) -> float:
        """What waiting for it has cost; more than 1 is too much."""
        return self.blocks / _IN_VAIN if self.blocks else self.spent / _COSTLY

    @property
    def sign(self) -> float:
        """How much it looks as if the GIL was given up before the sampler could ask for it; less than 0: it did."""
        if self.blocks:
            return 1.0 if self.turn is Turn.RELEASED else 0.0 if self.kept else -0.2
        if self.late < self.waited + _WAKING:
            return 1.0
        return -0.2 if self.late <= self.waited + _GOOD else 0.0

    @property
    def lag(self) -> int:
        """How much of being late is usual where the GIL is held, ns."""
        return min(self.waited, self.late)


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
        self._counted = False
        self._latency = 60_000.0  # how late (ns) the sampler wakes where nobody holds the GIL: the median
        self._crowded = 0  # looks in a row at several busy threads
        self._not_before = 0
        self._patience = 4_000_000_000  # ns until a shorter interval is tried again

    def open(self) -> None:
        """Before waiting for a turn: set the interval for it."""
        if abs(sys.getswitchinterval() - self._set) > _SAME:
            # The program has set its own: that is the usual one from now on, and there is no other.
            self._usual = self._set = sys.getswitchinterval()
            self._level, self._not_before = -1, _NEVER
        # Now and then a longer one shows whether the GIL was free, which by times at the shortest nobody can tell.
        self._put(self._level if self._counted or self._tick % _FREE_EVERY else min(self._level, 0))

    def take(self, late: int, spent: int, blocks: int = 0) -> Taken:
        """
        At the beginning of a turn that came `late` (ns), took `spent` CPU (ns) and made the sampler block so often.

        Sets the interval for the look: it is long enough for it not to be interrupted; but where it is, the sampler
        must come by the GIL again.
        """
        waited = round(self._set * 1e9)
        self._put(min(self._level, 0))
        self._counted = blocks > 0
        if blocks == _SLEPT:
            told = Turn.FREE
            # A median, for on a busy machine single turns come very late.
            self._latency *= 1.0 + _STEP if late > self._latency else 1.0 - _STEP
        elif blocks:
            # Times tell only where the interval is longer than their scatter.
            long = waited > 2 * self._latency
            asked = late - self._latency >= waited if long else blocks > _WAITED_ONCE
            told = Turn.RELEASED if not asked else Turn.FORCED if late <= waited + _GOOD else Turn.HELD
        elif waited > _FREE:
            told = Turn.FREE if late < _FREE else Turn.HELD
        else:
            told = Turn.UNKNOWN
        return Taken(waited, late, spent, told, blocks)

    def close(self) -> None:
        """After the last turn: put the usual interval back, unless the program has set its own meanwhile."""
        now = sys.getswitchinterval()
        # In a forked child the sampler may have been about to change it.
        if any(abs(now - ours) < _SAME for ours in (self._set, *_LEVELS)):
            sys.setswitchinterval(self._usual)
            self._set = self._usual

    def _put(self, level: int) -> None:
        wanted = min(_LEVELS[level], self._usual) if level >= 0 else self._usual
        if wanted != self._set:
            sys.setswitchinterval(wanted)
            self._set = wanted

    def judge(self, taken: Taken, now: int, busy: int, load: float) -> None:
        """Learn from a turn: until `now`, `busy` threads used a good part of the time, all together `load` cores."""
        self._tick += 1
        # Once could be a thread that ends and the one that comes after it.
        self._crowded = self._crowded + 1 if busy > 1 else 0
        if self._crowded > 1:
            self._level, self._signs = -1, 0.0
            return
        # A shorter interval did not help: what holds the GIL does not give it up for anybody.
        in_vain = self._level >= 0 and taken.cost > 1.0
        self._costs = self._costs + min(taken.cost, 2.0) if in_vain else max(0.0, self._costs - 0.2)
        if self._costs > 5:
            self._back_off(now)
        if in_vain or taken.turn is Turn.FREE or load < _IDLE:
            return
        sign = taken.sign
        if not sign and load > _AT_WORK:
            # Given up and taken again before the sampler could, or a long C call. Where the program was short of
            # cores itself, being late says nothing.
            sign = min(max(1.0, taken.late / taken.waited / 4), 2.0)
        self._signs = max(0.0, self._signs + sign)
        if self._signs > 2 and self._level + 1 < len(_LEVELS) and now >= self._not_before:
            self._level, self._signs = self._level + 1, 0.0

    def _back_off(self, now: int) -> None:
        self._level, self._costs, self._signs = self._level - 1, 0.0, 0.0
        self._not_before = now + self._patience
        self._patience = min(self._patience * 2, _LONGEST_PATIENCE)
