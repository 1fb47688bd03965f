"""The cell that a recording began in: what it used while nobody could look, because a call of it kept the GIL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openprofiling_ipy.profilers.sampling.trie import ROOT

if TYPE_CHECKING:
    from openprofiling_ipy.profilers.sampling.lanes import ThreadState
    from openprofiling_ipy.profilers.sampling.process import Frame
    from openprofiling_ipy.profilers.sampling.samples import Samples
    from openprofiling_ipy.profilers.sampling.trie import Trie

__all__ = ["Entered"]

#: A kernel runs a cell statement by statement, and between two of them it may be seen in its own code: so many frames
#: above the cell's are the same from the first to the last.
_ABOVE = 3


class Entered:
    """Knows the cell from its frame on; without one it never has anything to say."""

    def __init__(self, trie: Trie) -> None:
        self._trie = trie
        self._node = ROOT  # the cell, no line of it
        self._runner = ROOT  # who runs it

    def enter(self, frame: Frame | None) -> None:
        """Take note of the home thread's frame as the recording begins."""
        self._node = node = self._trie.cell(self._trie.walk(frame))
        for _ in range(_ABOVE if node >= 0 else 0):
            node = self._trie.parents[node] if node >= 0 else ROOT
        self._runner = node

    def left(self, state: ThreadState, *, slept: bool) -> int:
        """Return the node where the home thread, which is outside of cells now, was last in one; ROOT if it was not."""
        if state.node == ROOT or self._goes_on(state.node):
            return self._node
        cell = self._trie.cell(state.node)
        # Where it slept it used nothing.
        return cell if cell == ROOT or slept else state.node

    def unseen(self, state: ThreadState, used: int, since: int, now: int, samples: Samples) -> bool:
        """
        Add to a copy of the samples what the cell has `used` unseen up to its end, ns, if it was that.

        The home thread was last looked at `since`: before the cell, or between two statements of it.
        """
        if self._node == ROOT or state.lane is None or not (state.node == ROOT or self._goes_on(state.node)):
            return False
        samples.add(self._node, state.lane.index, now, used, now - since)
        return True

    def _goes_on(self, node: int) -> bool:
        """Tell whether the cell is being run by what is seen outside of it."""
        while node >= 0 and node != self._runner:
            node = self._trie.parents[node]
        return node >= 0
