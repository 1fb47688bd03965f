"""A process that exists on paper only: its clock, threads and stacks move when a test says so, so numbers are exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType

from openprofiling_ipy.model import Profile
from openprofiling_ipy.profilers.base import Scope
from openprofiling_ipy.profilers.sampling.build import build
from openprofiling_ipy.profilers.sampling.facts import Collected
from openprofiling_ipy.profilers.sampling.positions import Positions
from openprofiling_ipy.profilers.sampling.process import NO_CLOCK, Frame, ThreadFacts
from openprofiling_ipy.profilers.sampling.sampler import Sampler

MS = 1_000_000
PERIOD = 10 * MS
HOME = 1
SAMPLER = 99

_codes: dict[tuple[str, str], CodeType] = {}


def code(name: str, file: str = "app.py") -> CodeType:
    """The code of a function; the same object for the same name and file."""
    if (name, file) not in _codes:
        _codes[name, file] = compile("pass", file, "exec").replace(co_name=name, co_qualname=name)
    return _codes[name, file]


@dataclass
class FakeFrame:
    f_code: CodeType
    f_lasti: int
    f_back: FakeFrame | None


def frames(stack: str, file: str = "app.py") -> FakeFrame | None:
    """The topmost frame of a stack written as "main a b", outermost first; "lib.py|f" gives a frame's file."""
    top: FakeFrame | None = None
    for word in stack.split():
        place, _, name = word.rpartition("|")
        top = FakeFrame(code(name, place or file), 0, top)
    return top


class FakeThread:
    """
    `stack` is None for a thread without Python. `known`: whether `threading` has it in its table. `works`: whether it
    goes on while it is looked at, so that its clock has moved whenever it is read.
    """

    def __init__(self, clock: int, name: str, stack: str | None) -> None:
        self.clock = clock
        self.name = name
        self.known = True
        self.stack = stack
        self.blocked = True
        self.works = False
        self.cpu = 0


class FakeProcess:
    """Implements `Process`. All times ns."""

    def __init__(self, *, thread_clocks: bool = True) -> None:
        self.thread_clocks = thread_clocks
        self.threads: dict[int, FakeThread] = {}
        self.time = 5_000 * MS
        self.started = 0
        self.gone = 0  # CPU time of threads that ended
        self.skew = 0  # how much the process's clock is behind those of its threads
        self.start(HOME, "MainThread", "main")
        self.start(SAMPLER, "openprofiling-sampler", "look")

    def start(self, ident: int, name: str, stack: str | None) -> FakeThread:
        self.started += 1  # idents are used again, ids of threads are not
        self.threads[ident] = FakeThread(-self.started * 8 - 2, name, stack)
        return self.threads[ident]

    def end(self, ident: int) -> None:
        self.gone += self.threads.pop(ident).cpu

    def pass_time(self, elapsed: int, **cpu: int) -> None:
        """Let time go by; `t1=3` is CPU time of the thread with ident 1."""
        self.time += elapsed
        for name, used in cpu.items():
            self.threads[int(name[1:])].cpu += used

    def now(self) -> int:
        return self.time

    def cpu(self) -> int:
        return self.gone + sum(thread.cpu for thread in self.threads.values()) - self.skew

    def own_cpu(self) -> int:
        return self.threads[SAMPLER].cpu

    def own_blocks(self) -> int:
        return 0

    def thread_cpu(self, clock: int, /) -> int:
        for thread in self.threads.values():
            if thread.clock == clock and self.thread_clocks:
                thread.cpu += thread.works
                return thread.cpu
        raise OSError(22, "Invalid argument")

    def blocked(self, clock: int, /) -> bool:
        return all(thread.blocked for thread in self.threads.values() if thread.clock == clock)

    def frames(self) -> Mapping[int, Frame]:
        seen = {ident: frames(t.stack) for ident, t in self.threads.items() if t.stack is not None}
        return {ident: frame for ident, frame in seen.items() if frame is not None}

    def identity(self, ident: int, /) -> object:
        thread = self.threads.get(ident)
        return thread if thread and thread.known else None

    def facts(self, ident: int) -> ThreadFacts:
        thread = self.threads[ident]
        name = thread.name if thread.known else f"thread {ident}"
        return ThreadFacts(name, thread.clock if self.thread_clocks else NO_CLOCK)

    def all_clocks(self) -> list[int]:
        return [thread.clock for thread in self.threads.values()] if self.thread_clocks else []


class Looks:
    """A sampler of a fake process, made to look when a test wants it to: at the very end of each slice."""

    def __init__(
        self,
        process: FakeProcess,
        *,
        limit: int = 1000,
        is_cell: Callable[[str], bool] | None = None,
        hidden: Callable[[int], bool] = lambda _ident: False,
    ) -> None:
        self.process = process
        self.sampler = Sampler(process, PERIOD, HOME, limit=limit, is_cell=is_cell, hidden=hidden)
        self.sampler.begin()

    def slice(self, **cpu: int) -> None:
        """Let one slice pass, in which threads use `cpu` ns (`t1=...`), and look at its last moment."""
        elapsed = self.sampler.started + (self.sampler.ticks + 1) * PERIOD - 1 - self.process.time
        self.process.pass_time(elapsed, **cpu)
        self.sampler.look(SAMPLER)

    def document(self, scope: Scope | None = None, *, to_the_end: bool = True) -> Profile:
        """What is recorded; with `to_the_end`, up to the end of the slice looked at last."""
        scope = scope or Scope()
        sampler = self.sampler
        now = sampler.started + sampler.ticks * PERIOD if to_the_end else self.process.time
        collected = Collected(
            sampler.trie, sampler.finish(now), list(sampler.lanes.all), sampler.started, 0, now - sampler.started
        )
        return build(collected, "cpu", scope, Positions(scope.sources))
