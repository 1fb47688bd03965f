"""A running recording: the thread that looks, and how it is started, stopped and asked."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING

from openprofiling_ipy.background import Background
from openprofiling_ipy.errors import ProfilerUnavailable
from openprofiling_ipy.profilers.base import Status
from openprofiling_ipy.profilers.rate import check_rate
from openprofiling_ipy.profilers.sampling.children import Children
from openprofiling_ipy.profilers.sampling.cores import CoreWait
from openprofiling_ipy.profilers.sampling.lanes import SAMPLERS
from openprofiling_ipy.profilers.sampling.pace import Pace
from openprofiling_ipy.profilers.sampling.positions import Positions
from openprofiling_ipy.profilers.sampling.process import LiveProcess
from openprofiling_ipy.profilers.sampling.sampler import Sampler
from openprofiling_ipy.profilers.sampling.turns import Turns

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.profilers.base import Scope
    from openprofiling_ipy.profilers.sampling.process import Process

__all__ = ["Sampling"]

#: Children are looked for about once a second (ns).
_CHILDREN_EVERY = 1_000_000_000

#: The sampler sleeps at least this long (ns) between looks, so that the program goes on.
_SHORTEST = 100_000

#: How the names of all threads of this package begin: an agent's are not the program's.
_OURS = "openprofiling-"

#: A look that takes longer (ns) has lost the GIL.
_INTERRUPTED = 1_000_000

_running: weakref.WeakSet[Sampling] = weakref.WeakSet()


class Sampling:
    """
    A recording of stacks by one daemon thread. Implements `Recording`.

    Whatever goes wrong in that thread ends the recording with what was captured till then and the attribute
    `sampler_error`; nothing is raised into the program. After a fork the child has no such thread: there the recording
    is what it was at the fork.
    """

    def __init__(
        self,
        kind: str,
        rate: float,
        scope: Scope,
        *,
        all_threads: bool = False,
        budget: float | None = None,
        process: Process | None = None,
    ) -> None:
        check_rate(rate)
        self._kind = kind
        self._rate = float(rate)
        self._scope = scope
        self._all_threads = all_threads
        self._process = process or LiveProcess()
        self._wake = threading.Lock()
        self._ready = threading.Lock()
        self._ending = threading.Lock()
        self._children = Children()
        self._turns = Turns()
        self._pace = Pace(round(1e9 / self._rate), budget)
        self._error = ""
        self._thread: threading.Thread | None = None
        self._ended = self._ended_cpu = 0
        self._positions = Positions(scope.sources)
        self._document: Profile | None = None

    def start(self) -> Sampling:
        """
        Begin. Call it on the thread, and in the task, that the recording is about, unless the scope names its home.

        Raises ProfilerUnavailable.
        """
        _check_interpreter(self._kind)
        hidden = frozenset() if self._all_threads else self._scope.hidden_threads
        sources = self._scope.sources
        self._sampler = Sampler(
            self._process,
            self._pace.period,
            self._scope.home or threading.get_ident(),
            is_cell=None if sources is None else lambda file: sources.label(file) is not None,
            hidden=lambda ident: ident in hidden or self._process.facts(ident).name.startswith(_OURS),
            hidden_files=self._scope.hidden_files,
            everyone=self._scope.everyone,
        )
        self._children.begin()
        self._sampler.begin()
        self._core_wait = CoreWait(self._scope.home)
        self._started_at = time.time_ns()
        self._process_cpu = self._process.cpu()
        self._wake.acquire()
        self._ready.acquire()
        thread = Background(self._run, "openprofiling-sampler")
        try:
            thread.start()
            # Were it not waiting for its first turn when the program goes on, a first call that keeps the GIL would be
            # over before it is.
            self._ready.acquire()
        except RuntimeError as error:
            raise ProfilerUnavailable(self._kind, str(error), "end some threads, or run where there are any") from error
        except BaseException:
            # An interrupt: nobody will ever stop what was never handed over. The thread may not run yet, so that
            # nobody can join it; it ends as soon as it does.
            self._ended, self._ended_cpu = self._process.now(), self._process.cpu()
            self._wake.release()
            raise
        self._thread = thread
        _running.add(self)
        return self

    def _run(self) -> None:
        ident = threading.get_ident()
        SAMPLERS.add(ident)
        try:
            try:
                if sys.platform == "linux":  # elsewhere a priority is the whole process's
                    _be_punctual()
            finally:
                self._ready.release()
            self._loop(ident)
        except Exception as error:  # noqa: BLE001  # it must never reach the program
            self._error = f"{type(error).__name__}: {error}"
            self._freeze()
        finally:
            self._turns.close()
            SAMPLERS.discard(ident)

    def _loop(self, ident: int) -> None:
        sampler, turns, wait = self._sampler, self._turns, self._wake.acquire
        now, own_cpu, blocks = self._process.now, self._process.own_cpu, self._process.own_blocks
        schedule = sampler.schedule
        next_children = now() + _CHILDREN_EVERY
        again = False
        while True:
            due, before, blocked = schedule.due(), own_cpu(), blocks()
            turns.open()
            # A look that lost the GIL has just got it from whatever kept it: that is to be seen before it is let go.
            again = not again and now() - sampler.seen > _INTERRUPTED and due <= now()
            stopped = self._ended != 0 if again else wait(timeout=max(due - now(), _SHORTEST) / 1e9)
            taken = turns.take(now() - due, own_cpu() - before, blocks() - blocked)
            if stopped or self._ended:
                return
            sampler.look(ident, taken.lag, taken.turn, kept=taken.kept)
            turns.judge(taken, sampler.seen, sampler.busy, sampler.load)
            period = self._pace.judge(sampler.ticks, sampler.own_cpu)
            if period is not None:
                schedule.change(period)
            if sampler.ticks % 32 == 0 and now() >= next_children:
                next_children = now() + _CHILDREN_EVERY
                self._children.look()

    def status(self) -> Status:
        sampler = self._sampler
        elapsed = max(1, (self._ended or self._process.now()) - sampler.started)
        rate = sampler.ticks * 1e9 / elapsed
        return Status(elapsed, sampler.ticks, rate, self._rate, sampler.own_cpu)

    def peek(self) -> Profile:
        """Return what is recorded so far; from any thread."""
        return self._document or self._build()

    def stop(self) -> Profile:
        """End the recording and return its document; again: the same document."""
        with self._ending:
            if self._document is None:
                self._halt()
                self._document = self._build()
        return self._document

    def halt(self) -> None:
        """End the recording without making its document yet: several can end at one moment."""
        with self._ending:
            if self._document is None:
                self._halt()

    def _halt(self) -> None:
        if not self._ended:
            self._ended, self._ended_cpu = self._process.now(), self._process.cpu()
            own = self._thread.ident if self._thread is not None else None
            self._sampler.end(own or 0)
            self._core_wait.end()
        if self._thread is not None:
            self._wake.release()
            self._thread.join()
            self._thread = None
        _running.discard(self)

    def _forked(self) -> None:
        """Be, in a forked child, what the recording was at the fork: its thread exists in the parent only."""
        self._turns.close()
        self._thread = None
        self._ending = threading.Lock()
        self._freeze()

    def _freeze(self) -> None:
        """Let the recording end with the last look."""
        if not self._ended:
            self._ended, self._ended_cpu = self._sampler.seen, self._sampler.process_cpu

    def _build(self) -> Profile:
        from openprofiling_ipy.profilers.sampling.build import build
        from openprofiling_ipy.profilers.sampling.facts import Collected, facts

        sampler = self._sampler
        now = self._ended or self._process.now()
        cpu = (self._ended_cpu or self._process.cpu()) - self._process_cpu
        collected = Collected(
            trie=sampler.trie,
            samples=sampler.finish(now),
            lanes=list(sampler.lanes.all),
            origin=sampler.started,
            started_at=self._started_at,
            duration=now - sampler.started,
            facts=facts(
                sampler,
                self._pace,
                self._children,
                kind=self._kind,
                rate=self._rate,
                cpu=cpu,
                core_wait=0 if self._scope.everyone else self._core_wait.result(),
                error=self._error,
            ),
        )
        return build(collected, self._kind, self._scope, self._positions, show_all=self._all_threads)


def _be_punctual() -> None:
    """
    Let this thread run when it wants to, as far as the system allows it; it asks for a hundredth of a core.

    Its timers fire when they are due, not up to 50 us later, and on a busy machine it goes first. A look that comes
    late for lack of a core shows what ran then, not what ran when it was due.
    """
    native_id = threading.get_native_id()
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, native_id, os.getpriority(os.PRIO_PROCESS, native_id) - 10)
    with (
        contextlib.suppress(OSError),
        open(f"/proc/{native_id}/timerslack_ns", "w", encoding="ascii") as file,  # noqa: PTH123
    ):
        file.write("1")


def _check_interpreter(kind: str) -> None:
    if sys.implementation.name != "cpython":
        raise ProfilerUnavailable(kind, f"it reads frames of CPython, this is {sys.implementation.name}", "use CPython")
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        raise ProfilerUnavailable(kind, "without the GIL frames change while they are read", "set PYTHON_GIL=1")


def _after_fork_in_child() -> None:
    for recording in list(_running):
        recording._forked()  # noqa: SLF001  # the same module
    _running.clear()
    SAMPLERS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
