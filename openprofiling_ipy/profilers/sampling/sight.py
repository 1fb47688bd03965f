"""Reading what all threads do, as of one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openprofiling_ipy.profilers.sampling.lanes import ThreadState
from openprofiling_ipy.profilers.sampling.process import NO_CLOCK

if TYPE_CHECKING:
    from openprofiling_ipy.profilers.sampling.lanes import Threads
    from openprofiling_ipy.profilers.sampling.process import Frame, Process
    from openprofiling_ipy.profilers.sampling.trie import Trie

__all__ = ["STILL", "UNSEEN", "Eye", "Sight"]

#: In place of a node: a thread that is not shown, and one that has not run since the last look.
UNSEEN = -4
STILL = -5

#: What a thread did: its ident and state, its CPU clock (ns), and then its stack, or UNSEEN or STILL.
Sight = tuple[int, ThreadState, int, int]

#: Reading that takes longer (ns) may have been interrupted.
_TORN = 200_000


class Eye:
    """Reads clocks and stacks of all threads but its own. Keeps no frame, so no user's object lives longer by it."""

    def __init__(self, process: Process, trie: Trie, threads: Threads) -> None:
        self.now = 0  # ns
        self.cpu = 0  # the process's clock, ns
        self.own_cpu = 0  # that of the sampler's thread, ns
        self.moved = False  # whether any thread that is shown has run
        self._process = process
        self._trie = trie
        self._threads = threads
        self._frozen: dict[int, int] = {}

    def begin(self) -> None:
        """Read the clocks of the threads that are known: from here on what they use counts."""
        for state in self._threads.living.values():
            state.cpu = self.clock(state)

    def freeze(self) -> None:
        """Let `clock` tell from now on what it tells now."""
        self._frozen = {state.clock: self.clock(state) for state in list(self._threads.living.values())}

    def see(self, own: int) -> list[Sight]:
        """Return what every thread but `own` does."""
        # What is seen is as of now: if the GIL is lost meanwhile, the time till it is had again is the next look's.
        self.now = self._process.now()
        seen = self._read(own)
        if self._process.now() - self.now > _TORN:
            self._mend(seen, own)
        return seen

    def clock(self, state: ThreadState) -> int:
        """Return a thread's CPU clock (ns), the last known one after its end."""
        if state.clock in self._frozen and state.clock != NO_CLOCK:
            return self._frozen[state.clock]
        try:
            return self._process.thread_cpu(state.clock)
        except OSError:
            return state.cpu

    def _read(self, own: int) -> list[Sight]:
        process, living, walk = self._process, self._threads.living, self._trie.walk
        self.cpu, self.own_cpu = process.cpu(), process.own_cpu()
        # Clocks come before stacks: if a thread runs on in between, its clock tells at the next look.
        clocks = {ident: self.clock(state) for ident, state in living.items()}
        frames = self._frames(own)
        new = [
            ident for ident in frames if ident not in clocks or living[ident].identity is not process.identity(ident)
        ]
        if new:
            for ident in new:
                clocks[ident] = self.clock(self._threads.meet(ident))
            frames = self._frames(own)
        seen: list[Sight] = []
        self.moved = False
        for ident, frame in frames.items():
            state = living.get(ident)
            if state is None:
                continue
            cpu = clocks[ident]
            if state.hidden:
                node = UNSEEN
            elif cpu == state.cpu and state.row >= 0 and state.clock != NO_CLOCK:
                node = STILL
            else:
                node = walk(frame)
                self.moved = True
            seen.append((ident, state, cpu, node))
        return seen

    def _frames(self, own: int) -> dict[int, Frame]:
        """
        Return the frames of all threads but ours.

        Ours would hold, among its variables, the very dict it stands in: a circle that keeps every frame of the
        program, and what its variables hold, until the collector comes by.
        """
        return {ident: frame for ident, frame in self._process.frames().items() if ident != own}

    def _mend(self, seen: list[Sight], own: int) -> None:
        """
        Look again at threads whose stack lost its outer frames.

        The GIL changed hands while stacks were read, or may have: a frame that returned meanwhile has no caller.
        """
        frames = self._frames(own)
        for index, (ident, state, cpu, node) in enumerate(seen):
            torn = node >= 0 and state.node >= 0 and self._trie.root(node) != self._trie.root(state.node)
            if torn and ident in frames:
                seen[index] = (ident, state, cpu, self._trie.walk(frames[ident]))
