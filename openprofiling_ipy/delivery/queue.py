"""`Delivery`: captures on their way to exporters, kept until they have arrived."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from weakref import WeakSet

from openprofiling_ipy.capture import Capture
from openprofiling_ipy.delivery.checkpoints import Checkpoints
from openprofiling_ipy.delivery.clock import MachineClock
from openprofiling_ipy.delivery.complaints import Complaints
from openprofiling_ipy.delivery.entry import describe, digest
from openprofiling_ipy.delivery.folder import default_folder
from openprofiling_ipy.delivery.lane import Item, Lane
from openprofiling_ipy.delivery.limits import Limits
from openprofiling_ipy.delivery.packing import named, packed
from openprofiling_ipy.delivery.status import Status, lane_status
from openprofiling_ipy.delivery.store import Store
from openprofiling_ipy.delivery.ticket import Ticket
from openprofiling_ipy.delivery.workers import Workers
from openprofiling_ipy.errors import NotRunning

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openprofiling_ipy.delivery.clock import Clock
    from openprofiling_ipy.exporters.base import Exporter, Parcel, Progress

__all__ = ["Delivery"]

_log = logging.getLogger("openprofiling_ipy.delivery")
_LIMITS = Limits()


class Delivery:
    """
    Takes captures, keeps each on disk before it is first sent, and sends it until it has arrived.

    `spool` is the folder, by default `default_folder()`; several processes may share one. What dead processes left
    there for one of these exporters is sent too. Safe to use from any thread, and in a forked child, which begins with
    nothing. The exporters stay their owner's, who closes them.
    """

    def __init__(
        self,
        exporters: Iterable[Exporter] = (),
        *,
        spool: str | os.PathLike[str] | None = None,
        limits: Limits = _LIMITS,
        clock: Clock | None = None,
        chance: Random | None = None,
    ) -> None:
        self._folder = default_folder() if spool is None else Path(spool)
        self._limits = limits
        self._clock = clock or MachineClock()
        self._chance = chance or Random()  # noqa: S311  # it spreads tries in time
        self._begin()
        self._add_lanes(exporters)
        _living.add(self)
        _open.add(self)
        self._look()

    def _begin(self) -> None:
        self._condition = threading.Condition()
        self._store = Store(self._folder, self._limits, self._clock, self._condition)
        self._workers = Workers(self._condition, self._clock, self._store)
        self._checkpoints = Checkpoints(self._store)
        self._lanes: dict[tuple[str, str | None], Lane] = {}
        self._looked = float("-inf")

    def submit(
        self,
        what: Capture | Parcel,
        exporters: Sequence[Exporter] | None = None,
        progress: Progress | None = None,
    ) -> Ticket:
        """
        Take a finished capture for these exporters, by default for all; it is on the disk when this returns.

        The ticket tells what became of it. Raises NotRunning where the capture has no document; nothing that a disk or
        a destination does is raised.
        """
        lanes = self._add_lanes(exporters)
        self._look()
        if isinstance(what, Capture) and what.status == "running":
            raise NotRunning("the recording is still running: stop it first")
        parcels = packed(what, [lane.format for lane in lanes])
        ticket = Ticket(named(what, parcels), self._condition, self._clock)
        kept = []
        for lane in lanes:
            parcel = parcels.get(lane.format)
            item = Item(lane.label, 0 if parcel is None else len(parcel.data), ticket=ticket, progress=progress)
            if parcel is None:
                self._store.lose([item], "its format cannot hold it")
                continue
            self._store.keep(item, parcel, lane.destination)
            kept.append((lane, item))
        # The whole is on the disk: what it had so far must never be taken for the last word.
        self._checkpoints.forget(what)
        self._enqueue(kept)
        return ticket

    def checkpoint(self, what: Capture | Parcel, exporters: Sequence[Exporter] | None = None) -> bool:
        """
        Keep what a recording under way has so far, in the place of what was kept before; False where no disk takes it.

        Should this process die, the next one with such an exporter sends it with the status "recovered"; where there
        are no exporters, `recovered` shows it. `submit` and `forget` take it away.
        """
        lanes = self._add_lanes(exporters)
        return self._checkpoints.keep(what, {(lane.destination, lane.format) for lane in lanes} or {("", None)})

    def forget(self, what: Capture | Parcel) -> None:
        """Take a checkpoint away, of a recording that has ended and goes nowhere; nothing happens without one."""
        self._checkpoints.forget(what)

    def give_up(self, what: Capture | Parcel) -> int:
        """
        Send a checkpoint as "recovered": its recording has ended, and nothing better can be made of it.

        Return how many destinations it goes to; without any, `recovered` shows it.
        """
        last = self._checkpoints.give_up(what)
        with self._condition:
            found = [(self._lanes[key], entry) for key, entry in last.items() if key in self._lanes]
        self._enqueue([(lane, self._store.adopted(entry)) for lane, entry in found])
        return len(found)

    def flush(self, timeout: float = 30.0) -> bool:
        """Try everything now and wait for it, at most so many seconds; return whether nothing is left."""
        end = self._clock.now() + timeout
        self._look()
        with self._condition:
            for lane in self._lanes.values():
                lane.hurry()
                self._workers.wake(lane)
        while self._clock.now() < end and self._flush_some(end):
            pass
        with self._condition:
            for lane in self._lanes.values():
                self._workers.wake(lane)
            return not any(lane.items() for lane in self._lanes.values())

    def close(self, timeout: float = 5.0) -> None:
        """
        Send what can be sent in so many seconds, and leave the rest in the spool for the next process.

        What waits in memory and still finds no disk is lost, counted and logged. Captures submitted later are kept in
        the spool too, and sent by the next process.
        """
        if self._workers.closed:
            return
        try:
            self.flush(timeout)
        finally:
            with self._condition:
                self._workers.closed = True
                self._condition.notify_all()
                rest = [(lane, item) for lane in self._lanes.values() for item in lane.items()]
            lost = self._leave(rest)
            _open.discard(self)
            if len(rest) > lost:
                _log.info("%d captures wait in %s for the next process", len(rest) - lost, self._folder)

    def status(self) -> Status:
        """Return the numbers of this moment."""
        with self._condition:
            now = self._clock.now()
            lanes = tuple(lane_status(lane, now) for lane in self._lanes.values())
            in_memory, dropped = len(self._store.memory), self._store.dropped
        return Status(
            waiting=sum(lane.waiting for lane in lanes),
            sent=sum(lane.sent for lane in lanes),
            failed=sum(lane.refused for lane in lanes),
            dropped=dropped,
            in_memory=in_memory,
            folder=str(self._folder) if self._store.written else "",
            spool_bytes=sum(found.size for found in self._store.spool.found()),
            lanes=lanes,
        )

    def _add_lanes(self, exporters: Iterable[Exporter] | None) -> tuple[Lane, ...]:
        """
        Return the lanes of these exporters, by default all there are.

        A newer exporter for the same destination takes the place of the older: it may have other credentials.
        """
        lanes = []
        with self._condition:
            if exporters is None:
                return tuple(self._lanes.values())
            for exporter in exporters:
                key = destination, name = describe(exporter), exporter.format
                lane = self._lanes.get(key)
                if lane is None:
                    complaints = Complaints(self._limits.rare_wait)
                    lane = self._lanes[key] = Lane(exporter, destination, name, self._limits, self._chance, complaints)
                    self._looked = float("-inf")
                elif lane.exporter is not exporter:
                    lane.exporter = exporter
                    lane.hurry()
                lanes.append(lane)
        return tuple(dict.fromkeys(lanes))

    def _look(self) -> None:
        """Take over what dead processes left for these exporters, now and then."""
        with self._condition:
            now = self._clock.now()
            if now - self._looked < self._limits.look_wait or not self._lanes or self._workers.closed:
                return
            self._looked = now
            lanes = {digest(lane.destination): lane for lane in self._lanes.values()}
        found = self._store.adopt([lane.destination for lane in lanes.values()])
        if found:
            _log.info("%d captures of processes that have ended are sent now", len(found))
            self._enqueue([(lanes[key], item) for key, item in found])

    def _enqueue(self, kept: Sequence[tuple[Lane, Item]]) -> None:
        with self._condition:
            closed = self._workers.closed
            for lane, item in () if closed else kept:
                item.lane = lane.label
                lane.add(item)
                self._workers.wake(lane)
        if closed:
            self._leave(kept)

    def _leave(self, rest: Sequence[tuple[Lane, Item]]) -> int:
        """Leave what is not sent to the next process. Return how many are lost, since no disk took them."""
        self._store.rescue()
        lost = [item for _, item in rest if item.parcel is not None]
        self._store.lose(lost, "the process ended, and no disk took what waited in memory")
        self._store.spool.release()
        return len(lost)

    def _flush_some(self, end: float) -> bool:
        """Wait for the workers or, where there can be none any more, send one item here; False where all is done."""
        with self._condition:
            now = self._clock.now()
            alone = [lane for lane in self._lanes.values() if lane.thread is None and lane.busy is None]
            lane = next((lane for lane in alone if lane.take(now) is not None), None)
            if lane is None:
                if all(item.refused for lane in self._lanes.values() for item in lane.items()):
                    return False
                waits = [wait for lane in alone if (wait := lane.wait(now)) is not None]
                self._clock.wait(self._condition, max(0.0, min([end - now, *waits])))
                return True
        self._workers.send_one(lane)
        return True

    def _after_fork(self) -> None:
        """In a child: no threads, none of the parent's captures, and a hold of its own when it needs one."""
        exporters = [lane.exporter for lane in self._lanes.values()]
        closed = self._workers.closed
        self._store.spool.after_fork()
        self._begin()
        self._workers.closed = closed
        self._add_lanes(exporters)


_living: WeakSet[Delivery] = WeakSet()
#: What was never closed is not forgotten either: the end of the process closes it.
_open: set[Delivery] = set()


def _after_fork() -> None:
    for delivery in tuple(_living):
        delivery._after_fork()  # noqa: SLF001  # this module's own


def _at_exit() -> None:
    """Close what nobody closed: all of them within the time that one may take."""
    clock = MachineClock()
    end = clock.now() + _LIMITS.exit_wait
    for delivery in tuple(_open):
        with contextlib.suppress(Exception):
            delivery.close(max(0.0, end - clock.now()))


# Whoever starts recordings registers after this module is loaded, so ends them before this runs.
atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
