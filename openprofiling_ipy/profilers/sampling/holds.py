"""Long C calls that keep the GIL while threads compete for it: whose they were where the sampler came too late."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType

    from openprofiling_ipy.profilers.sampling.samples import Samples

__all__ = ["Holds"]

#: So much of what a thread usually does is enough to tell how often its long calls were missed.
_USUAL = 0.5

#: What a thread has used after a call that was missed (ns): about half a turn more than the others, on average.
_AFTER = 2_500_000


class Holds:
    """
    Settles long calls that were missed.

    When a call lets the GIL go, a waiting thread gets it, not always the sampler: in up to half of the cases the caller
    has gone on by the time it is looked at. Its clock tells that there was a long call, not which. So a look after one
    is a hit, at the call, or a miss, at whatever the thread usually does. Misses show the places of usual looks in
    usual proportions, hits do not: that tells how many were missed, and what they used goes to the calls that were hit.
    """

    def __init__(self) -> None:
        #: Usual looks by lane and the id of a code: comparing codes would compare all that is in them.
        self._usual: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self._any = False

    def usual(self, lane: int, code: CodeType) -> None:
        """Note a look at a thread that competes for the GIL and has made no long call."""
        self._usual[lane][id(code)] += 1

    def held(self) -> None:
        """Note that a sample has the CPU time of a long call."""
        self._any = True

    def settle(self, samples: Samples, codes: list[CodeType]) -> None:
        """Move what missed calls used, in these samples, to calls that were hit."""
        if not self._any:
            return
        by_lane: defaultdict[int, list[int]] = defaultdict(list)
        for row, held in enumerate(samples.held):
            if held > 0 and samples.node[row] >= 0:
                by_lane[samples.lane[row]].append(row)
        for lane, rows in by_lane.items():
            self._settle(samples, codes, rows, self._usual[lane])

    def _settle(self, samples: Samples, codes: list[CodeType], rows: list[int], usual: Counter[int]) -> None:
        code_of = {row: id(codes[samples.node[row]]) for row in rows}
        long = Counter(code_of.values())
        missed = _missed(long, usual)
        hit = {code: 1.0 - missed[code] / count for code, count in long.items()}
        weights = {row: samples.held[row] * hit[code_of[row]] for row in rows}
        whole = sum(weights.values())
        if whole <= 0:
            return
        moved = 0
        for row in rows:
            held = max(0, samples.held[row] - _AFTER)
            share = min(round(held * (1.0 - hit[code_of[row]])), samples.cpu[row], samples.wall[row])
            samples.cpu[row] -= share
            samples.wall[row] -= share
            moved += share
        for row in rows:
            share = round(moved * weights[row] / whole)
            samples.cpu[row] += share
            samples.wall[row] += share


def _missed(long: Counter[int], usual: Counter[int]) -> dict[int, float]:
    """
    Return how many of the `long` looks at each code were misses.

    If all were, each code had its usual share of them. Hits only add, so the codes with the fewest long looks for their
    share, up to half of what is usual, tell the number of misses.
    """
    total = usual.total()
    if not total:
        return dict.fromkeys(long, 0.0)
    shares = {code: count / total for code, count in usual.items()}
    looks = share = 0.0
    for code in sorted(shares, key=lambda code: long[code] / shares[code]):
        looks += long[code]
        share += shares[code]
        if share >= _USUAL:
            break
    misses = looks / share
    return {code: min(float(count), misses * shares.get(code, 0.0)) for code, count in long.items()}
