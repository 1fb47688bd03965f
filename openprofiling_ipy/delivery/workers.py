"""The threads that send: one for each exporter with something to send, none where nothing waits."""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING

from openprofiling_ipy.background import Background
from openprofiling_ipy.delivery.entry import DamagedEntry, without_secrets
from openprofiling_ipy.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.delivery.clock import Clock
    from openprofiling_ipy.delivery.lane import Item, Lane
    from openprofiling_ipy.delivery.store import Store
    from openprofiling_ipy.exporters.base import Parcel

__all__ = ["Workers"]

_log = logging.getLogger("openprofiling_ipy.delivery")


class Workers:
    """Starts, runs and ends them. `closed` ends all after what they are just sending."""

    def __init__(self, condition: threading.Condition, clock: Clock, store: Store) -> None:
        self.closed = False
        self._condition = condition
        self._clock = clock
        self._store = store

    def wake(self, lane: Lane) -> None:
        """With the condition held: have somebody look after a lane, if a thread can be had."""
        if lane.thread is None and lane.busy is None and not self.closed and lane.wait(self._clock.now()) is not None:
            # A daemon: the exit of a program must not wait for a destination that stays away.
            name = f"openprofiling-delivery-{lane.exporter.name}"
            lane.thread = Background(self._run, name, (lane,))
            try:
                lane.thread.start()
            except RuntimeError:  # too many threads, or the interpreter is about to end (3.12 on): `flush` sends itself
                lane.thread = None
        self._condition.notify_all()

    def _run(self, lane: Lane) -> None:
        try:
            while self._next(lane):
                # Such as a SystemExit of an outsider's exporter: the item has been put back.
                with contextlib.suppress(BaseException):
                    self.send_one(lane)
        finally:
            with self._condition:
                if lane.thread is threading.current_thread():
                    lane.thread = None
                self._condition.notify_all()

    def _next(self, lane: Lane) -> bool:
        """Wait for something to send; False where nothing is left. Then the lane has no thread, and may get another."""
        with self._condition:
            while not self.closed:
                wait = lane.wait(self._clock.now())
                if wait is None:
                    break
                if lane.take(self._clock.now()) is not None:
                    return True
                self._clock.wait(self._condition, wait)
            lane.thread = None
            return False

    def send_one(self, lane: Lane) -> None:
        """Send a lane's busy item; whatever happens, it is busy no more. Raises only what is no Exception."""
        item = lane.busy
        if item is None:
            return
        try:
            self._send_one(lane, item)
        except BaseException as error:
            if lane.busy is item:
                self._put_back(lane, item, type(error).__name__, retry=True)
            if not isinstance(error, Exception):
                raise

    def _send_one(self, lane: Lane, item: Item) -> None:
        try:
            parcel = self._store.open(item, lane.destination)
        except FileNotFoundError:
            self._discard(lane)
            self._store.lose([item], "its file has gone from the spool")
        except DamagedEntry as error:
            self._discard(lane)
            self._store.set_aside(item, str(error))
        except OSError as error:
            self._put_back(lane, item, f"it cannot be read from the spool: {error.strerror}", retry=False)
        else:
            self._send(lane, item, parcel)

    def _send(self, lane: Lane, item: Item, parcel: Parcel) -> None:
        try:
            place = lane.exporter.send(parcel, **({"progress": item.progress} if item.progress else {}))
        except ExportError as error:
            self._failed(lane, item, error.reason, retry=error.retry)
        except Exception as error:  # noqa: BLE001  # an outsider's exporter may raise anything
            _log.debug("%s failed", lane.exporter.name, exc_info=True)
            self._failed(lane, item, f"{type(error).__name__}: {error}".partition("\n")[0], retry=False)
        else:
            self._store.done(item)
            self._sent(lane, item, parcel, place)

    def _sent(self, lane: Lane, item: Item, parcel: Parcel, place: str) -> None:
        with self._condition:
            again = lane.failures > 1
            lane.succeeded()
            item.tell("sent")
            if item.ticket is not None:
                item.ticket.places[item.lane] = place
                item.ticket.errors.pop(item.lane, None)
            self._condition.notify_all()
        if again:
            _log.info("%s takes captures again", lane.destination)
        _log.debug("sent %s to %s", parcel.name, place)

    def _failed(self, lane: Lane, item: Item, reason: str, *, retry: bool) -> None:
        if item.parcel is not None:  # the disk may have room by now, and memory does not outlive the process
            self._store.rescue()
        self._put_back(lane, item, reason, retry=retry)

    def _put_back(self, lane: Lane, item: Item, reason: str, *, retry: bool) -> None:
        said = without_secrets(reason)
        now = self._clock.now()
        with self._condition:
            put: Callable[[Item, str, float], None] = lane.failed if retry else lane.refuse
            put(item, said, now)
            if item.ticket is not None:
                item.ticket.errors[item.lane] = said
            if not retry:
                item.tell("refused")
            told = lane.complaints.is_news(said, now)
            self._condition.notify_all()
        if told:
            then = "it is tried again" if retry else "captures are kept, and tried again rarely: put it right"
            _log.warning("%s took no capture (%s): %s", lane.destination, said, then)

    def _discard(self, lane: Lane) -> None:
        with self._condition:
            lane.discard()
