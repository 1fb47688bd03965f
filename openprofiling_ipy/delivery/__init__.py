"""Captures on their way: kept on disk until they have arrived, whatever happens to the process or the destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openprofiling_ipy.delivery.folder import default_folder
    from openprofiling_ipy.delivery.keeper import Keeper
    from openprofiling_ipy.delivery.limits import Limits
    from openprofiling_ipy.delivery.queue import Delivery
    from openprofiling_ipy.delivery.recovery import Recovered, recovered
    from openprofiling_ipy.delivery.status import LaneStatus, Status
    from openprofiling_ipy.delivery.ticket import Ticket

__all__ = ["Delivery", "Keeper", "LaneStatus", "Limits", "Recovered", "Status", "Ticket", "default_folder", "recovered"]

_HOME = {
    "Delivery": "queue",
    "Keeper": "keeper",
    "LaneStatus": "status",
    "Limits": "limits",
    "Recovered": "recovery",
    "Status": "status",
    "Ticket": "ticket",
    "default_folder": "folder",
    "recovered": "recovery",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOME:
        # An idle agent needs none of it.
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
