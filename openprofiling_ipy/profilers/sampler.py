"""First version of the sampling loop; the parts move to their own files as they grow."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.errors import InvalidOption
from openprofiling_ipy.profilers.base import Scope, Status

if TYPE_CHECKING:
    from types import CodeType

    from openprofiling_ipy.model import Profile

__all__ = ["DEFAULT_RATE", "Sampling", "check_rate"]

DEFAULT_RATE = 100.0


def check_rate(rate: object) -> None:
    """Raise InvalidOption for what is no rate in Hz."""
    good = isinstance(rate, int | float) and not isinstance(rate, bool) and 0.1 <= rate <= 10_000
    if not good:
        raise InvalidOption("rate", rate, "give samples a second between 0.1 and 10000, such as 100")


def _cpu(tid: int) -> int:
    try:
        return time.clock_gettime_ns((~tid << 3) | 6)
    except OSError:
        return 0


class Sampling:
    """A running recording of stacks."""

    def __init__(self, kind: str, rate: float, scope: Scope, *, all_threads: bool) -> None:
        self._kind = kind
        self._rate = rate
        self._scope = scope
        self._hidden = frozenset() if all_threads else scope.hidden_threads
        self._wake = threading.Lock()
        self._samples: list[tuple[int, tuple[tuple[CodeType, int], ...], int, int, int]] = []
        self._last: dict[int, tuple[int, int, int]] = {}
        self._names: dict[int, tuple[str, bool]] = {}
        self._ticks = 0
        self._document: Profile | None = None

    def start(self) -> Sampling:
        self._home = threading.get_ident()
        self._began = time.monotonic_ns()
        self._started_at = time.time_ns()
        self._process = time.process_time_ns()
        for thread in threading.enumerate():
            if thread.ident and thread.native_id:
                self._last[thread.ident] = (thread.native_id, _cpu(thread.native_id), self._began)
                self._names[thread.ident] = (thread.name, thread.ident == self._home)
        self._wake.acquire()
        self._thread = threading.Thread(target=self._run, name="openprofiling-sampler", daemon=True)
        self._thread.start()
        return self

    def _run(self) -> None:
        while not self._wake.acquire(timeout=1 / self._rate):
            self._tick()

    def _tick(self) -> None:
        now = time.monotonic_ns()
        self._ticks += 1
        me = threading.get_ident()
        frames = sys._current_frames()  # noqa: SLF001
        for ident, frame in frames.items():
            if ident == me or ident in self._hidden:
                continue
            thread = threading._active.get(ident)  # type: ignore[attr-defined]  # noqa: SLF001
            tid = thread._native_id if thread else 0
            old = self._last.get(ident)
            if old is None or old[0] != tid:
                self._names[ident] = (thread.name if thread else f"thread {ident}", True)
                old = (tid, 0, now)
            cpu = _cpu(tid)
            stack = []
            f: Any = frame
            while f is not None:
                stack.append((f.f_code, f.f_lasti))
                f = f.f_back
            self._samples.append((ident, tuple(reversed(stack)), now - self._began, cpu - old[1], now - old[2]))
            self._last[ident] = (tid, cpu, now)

    def status(self) -> Status:
        elapsed = time.monotonic_ns() - self._began
        return Status(elapsed, len(self._samples), self._ticks * 1e9 / max(elapsed, 1), self._rate, 0)

    def peek(self) -> Profile:
        return self._document or self._build()

    def stop(self) -> Profile:
        if self._document is None:
            self._wake.release()
            self._thread.join()
            self._document = self._build()
        return self._document

    def _build(self) -> Profile:
        from openprofiling_ipy.model import ProfileBuilder, Thread, ValueType
        from openprofiling_ipy.model.attributes import A

        duration = time.monotonic_ns() - self._began
        kinds = ("cpu", "wall") if self._kind == "cpu" else ("wall", "cpu")
        builder = ProfileBuilder((ValueType(kinds[0], "ns"), ValueType(kinds[1], "ns"), ValueType("samples", "count")))
        label = self._scope.sources.label if self._scope.sources else lambda _: None
        sources: dict[str, str] = {}
        for ident, stack, when, cpu, wall in list(self._samples):
            files = [code.co_filename for code, _ in stack]
            cells = [label(file) for file in files]
            first = next((i for i, cell in enumerate(cells) if cell), 0 if not self._scope.sources else len(stack))
            frames = []
            for (code, lasti), file, cell in list(zip(stack, files, cells, strict=True))[first:]:
                if file.startswith(self._scope.hidden_files or ("\0",)):
                    continue
                line = next((ln for a, b, ln in code.co_lines() if a <= lasti < b and ln), code.co_firstlineno)
                if cell and self._scope.sources:
                    sources[cell] = self._scope.sources.text(file) or ""
                frames.append(
                    builder.frame(builder.function(code.co_qualname, cell or file, code.co_firstlineno), line)
                )
            name, home = self._names[ident]
            lane = builder.thread(Thread(name, "thread", home), ident)
            values = (cpu, wall, 1) if self._kind == "cpu" else (wall, cpu, 1)
            builder.sample(builder.stack(frames), lane, values, when)
        attributes: dict[str, str | int | float | bool] = {
            A.KIND: self._kind,
            A.ENGINE: "python sampler",
            A.RATE: float(self._rate),
            A.TICKS: self._ticks,
            A.CPU_TIME: time.process_time_ns() - self._process,
            A.PID: os.getpid(),
        }
        return builder.build(
            started_at=self._started_at, duration=duration, attributes=attributes, sources=sources
        )
