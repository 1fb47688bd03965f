"""What an agent does on its own thread: begin recordings within its guards, end them, hand them on, tell listeners."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from openprofiling_ipy import ledger
from openprofiling_ipy.agent import ending
from openprofiling_ipy.agent.profilers import as_here, with_options
from openprofiling_ipy.agent.runs import Runs
from openprofiling_ipy.agent.worker import Worker
from openprofiling_ipy.errors import AgentError, AlreadyRunning, InvalidOption, NotRunning, ProfilerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from openprofiling_ipy.agent.options import Options
    from openprofiling_ipy.agent.runs import Run
    from openprofiling_ipy.capture import Capture, Status
    from openprofiling_ipy.delivery.queue import Delivery
    from openprofiling_ipy.exporters.base import Exporter
    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.profilers.base import Profiler

__all__ = ["Recorder"]

_log = logging.getLogger(__name__)

#: So many captures are remembered for the status, without their documents.
_REMEMBERED: Final = 20
#: So long (s) the end of recordings is waited for, where less was given.
_ENDING: Final = 30.0


class Recorder:
    """All recordings of an agent that has been started. Public methods may be called from any thread."""

    def __init__(self, options: Options, exporters: Sequence[Exporter]) -> None:
        self.recent: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)
        self.counts = {"begun": 0, "ended": 0, "failed": 0}
        self.on_start: list[Callable[[Capture], object]] = []
        self.on_end: list[Callable[[Capture], object]] = []
        self._options = options
        self._exporters = exporters
        self._runs = Runs(self._ended, self._checkpoint)
        self._worker = Worker(self._runs.due)
        self._forget: Callable[[], None] = lambda: None
        #: Called whenever a capture is on its way.
        self._handed_on: Callable[[], object] = lambda: None

    def begin(self) -> None:
        """Start the agent's thread. Raises AgentError where the system gives none."""
        try:
            self._worker.start()
        except RuntimeError as error:
            raise AgentError(f"the agent cannot start: {error}; end some threads") from error
        self._forget = ledger.subscribe(self)

        if self._left_behind():
            self._worker.post(lambda: self.delivery)

    @cached_property
    def delivery(self) -> Delivery:
        """What takes the captures: made for the first of them, or where dead processes have left some."""
        # It registers what is refused once the interpreter ends, and clouds' clients, which may load then, need it.
        import concurrent.futures.thread  # noqa: F401

        from openprofiling_ipy.delivery.queue import Delivery

        ending.precede()
        return Delivery(self._exporters, spool=self._options.spool)

    def _checkpoint(self, capture: Capture) -> bool:
        return self.delivery.checkpoint(capture)

    def _left_behind(self) -> bool:
        """Tell whether anything may wait in the spool."""
        from openprofiling_ipy.delivery.folder import default_folder

        spool = default_folder() if self._options.spool is None else self._options.spool
        try:
            with os.scandir(spool) as found:
                return any(found)
        except OSError:
            return False

    # A listener of the ledger: what somebody else ends, a notebook's user, is still this agent's to send.

    def begun(self, capture: Capture) -> None:
        """Hear of a recording that has begun."""

    def ended(self, capture: Capture, _document: Profile | None) -> None:
        """Hear of a recording that has ended."""
        run = self._runs.by_kind.get(capture.kind)
        if run is not None and run.capture is capture:
            self._worker.post(self._runs.due)

    @property
    def running(self) -> list[Run]:
        return list(self._runs.by_kind.values())

    def start(
        self, profilers: Mapping[str, Profiler], facts: dict[str, Any], duration: float | None, options: dict[str, Any]
    ) -> list[Capture]:
        """Begin a recording with each. Raises what the first of them raised if none has begun."""
        return self._worker.call(lambda: self._start(profilers, facts, duration, options))

    def stop(self, kinds: tuple[str, ...], status: Status = "done") -> list[Capture]:
        """End those of these kinds that run. Raises NotRunning where none does."""
        return self._worker.call(lambda: self._stop(kinds, status))

    def toggle(self, profilers: Mapping[str, Profiler], facts: dict[str, Any], duration: float | None) -> list[Capture]:
        def act() -> list[Capture]:
            if any(kind in self._runs.by_kind for kind in profilers):
                return self._stop(tuple(profilers), "done")
            return self._start(profilers, facts, duration, {})

        return self._worker.call(act)

    def collect(
        self,
        profiler: Profiler,
        seconds: float,
        facts: dict[str, Any],
        options: dict[str, Any],
        gone: threading.Event | None,
    ) -> Capture:
        """Record for so long and return the finished capture, which goes to no exporter."""
        if not 0 < seconds <= self._options.max_duration:
            raise InvalidOption("seconds", seconds, f"give up to {self._options.max_duration:g} seconds")
        run = self._worker.call(lambda: self._begin(profiler, facts, seconds, options, exported=False))
        while not run.done.wait(0.1):
            if gone is not None and gone.is_set():
                self._worker.call(lambda: self._end(run))
            if not self._worker.alive:
                raise NotRunning("the agent has been stopped")
        return run.capture

    def finish(self, status: Status, flush: float) -> tuple[threading.Event, threading.Event] | None:
        """
        End all recordings and try to deliver them for `flush` s, in the background; also from a signal handler.

        Return two events: all are accepted by the delivery; and the try is over. None where nobody would do it.
        """
        if not self._worker.alive:
            return None
        accepted, over = threading.Event(), threading.Event()

        def act() -> None:
            self._handed_on = lambda: None if self._runs.by_kind else accepted.set()
            try:
                self._stop_all(status)
            finally:
                accepted.set()
            try:
                if "delivery" in vars(self):
                    self.delivery.flush(flush)
            finally:
                over.set()

        self._worker.post(act)
        return accepted, over

    def end(self, timeout: float) -> None:
        """
        End all recordings, deliver what can be in so many seconds, and end the thread. Again: nothing.

        Recordings end, however short the time: what is not handed on is lost.
        """
        deadline = time.monotonic() + timeout
        self._forget()
        if self._worker.alive:
            try:
                self._worker.call(lambda: self._stop_all("done"), max(timeout, _ENDING))
            except AgentError as error:
                _log.warning("recordings could not be ended: %s", error)
            self._worker.end(max(0.1, deadline - time.monotonic()))
        if "delivery" in vars(self):
            self.delivery.close(max(0.0, deadline - time.monotonic()))

    def leave(self) -> None:
        """In a forked child: what runs is the parent's."""
        self._forget()
        self._runs.by_kind.clear()

    def _start(
        self, profilers: Mapping[str, Profiler], facts: dict[str, Any], duration: float | None, options: dict[str, Any]
    ) -> list[Capture]:
        begun: list[Capture] = []
        first: Exception | None = None
        for profiler in profilers.values():
            try:
                begun.append(self._begin(profiler, facts, duration, options, exported=True).capture)
            except Exception as error:  # noqa: BLE001  # a profiler's own; the others may well run
                first = first or error
                if begun:
                    _log.warning("%s", error)
        if first is not None and not begun:
            raise first
        return begun

    def _begin(
        self,
        profiler: Profiler,
        facts: dict[str, Any],
        duration: float | None,
        options: dict[str, Any],
        *,
        exported: bool,
    ) -> Run:
        self._runs.due()
        # It must be there before the process ends: it has a part in that, and newer Pythons start no thread then.
        _ = self.delivery
        given = self._options
        most = min(given.max_duration, duration or given.max_duration)
        prepared = as_here(with_options(profiler, options), given)
        told = {"service": given.service, **given.attributes, **facts}
        told = {key: value for key, value in told.items() if value != ""}
        try:
            run = self._runs.begin(prepared, told, most, exported=exported)
        except AlreadyRunning:
            raise
        except Exception as error:
            capture = ledger.failed(profiler.name, str(error), label=f"pid {os.getpid()}", attributes=told)
            _log.warning("%s could not begin: %s", profiler.name, error)
            self._note(capture, str(error))
            self._tell(self.on_end, capture)
            if isinstance(error, AgentError):
                raise
            raise ProfilerUnavailable(profiler.name, f"{type(error).__name__}: {error}", "see the log") from error
        self.counts["begun"] += 1
        self._tell(self.on_start, run.capture)
        return run

    def _stop(self, kinds: tuple[str, ...], status: Status) -> list[Capture]:
        self._runs.due()
        ended = self._runs.end_all(kinds, status)
        if not ended:
            raise NotRunning(f"no {' or '.join(kinds)} recording of this agent is running")
        return ended

    def _stop_all(self, status: Status) -> None:
        self._runs.end_all(list(self._runs.by_kind), status)

    def _end(self, run: Run) -> None:
        if not run.done.is_set():
            self._runs.end(run.capture.kind)

    def _ended(self, run: Run) -> None:
        """Send a capture on its way, whatever its listeners do."""
        capture = run.capture
        self.counts["failed" if capture.status == "failed" else "ended"] += 1
        self._note(capture)
        try:
            if not run.exported:
                self.delivery.forget(capture)
            elif capture.status == "failed":
                self.delivery.give_up(capture)
            else:
                self.delivery.submit(capture)
        except Exception:  # noqa: BLE001  # the next recording shall not suffer
            _log.exception("%s recording #%d could not be handed on", capture.kind, capture.number)
        self._handed_on()
        self._tell(self.on_end, capture)

    def _note(self, capture: Capture, error: str = "") -> None:
        seconds = max(0, capture.ended_at - capture.started_at) / 1e9
        told = {"kind": capture.kind, "number": capture.number, "status": capture.status, "seconds": round(seconds, 3)}
        self.recent.append({**told, "error": error} if error else told)

    def _tell(self, listeners: list[Callable[[Capture], object]], capture: Capture) -> None:
        for listener in tuple(listeners):
            try:
                listener(capture)
            except BaseException:  # noqa: BLE001  # whoever it is, also one that calls `sys.exit`: the agent goes on
                _log.exception("a listener failed")
