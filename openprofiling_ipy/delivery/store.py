"""Where parcels wait: on disk, and where no disk takes them, in memory. What is lost is counted and said here."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.delivery.complaints import Complaints
from openprofiling_ipy.delivery.entry import DamagedEntry
from openprofiling_ipy.delivery.lane import Item
from openprofiling_ipy.delivery.memory import Memory
from openprofiling_ipy.delivery.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

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

    def __init__(self, folder: Path, limits: Limits, clock: Clock, condition: threading.Condition) -> None:
        self.spool = Spool(folder, limits, clock)
        self.memory = Memory(limits)
        self.dropped = 0
        self.written = False  # whether the folder has ever taken anything
        self._limits = limits
        self._clock = clock
        self._condition = condition
        self._complaints = Complaints(limits.rare_wait)
        self._waiting: dict[Entry, Item] = {}
        self._rescuing = threading.Lock()

    def keep(self, item: Item, parcel: Parcel, destination: str) -> None:
        """Put a parcel on the disk, or into memory where that fails; its ticket tells."""
        if self._spooled(item, parcel, destination):
            self.rescue()
            return
        item.parcel = parcel
        with self._condition:
            lost = self.memory.add(item, destination)
            if item not in lost:
                item.tell("in memory")
        self.lose(lost, "they were too much for memory, and no disk took them")

    def rescue(self) -> None:
        """Put what waits in memory on the disk, as far as that works now: memory ends with the process."""
        with self._rescuing:
            with self._condition:
                waiting = [(item, item.parcel, destination) for item, destination in self.memory.items()]
            for item, parcel, destination in waiting:
                if parcel is None or item.size > self._limits.spool_bytes:
                    continue
                if not self._spooled(item, parcel, destination):
                    return
                with self._condition:
                    item.parcel = None
                    late = item not in self.memory
                    self.memory.remove(item)
                if late:  # it arrived or was dropped while it was written
                    self._forget(item)

    def open(self, item: Item, destination: str) -> Parcel:
        """Return an item's parcel. Raises OSError (FileNotFoundError: it is gone) or DamagedEntry."""
        parcel = item.parcel
        if parcel is not None:
            return parcel
        if item.entry is None:
            raise FileNotFoundError("it has been dropped")
        written_for, parcel = self.spool.read(item.entry)
        if written_for != destination:
            raise DamagedEntry("it is for another destination")
        return parcel

    def done(self, item: Item) -> None:
        """Let an item go that has been sent."""
        self._forget(item)
        with self._condition:
            self.memory.remove(item)
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
        """Count and say what is lost, each once."""
        with self._condition:
            lost = [item for item in items if not item.gone]
            for item in lost:
                item.gone = True
                item.tell("dropped", why)
                self.memory.remove(item)
                if item.entry is not None:
                    self._waiting.pop(item.entry, None)
            self.dropped += len(lost)
            self._condition.notify_all()
            told = bool(lost) and self._complaints.is_news(why, self._clock.now())
        if told:
            _log.warning("captures were dropped: %s (%d dropped so far)", why, self.dropped)

    def adopt(self, destinations: Collection[str]) -> list[tuple[str, Item]]:
        """Make room by age, and return what dead processes left, each with the digest of its destination."""
        self._make_room(0)
        return [(each.entry.destination, self.adopted(each.entry)) for each in self.spool.adopt(destinations)]

    def adopted(self, entry: Entry) -> Item:
        """Return an item for an entry that has become this process's."""
        item = Item("", 0, entry)
        with self._condition:
            self._waiting[entry] = item
        return item

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
        dropped = self.spool.make_room(size)
        if dropped:
            with self._condition:
                items = [self._waiting.get(entry) or Item("", 0, entry) for entry in dropped]
            self.lose(items, "the spool was full, or they were too old")

    def _forget(self, item: Item) -> None:
        if item.entry is not None:
            self.spool.remove(item.entry)
            with self._condition:
                self._waiting.pop(item.entry, None)

    def _complain(self, text: str, error: OSError) -> None:
        reason = error.strerror or str(error)
        if self._complaints.is_news(text, self._clock.now()):
            _log.warning(text, f"{self.spool.folder}: {reason}")
