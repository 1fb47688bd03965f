"""Captures kept in memory: for tests, and for a notebook that wants to look at what an agent would send."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.exporters import objects, parcels

if TYPE_CHECKING:
    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.exporters.base import Parcel, Progress
    from openprofiling_ipy.model import Profile

__all__ = ["MemoryExporter"]

_PARCELS: Final = 1000
_BYTES: Final = 256 << 20


class MemoryExporter:
    """
    Keeps the newest parcels, at most `most` of them and `most_bytes` in all; `dropped` counts those it let go.

    A parcel that is sent again takes the place it had.
    """

    name = "memory"

    def __init__(
        self,
        *,
        most: int = _PARCELS,
        most_bytes: int = _BYTES,
        format: str | None = None,  # noqa: A002
    ) -> None:
        self.format = format
        self.dropped = 0
        self._most = most
        self._most_bytes = most_bytes
        self._parcels: dict[str, Parcel] = {}
        self._lock = threading.Lock()
        self._closed = False

    def __repr__(self) -> str:
        return f"<MemoryExporter: {len(self._parcels)} parcels>"

    @property
    def parcels(self) -> list[Parcel]:
        """What was sent, oldest first."""
        with self._lock:
            return list(self._parcels.values())

    def documents(self) -> list[Profile]:
        """Return what was sent, read again. Raises UnknownFormat or MalformedProfile."""
        from openprofiling_ipy.formats import registry

        return [registry.detect(parcel.data, parcel.name).loads(parcel.data) for parcel in self.parcels]

    def describe(self) -> str:
        """Return the place that captures go to."""
        return "memory:"

    def export(self, capture: Capture, /) -> str:
        """Keep it and return "memory:" with its name. Raises ExportError or FormatError."""
        return self.send(parcels.pack(capture, self.format))

    def send(self, parcel: Parcel, /, progress: Progress | None = None) -> str:
        """Keep it and return "memory:" with its name. Raises ExportError."""
        place = f"memory:{parcel.name}"
        with self._lock:
            if self._closed:
                raise objects.closed(self, place)
            self._parcels[parcel.name] = parcel
            # The newest always stays.
            while len(self._parcels) > 1 and (
                len(self._parcels) > self._most
                or sum(len(kept.data) for kept in self._parcels.values()) > self._most_bytes
            ):
                del self._parcels[next(iter(self._parcels))]
                self.dropped += 1
        if progress is not None:
            progress(len(parcel.data), len(parcel.data))
        return place

    def close(self) -> None:
        """Take no more; what is kept stays to be looked at."""
        self._closed = True
