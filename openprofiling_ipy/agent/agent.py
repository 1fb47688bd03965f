"""`ProfilingAgent`: connects triggers to profilers and their captures to exporters, in any process."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from openprofiling_ipy.agent import ending, forks, logs, options
from openprofiling_ipy.agent.control import TriggerControl
from openprofiling_ipy.agent.options import Options
from openprofiling_ipy.agent.recorder import Recorder
from openprofiling_ipy.errors import AgentError
from openprofiling_ipy.look.server import listen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from openprofiling_ipy.agent.check import Checked
    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.exporters.base import Exporter
    from openprofiling_ipy.model.profile import Attribute
    from openprofiling_ipy.profilers.base import Profiler, Scope
    from openprofiling_ipy.triggers.base import Trigger

    Destination = Exporter | str | os.PathLike[str]

__all__ = ["ProfilingAgent"]

_log = logging.getLogger(__name__)


class ProfilingAgent:
    """
    Records when a trigger asks for it, and sends captures to exporters; several agents may live in a process.

        agent = ProfilingAgent(service="shop")
        agent.register(SignalTrigger("SIGUSR2"), CpuProfiler())
        agent.start(exporter="s3://profiles/production")

    `service` and `attributes` travel with every capture. `spool` is the folder where captures wait to be sent. A
    recording ends after `max_duration` s at the latest and costs at most the share `overhead` of one core; the end of
    the process waits `grace` s at most for what is running. `scope` tells what of the process is recorded, by default
    all of it; in a notebook its user's cells.

    Wrong words raise QueryError, and what cannot be here AgentError, when they are given and at `start`. From then on
    nothing is raised into the program: what fails is logged. All methods may be called from any thread; a signal's
    trigger has to be started on the main one.
    """

    def __init__(
        self,
        *,
        service: str = "",
        attributes: Mapping[str, Attribute] | None = None,
        spool: str | os.PathLike[str] | None = None,
        max_duration: float = 600.0,
        overhead: float = 0.05,
        grace: float = 5.0,
        scope: Callable[[], Scope] | None = None,
    ) -> None:
        given = {} if attributes is None else attributes
        self._options = Options(service, given, spool, max_duration, overhead, grace, scope)
        self._registered: list[tuple[Trigger, Profiler]] = []
        self._listeners: tuple[list[Callable[[Capture], object]], list[Callable[[Capture], object]]] = ([], [])
        self._lock = threading.RLock()
        self._recorder: Recorder | None = None
        self._armed: list[Trigger] = []
        self._exporters: list[Exporter] = []
        self._made: list[Exporter] = []
        self._destinations: Any = None
        self._restore_level = logs.at_level(None)
        self._unlook: Callable[[], None] = lambda: None
        self._parent = 0  # the process that this one was forked from, while started in that one only
        forks.know(self)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> ProfilingAgent:
        """
        Return an agent as the environment says, not yet started. Raises QueryError or AgentError for wrong words.

        OPENPROFILING_TRIGGER: "SIGUSR2" (by default), "SIGUSR1/SIGUSR2" (start and stop), "http", "http:8080"; several
        with commas. _PROFILER: "cpu" (by default), "cpu:rate=50", "cpu,wall". _EXPORT: folders or addresses, with
        commas. _SERVICE: the service's name. _SPOOL: the folder where captures wait to be sent. _TOKEN:
        what "http" asks for, by default a random one; needed for "http://0.0.0.0:8080".
        """
        from openprofiling_ipy.agent import environment

        found = environment.read(environ)
        agent = cls(service=found.service, spool=found.spool)
        agent._destinations = found.destinations or None
        for trigger in found.triggers:
            for profiler in found.profilers:
                agent.register(trigger, profiler)
        return agent

    @property
    def started(self) -> bool:
        """Whether it listens, in this process: after a fork the child's does not, see `rearm`."""
        return self._recorder is not None and not self._parent

    def register(self, trigger: Trigger, profiler: Profiler) -> ProfilingAgent:
        """
        Let a trigger drive a profiler; in any combination. Returns the agent.

        Raises AgentError once it is started, or where the trigger, or another one of the same signal, has a profiler of
        this kind; InvalidOption for what is no trigger or no profiler.
        """
        options.check_pair(trigger, profiler)
        with self._lock:
            if self._recorder is not None:
                raise AgentError("the agent is started: stop it before you register more")
            options.check_beside(self._registered, trigger, profiler)
            self._registered.append((trigger, profiler))
        return self

    def subscribe(
        self,
        on_start: Callable[[Capture], object] | None = None,
        on_end: Callable[[Capture], object] | None = None,
    ) -> Callable[[], None]:
        """
        Call these with the capture of every recording that begins or ends, also one that fails, on the agent's thread.

        Returns what ends that.
        """
        pairs = [(known, given) for known, given in zip(self._listeners, (on_start, on_end), strict=True) if given]
        for known, given in pairs:
            known.append(given)

        def end() -> None:
            for known, given in pairs:
                if given in known:
                    known.remove(given)

        return end

    def start(
        self,
        exporter: Destination | Iterable[Destination] | None = None,
        log_level: int | str | None = None,
    ) -> ProfilingAgent:
        """
        Arm the triggers; captures go to one exporter, folder or address or to several. Returns the agent.

        An exporter without a format writes pprof. By default they go where the environment said (`from_env`), else to
        files in the temporary folder. Raises AgentError where it is started already or a trigger cannot be armed,
        QueryError for what is no destination, and MissingDependency; then nothing has changed.
        """
        with self._lock:
            if self._recorder is not None:
                raise AgentError("the agent is started already")
            self._exporters, self._made = options.exporters(self._destinations if exporter is None else exporter)
            self._restore_level = logs.at_level(log_level)
            recorder = Recorder(self._options, self._exporters)
            self._parent = 0
            try:
                self._begin(recorder)
            except BaseException:
                self._end(recorder, 1.0)
                raise
        return self

    def stop(self, timeout: float | None = None) -> None:
        """
        End what runs, send it, and put back what was there before; within `timeout` s, by default `grace`.

        What cannot be sent in that time waits in the spool for the next process; ending a recording and writing it
        there takes as long as it takes. Again, it does nothing.
        """
        with self._lock:
            if self._recorder is None:
                return
            try:
                self._end(self._recorder, self._options.wait(timeout))
            except Exception:  # noqa: BLE001  # the program goes on
                _log.exception("the agent could not end in good order")

    def rearm(self) -> ProfilingAgent:
        """
        Start in a forked child what was started in its parent, with the same exporters. Returns the agent.

        Where it is started already, or never was, it does nothing. Raises AgentError where a trigger cannot be armed.
        """
        with self._lock:
            if self._parent:
                made = self._made
                self._disarm()
                self._recorder = None
                self.start(self._exporters)
                self._made = made
        return self

    def check(self) -> tuple[Checked, ...]:
        """
        Send a tiny capture to each exporter now and return what became of it, so that a missing permission is known.

        Nothing an exporter does is raised; failures are logged too. Raises AgentError where the agent is not started.
        """
        if not self.started:
            raise AgentError("the agent is not started: there is nowhere to send to")
        from openprofiling_ipy.agent import check

        # Not on the agent's thread: what a trigger asks for meanwhile shall not wait for a destination.
        return check.send(self._exporters, self._options)

    def status(self) -> dict[str, Any]:
        """Return what it does now: plain values that JSON can hold, no credentials."""
        from openprofiling_ipy.agent import report

        return report.status(self._options, self._registered, self._recorder if self.started else None, self._parent)

    def __enter__(self) -> Self:
        if not self.started:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        pairs = ", ".join(f"{trigger.name}: {profiler.name}" for trigger, profiler in self._registered)
        return f"<ProfilingAgent {'started' if self.started else 'not started'}, {pairs or 'nothing registered'}>"

    def _begin(self, recorder: Recorder) -> None:
        recorder.on_start, recorder.on_end = self._listeners
        recorder.begin()
        controls: dict[int, tuple[Trigger, TriggerControl]] = {}
        for trigger, profiler in self._registered:
            _, control = controls.setdefault(id(trigger), (trigger, TriggerControl(self, recorder, trigger.name)))
            control.profilers[profiler.name] = profiler
        self._recorder = recorder
        for trigger, control in controls.values():
            trigger.arm(control)
            self._armed.append(trigger)
        ending.add(self)
        self._unlook = listen()
        _log.info("agent started in process %d, triggers: %s", os.getpid(), [trigger.name for trigger in self._armed])

    def _end(self, recorder: Recorder, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        ending.discard(self)
        self._unlook()
        self._disarm()
        if not self._parent:
            recorder.end(max(0.0, deadline - time.monotonic()))
            for exporter in self._made:
                try:
                    exporter.close()
                except Exception:  # noqa: BLE001  # the program goes on
                    _log.exception("%s could not be closed", exporter.name)
        self._recorder = None
        self._parent = 0
        self._restore_level()

    def _disarm(self) -> None:
        for trigger in reversed(self._armed):
            try:
                trigger.disarm()
            except Exception:  # noqa: BLE001  # the others are disarmed all the same
                _log.exception("%s could not be disarmed", trigger.name)
        self._armed.clear()

    # What happens to the process.

    def finish(self, flush: float) -> tuple[threading.Event, threading.Event] | None:
        """
        End what runs because the process ends, and try to deliver it for `flush` s, in the background.

        Return events: all is accepted by the delivery; the try is over. None where there is nothing to wait for.
        """
        return self._recorder.finish("interrupted", flush) if self._recorder is not None and self.started else None

    def forget_tokens(self) -> None:
        """Take away the files that are of use only as long as the process lives."""
        for trigger in self._armed:
            if hasattr(trigger, "forget_token"):
                trigger.forget_token()

    @property
    def grace(self) -> float:
        """How long (s) the end of the process may wait."""
        return self._options.grace

    def forked(self, parent: int) -> None:
        """Be, in a forked child, an agent that was started in its parent only."""
        self._lock = threading.RLock()
        if self._recorder is not None and not self._parent:
            self._parent = parent
            self._recorder.leave()
