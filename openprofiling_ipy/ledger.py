"""The recordings under way in this process, one of each kind at most, whoever began them: a cell, a block, an agent."""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Protocol

from openprofiling_ipy.capture import Capture
from openprofiling_ipy.errors import AlreadyRunning, NotRunning

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openprofiling_ipy.capture import Status
    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.model.profile import Attribute
    from openprofiling_ipy.profilers.base import Profiler, Recording, Status as Numbers

__all__ = ["Listener", "failed", "halt", "next_number", "numbers", "running", "start", "stop", "subscribe"]

_log = logging.getLogger(__name__)


class Listener(Protocol):
    """Hears of every recording of this process, on the thread that starts or ends it."""

    def begun(self, capture: Capture) -> None: ...

    def ended(self, capture: Capture, document: Profile | None) -> None:
        """A recording has ended; without a document where none could be made."""
        ...


class _Entry:
    """One kind's place, taken from before its recording begins until its end."""

    __slots__ = ("_ending", "capture", "recording")

    def __init__(self) -> None:
        self.capture: Capture | None = None  # until it has begun
        self.recording: Recording
        self._ending = threading.Lock()

    def claim(self) -> bool:
        """Tell whether it is the caller's to end: the first one's who asks."""
        return self._ending.acquire(blocking=False)

    def __str__(self) -> str:
        if self.capture is None:
            return "the one that is about to begin"
        what = self.capture.label or self.capture.name
        return f"#{self.capture.number}" + (f" ({what})" if what else "")


class _Ledger:
    """
    Which recordings are under way, who listens, and the numbers given out.

    Nothing waits for a lock here: a signal's handler may run in the middle of anything and wait for a recording's end.
    What has to be one step is one step of a dict or a counter.
    """

    def __init__(self) -> None:
        self.by_kind: dict[str, _Entry] = {}
        self.listeners: list[Listener] = []
        self.numbers = itertools.count(1)

    def after_fork(self) -> None:
        """In a forked child nothing is under way: threads that sample do not survive a fork."""
        self.by_kind.clear()

    def take(self, kind: str, entry: _Entry) -> None:
        """Give the kind's place to this one. Raises AlreadyRunning where it is taken."""
        other = self.by_kind.setdefault(kind, entry)
        if other is not entry:
            raise AlreadyRunning(kind, f"stop {other} first")

    def entry(self, capture: Capture) -> _Entry:
        """Return what is under way for this very capture. Raises NotRunning."""
        found = self.by_kind.get(capture.kind)
        if found is None or found.capture is not capture:
            raise NotRunning(f"#{capture.number} is not running")
        return found

    def tell(self, notify: Callable[[Listener], None]) -> None:
        """Tell every listener; one that fails is logged, and neither the recording's nor the others' affair."""
        for listener in tuple(self.listeners):
            try:
                notify(listener)
            except Exception:  # noqa: BLE001  # whoever it is, the recording goes on
                _log.exception("a listener failed")


_ledger = _Ledger()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ledger.after_fork)


def next_number() -> int:
    """Return the number of the next capture of this process, from 1."""
    return next(_ledger.numbers)


def start(
    profiler: Profiler, *, name: str = "", label: str = "", attributes: Mapping[str, Attribute] | None = None
) -> Capture:
    """
    Begin a recording that is about the thread (and asyncio task) it is called on.

    `attributes` are facts that travel with the document. Raises AlreadyRunning, or what the profiler raises.
    """
    entry = _Entry()
    try:
        _ledger.take(profiler.name, entry)
        entry.recording = profiler.start()
        capture = Capture(profiler.name, next_number(), label, name, time.time_ns(), attributes=dict(attributes or {}))
        capture.read = partial(_peek, capture, entry.recording)
        entry.capture = capture
    except BaseException:
        if _ledger.by_kind.get(profiler.name) is entry:
            del _ledger.by_kind[profiler.name]
        raise
    _ledger.tell(lambda listener: listener.begun(capture))
    return capture


def stop(
    capture: Capture,
    status: Status = "done",
    error: str = "",
    attributes: Mapping[str, Attribute] | None = None,
    *,
    first: Callable[[], object] = lambda: None,
) -> Capture:
    """
    End a capture's recording; from now on it has its document.

    `error` is the first line of the exception that ended it, `attributes` are further facts. `first` hears of it before
    all listeners, who may have to wait for what an interrupted program holds. Raises NotRunning, and what making the
    document raises: then the capture has failed and has none.
    """
    entry = _ledger.entry(capture)
    if not entry.claim():
        raise NotRunning(f"#{capture.number} is not running")
    del _ledger.by_kind[capture.kind]
    # Making the document takes time that is not the recording's.
    capture.ended_at = time.time_ns()
    capture.attributes |= attributes or {}
    try:
        document = _stamped(entry.recording.stop(), capture, status, error)
    except BaseException:
        capture.status, capture.read = "failed", None
        first()
        _ledger.tell(lambda listener: listener.ended(capture, None))
        raise
    capture.started_at, capture.ended_at = document.started_at, document.started_at + document.duration
    capture.read = lambda: document
    capture.status = status
    first()
    _ledger.tell(lambda listener: listener.ended(capture, document))
    return capture


def failed(kind: str, error: str, *, label: str = "", attributes: Mapping[str, Attribute] | None = None) -> Capture:
    """Note that a recording could not be begun: listeners hear of a capture that has failed and has no document."""
    now = time.time_ns()
    facts = {**(attributes or {}), "error": error}
    capture = Capture(kind, next_number(), label, "", now, now, "failed", attributes=facts)
    _ledger.tell(lambda listener: listener.ended(capture, None))
    return capture


def halt(capture: Capture) -> None:
    """Let a recording end at this moment, as far as its profiler can, before `stop` makes its document."""
    end = getattr(_ledger.entry(capture).recording, "halt", None)
    if end is not None:
        end()


def numbers(capture: Capture) -> Numbers:
    """Return the live numbers of a capture under way. Raises NotRunning."""
    return _ledger.entry(capture).recording.status()


def running() -> tuple[Capture, ...]:
    """Return the captures under way, the newest last."""
    captures = [entry.capture for entry in list(_ledger.by_kind.values()) if entry.capture is not None]
    return tuple(sorted(captures, key=lambda capture: capture.number))


def subscribe(listener: Listener) -> Callable[[], None]:
    """Let `listener` hear of recordings from now on; returns what ends that, and does nothing when called again."""
    _ledger.listeners.append(listener)

    def end() -> None:
        if listener in _ledger.listeners:
            _ledger.listeners.remove(listener)

    return end


def _peek(capture: Capture, recording: Recording) -> Profile:
    return _stamped(recording.peek(), capture, "running", "")


def _stamped(document: Profile, capture: Capture, status: str, error: str) -> Profile:
    from openprofiling_ipy import stamps

    return stamps.stamped(document, capture, status, error)
