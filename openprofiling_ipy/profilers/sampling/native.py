"""CPU time that no Python thread used: BLAS, OpenMP, Arrow, torch, and threads that ended between two looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openprofiling_ipy.profilers.sampling.lanes import pattern
from openprofiling_ipy.profilers.sampling.process import NO_CLOCK
from openprofiling_ipy.profilers.sampling.trie import ENDED, NATIVE

if TYPE_CHECKING:
    from openprofiling_ipy.profilers.sampling.lanes import Lane, LaneNames, Threads
    from openprofiling_ipy.profilers.sampling.process import Process
    from openprofiling_ipy.profilers.sampling.samples import Samples

__all__ = ["Native"]

#: Less than this (ns) is not looked into: clocks of running threads are read a few microseconds apart.
_LEAST = 300_000


class Native:
    """
    Places the difference between the process's CPU clock and those of its Python threads.

    What living threads without Python used is the "(native threads)". The rest was used by threads that are gone: it
    goes to the last sample of Python threads that have just ended, at most their elapsed time each, and what remains
    to "(ended threads)". A negative difference waits until it is made up for.
    """

    def __init__(self, process: Process, threads: Threads, lanes: LaneNames) -> None:
        self.own = NO_CLOCK  # the clock of the sampler's thread
        self.total = 0  # CPU time of native threads so far, ns
        self._process = process
        self._threads = threads
        self._lanes = lanes
        self._lane: dict[int, Lane] = {}
        self._open = 0  # CPU time not placed yet, ns; may be negative
        self._native = 0  # what native threads used beyond what is placed: their clocks are read a moment later, ns
        self._read: dict[int, int] = {}  # CPU clock of native threads, when last read

    def begin(self) -> None:
        for clock in self._process.all_clocks():
            self._read[clock] = self._cpu(clock, 0)

    def _cpu(self, clock: int, otherwise: int) -> int:
        try:
            return self._process.thread_cpu(clock)
        except OSError:
            return otherwise

    def look(self, unknown: int, begin: int, end: int, span: int, samples: Samples) -> None:
        """Place `unknown` ns of CPU time, used during the last `span` ns, in the slice from `begin` to `end`."""
        self._open += unknown
        ended, self._threads.ended = self._threads.ended, []
        for state in ended:
            # A C thread that has only left Python goes on as a native one.
            self._read[state.clock] = state.cpu
            if state.asleep and state.ran < 0 and state.unplaced > 0:
                # It was never seen at work: others of its kind tell what that was.
                self._threads.unseen[pattern(state.name)] += state.unplaced
            elif (row := state.ran_last) >= 0:
                samples.cpu[row] = max(0, samples.cpu[row] + state.unplaced)
        if self._open < max(_LEAST, span // 50):
            return
        self._native += self._native_used()
        native = min(self._native, self._open)
        self._native -= native
        self._open -= native
        self.total += native
        if native:
            self._add(NATIVE, native, begin, end, samples)
        gone = [state for state in ended if state.row >= 0]
        for state in gone:
            share = min(self._open // len(gone), span)
            samples.cpu[state.row] += share
            self._open -= share
        if self._open >= _LEAST:
            self._add(ENDED, self._open, begin, end, samples)
            self._open = 0

    def _native_used(self) -> int:
        """Return the CPU time that living threads without Python used since last time; all, where nobody can tell."""
        clocks = self._process.all_clocks()
        if not clocks:
            return self._open
        python = {state.clock for state in self._threads.living.values()} | {self.own}
        used = 0
        for clock in clocks:
            if clock not in python:
                before = self._read.get(clock, 0)
                self._read[clock] = self._cpu(clock, before)
                used += self._read[clock] - before
        return used

    def _add(self, node: int, cpu: int, begin: int, end: int, samples: Samples) -> None:
        lane = self._lane.get(node)
        if lane is None:
            # Not home: the elapsed time is that of whoever waited for them, and would count twice.
            if node == NATIVE:
                lane = self._lanes.add("native threads", "native", home=False)
            else:
                lane = self._lanes.add("ended threads", "thread", home=False)
            self._lane[node] = lane
        samples.add(node, lane.index, end, cpu, end - begin)
