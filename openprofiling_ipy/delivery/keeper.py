"""Recordings that run long are kept on disk meanwhile: a killed process, or kernel, leaves a profile."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.background import Background
from openprofiling_ipy.delivery.clock import MachineClock
from openprofiling_ipy.delivery.queue import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.delivery.clock import Clock
    from openprofiling_ipy.model import Profile

__all__ = ["Keeper"]

_log = logging.getLogger("openprofiling_ipy.delivery")

#: A recording is kept after so long, and again each time it is over (s).
_EVERY: Final = 60.0
#: How long closing waits for a checkpoint that is just being written (s).
_LAST: Final = 5.0
#: Nothing runs: the next one will be heard of (s).
_LONG: Final = 86_400.0


class Keeper:
    """
    Hears of recordings and checkpoints those that run longer than a minute, once a minute, for nobody in particular.

    A listener of the ledger. It has a thread from its beginning to its close, so that none starts while something is
    measured, and a delivery from the first checkpoint on. `wanted` chooses; an agent looks after its own.
    """

    def __init__(
        self,
        wanted: Callable[[Capture], bool] = lambda _: True,
        make: Callable[[], Delivery] = Delivery,
        clock: Clock | None = None,
    ) -> None:
        self._wanted = wanted
        self._make = make
        self._clock = clock or MachineClock()
        self._delivery: Delivery | None = None
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._closed = False
        self._condition = threading.Condition()
        self._due: dict[Capture, float] = {}
        self._thread = Background(self._run, "openprofiling-keeper")
        try:
            self._thread.start()
        except RuntimeError as error:
            _log.debug("a killed process would leave no profile: %s", error)

    def close(self) -> None:
        """End the thread, and take every checkpoint away: nobody hears any more how its recording ends."""
        with self._condition:
            self._closed = True
            due = list(self._due)
            self._due.clear()
            self._condition.notify_all()
        if self._thread.is_alive():
            self._thread.join(_LAST)
        if self._delivery is not None:
            for capture in due:
                self._delivery.forget(capture)
            self._delivery.close(0)

    def begun(self, capture: Capture) -> None:
        """Look after a recording that has begun."""
        if self._pid != os.getpid():  # a forked child: what ran there before is its parent's
            self._begin()
        if self._wanted(capture):
            with self._condition:
                self._due[capture] = self._clock.now() + _EVERY
                self._condition.notify_all()

    def ended(self, capture: Capture, document: Profile | None) -> None:
        """Take its checkpoint away; one that has ended without a document leaves what was kept."""
        with self._condition:
            known = self._due.pop(capture, None) is not None
            self._condition.notify_all()
            delivery = self._delivery
        if known and delivery is not None:
            if document is None:
                delivery.give_up(capture)
            else:
                delivery.forget(capture)

    def _run(self) -> None:
        while (capture := self._next()) is not None:
            try:
                self._keep(capture)
            except Exception:  # noqa: BLE001  # the recording goes on all the same
                _log.debug("#%d cannot be kept while it runs", capture.number, exc_info=True)

    def _next(self) -> Capture | None:
        """Wait until a recording has come due; None at the end."""
        with self._condition:
            while not self._closed:
                now = self._clock.now()
                capture = min(self._due, key=self._due.__getitem__, default=None)
                if capture is not None and self._due[capture] <= now:
                    self._due[capture] = now + _EVERY
                    return capture
                self._clock.wait(self._condition, _LONG if capture is None else self._due[capture] - now)
            return None

    def _keep(self, capture: Capture) -> None:
        delivery = self._delivery
        if delivery is None:
            delivery = self._make()
            with self._condition:
                self._delivery = delivery
        delivery.checkpoint(capture)
