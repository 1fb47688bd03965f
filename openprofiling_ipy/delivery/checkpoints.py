"""What recordings under way have so far, on disk in case their process is killed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from openprofiling_ipy.capture import Capture
from openprofiling_ipy.delivery.packing import packed

if TYPE_CHECKING:
    from collections.abc import Collection

    from openprofiling_ipy.delivery.entry import Entry
    from openprofiling_ipy.delivery.store import Store
    from openprofiling_ipy.exporters.base import Parcel

__all__ = ["Checkpoints"]


class Checkpoints:
    """One set of entries a recording; safe to use from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[int | str, dict[tuple[str, str | None], Entry]] = {}
        # Held while one is written: a recording that ends meanwhile takes it away afterwards, not before.
        self._lock = threading.Lock()

    def keep(self, what: Capture | Parcel, wanted: Collection[tuple[str, str | None]]) -> bool:
        """Keep it for each (destination, format); False where it has ended, or where a disk takes none."""
        with self._lock:
            if isinstance(what, Capture) and what.status != "running":
                return False
            kept = self._kept.setdefault(_key(what), {})
            parcels = packed(what, {name for _, name in wanted})
            done = []
            for destination, name in wanted:
                before = kept.get((destination, name))
                written = self._store.checkpoint(parcels[name], destination, before) if name in parcels else None
                if written is not None:
                    kept[destination, name] = written
                done.append(written is not None)
            return all(done)

    def give_up(self, what: Capture | Parcel) -> dict[tuple[str, str | None], Entry]:
        """Take what was kept for each (destination, format) as all that there will be."""
        with self._lock:
            kept = self._kept.pop(_key(what), {})
            last = {}
            for wanted, entry in kept.items():
                moved = self._store.spool.recover(entry)
                if moved is not None:
                    last[wanted] = moved
            return last

    def forget(self, what: Capture | Parcel) -> None:
        """Take it off the disk."""
        with self._lock:
            kept = self._kept.pop(_key(what), {})
            for entry in kept.values():
                self._store.spool.remove(entry)
            if kept:
                self._store.spool.settle()


def _key(what: Capture | Parcel) -> int | str:
    return what.number if isinstance(what, Capture) else what.name
