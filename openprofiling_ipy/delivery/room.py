"""How full a spool is, and what has to go: counted now and then, and kept up to date in between."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from openprofiling_ipy.delivery.clock import Clock
    from openprofiling_ipy.delivery.entry import Entry
    from openprofiling_ipy.delivery.limits import Limits

__all__ = ["Room"]

#: What others put there is seen after so long (s): looking through thousands of files takes tenths of a second.
#: Before anything is dropped, it is looked through in any case.
_TRUSTED: Final = 10.0
_SECOND: Final = 1_000_000_000


class Room:
    """`found` yields (entry, size in bytes, last change in unix ns); `remove` tells whether it took an entry away."""

    def __init__(
        self,
        limits: Limits,
        clock: Clock,
        found: Callable[[], Iterable[tuple[Entry, int, int]]],
        remove: Callable[[Entry], bool],
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._found = found
        self._remove = remove
        self._sizes: dict[Entry, int] = {}  # damaged ones first, then the oldest
        self._total = 0
        self._counted = float("-inf")
        self._lock = threading.Lock()

    def after_fork(self) -> None:
        self._lock = threading.Lock()

    def doubt(self) -> None:
        """Count again before anything is dropped."""
        self._counted = float("-inf")

    def added(self, entry: Entry, size: int) -> None:
        with self._lock:
            self._total += size - self._sizes.get(entry, 0)
            self._sizes[entry] = size

    def removed(self, entry: Entry) -> None:
        with self._lock:
            self._total -= self._sizes.pop(entry, 0)

    def make(self, size: int) -> list[Entry]:
        """Drop what is too old, and the oldest where `size` more bytes would not fit; return what was dropped."""
        with self._lock:
            counted = self._clock.now() - self._counted < _TRUSTED and not self._is_full(size)
            going = [] if counted else self._count()
            while self._is_full(size) and self._sizes:
                oldest = next(iter(self._sizes))
                self._total -= self._sizes.pop(oldest)
                going.append(oldest)
        return [entry for entry in going if self._remove(entry) and entry.state != "damaged"]

    def _is_full(self, size: int) -> bool:
        too_large = self._total + size > self._limits.spool_bytes
        return too_large or len(self._sizes) + bool(size) > self._limits.spool_entries

    def _count(self) -> list[Entry]:
        """Look through the folder; return what is too old."""
        self._counted = self._clock.now()
        oldest = self._clock.unix() - int(self._limits.spool_age * _SECOND)
        found = sorted(self._found(), key=lambda each: (each[0].state != "damaged", each[2], each[0].time))
        self._sizes = {entry: size for entry, size, changed in found if changed >= oldest}
        self._total = sum(self._sizes.values())
        return [entry for entry, _, changed in found if changed < oldest]
