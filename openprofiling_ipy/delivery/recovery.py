"""What recordings of processes that died have left: for a person to look at, and for the next process to send."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from openprofiling_ipy.delivery.clock import MachineClock
from openprofiling_ipy.delivery.entry import DamagedEntry
from openprofiling_ipy.delivery.folder import default_folder
from openprofiling_ipy.delivery.limits import Limits
from openprofiling_ipy.delivery.spool import Spool

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from openprofiling_ipy.delivery.entry import Entry
    from openprofiling_ipy.exporters.base import Parcel

__all__ = ["Recovered", "recovered"]


@dataclass(frozen=True, slots=True)
class Recovered:
    """
    What a dead process's recording had so far. `size` in bytes; `metadata["status"]` is "recovered".

    `destination` is where it will be sent as soon as a process has such an exporter; "": nowhere.
    """

    name: str
    size: int
    content_type: str
    metadata: Mapping[str, str]
    destination: str
    _spool: Spool
    _entry: Entry

    def parcel(self) -> Parcel:
        """Read it. Raises OSError (FileNotFoundError: it has been sent or forgotten) or ValueError (it is damaged)."""
        return self._spool.read(self._entry)[1]

    def forget(self) -> bool:
        """Take it off the disk, whether or not it has a destination; False where it was gone."""
        return self._spool.remove(self._entry)


def recovered(spool: str | os.PathLike[str] | None = None) -> list[Recovered]:
    """
    Return what recordings of dead processes have left in a spool folder, by default the user's own, the oldest first.

    It stays there until it is sent, forgotten or too old. Raises nothing: what cannot be read is left out.
    """
    place = Spool(default_folder() if spool is None else Path(spool), Limits(), MachineClock())
    found = []
    for entry, _, _ in place.left():
        try:
            head = place.head(entry)
        except (OSError, DamagedEntry):
            continue
        metadata = {**head.metadata, "status": "recovered"}
        found.append(Recovered(head.name, head.size, head.content_type, metadata, head.destination, place, entry))
    return found
