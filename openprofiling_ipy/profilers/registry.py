"""The profilers by name. Outsiders add theirs through the entry point group `openprofiling_ipy.profilers`."""

from __future__ import annotations

import inspect
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.errors import InvalidOption, QueryError, choices
from openprofiling_ipy.profilers.cpu import CpuProfiler
from openprofiling_ipy.profilers.wall import WallProfiler

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.profilers.base import Profiler

__all__ = ["GROUP", "PROFILERS", "create", "names", "options"]

GROUP = "openprofiling_ipy.profilers"
PROFILERS: tuple[type[CpuProfiler | WallProfiler], ...] = (CpuProfiler, WallProfiler)


def _ours() -> dict[str, Callable[..., Profiler]]:
    return {profiler.name: profiler for profiler in PROFILERS}


def names() -> tuple[str, ...]:
    """Return the kinds that can be recorded, ours first."""
    ours = tuple(_ours())
    return ours + tuple(sorted({entry.name for entry in entry_points(group=GROUP)} - set(ours)))


def options(kind: str) -> dict[str, object]:
    """Return what can be set for a kind, with its defaults; the scope is not a user's to set. Raises QueryError."""
    factory = _ours().get(kind) or _foreign(kind)
    try:
        known = inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return {}
    return {name: known[name].default for name in known if name != "scope"}


def create(kind: str, **options: Any) -> Profiler:
    """
    Return the profiler of this kind, not started.

    Raises QueryError for an unknown kind and InvalidOption for an option it does not have or a value it cannot take.
    """
    factory = _ours().get(kind) or _foreign(kind)
    try:
        known = tuple(inspect.signature(factory).parameters)
    except (TypeError, ValueError):  # a foreign factory in C tells nothing: it has to judge by itself
        known = tuple(options)
    for option, value in options.items():
        if option not in known:
            raise InvalidOption(option, value, f"{kind} does not have it: {choices(option, known)}")
    return factory(**options)


def _foreign(kind: str) -> Callable[..., Profiler]:
    for entry in entry_points(group=GROUP):
        if entry.name == kind:
            factory: Callable[..., Profiler] = entry.load()
            return factory
    raise QueryError(f"unknown kind {kind!r}: {choices(kind, names())}")
