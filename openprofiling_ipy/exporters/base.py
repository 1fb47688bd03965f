"""The seam between captures and the places they are sent to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from openprofiling_ipy.capture import Capture

__all__ = ["Exporter"]


class Exporter(Protocol):
    """Sends captures somewhere."""

    name: str

    def export(self, capture: Capture, /) -> str:
        """Send it and return its final place. Raises ExportError; the capture is kept."""
        ...

    def close(self) -> None:
        """Release what it holds; it takes no more captures."""
        ...
