"""The numbers of a delivery at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openprofiling_ipy.delivery.lane import Lane

__all__ = ["LaneStatus", "Status", "lane_status"]


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """One destination: `failures` in a row, `next_try` in seconds from now (-1 where nothing waits)."""

    exporter: str
    destination: str
    waiting: int
    sent: int
    refused: int
    failures: int
    last_error: str
    next_try: float


@dataclass(frozen=True, slots=True)
class Status:
    """
    What waits and what became of the rest.

    `failed` were refused by their destination: they are kept, and tried again rarely. `dropped` are lost to a limit, a
    damaged file or the end of a process without a disk; `in_memory` of the waiting ones would be. `spool_bytes` is what
    the folder holds, of all processes. `folder` is "" where nothing could be written so far.
    """

    waiting: int
    sent: int
    failed: int
    dropped: int
    in_memory: int
    folder: str
    spool_bytes: int
    lanes: tuple[LaneStatus, ...]


def lane_status(lane: Lane, now: float) -> LaneStatus:
    items = lane.items()
    wait = 0.0 if lane.busy else lane.wait(now)
    return LaneStatus(
        exporter=lane.exporter.name,
        destination=lane.label,
        waiting=sum(not item.refused for item in items),
        sent=lane.sent,
        refused=sum(item.refused for item in items),
        failures=lane.failures,
        last_error=lane.error,
        next_try=-1.0 if wait is None else wait,
    )
