"""What makes an agent start and stop recordings. The classes are given by name, loaded when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openprofiling_ipy.triggers.base import Control, Trigger
    from openprofiling_ipy.triggers.http import HttpTrigger
    from openprofiling_ipy.triggers.signal import SignalTrigger

__all__ = ["Control", "HttpTrigger", "SignalTrigger", "Trigger"]

_HOME = {"Control": "base", "HttpTrigger": "http", "SignalTrigger": "signal", "Trigger": "base"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
