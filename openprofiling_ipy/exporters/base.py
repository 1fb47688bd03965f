"""The seam between captures and the places they are sent to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from openprofiling_ipy.capture import Capture

__all__ = ["Exporter", "Parcel", "Progress"]

#: Hears how far an upload is: (bytes sent, bytes in all). It goes back where a part is sent again.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Parcel:
    """
    A capture made ready to be sent; the same capture always makes the same parcel.

    `name` is unique across a fleet and legal everywhere: "{service}/{kind}-{start}-{host}-{pid}-{n}.{ext}", without
    the service where there is none. `metadata` is plain text about the capture and holds no credentials.
    """

    name: str
    data: bytes
    content_type: str
    metadata: Mapping[str, str]


class Exporter(Protocol):
    """Sends captures somewhere; its methods may be called from any thread. Its repr shows no credentials."""

    name: str
    #: The format it writes; None: what the process writes by default.
    format: str | None

    def export(self, capture: Capture, /) -> str:
        """Send it now and return its final place. Raises ExportError or FormatError; the capture is kept."""
        ...

    def send(self, parcel: Parcel, /, progress: Progress | None = None) -> str:
        """
        Send it and return its final place; the same parcel again ends in the same place. Raises ExportError.

        `ExportError.retry` tells whether another try later is worth it.
        """
        ...

    def close(self) -> None:
        """Release what it holds; it takes no more captures."""
        ...
