"""Asyncio tasks as lanes: which are there, what each waits in, and for how long."""

from __future__ import annotations

import re
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.profilers.sampling.awaits import chain
from openprofiling_ipy.profilers.sampling.trie import CELL, ROOT

if TYPE_CHECKING:
    from collections.abc import Collection

    from openprofiling_ipy.profilers.sampling.lanes import Lane, LaneNames, Threads
    from openprofiling_ipy.profilers.sampling.process import Process
    from openprofiling_ipy.profilers.sampling.samples import Samples
    from openprofiling_ipy.profilers.sampling.trie import Trie

__all__ = ["Tasks"]

#: How many tasks one look visits at most, and the time (ns) that looking may cost a tick on average.
_VISITS = 32
_BUDGET = 50_000

#: Lanes for tasks that were given names; tasks of further names share one.
_MAX_LANES = 100

_DEFAULT_NAME = re.compile(r"Task-\d+")

#: The number of a lane and a node.
_Place = tuple[int, int]
#: A task, where it waits, and how many tasks it stands for.
_Wait = tuple["weakref.ref[Any]", _Place, int]


def _references() -> Collection[weakref.ref[Any]]:
    """Return a weak reference to every task of the process, without importing asyncio; it changes as tasks do."""
    module = sys.modules.get("asyncio.tasks")
    # Up to 3.11 the set is called `_all_tasks`.
    known = getattr(module, "_scheduled_tasks", None) or getattr(module, "_all_tasks", None)
    references: Collection[weakref.ref[Any]] = getattr(known, "data", ())
    return references


def _thread_of(loop: Any) -> int | None:
    """Return the ident of the thread that runs the loop now; None for none, and for loops that do not tell."""
    ident: int | None = getattr(loop, "_thread_id", None)
    return ident


