"""Keeps the sampler from costing more than it should, by looking less often; it says so."""

from __future__ import annotations

__all__ = ["Pace"]

#: The share of one core that looking may take: 4 %, or 100 us a look where a higher rate was asked for.
_SHARE = 0.04
_LOOK = 100_000

#: What a look costs the program beside the sampler's own CPU time (ns): the interpreter's lock changes hands twice, and
#: caches with it. Measured as CPU time of busy programs with looks over without, less the sampler's own.
_HANDOVER = 50_000

#: Looks between two judgements.
_WINDOW = 64

#: A look that costs so many times the usual has paid for something else: the program's garbage, collected on the
#: sampler's thread, or a wait for a C call, of which `Turns` takes care.
_SPIKE = 8


class Pace:
    """
    Compares the sampler's CPU time with the time that passed. `period` and all times are ns.

    `budget` is the share of one core that looking may take in all, what it costs the program included; None: what is
    usual for the period.
    """

    def __init__(self, period: int, budget: float | None = None) -> None:
        self._budget = budget
        self.period = self._asked = period
        self.slowest = period
        self._last = (0, 0)  # ticks, own CPU
        self._usual = 0.0  # what a look costs, ns
        self._looks = 0  # since the last judgement
        self._spent = 0.0  # what they cost, spikes cut
        self._settled = False

    @property
    def slowed(self) -> bool:
        return self.slowest > self._asked

    def judge(self, ticks: int, own_cpu: int) -> int | None:
        """Take note of what the looks since the last call have cost. Return another period to go on with, or None."""
        looks, spent = ticks - self._last[0], own_cpu - self._last[1]
        self._last = (ticks, own_cpu)
        self._note(looks, spent / max(looks, 1))
        if self._looks < _WINDOW:
            return None
        cost = self._spent / self._looks
        self._looks, self._spent = 0, 0.0
        if not self._settled:
            self._settled = True  # the first looks meet everything for the first time
            return None
        allowed = max(_SHARE, _LOOK / self._asked)
        if self._budget is not None:
            cost, allowed = cost + _HANDOVER, self._budget
        wanted = max(self._asked, round(cost / allowed))
        # Small differences are noise: changing the pace for them would only unsettle the slices.
        if abs(wanted - self.period) * 5 < self.period:
            return None
        self.period = wanted
        self.slowest = max(self.slowest, wanted)
        return wanted

    def _note(self, looks: int, cost: float) -> None:
        if self._usual:
            cost = min(cost, _SPIKE * self._usual)
        self._usual += (cost - self._usual) / 16 if self._usual else cost
        self._looks += looks
        self._spent += looks * cost
