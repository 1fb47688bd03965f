"""One look at all threads, and what it adds to the samples. Knows no real clock and no real thread: see `process`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openprofiling_ipy.profilers.sampling.lanes import LaneNames, Threads, ThreadState
from openprofiling_ipy.profilers.sampling.native import Native
from openprofiling_ipy.profilers.sampling.process import NO_CLOCK
from openprofiling_ipy.profilers.sampling.samples import MAX_SAMPLES, Samples
from openprofiling_ipy.profilers.sampling.schedule import Schedule
from openprofiling_ipy.profilers.sampling.tasks import Tasks
from openprofiling_ipy.profilers.sampling.trie import BLOCKS, CELL, ROOT, WAITS, Trie

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.profilers.sampling.process import Process

__all__ = ["Sampler"]

#: In place of a node: a thread that is not shown, and one that has not run since the last look.
UNSEEN = -4
STILL = -5

#: What a thread did: its ident and state, its CPU clock (ns), and then its stack, or UNSEEN or STILL.
Sight = tuple[int, ThreadState, int, int]

#: Reading all stacks takes some time; so much more (ns) than usual means that it was interrupted.
_TORN = 150_000

#: Sleep is learnt only from a span (ns) that is long enough, while the process used less than 3/10 of it.
_LONG_ENOUGH = 2_000_000


class Sampler:
    """
    Takes looks at a process. All times are ns of its clock.

    Each look stands for one slice of time (see `Schedule`). Elapsed time is that of the slice. CPU time is read at the
    looks; what a thread used between two of them is divided at the border of their slices, in proportion to time. A
    thread that is found asleep did not use it there: it goes to where the thread was seen running before, or next.
    """

    def __init__(
        self,
        process: Process,
        period: int,
        home: int,
        *,
        is_cell: Callable[[str], bool] | None = None,
        hidden: Callable[[int], bool] = lambda _ident: False,
        limit: int = MAX_SAMPLES,
    ) -> None:
        self.process = process
        self.lanes = LaneNames()
        self.trie = Trie(is_cell or (lambda _file: False))
        self.samples = Samples()
        self.threads = Threads(process, self.lanes, home, hidden)
        self.tasks = Tasks(process, self.trie, self.lanes, self.threads, home)
        self.native = Native(process, self.threads, self.lanes)
        self.ticks = 0
        self.own_cpu = 0
        self.busy = 0  # how many threads used over a fifth of the span up to the last look
        self.joined_until = 0
        self.started = self.seen = self._begin = self._end = 0
        self.schedule = Schedule(0, period)
        self._home = home
        self._in_cells = is_cell is not None
        self._limit = limit
        self._clocks = (0, 0)  # of the process and the sampler's thread, when last read
        self._usual = 0  # how long a look usually takes
        self._span = 1
        self._moved = False  # whether any thread shown has run
        self._before = self._after = 0
        self.process_cpu = 0

    def begin(self) -> None:
        """Take note of how things stand. Called on the home thread."""
        self.threads.begin()
        self.tasks.begin()
        self.native.begin()
        self.process_cpu = self.process.cpu()
        self.started = self.seen = self._end = self.process.now()
        self.schedule = Schedule(self.started, self.schedule.period)

    def look(self, own: int) -> None:
        """Look at every thread but `own`, the sampler's."""
        last = self.seen
        seen = self._see(own)
        now = self.seen
        self._begin, self._span = self._end, max(now - last, 1)
        self._end = self.schedule.looked(now)
        # How much of the span belongs to the slice of the last look, and how much to that of the next.
        self._before, self._after = max(0, self._begin - last), max(0, now - self._end)
        if not self.ticks:
            self.native.own = self.process.facts(own).clock
        self.ticks += 1
        living = self.threads.living
        if len(living) > len(seen):
            there = {sight[0] for sight in seen}
            for ident in [ident for ident in living if ident not in there]:
                self.threads.part(ident)
        # Where no thread has run, no task has moved.
        if self._moved:
            self.tasks.look(self.ticks, self._begin, self.samples)
        known, self.busy = self._commit(seen)
        self._settle(known)
        if len(self.samples) > self._limit:
            self._aggregate()

    def _see(self, own: int) -> list[Sight]:
        """Return what all threads do, as of one moment."""
        started = self.process.now()
        seen = self._capture(own)
        self.seen = now = self.process.now()
        took = now - started
        if took > self._usual * 3 + _TORN:
            # The GIL changed hands meanwhile, or may have: stacks were read from frames that had gone on.
            seen = self._capture(own)
            self.seen = self.process.now()
            took = self.seen - now
        self._usual += (took - self._usual) // 8
        return seen

    def _capture(self, own: int) -> list[Sight]:
        living, identity, walk = self.threads.living, self.process.identity, self.trie.walk
        # Clocks come before stacks: if a thread runs on in between, its clock tells at the next look.
        self._clocks = self.process.cpu(), self.process.own_cpu()
        clocks = {ident: self._cpu(state) for ident, state in living.items()}
        frames = self.process.frames()
        new = [ident for ident in frames if ident not in clocks or living[ident].identity is not identity(ident)]
        if new:
            for ident in new:
                if ident != own:
                    state = self.threads.meet(ident)
                    clocks[ident] = self._cpu(state)
            frames = self.process.frames()
        seen: list[Sight] = []
        self._moved = False
        for ident, frame in frames.items():
            state = living.get(ident)
            if state is None or ident == own:
                continue
            cpu = clocks[ident]
            if state.hidden:
                node = UNSEEN
            elif cpu == state.cpu and state.row >= 0 and state.clock != NO_CLOCK:
                node = STILL
            else:
                node = walk(frame)
                self._moved = True
            seen.append((ident, state, cpu, node))
        return seen

    def _commit(self, seen: list[Sight]) -> tuple[int, int]:
        """Sample what was seen. Return the CPU time (ns) used and how many threads used a good part of the span."""
        known = busy = 0
        asleep: list[ThreadState] = []
        samples, flags, span = self.samples, self.trie.flags, self._span
        end, wall = self._end, self._end - self._begin
        for ident, state, cpu, node in seen:
            used = cpu - state.cpu
            state.cpu = cpu
            known += used
            if node == UNSEEN:
                continue
            if node == STILL:
                # It did not run, so its stack is what it was.
                samples.time[state.row] = end
                samples.wall[state.row] += wall
                samples.count[state.row] += 1
                if not state.asleep:
                    asleep.append(state)
                continue
            busy += used * 5 > span
            # Where threads sleep, this one may sleep or not. If its clock has gone on since it was read a moment ago,
            # it runs, in C and without the GIL.
            if flags[node] & (BLOCKS | WAITS) and used * 8 < span * 7 and self._cpu(state) == cpu:
                self._slept(ident, state, node, used)
            else:
                self._ran(ident, state, node, used)
        self._learn(asleep, known)
        return known, busy

    def _cpu(self, state: ThreadState) -> int:
        try:
            return self.process.thread_cpu(state.clock)
        except OSError:
            return state.cpu

    def _ran(self, ident: int, state: ThreadState, node: int, used: int) -> None:
        """Sample a thread that runs, or waits for the GIL to."""
        if state.asleep or state.row < 0:
            cpu = used + state.pending
            state.pending = 0
        else:
            before = used * self._before // self._span
            after = used * self._after // self._span
            cpu = used - before - after + state.pending
            state.pending = after
            if not state.outside:
                self.samples.cpu[state.row] += before
        state.asleep = False
        state.outside = self._in_cells and ident == self._home and not self.trie.flags[node] & CELL
        if state.outside:
            # The kernel's own work on the home thread, while the cell waits or before it began.
            shown = self.tasks.waits_in(ident, ROOT)
            self._put(state, node, ROOT if shown is None else shown, 0)
        else:
            self._put(state, node, node, cpu)

    def _slept(self, ident: int, state: ThreadState, node: int, used: int) -> None:
        """Sample a thread that sleeps; what it used was used elsewhere."""
        if state.asleep or state.row < 0:
            state.pending += used
        elif not state.outside:
            self.samples.cpu[state.row] += used
        state.asleep = True
        shown = self.tasks.waits_in(ident, node) if self.trie.flags[node] & WAITS else None
        self._put(state, node, node if shown is None else shown, 0)

    def _put(self, state: ThreadState, node: int, shown: int, cpu: int) -> None:
        samples, row, wall = self.samples, state.row, self._end - self._begin
        state.node = node
        if cpu == 0 and row >= 0 and samples.node[row] == shown:
            samples.time[row] = self._end
            samples.wall[row] += wall
            samples.count[row] += 1
        elif state.lane is not None:
            state.row = samples.add(shown, state.lane.index, self._end, cpu, wall)

    def _learn(self, still: list[ThreadState], known: int) -> None:
        """
        Learn where threads sleep: those whose clock stood `still` through the span, unless they may have starved.

        A thread that waits for the GIL stands still too, but then another one runs.
        """
        if still and self._span >= _LONG_ENOUGH and known * 10 < self._span * 3:
            for state in still:
                state.asleep = True
                self.trie.flags[state.node] |= BLOCKS

    def _settle(self, known: int) -> None:
        """Place the CPU time that none of the visited threads used."""
        cpu, own = self._clocks
        unknown = cpu - self.process_cpu - known - (own - self.own_cpu)
        self.process_cpu, self.own_cpu = cpu, own
        if self.process.thread_clocks:
            self.native.look(unknown, self._begin, self._end, self._span, self.samples)
        else:
            self._estimate(unknown)

    def _estimate(self, unknown: int) -> None:
        """Give CPU time to the threads that moved, where the platform has one clock for all; else to the home thread."""
        states = [state for state in self.threads.living.values() if state.row >= 0]
        moved = [s for s in states if self.samples.count[s.row] == 1] or [
            s for s in states if s.lane is not None and s.lane.index == 0
        ]
        for state in moved:
            self.samples.cpu[state.row] += max(0, unknown) // len(moved)

    def _aggregate(self) -> None:
        joined, self.joined_until = self.samples.aggregated(len(self.samples) // 2)
        for state in self.threads.living.values():
            state.row = -1
        self.tasks.forget_rows()
        # Where little could be joined, try again only when there is a third more.
        self._limit = max(self._limit, len(joined) * 4 // 3)
        self.samples = joined

    def finish(self, now: int) -> Samples:
        """Return a copy of all samples, as of `now`; may be called from any thread, and again."""
        while True:
            samples = self.samples
            copied = samples.copy()
            for state in list(self.threads.living.values()):
                if 0 <= state.row < len(copied):
                    copied.cpu[state.row] += max(0, self._cpu(state) - state.cpu) * (not state.outside) + state.pending
                    missing = max(0, now - self._end)
                    copied.wall[state.row] += missing
                    copied.time[state.row] += missing
            self.tasks.finish(now, copied)
            if samples is self.samples:
                return copied
