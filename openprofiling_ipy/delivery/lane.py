"""The queue to one exporter: what waits, and when it is tried again. No threads, no disk, no clock of its own."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random
    from threading import Thread

    from openprofiling_ipy.delivery.complaints import Complaints
    from openprofiling_ipy.delivery.entry import Entry
    from openprofiling_ipy.delivery.limits import Limits
    from openprofiling_ipy.delivery.ticket import Fate, Ticket
    from openprofiling_ipy.exporters.base import Exporter, Parcel, Progress

__all__ = ["Item", "Lane"]


@dataclass(eq=False, slots=True)
class Item:
    """
    One parcel on its way: an `entry` of the spool, or the `parcel` itself where no disk holds it.

    `lane` is the label of its lane, by which its ticket tells destinations apart; `size` in bytes.
    """

    lane: str
    size: int
    entry: Entry | None = None
    parcel: Parcel | None = None
    ticket: Ticket | None = None
    progress: Progress | None = None
    failures: int = 0
    refused: bool = False
    gone: bool = False

    def tell(self, fate: Fate, error: str = "") -> None:
        """Let the ticket know; what has been sent or dropped is not waiting again."""
        ticket = self.ticket
        if ticket is None or (ticket.fates.get(self.lane) in ("sent", "dropped") and fate != "sent"):
            return
        ticket.fates[self.lane] = fate
        if error:
            ticket.errors[self.lane] = error


@dataclass(eq=False, slots=True)
class Lane:
    """
    What waits for one exporter. Whoever calls it holds the delivery's condition.

    A failure that may pass holds up the whole lane, longer each time, and its item besides, so that one which fails
    alone lets others by. A refused item waits long and holds up nobody.
    """

    exporter: Exporter
    destination: str
    format: str | None
    limits: Limits
    chance: Random
    complaints: Complaints
    sent: int = 0
    failures: int = 0  # in a row
    error: str = ""
    opens: float = 0.0  # no try before this time
    thread: Thread | None = None
    busy: Item | None = None
    _heap: list[tuple[float, int, Item]] = field(default_factory=list)
    _count: Iterator[int] = field(default_factory=itertools.count)

    @property
    def label(self) -> str:
        """What tickets and the log call it: two formats for one place are two lanes."""
        return self.destination if self.format is None else f"{self.destination} ({self.format})"

    def add(self, item: Item, due: float = 0.0) -> None:
        heapq.heappush(self._heap, (due, next(self._count), item))

    def items(self) -> list[Item]:
        """Return all that waits, with the one that is just being sent."""
        waiting = [item for _, _, item in self._heap if not item.gone]
        return waiting if self.busy is None or self.busy.gone else [self.busy, *waiting]

    def take(self, now: float) -> Item | None:
        """Return what is to be sent now, the first that is due; it is this lane's busy one."""
        if self.busy is not None or self.wait(now) != 0:
            return None
        self.busy = heapq.heappop(self._heap)[2]
        return self.busy

    def wait(self, now: float) -> float | None:
        """Return in how many seconds something is to be sent, None where nothing waits."""
        while self._heap and self._heap[0][2].gone:
            heapq.heappop(self._heap)
        if not self._heap:
            return None
        return max(0.0, self._heap[0][0] - now, self.opens - now)

    def hurry(self) -> None:
        """Try everything at once that waits for a later time."""
        self.opens = 0.0
        self._heap = [(0.0, number, item) for _, number, item in sorted(self._heap)]
        for _, _, item in self._heap:
            item.refused = False

    def succeeded(self) -> None:
        self.busy = None
        self.sent += 1
        self.failures = 0
        self.error = ""

    def failed(self, item: Item, error: str, now: float) -> None:
        """Put an item back that may succeed later."""
        self.busy, self.error = None, error
        self.failures += 1
        item.failures += 1
        self.opens = now + self.limits.wait(self.failures, self.chance)
        self.add(item, now + self.limits.wait(item.failures, self.chance))

    def refuse(self, item: Item, error: str, now: float) -> None:
        """Put an item back that will fail until somebody changes something."""
        self.busy, self.error = None, error
        item.failures += 1
        item.refused = True
        self.add(item, now + self.limits.rarely(self.chance))

    def discard(self) -> None:
        """Forget the busy item: it is not there any more."""
        self.busy = None
