"""The triggers that a person armed in this kernel: each has an agent of its own, and says what to do next."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from openprofiling_ipy import session
from openprofiling_ipy.errors import AgentError, QueryError, TriggerUnavailable, choices
from openprofiling_ipy.profilers import registry as profilers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from openprofiling_ipy.agent.agent import ProfilingAgent
    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.exporters.base import Exporter
    from openprofiling_ipy.profilers.base import Profiler
    from openprofiling_ipy.triggers.base import Trigger

__all__ = ["Armed"]

_HTTP = "http"


class Armed:
    """
    The armed triggers of one shell by name. `label` tells the cell that the main thread runs, "" for none.

    What they record joins the captures; it goes elsewhere only where a destination is given. Methods raise
    OpenProfilingError.
    """

    def __init__(self, label: Callable[[], str]) -> None:
        self._label = label
        self._agents: dict[str, tuple[ProfilingAgent, list[Exporter]]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._agents)

    def signal(self, word: str, kind: str, destination: str | None) -> str:
        """Arm a signal. Returns what to do next."""
        from openprofiling_ipy.triggers.signal import SignalTrigger

        trigger = SignalTrigger(word)
        self._arm(trigger, [session.profiler(kind)], destination)
        least = trigger.name.removeprefix("SIG")
        return (
            f"Armed: kill -{least} {os.getpid()} starts, again stops. {_where(destination)}\n"
            f"It takes effect when the main thread next runs Python; a forgotten recording ends after 10 minutes. "
            f"%oprof disarm {trigger.name} takes it back."
        )

    def http(self, port: int, destination: str | None) -> str:
        """Arm a server on this machine for every kind there is. Returns what to do next, without the token."""
        from openprofiling_ipy.triggers.http import HttpTrigger

        # Logs of a kernel can end up in its notebook.
        trigger = HttpTrigger(port=port, log_token=False)
        self._arm(trigger, [session.profiler(kind) for kind in profilers.names()], destination)
        if trigger.token_file is None:
            self.disarm(_HTTP)
            reason = "its token cannot be written to the temporary folder, and stands nowhere else"
            raise TriggerUnavailable(_HTTP, reason, "let TMPDIR name a folder that can be written, and restart")
        secret = f"$(grep -oE '[0-9a-f]{{40,}}' {trigger.token_file})"
        return (
            f"Armed: {trigger.url}, the token is in {trigger.token_file}, which only you can read.\n"
            f'curl -X POST -H "Authorization: Bearer {secret}" {trigger.url}/toggle starts, again stops. '
            f"{_where(destination)}\n"
            f'go tool pprof "{trigger.url}/debug/pprof/profile?seconds=5&token={secret}" takes one from outside. '
            f"%oprof disarm http takes it back."
        )

    def standing(self) -> list[str]:
        """Return a line for each armed trigger; who stands in the place of one is said."""
        lines = []
        for name, (agent, _) in self._agents.items():
            told = agent.status()
            instead = next((t["replaced_by"] for t in told["triggers"] if "replaced_by" in t), "")
            lost = f", but is handled by {instead} now: %oprof disarm {name}, then arm it again" if instead else ""
            lines.append(f"armed: {name} records {', '.join(told['profilers'])}{lost}")
        return lines

    def disarm(self, name: str = "") -> list[str]:
        """Disarm one trigger, or all; return their names. What they record ends and goes where it should."""
        known = {armed.casefold(): armed for armed in self._agents}
        wanted = name.casefold()
        found = known.get(wanted) or known.get(f"sig{wanted}")
        if name and found is None:
            raise QueryError(f"{name} is not armed: {choices(name, self._agents)}")
        gone = [found] if found else list(self._agents)
        for one in gone:
            agent, exporters = self._agents.pop(one)
            agent.stop()
            for exporter in exporters:
                exporter.close()
        return gone

    def _arm(self, trigger: Trigger, given: Iterable[Profiler], destination: str | None) -> None:
        from openprofiling_ipy.agent.agent import ProfilingAgent

        if trigger.name in self._agents:
            raise QueryError(f"{trigger.name} is armed already: %oprof disarm {trigger.name} first")
        if threading.current_thread() is not threading.main_thread():
            raise AgentError("a trigger is armed in a cell of the main shell")
        exporters = [] if destination is None else [_exporter(destination)]
        agent = ProfilingAgent()
        for profiler in given:
            agent.register(trigger, profiler)
        agent.subscribe(on_start=self._name)
        agent.start(exporter=exporters)
        self._agents[trigger.name] = agent, exporters

    def _name(self, capture: Capture) -> None:
        """Call a capture by the cell that runs, where one does."""
        capture.label = self._label() or capture.label


def _exporter(destination: str) -> Exporter:
    from openprofiling_ipy.exporters import registry
    from openprofiling_ipy.formats import registry as formats

    registry.check(destination)
    return registry.exporter(destination, formats.for_path("", None).name)


def _where(destination: str | None) -> str:
    return "Captures: %oprof list." if destination is None else f"Captures go to {destination} as well."
