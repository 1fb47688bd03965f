"""One look at all threads, and what it adds to the samples. Knows no real clock and no real thread: see `process`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from openprofiling_ipy.profilers.sampling.entered import Entered
from openprofiling_ipy.profilers.sampling.holds import Holds
from openprofiling_ipy.profilers.sampling.lanes import LaneNames, Threads, pattern
from openprofiling_ipy.profilers.sampling.native import Native
from openprofiling_ipy.profilers.sampling.samples import MAX_SAMPLES, Samples
from openprofiling_ipy.profilers.sampling.schedule import Schedule
from openprofiling_ipy.profilers.sampling.sight import STILL, UNSEEN, Eye
from openprofiling_ipy.profilers.sampling.sleep import Sleep
from openprofiling_ipy.profilers.sampling.tasks import Tasks
from openprofiling_ipy.profilers.sampling.trie import CELL, ROOT, WAITS, Trie
from openprofiling_ipy.profilers.sampling.turns import Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.profilers.sampling.lanes import ThreadState
    from openprofiling_ipy.profilers.sampling.process import Process
    from openprofiling_ipy.profilers.sampling.sight import Sight

__all__ = ["Sampler"]


#: Threads that compete for the GIL have it in turns of 5 ms, the usual switch interval. One that used so much CPU time
#: (ns) more than the others, and an eighth of the span, has not just had more turns.
_LONG = 10_000_000
#: What used less CPU time (ns) than that since the last look had no turn.
_TURN = 1_000_000


class Sampler:
    """
    Takes looks at a process. All times are ns of its clock.

    Each look stands for one slice of time (see `Schedule`), and so do the elapsed time and the CPU time of what it
    finds. A thread that is found asleep did not use its CPU time there: it goes to where it is seen running.
    """

    def __init__(
        self,
        process: Process,
        period: int,
        home: int,
        *,
        is_cell: Callable[[str], bool] | None = None,
        hidden: Callable[[int], bool] = lambda _ident: False,
        hidden_files: tuple[str, ...] = (),
        everyone: bool = False,
        limit: int = MAX_SAMPLES,
    ) -> None:
        self.process = process
        self.lanes = LaneNames()
        self.trie = Trie(is_cell or (lambda _file: False), kernel=hidden_files if is_cell else ())
        self.samples = Samples()
        self.threads = Threads(process, self.lanes, home, hidden, everyone=everyone)
        self.tasks = Tasks(
            process, self.trie, self.lanes, self.threads, home, hidden_files=hidden_files, everyone=everyone
        )
        self._eye = Eye(process, self.trie, self.threads)
        self._sleep = Sleep(process, self.trie, self._eye)
        self.native = Native(process, self.threads, self.lanes)
        self._holds = Holds()
        self.ticks = 0
        self.own_cpu = 0
        self.busy = 0  # how many threads used over a fifth of the span up to the last look
        self.load = 0.0  # cores that all threads together kept busy
        self.joined_until = 0
        self.started = self.seen = self._begin = self._end = 0
        self.schedule = Schedule(0, period)
        self._home = home
        self._in_cells = is_cell is not None
        self._entered = Entered(self.trie)
        self._limit = limit
        self._span = 1
        self._kept = False  # whether C code has just kept the GIL
        self._used = self._competing = 0  # CPU time since the last look of threads that had a turn, and their number
        self.process_cpu = 0

    def begin(self) -> None:
        """Take note of how things stand. Called on the home thread."""
        self.threads.begin()
        self.tasks.begin()
        self.native.begin()
        with suppress(Exception):  # sources that fail end the sampler, not the program
            self._entered.enter(self.process.frames().get(self._home))
        self._eye.begin()
        self.process_cpu = self.process.cpu()
        self.started = self.seen = self._end = self.process.now()
        self.schedule = Schedule(self.started, self.schedule.period)

    def end(self, own: int) -> None:
        """
        Take note of what threads have used till now: what is done about the recording from here on is not theirs.

        Nor is what the sampler's thread, `own`, has used since its last look.
        """
        self._eye.freeze()
        with suppress(OSError):
            self.own_cpu = self.process.thread_cpu(self.process.facts(own).clock)

    def look(self, own: int, lag: int = 0, turn: Turn = Turn.UNKNOWN, *, kept: bool = False) -> None:
        """
        Look at every thread but `own`, the sampler's.

        `lag` is how long (ns) a turn usually takes when the GIL is held: a moment that passed within it was not missed.
        `turn` tells whether it was held, and `kept` that C code held it.
        """
        last = self.seen
        seen = self._eye.see(own)
        self.seen = now = self._eye.now
        self._begin, self._span = self._end, max(now - last, 1)
        self._end = self.schedule.looked(now - lag)
        if not self.ticks:
            self.native.own = self.process.facts(own).clock
        self.ticks += 1
        living = self.threads.living
        if len(living) > len(seen):
            there = {sight[0] for sight in seen}
            for ident in [ident for ident in living if ident not in there]:
                self.threads.part(ident)
        self.tasks.look(self.ticks, self._begin, self.samples, moved=self._eye.moved)
        self._kept = kept
        known, self.busy = self._commit(seen, turn)
        self.load = known / self._span
        self._settle(known)
        if len(self.samples) > self._limit:
            self._aggregate()

    def _commit(self, seen: list[Sight], turn: Turn) -> tuple[int, int]:
        """Sample what was seen. Return the CPU time (ns) used and how many threads used a good part of the span."""
        known = busy = 0
        still: list[ThreadState] = []
        moved = [used for _, state, cpu, node in seen if node >= 0 and (used := cpu - state.cpu) > _TURN]
        self._used, self._competing = sum(moved), len(moved)
        samples, span = self.samples, self._span
        end, wall = self._end, self._end - self._begin
        for ident, state, cpu, node in seen:
            used = cpu - state.cpu
            state.cpu = cpu
            state.unplaced += used
            known += used
            if node == UNSEEN:
                continue
            if node == STILL:
                # It did not run, so its stack is what it was.
                samples.time[state.row] = end
                samples.wall[state.row] += wall
                samples.count[state.row] += 1
                still.append(state)
                continue
            busy += used * 5 > span
            if self._sleep.here(state, node, turn, alone=self._competing <= 1):
                self._slept(ident, state, node)
            else:
                self._ran(ident, state, node, used)
        if turn is Turn.FREE or known * 4 < span:
            # Nobody kept these from running: they sleep.
            for state in still:
                self._sleep.still(state)
        return known, busy

    def _ran(self, ident: int, state: ThreadState, node: int, used: int) -> None:
        """Sample a thread that runs, or waits for the GIL to."""
        # Every look at a running thread stands for one slice of running, as long as it has used so much: weighing it
        # by what was used just before would favour code that comes in long bursts.
        ahead = max(0, self._end - self.seen) * used // self._span
        cpu = max(0, min(state.unplaced + ahead, self._end - self._begin))
        others = self._competing - 1
        if self._kept and others <= 0:
            # That code has called Python, which lets the GIL go as it begins and has used nothing yet.
            node = self.trie.caller_of_beginning(node)
        longer = used - (self._used - used) // others if others > 0 else 0
        held = longer > _LONG + self._span // 8
        if held:
            # It kept the GIL in one long C call, on top of its turns. Those were not spent in that call.
            cpu = longer
        elif others > 0 and state.lane is not None and node >= 0:
            self._holds.usual(state.lane.index, self.trie.codes[node])
        state.unplaced -= cpu
        slept, state.asleep = state.asleep, False
        state.outside = self._in_cells and ident == self._home and not self.trie.flags[node] & CELL
        if not state.outside:
            self._put(state, node, node, cpu)
            if held and state.row >= 0:
                self.samples.held[state.row] = cpu
                self._holds.held()
            return
        left = self._entered.left(state, slept=slept) if self._span > 2 * self.schedule.period else ROOT
        if left != ROOT:
            # The cell has ended since the last look. That is long ago, because the GIL was kept: in a call of the cell,
            # since the kernel is Python, which does not keep it.
            self._put(state, node, left, cpu + max(0, state.unplaced))
        else:
            # The kernel's own work on the home thread, while the cell waits or before it began.
            shown = self.tasks.waits_in(ident, ROOT)
            self._put(state, node, ROOT if shown is None else shown, 0)
        state.unplaced = 0

    def _slept(self, ident: int, state: ThreadState, node: int) -> None:
        """Sample a thread that sleeps; what it used was used elsewhere."""
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
            if cpu:
                state.ran = state.row

    def _settle(self, known: int) -> None:
        """Place the CPU time that none of the visited threads used."""
        cpu, own = self._eye.cpu, self._eye.own_cpu
        unknown = cpu - self.process_cpu - known - (own - self.own_cpu)
        self.process_cpu, self.own_cpu = cpu, own
        if self.process.thread_clocks:
            self.native.look(unknown, self._begin, self._end, self._span, self.samples)
        else:
            self._estimate(unknown)

    def _estimate(self, unknown: int) -> None:
        """Give CPU time to the threads that moved, else to the home thread: the platform has one clock for all."""
        states = [state for state in self.threads.living.values() if state.row >= 0]
        moved = [s for s in states if self.samples.count[s.row] == 1] or [
            s for s in states if s.lane is not None and s.lane.index == 0
        ]
        for state in moved:
            self.samples.cpu[state.row] += max(0, unknown) // len(moved)

    def _aggregate(self) -> None:
        joined, self.joined_until = self.samples.aggregated(len(self.samples) // 2)
        for state in self.threads.living.values():
            state.row = state.ran = -1
        self.tasks.forget_rows()
        # Where little could be joined, try again only when there is a third more.
        self._limit = max(self._limit, len(joined) * 4 // 3)
        self.samples = joined

    def finish(self, now: int) -> Samples:
        """Return a copy of all samples, as of `now`; may be called from any thread, and again."""
        while True:
            samples = self.samples
            copied = samples.copy()
            for ident, state in list(self.threads.living.items()):
                row, ran = state.row, state.ran_last  # read once: the sampler goes on
                used = state.unplaced + self._eye.clock(state) - state.cpu
                kept = ident == self._home and (row < 0 or state.outside) and used > 2 * self.schedule.period
                if kept and self._entered.unseen(state, used, min(self._end, now), now, copied):
                    continue
                if row >= 0 and max(row, ran) < len(copied):
                    if not state.outside:
                        copied.place(ran, used, 2 * self.schedule.period)
                    missing = max(0, now - self._end)
                    copied.wall[row] += missing
                    copied.time[row] += missing
            self._holds.settle(copied, self.trie.codes)
            for kind, cpu in self.threads.unseen.items():
                alike = (lane.index for lane in self.lanes.all if lane.kind == "thread" and pattern(lane.name) == kind)
                copied.spread(frozenset(alike), cpu)
            self.tasks.finish(now, copied)
            if samples is self.samples:
                return copied
