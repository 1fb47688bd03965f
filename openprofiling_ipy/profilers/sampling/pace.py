"""Keeps the sampler from costing more than it should, by looking less often; it says so."""

from __future__ import annotations

__all__ = ["Pace"]

#: The share of one core that looking may take: 4 %, or 100 us a look where a higher rate was asked for.
_SHARE = 0.04
_LOOK = 100_000

#: Looks between two judgements.
_WINDOW = 64


class Pace:
    """Compares the sampler's CPU time with the time that passed. `period` and all times are ns."""

    def __init__(self, period: int) -> None:
        self.period = self._asked = period
        self.slowest = period
        self._last = (0, 0)  # ticks, own CPU

    @property
    def slowed(self) -> bool:
        return self.slowest > self._asked

    def judge(self, ticks: int, own_cpu: int) -> int | None:
        """Return another period to go on with, or None."""
        last_ticks, last_cpu = self._last
        if ticks - last_ticks < _WINDOW:
            return None
        self._last = (ticks, own_cpu)
        if not last_ticks:
            return None
        allowed = max(_SHARE, _LOOK / self._asked)
        cost = (own_cpu - last_cpu) / (ticks - last_ticks)
        wanted = max(self._asked, round(cost / allowed))
        # Small differences are noise: changing the pace for them would only unsettle the slices.
        if abs(wanted - self.period) * 5 < self.period:
            return None
        self.period = wanted
        self.slowest = max(self.slowest, wanted)
        return wanted
