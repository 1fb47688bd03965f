"""When to look: time is cut into equal slices, and each is looked at once, at a moment that differs from the last."""

from __future__ import annotations

__all__ = ["Schedule"]

#: 2**64 / golden ratio: multiples of it, modulo 2**64, spread more evenly than chance would.
_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


class Schedule:
    """
    Stratified sampling: slice k is [start + k * period, start + (k + 1) * period), all in ns.

    A look stands for its whole slice, whenever in the slice it happened. So code that repeats with the period is seen
    at every phase of it, and no share depends on what made a look late: a look delayed over several slices (something
    held the GIL) stands for all whose moment passed meanwhile. Weighing by the time since the last look instead would
    credit the delaying call with what ran before it began.
    """

    def __init__(self, start: int, period: int) -> None:
        self.start = start
        self.period = period
        self._slice = 0

    def due(self) -> int:
        """Return when to look next."""
        return self._moment(self._slice)

    def _moment(self, number: int) -> int:
        offset = ((number + 1) * _GOLDEN & _MASK) * self.period >> 64
        return self.start + number * self.period + offset

    def looked(self, now: int) -> int:
        """Note a look at `now` and return the end of the last slice that it stands for; the next look is after it."""
        latest = (now - self.start) // self.period
        if latest > self._slice:
            self._slice = latest if self._moment(latest) <= now else latest - 1
        self._slice += 1
        return self.start + self._slice * self.period

    def change(self, period: int) -> None:
        """Go on with another period from the end of the last slice looked at."""
        self.start += self._slice * self.period
        self.period = period
        self._slice = 0
