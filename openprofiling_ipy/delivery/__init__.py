"""Captures on their way: kept on disk until they have arrived, whatever happens to the process or the destination."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openprofiling_ipy import lazy

if TYPE_CHECKING:
    from openprofiling_ipy.delivery.folder import default_folder
    from openprofiling_ipy.delivery.keeper import Keeper
    from openprofiling_ipy.delivery.limits import Limits
    from openprofiling_ipy.delivery.queue import Delivery
    from openprofiling_ipy.delivery.recovery import Recovered, recovered
    from openprofiling_ipy.delivery.status import LaneStatus, Status
    from openprofiling_ipy.delivery.ticket import Ticket

__all__ = ["Delivery", "Keeper", "LaneStatus", "Limits", "Recovered", "Status", "Ticket", "default_folder", "recovered"]

__getattr__, __dir__ = lazy.names(
    __name__,
    {
        "Delivery": "queue",
        "Keeper": "keeper",
        "LaneStatus": "status",
        "Limits": "limits",
        "Recovered": "recovery",
        "Status": "status",
        "Ticket": "ticket",
        "default_folder": "folder",
        "recovered": "recovery",
    },
)