class Tasks:
    """
    The tasks of all loops whose threads are shown.

    Tasks that were there before the recording are left out and counted, unless it is about `everyone`; not counted are
    those whose code lies in `hidden_files`, a kernel's own, of which nobody has heard. The task in which the recording
    was started is what its thread waits in, not a lane of its own; so is the one that `run_until_complete` waits for,
    and the one of a kernel that runs a cell.
    """

    def __init__(
        self,
        process: Process,
        trie: Trie,
        lanes: LaneNames,
        threads: Threads,
        home: int,
        *,
        hidden_files: tuple[str, ...] = (),
        everyone: bool = False,
    ) -> None:
        self._process = process
        self._trie = trie
        self._lanes = lanes
        self._threads = threads
        self._home = home
        self._hidden_files = hidden_files
        self._everyone = everyone
        self._named: dict[tuple[str, bool], Lane] = {}
        self._main: dict[int, weakref.ref[Any]] = {}  # the task that a loop's thread waits for, by the thread's ident
        self._home_loop: Any = None
        self._old: frozenset[weakref.ref[Any]] = frozenset()
        self._waits: tuple[int, list[_Wait]] = (0, [])  # since when (ns), and who waits where
        self._rows: dict[_Place, int] = {}
        self._next_tick = 0
        self._moved = False  # whether a thread has run since the last visit
        self._count = 0  # tasks there were at the last visit
        self._turn = 0
        self.left_out = 0
        self.thinned = 1

    def begin(self) -> None:
        """Remember which tasks are older than the recording. Called on the home thread, or on one that names it."""
        # Who begins it from another thread, in the middle of a cell, means the tasks that the cell has made till then.
        elsewhere = self._process.identity(self._home) is not None and threading.get_ident() != self._home
        self._old = frozenset() if self._everyone or elsewhere else frozenset(_references())
        asyncio = sys.modules.get("asyncio")
        self._home_loop = self._loop(asyncio._get_running_loop()) if asyncio else None  # noqa: SLF001  # public in events
        current = asyncio.current_task(self._home_loop) if asyncio and self._home_loop else None
        if current is not None:
            self._main[self._home] = weakref.ref(current)
        for reference in self._old:
            task = reference()
            if task is not None and task is not current and not task.done():
                state = self._threads.living.get(self._ident(task) or -1)
                self.left_out += state is not None and not state.hidden and not self._is_hidden(task)

    def _loop(self, own: Any) -> Any:
        """Return the loop that the home thread runs; `own` is the calling thread's."""
        if own is not None and _thread_of(own) in (None, self._home):
            return own
        loops = (task.get_loop() for reference in _references() if (task := reference()) is not None)
        return next((loop for loop in loops if _thread_of(loop) == self._home), None)

    def _is_hidden(self, task: Any) -> bool:
        code = getattr(task.get_coro(), "cr_code", None)
        return code is not None and code.co_filename.startswith(self._hidden_files)

    def _ident(self, task: Any) -> int | None:
        loop = task.get_loop()
        return self._home if loop is self._home_loop else _thread_of(loop)

    def waits_in(self, ident: int, node: int) -> int | None:
        """
        Return the stack that a thread really waits in while its own is only a loop's, `node`.

        That is the await chain of the task it runs the loop for, below the loop's own frames; None if there is none.
        """
        reference = self._main.get(ident)
        task = reference() if reference is not None else None
        if task is None or task.done():
            self._main.pop(ident, None)
            return None
        frames = chain(task)
        # The frame that polls is replaced: what it waits for is known better.
        return self._trie.extend(self._trie.parents[node] if node >= 0 else ROOT, frames) if frames else None

    def look(self, tick: int, begin: int, samples: Samples, *, moved: bool) -> None:
        """
        Visit tasks, if it is time to: what was seen before stands for the time until `begin` (ns), now it is new.

        Of many tasks each visit takes an evenly spread part, which stands for all. Between visits only those that have
        ended are noticed. Where no thread has `moved` since the last visit, no task has either.
        """
        self._moved = self._moved or moved
        if not self._moved:
            return
        if tick < self._next_tick and len(_references()) < 2 * self._count + _VISITS:
            if any(_over(reference) for reference, _, _ in self._waits[1]):
                self._credit(begin, samples)
                self._waits = (begin, [wait for wait in self._waits[1] if not _over(wait[0])])
            return
        # Copying a set is one step of C that no other thread interrupts.
        references = list(_references())
        self._count = len(references)
        if not references and not self._waits[1]:
            return
        self._moved = False
        started = self._process.own_cpu()
        stride = -(-len(references) // _VISITS) or 1
        self._turn += 1
        waits: list[_Wait] = []
        for reference in references[self._turn % stride :: stride]:
            task = reference()
            where = None if task is None or reference in self._old else self._place(task)
            if where is not None:
                waits.append((reference, where, stride))
        self._credit(begin, samples)
        self._waits = (begin, waits)
        pause = 1 + (self._process.own_cpu() - started) // _BUDGET
        self._next_tick = tick + pause
        if waits:
            self.thinned = max(self.thinned, pause * stride)

    def _place(self, task: Any) -> _Place | None:
        """Return the lane and node of a task that waits; None for one that runs, is done, or is not shown."""
        ident = self._ident(task)
        state = self._threads.living.get(ident) if ident is not None else None
        if ident is None or state is None or state.lane is None or task.done():
            return None
        main = self._main.get(ident)
        if main is None and _ends_loop(task):
            main = self._main[ident] = weakref.ref(task)
        if main is not None and main() is task:
            return None
        coroutine = task.get_coro()
        if getattr(coroutine, "cr_running", False):
            return None
        frames = chain(task)
        if not frames:
            return None
        if self._is_hidden(task):
            # Tasks of a kernel await each other, and one of them the cell: its thread waits in that.
            if any(self._trie.is_cell(code) for code, _ in chain(task, follow=False)):
                self._main[ident] = weakref.ref(task)
            return None
        return self._lane(task, coroutine, home=state.lane.home).index, self._trie.extend(ROOT, frames, CELL)

    def _lane(self, task: Any, coroutine: Any, *, home: bool) -> Lane:
        name = task.get_name()
        if _DEFAULT_NAME.fullmatch(name):
            name = getattr(coroutine, "__qualname__", name)
        key = (name, home)
        if key not in self._named and len(self._named) >= _MAX_LANES:
            key = ("(other tasks)", home)
        lane = self._named.get(key)
        if lane is None:
            lane = self._named[key] = self._lanes.add(key[0], "task", home=home)
        return lane

    def _credit(self, until: int, samples: Samples) -> None:
        wall = until - self._waits[0]
        rows: dict[_Place, int] = {}
        for place, count in self._places().items():
            row = self._rows.get(place)
            if row is None:
                row = samples.add(place[1], place[0], until, 0, count * wall, count)
            else:
                samples.time[row] = until
                samples.wall[row] += count * wall
                samples.count[row] += count
            rows[place] = row
        self._rows = rows

    def _places(self) -> dict[_Place, int]:
        """Return where tasks wait, and how many."""
        places: dict[_Place, int] = {}
        for _, place, count in self._waits[1]:
            places[place] = places.get(place, 0) + count
        return places

    def forget_rows(self) -> None:
        """Start new rows: the samples have been aggregated."""
        self._rows = {}

    def finish(self, now: int, samples: Samples) -> None:
        """Add to a copy of the samples what has been waited for since the last look."""
        wall = max(0, now - self._waits[0])
        for (lane, node), count in self._places().items():
            samples.add(node, lane, now, 0, count * wall, count)


def _over(reference: weakref.ref[Any]) -> bool:
    task = reference()
    return task is None or task.done()


def _ends_loop(task: Any) -> bool:
    """Tell whether `run_until_complete` (and so `asyncio.run`) waits for this task."""
    callbacks = getattr(task, "_callbacks", None) or ()
    return any(getattr(entry[0], "__name__", "") == "_run_until_complete_cb" for entry in callbacks)
