"""What makes an agent start and stop recordings. The classes are given by name, loaded when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openprofiling_ipy import lazy

if TYPE_CHECKING:
    from openprofiling_ipy.triggers.base import Control, Trigger
    from openprofiling_ipy.triggers.http import HttpTrigger
    from openprofiling_ipy.triggers.signal import SignalTrigger

__all__ = ["Control", "HttpTrigger", "SignalTrigger", "Trigger"]

__getattr__, __dir__ = lazy.names(
    __name__, {"Control": "base", "HttpTrigger": "http", "SignalTrigger": "signal", "Trigger": "base"}
)
