"""Whether a thread works where it is seen, or has come there to wait: what it used, it used before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openprofiling_ipy.profilers.sampling.process import NO_CLOCK
from openprofiling_ipy.profilers.sampling.trie import WAITS
from openprofiling_ipy.profilers.sampling.turns import Turn

if TYPE_CHECKING:
    from openprofiling_ipy.profilers.sampling.lanes import ThreadState
    from openprofiling_ipy.profilers.sampling.process import Process
    from openprofiling_ipy.profilers.sampling.sight import Eye
    from openprofiling_ipy.profilers.sampling.trie import Trie

__all__ = ["Sleep"]

#: So many votes more for sleep than against it, and a place is surely one where threads sleep.
_SURE = 4

#: Votes against a place where the GIL is given up, where it had to be asked for: at one where it is kept, that is told
#: in two of three looks, and in few at the other.
_ASKED = 2


class Sleep:
    """
    Tells places where threads work from those where they wait, by votes of many looks.

    Where the GIL was free, a thread whose clock stands and that waits for something else than a core sleeps, and one
    whose clock goes on works without the GIL. Where the GIL was held by one thread alone, it either had to be asked
    for, as in Python code, or was given up: the thread has come to this place while the sampler waited.
    """

    def __init__(self, process: Process, trie: Trie, eye: Eye) -> None:
        self._process = process
        self._trie = trie
        self._eye = eye

    def here(self, state: ThreadState, node: int, turn: Turn, *, alone: bool) -> bool:
        """
        Tell whether a thread has not worked at `node`, where it is seen, though it has run since the last look.

        `alone` says that no other thread competes with it for the GIL.
        """
        trie = self._trie
        if state.clock == NO_CLOCK:
            return False
        if trie.flags[node] & WAITS:
            return True
        if turn is Turn.FREE:
            works = self._eye.clock(state) > state.cpu
            sleeps = not works and self._process.blocked(state.clock)
            trie.vote(node, 1 if sleeps else -1 if works else 0)
            if works and alone:
                trie.vote_gives(node, 1)
            return sleeps or trie.asleep[node] > (_SURE if works else 0)
        if not alone or turn is Turn.UNKNOWN:
            if turn is not Turn.UNKNOWN:
                trie.vote(node, -1)
            return trie.asleep[node] > 0
        if turn is not Turn.HELD:
            trie.vote_gives(node, -_ASKED if turn is Turn.FORCED else 1)
        return trie.gives[node] > 0 or trie.asleep[node] > _SURE

    def still(self, state: ThreadState) -> None:
        """Note a thread that has not run at all, though nobody kept it from running."""
        # Once it is known, asking the system again would cost more than it tells.
        if self._trie.asleep[state.node] <= 2 * _SURE and self._process.blocked(state.clock):
            self._trie.vote(state.node, 1)
