"""Profilers: one file a kind, found by name through `registry`. The classes are loaded when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openprofiling_ipy import lazy

if TYPE_CHECKING:
    from openprofiling_ipy.profilers.cpu import CpuProfiler
    from openprofiling_ipy.profilers.wall import WallProfiler

__all__ = ["CpuProfiler", "WallProfiler"]

__getattr__, __dir__ = lazy.names(__name__, {"CpuProfiler": "cpu", "WallProfiler": "wall"})
