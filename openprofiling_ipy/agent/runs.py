"""The recordings that an agent has begun: how long they may run, and what is kept of them meanwhile."""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from openprofiling_ipy import ledger
from openprofiling_ipy.errors import NotRunning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from openprofiling_ipy.capture import Capture, Status
    from openprofiling_ipy.profilers.base import Profiler

__all__ = ["CHECKPOINT", "Run", "Runs"]

_log = logging.getLogger(__name__)

#: A recording under way is kept on disk after so long, and again each time it is over (s).
CHECKPOINT: Final = 60.0


@dataclass(eq=False)
class Run:
    """One recording. Times are seconds of the monotonic clock."""

    capture: Capture
    ends_at: float
    checkpoint_at: float
    exported: bool = True
    done: threading.Event = field(default_factory=threading.Event)


class Runs:
    """
    What runs, by kind. Used by one thread, the agent's; `by_kind` may be read from any.

    `ended` is told of every recording that has, with its capture; `keep` puts what one has so far on a disk.
    """

    def __init__(
        self,
        ended: Callable[[Run], None],
        keep: Callable[[Capture], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.by_kind: dict[str, Run] = {}
        self._ended = ended
        self._keep = keep
        self._clock = clock
        #: Ended recordings that the log has not been told of.
        self._unsaid: list[tuple[str, int, str]] = []

    def begin(self, profiler: Profiler, facts: dict[str, Any], duration: float, *, exported: bool) -> Run:
        """Begin a recording that ends by itself after `duration` s. Raises what `ledger.start` raises."""
        capture = ledger.start(profiler, label=f"pid {os.getpid()}", attributes=facts)
        now = self._clock()
        run = Run(capture, now + duration, now + CHECKPOINT, exported)
        self.by_kind[capture.kind] = run
        _log.info("%s recording #%d has begun", capture.kind, capture.number)
        return run

    def end(self, kind: str, status: Status = "done") -> Capture:
        """
        End a recording and hand it on; where no document could be made, it has failed and that is logged.

        Raises NotRunning.
        """
        run = self.by_kind.pop(kind, None)
        if run is None:
            raise NotRunning(f"no {kind} recording of this agent is running")
        capture = run.capture
        try:
            ledger.stop(capture, status, first=partial(self._hand_on, run))
        except NotRunning:  # somebody else has ended it
            self._hand_on(run)
        except Exception:  # noqa: BLE001  # a profiler's own: the program goes on
            _log.exception("%s recording #%d has failed", kind, capture.number)
        self._unsaid.append((kind, capture.number, capture.status))
        return capture

    def _hand_on(self, run: Run) -> None:
        try:
            self._ended(run)
        except Exception:  # noqa: BLE001  # those who listen hear of it all the same
            _log.exception("%s recording #%d could not be handed on", run.capture.kind, run.capture.number)
        finally:
            run.done.set()

    def end_all(self, kinds: Iterable[str], status: Status = "done") -> list[Capture]:
        """End those of these kinds that run at one moment, then make their documents one by one."""
        found = [kind for kind in kinds if kind in self.by_kind]
        for kind in found[1:]:
            try:
                ledger.halt(self.by_kind[kind].capture)
            except Exception:  # noqa: BLE001  # `end` will say it
                _log.debug("%s could not be halted", kind, exc_info=True)
        return [self.end(kind, status) for kind in found]

    def due(self) -> float | None:
        """Do what has come due. Return in how many seconds the next thing will; None where nothing runs."""
        # Said only now, when all that ended has been handed on: SIGTERM may have come while the main thread wrote a
        # line of its log, and then it holds the log's lock until that is done.
        while self._unsaid:
            _log.info("%s recording #%d has ended: %s", *self._unsaid.pop(0))
        for kind, run in list(self.by_kind.items()):
            now = self._clock()
            if run.capture.status != "running":
                self.end(kind)  # somebody else has ended it
            elif run.ends_at <= now:
                self.end(kind)
            elif run.checkpoint_at <= now:
                self._checkpoint(run)
        moments = [min(run.ends_at, run.checkpoint_at) for run in self.by_kind.values()]
        return max(0.0, min(moments) - self._clock()) if moments else None

    def _checkpoint(self, run: Run) -> None:
        try:
            if run.exported:
                self._keep(run.capture)
        except Exception:  # noqa: BLE001  # it goes on all the same
            _log.exception("%s recording #%d cannot be kept while it runs", run.capture.kind, run.capture.number)
        run.checkpoint_at = self._clock() + CHECKPOINT
