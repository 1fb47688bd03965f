"""Where parcels wait: on disk, and where no disk takes them, in memory. What is lost is counted and said here."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.delivery.complaints import Complaints
from openprofiling_ipy.delivery.entry import DamagedEntry
from openprofiling_ipy.delivery.lane import Item
from openprofiling_ipy.delivery.memory import Memory
from openprofiling_ipy.delivery.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path
    from threading import Condition

    from openprofiling_ipy.delivery.clock import Clock
    from openprofiling_ipy.delivery.entry import Entry
    from openprofiling_ipy.delivery.limits import Limits
    from openprofiling_ipy.exporters.base import Parcel

__all__ = ["Store"]

_log = logging.getLogger("openprofiling_ipy.delivery")
#: About what an entry takes beside its data.
_HEAD: Final = 4096


class Store:
    """Safe to use from several threads; no call but those that say so is made with the delivery's condition held."""

    def __init__(self, folder: Path, limits: Limits, clock: Clock, condition: Condition) -> None:
        self.spool = Spool(folder, limits, clock)
        self.memory = Memory(limits)
        self.dropped = 0
        self.written = False  # whether the folder has ever taken anything
        self._limits = limits
        self._clock = clock
        self._condition = condition
        self._complaints = Complaints(limits.rare_wait)
        self._waiting: dict[Entry, Item] = {}

    def keep(self, item: Item, parcel: Parcel, destination: str) -> None:
        """Put a parcel on the disk, or into memory where that fails; its ticket tells."""
        if self._spooled(item, parcel, destination):
            return
        item.parcel = parcel
        with self._condition:
            lost = self.memory.add(item)
            if item not in lost:
                item.tell("in memory")
            for each in lost:
                self._lose(each, "it was too much for memory, and no disk took it")

    def rescue(self, item: Item, parcel: Parcel, destination: str) -> bool:
        """Put what waits in memory on the disk, if that works now."""
        if not self._spooled(item, parcel, destination):
            return False
        with self._condition:
            item.parcel = None
            self.memory.remove(item)
        return True

    def open(self, item: Item, destination: str) -> Parcel:
        """Return an item's parcel. Raises OSError (FileNotFoundError: it is gone) or DamagedEntry."""
        if item.parcel is not None or item.entry is None:
            if item.parcel is None:
                raise FileNotFoundError("it has been dropped")
            return item.parcel
        written_for, parcel = self.spool.read(item.entry)
        if written_for != destination:
            raise DamagedEntry("it is for another destination")
        return parcel

    def done(self, item: Item) -> None:
        """Let an item go that has been sent."""
        if item.entry is not None:
            self.spool.remove(item.entry)
        with self._condition:
            self.memory.remove(item)
            if item.entry is not None:
                self._waiting.pop(item.entry, None)
            if item.gone:  # it was dropped while it was on its way, and arrived all the same
                self.dropped -= 1

    def set_aside(self, item: Item, why: str) -> None:
        """Keep a damaged entry in the folder for whoever wants to look at it, and count it as lost."""
        if item.entry is not None:
            try:
                self.spool.set_aside(item.entry)
            except OSError as error:
                why = f"{why}, and cannot be set aside ({error.strerror})"
        self.lose([item], f"a file of the spool is damaged: {why}")

    def lose(self, items: Collection[Item], why: str) -> None:
        """Count and say what is lost."""
        with self._condition:
            for item in items:
                self.memory.remove(item)
                self._lose(item, why)

    def adopt(self, destinations: Collection[str]) -> list[tuple[str, Item]]:
        """Make room by age, and return what dead processes left, each with the digest of its destination."""
        self._make_room(0)
        taken = []
        for entry, size, _ in self.spool.adopt(destinations):
            item = Item("", size, entry)
            with self._condition:
                self._waiting[entry] = item
            taken.append((entry.destination, item))
        return taken

    def checkpoint(self, parcel: Parcel, destination: str, before: Entry | None) -> Entry | None:
        """Put what a recording has so far on the disk; None where that fails."""
        if before is None:
            self._make_room(len(parcel.data) + _HEAD)
        try:
            written = self.spool.checkpoint(parcel, destination, before)
        except OSError as error:
            self._complain("no checkpoint could be written (%s): a killed process would leave no profile", error)
            return None
        self.written = True
        return written

    def _spooled(self, item: Item, parcel: Parcel, destination: str) -> bool:
        if len(parcel.data) <= self._limits.spool_bytes:
            self._make_room(len(parcel.data) + _HEAD)
        try:
            item.entry = self.spool.put(parcel, destination)
        except OSError as error:
            self._complain("the spool cannot be written (%s): captures wait in memory, and end with the process", error)
            return False
        self.written = True
        with self._condition:
            self._waiting[item.entry] = item
            item.tell("spooled")
        return True

    def _make_room(self, size: int) -> None:
        for entry in self.spool.make_room(size):
            with self._condition:
                self._lose(self._waiting.get(entry) or Item("", 0, entry), "the spool was full, or it was too old")

    def _lose(self, item: Item, why: str) -> None:
        """With the condition held: count an item as dropped, once."""
        if item.gone:
            return
        item.gone = True
        item.tell("dropped", why)
        if item.entry is not None:
            self._waiting.pop(item.entry, None)
        self.dropped += 1
        self._condition.notify_all()
        if self._complaints.is_news(why, self._clock.now()):
            _log.warning("a capture was dropped: %s (%d so far)", why, self.dropped)

    def _complain(self, text: str, error: OSError) -> None:
        reason = error.strerror or str(error)
        if self._complaints.is_news(text, self._clock.now()):
            _log.warning(text, f"{self.spool.folder}: {reason}")
