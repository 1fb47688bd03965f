"""What an agent is made with, checked where it is written."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from openprofiling_ipy.errors import InvalidOption, choices

if TYPE_CHECKING:
    from openprofiling_ipy.exporters.base import Exporter
    from openprofiling_ipy.model.profile import Attribute
    from openprofiling_ipy.profilers.base import Profiler, Scope

__all__ = ["Options", "exporters", "fields", "with_options"]

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
        _positive("max_duration", self.max_duration, "give seconds, such as 600")
        _positive("grace", self.grace, "give seconds, such as 5")
        _positive("overhead", self.overhead, "give a share of one core, such as 0.05")
        if self.overhead > 1:
            raise InvalidOption("overhead", self.overhead, "give a share of one core, such as 0.05")
        if not isinstance(self.service, str):
            raise InvalidOption("service", self.service, "give the service's name")
        for name, value in self.attributes.items():
            if not isinstance(name, str) or not isinstance(value, str | int | float | bool):
                raise InvalidOption("attributes", {name: value}, "give names with texts, numbers or booleans")


def _positive(option: str, value: object, remedy: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise InvalidOption(option, value, remedy)


def exporters(given: object) -> tuple[list[Exporter], list[Exporter]]:
    """
    Return the exporters that are meant, and those of them that were made here. One without a format gets pprof.

    None is a folder: the default one. Raises QueryError for what is no destination, and MissingDependency.
    """
    from openprofiling_ipy.exporters.file import FileExporter

    usual = FileExporter() if given is None else None
    given = usual or given
    single = isinstance(given, str | os.PathLike) or hasattr(given, "send")
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
        elif hasattr(one, "send"):
            found.append(one)
        else:
            raise InvalidOption("exporter", one, "give an exporter, a folder or an address")
    for exporter in found:
        exporter.format = exporter.format or _FORMAT
    return found, made


def fields(profiler: object) -> set[str]:
    """Return the names of a profiler's options."""
    return {field.name for field in dataclasses.fields(profiler)} if dataclasses.is_dataclass(profiler) else set()


def with_options(profiler: Profiler, options: dict[str, Any]) -> Profiler:
    """Return the profiler with other options. Raises InvalidOption for one that it does not have."""
    known = fields(profiler) - {"scope", "budget"}
    for name, value in options.items():
        if name not in known:
            raise InvalidOption(name, value, f"{profiler.name} does not have it: {choices(name, sorted(known))}")
    return dataclasses.replace(profiler, **options) if options else profiler  # type: ignore[type-var]
