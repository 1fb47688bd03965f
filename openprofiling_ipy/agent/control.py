"""What one trigger may do: drive the profilers that were registered with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openprofiling_ipy.errors import ProfilerUnavailable

if TYPE_CHECKING:
    import threading

    from openprofiling_ipy.agent.agent import ProfilingAgent
    from openprofiling_ipy.agent.recorder import Recorder
    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.profilers.base import Profiler

__all__ = ["TriggerControl"]


class TriggerControl:
    """Implements `triggers.base.Control` for one trigger of an agent: each call is done on the agent's thread."""

    def __init__(self, agent: ProfilingAgent, recorder: Recorder, name: str) -> None:
        self.profilers: dict[str, Profiler] = {}
        self._agent = agent
        self._recorder = recorder
        self._name = name

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self.profilers)

    def start(
        self,
        kind: str | None = None,
        *,
        facts: dict[str, Any] | None = None,
        duration: float | None = None,
        **options: Any,
    ) -> list[Capture]:
        """Begin recordings. Raises QueryError, AlreadyRunning, ProfilerUnavailable; of several, if none has begun."""
        return self._recorder.start(self._chosen(kind), self._facts(facts), duration, options)

    def stop(self, kind: str | None = None) -> list[Capture]:
        """End recordings and hand them to the exporters. Raises QueryError, or NotRunning where none runs."""
        return self._recorder.stop(tuple(self._chosen(kind)))

    def toggle(self, *, facts: dict[str, Any] | None = None, duration: float | None = None) -> list[Capture]:
        """End what runs; where nothing does, begin all."""
        return self._recorder.toggle(self.profilers, self._facts(facts), duration)

    def status(self) -> dict[str, Any]:
        return self._agent.status()

    def collect(
        self,
        kind: str,
        seconds: float,
        format: str,  # noqa: A002
        *,
        gone: threading.Event | None = None,
        **options: Any,
    ) -> bytes:
        """Record for so long, or until `gone` is set, and return the document in that format."""
        ((_, profiler),) = self._chosen(kind).items()
        capture = self._recorder.collect(profiler, seconds, self._facts(None), options, gone)
        if capture.status == "failed":
            raise ProfilerUnavailable(kind, "what it recorded became no document", "see the log")
        # Formats load numpy, 16 MB and a thread of its own: not for a request that is refused.
        from openprofiling_ipy.formats import registry

        return registry.by_name(format).dumps(capture.document)

    def _facts(self, facts: dict[str, Any] | None) -> dict[str, Any]:
        return {"trigger": self._name, **(facts or {})}

    def _chosen(self, kind: str | None) -> dict[str, Profiler]:
        from openprofiling_ipy.errors import QueryError, choices

        if kind is None:
            return self.profilers
        if kind not in self.profilers:
            raise QueryError(f"{self._name} does not record {kind!r}: {choices(kind, self.profilers)}")
        return {kind: self.profilers[kind]}
