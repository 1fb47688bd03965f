"""The seam between an agent and what makes it start and stop recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import threading

    from openprofiling_ipy.capture import Capture

__all__ = ["Control", "Trigger"]


class Control(Protocol):
    """
    What a trigger may do: drive the profilers that were registered with it.

    Calls may be made from any thread, never from a signal handler; they return when the thing is done. `kind` is one of
    `kinds`, by default all of them. All raise AgentError (AlreadyRunning, NotRunning, ProfilerUnavailable) and
    QueryError (a kind or an option that means nothing here). `facts` are attributes that travel with the captures,
    `duration` (s) is after how long a recording ends by itself, at most what the agent allows.
    """

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that this trigger can record."""
        ...

    def start(
        self,
        kind: str | None = None,
        *,
        facts: dict[str, Any] | None = None,
        duration: float | None = None,
        **options: Any,
    ) -> list[Capture]:
        """Begin recordings and return them, still running. `options` replace those of the registered profiler."""
        ...

    def stop(self, kind: str | None = None) -> list[Capture]:
        """End recordings, whoever began them through this agent; they are on their way to the exporters on return."""
        ...

    def toggle(self, *, facts: dict[str, Any] | None = None, duration: float | None = None) -> list[Capture]:
        """End what runs of `kinds`; where nothing does, begin all of them."""
        ...

    def status(self) -> dict[str, Any]:
        """Return what the agent tells of itself: plain values that JSON can hold, no credentials."""
        ...

    def collect(
        self,
        kind: str,
        seconds: float,
        format: str,  # noqa: A002
        *,
        gone: threading.Event | None = None,
        **options: Any,
    ) -> bytes:
        """
        Record for so long and return the document in that format. It goes to no exporter.

        It ends early, with what it has, once `gone` is set: nobody waits for it any more.
        """
        ...


class Trigger(Protocol):
    """Something that happens to a process and makes an agent record."""

    @property
    def name(self) -> str:
        """What people call it: "SIGUSR2", "http"."""
        ...

    def arm(self, control: Control, /) -> None:
        """Begin to listen. Raises AgentError where it cannot, and leaves nothing behind then."""
        ...

    def disarm(self) -> None:
        """Stop listening and put back what was there before; again, it does nothing."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return what is worth knowing of it now, for `status`: its name and state, no credentials."""
        ...
