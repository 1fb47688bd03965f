"""Profilers: one file a kind, found by name through `registry`. The classes are loaded when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openprofiling_ipy.profilers.cpu import CpuProfiler
    from openprofiling_ipy.profilers.wall import WallProfiler

__all__ = ["CpuProfiler", "WallProfiler"]

_HOME = {"CpuProfiler": "cpu", "WallProfiler": "wall"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
