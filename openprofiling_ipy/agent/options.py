"""What an agent is made with, checked where it is written."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.errors import AgentError, InvalidOption

if TYPE_CHECKING:
    from openprofiling_ipy.exporters.base import Exporter
    from openprofiling_ipy.model.profile import Attribute
    from openprofiling_ipy.profilers.base import Profiler, Scope
    from openprofiling_ipy.triggers.base import Trigger

__all__ = ["Options", "check_beside", "check_pair", "exporters"]

#: What an agent writes by default: `go tool pprof` and services that keep profiles read it.
_FORMAT: Final = "pprof"


@dataclass(frozen=True)
class Options:
    """
    `max_duration` (s) is how long a recording runs at most, `overhead` the share of one core that it may cost, `grace`
    (s) how long the end of the process may wait for captures, `scope` tells what of the process is recorded.
    """

    service: str = ""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    spool: str | os.PathLike[str] | None = None
    max_duration: float = 600.0
    overhead: float = 0.05
    grace: float = 5.0
    scope: Callable[[], Scope] | None = None

    def __post_init__(self) -> None:
        if self.spool is not None:
            # Wherever the program goes, and whoever wrote it: a file of variables leaves "~" as it is.
            object.__setattr__(self, "spool", os.path.abspath(os.path.expanduser(self.spool)))  # noqa: PTH100, PTH111
        _positive("max_duration", self.max_duration, "give seconds, such as 600")
        _positive("grace", self.grace, "give seconds, such as 5")
        _positive("overhead", self.overhead, "give a share of one core, such as 0.05")
        if self.overhead > 1:
            raise InvalidOption("overhead", self.overhead, "give a share of one core, such as 0.05")
        if not isinstance(self.service, str):
            raise InvalidOption("service", self.service, "give the service's name")
        if not isinstance(self.attributes, Mapping):
            raise InvalidOption("attributes", self.attributes, "give a dict of names and values")
        object.__setattr__(self, "attributes", dict(self.attributes))
        for name, value in self.attributes.items():
            if not isinstance(name, str) or not isinstance(value, str | int | float | bool):
                raise InvalidOption("attributes", {name: value}, "give names with texts, numbers or booleans")

    def wait(self, timeout: object) -> float:
        """Return how long (s) `stop` may take: what cannot be a time gives `grace`, since nothing is raised there."""
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout != timeout:  # noqa: PLR0124  # nan
            return self.grace
        return min(max(0.0, timeout), threading.TIMEOUT_MAX / 2)


def _positive(option: str, value: object, remedy: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise InvalidOption(option, value, remedy)


def check_pair(trigger: object, profiler: object) -> None:
    """Raise InvalidOption for what is no trigger or no profiler: a class, say, or a name."""
    for option, given, method, example in (
        ("trigger", trigger, "arm", "SignalTrigger()"),
        ("profiler", profiler, "start", "CpuProfiler()"),
    ):
        if isinstance(given, type) or not callable(getattr(given, method, None)) or not hasattr(given, "name"):
            raise InvalidOption(option, given, f"give one such as {example}")


def check_beside(registered: Iterable[tuple[Trigger, Profiler]], trigger: Trigger, profiler: Profiler) -> None:
    """Raise AgentError where the trigger, or another one of the same signal, drives a profiler of this kind already."""
    for had, other in registered:
        if other.name != profiler.name:
            continue
        if had is trigger:
            raise AgentError(f"{trigger.name} has a profiler of kind {profiler.name} already: use another trigger")
        if {*getattr(had, "signals", ())} & {*getattr(trigger, "signals", ())}:
            # Each signal would begin a recording and end it at once.
            raise AgentError(f"{had.name} and {trigger.name} share a signal: take another for {profiler.name}")


def exporters(given: object) -> tuple[list[Exporter], list[Exporter]]:
    """
    Return the exporters that are meant, and those of them that were made here. One without a format gets pprof.

    None is a folder: the default one. Raises QueryError for what is no destination, and MissingDependency.
    """
    from openprofiling_ipy.exporters.file import FileExporter

    usual = FileExporter() if given is None else None
    given = usual or given
    single = isinstance(given, str | os.PathLike) or _sends(given)
    wanted = [given] if single else given
    if not isinstance(wanted, Iterable):
        raise InvalidOption("exporter", given, "give an exporter, a folder or an address, or several")
    found: list[Exporter] = []
    made: list[Exporter] = [usual] if usual else []
    for one in wanted:
        if isinstance(one, str | os.PathLike):
            from openprofiling_ipy.exporters import registry

            made.append(registry.exporter(one))
            found.append(made[-1])
        elif _sends(one):
            found.append(one)
        else:
            raise InvalidOption("exporter", one, "give an exporter, a folder or an address")
    for exporter in found:
        exporter.format = exporter.format or _FORMAT
    return found, made


def _sends(given: object) -> bool:
    return hasattr(given, "send") and not isinstance(given, type)
