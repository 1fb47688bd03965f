"""Profilers as an agent runs them: with what a request asks for, within the agent's scope and budget."""

from __future__ import annotations

import dataclasses
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from openprofiling_ipy.errors import InvalidOption, choices
from openprofiling_ipy.profilers.base import Scope

if TYPE_CHECKING:
    from openprofiling_ipy.agent.options import Options
    from openprofiling_ipy.profilers.base import Profiler

__all__ = ["as_here", "with_options"]


def with_options(profiler: Profiler, options: dict[str, Any]) -> Profiler:
    """Return the profiler with other options. Raises InvalidOption for one that it does not have."""
    known = _fields(profiler) - {"scope", "budget"}
    for name, value in options.items():
        if name not in known:
            raise InvalidOption(name, value, f"{profiler.name} does not have it: {choices(name, sorted(known))}")
    return dataclasses.replace(profiler, **options) if options else profiler  # type: ignore[type-var]


def as_here(profiler: Profiler, options: Options) -> Profiler:
    """Give a profiler the scope and the budget of an agent, as far as it has such options and did not choose."""
    known = _fields(profiler)
    given: dict[str, Any] = {}
    if "scope" in known and getattr(profiler, "scope", None) == Scope():
        # The thread that starts it is the agent's own.
        home = threading.main_thread().ident or 0
        given["scope"] = dataclasses.replace((options.scope or _scope)(), everyone=True, home=home)
    if "budget" in known and getattr(profiler, "budget", None) is None:
        given["budget"] = options.overhead
    return dataclasses.replace(profiler, **given) if given else profiler  # type: ignore[type-var]


def _fields(profiler: object) -> set[str]:
    return {field.name for field in dataclasses.fields(profiler)} if dataclasses.is_dataclass(profiler) else set()


def _scope() -> Scope:
    """Return what an agent records: in a notebook its user's cells and threads, elsewhere the whole process."""
    if "IPython" in sys.modules:
        from openprofiling_ipy.cells import sources

        return sources.scope()
    return Scope(hidden_files=(_FOLDER, "<frozen runpy>"))


_FOLDER: Final = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")  # noqa: PTH118, PTH120  # light
