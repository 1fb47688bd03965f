"""The spool: parcels on disk until they are sent, by this process or by one that comes after it."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from openprofiling_ipy.delivery import entry as entries, folder as files
from openprofiling_ipy.delivery.entry import Entry
from openprofiling_ipy.delivery.owner import Owner, alive, is_shared, owner_of
from openprofiling_ipy.delivery.room import Room

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from openprofiling_ipy.delivery.clock import Clock
    from openprofiling_ipy.delivery.entry import Head
    from openprofiling_ipy.delivery.limits import Limits
    from openprofiling_ipy.exporters.base import Parcel

__all__ = ["Found", "Spool"]

_SECOND: Final = 1_000_000_000
#: A file that is being written is taken for one whose process died after so long (ns).
_LEFT: Final = 3_600 * _SECOND


class Found(NamedTuple):
    """An entry as it stands in the folder; `changed` in unix ns."""

    entry: Entry
    size: int
    changed: int


class Spool:
    """
    Entries in a folder that several processes share; safe to use from several threads.

    Each entry belongs to one owner, which alone sends it. What a dead owner leaves is taken over by renaming it, which
    only one can do. The folder is made when something is first written.
    """

    def __init__(self, folder: Path, limits: Limits, clock: Clock) -> None:
        self.folder = folder
        self._limits = limits
        self._clock = clock
        self._place: Path | None = None
        self._owner: Owner | None = None
        self._lock = threading.Lock()
        self._room = Room(limits, clock, self.found, self._unlink)

    def put(self, parcel: Parcel, destination: str) -> Entry:
        """Keep a parcel for a destination; it is on the disk when this returns. Raises OSError."""
        return self._write(parcel, destination, "parcel", self._clock.unix())

    def checkpoint(self, parcel: Parcel, destination: str, before: Entry | None) -> Entry:
        """Keep what a recording under way has so far, in the place of what it had `before`. Raises OSError."""
        time = before.time if before is not None else self._clock.unix()
        written = self._write(parcel, destination, "partial", time)
        if before is not None and before != written:
            self.remove(before)
        return written

    def read(self, entry: Entry) -> tuple[str, Parcel]:
        """Return an entry's destination and parcel. Raises OSError (FileNotFoundError: it is gone) or DamagedEntry."""
        with self._open(entry) as stream:
            destination, parcel = entries.loads(stream)
        if entry.state in ("recovered", "partial"):
            parcel = entries.as_recovered(parcel)
        return destination, parcel

    def head(self, entry: Entry) -> Head:
        """Return what an entry tells without its data. Raises OSError or DamagedEntry."""
        with self._open(entry) as stream:
            return entries.head(stream)

    def remove(self, entry: Entry) -> bool:
        """Take an entry away; False where it was gone, or could not be."""
        self._room.removed(entry)
        return self._unlink(entry)

    def settle(self) -> None:
        """Make removals survive a power cut, where the disk lets us."""
        with contextlib.suppress(OSError):
            files.settle(self._private())

    def set_aside(self, entry: Entry) -> None:
        """Keep an entry that cannot be read, but never look at it again. Raises OSError."""
        place = self._private()
        (place / entry.file).rename(place / entry.moved(entry.owner, "damaged").file)
        self._room.doubt()

    def make_room(self, size: int = 0) -> list[Entry]:
        """Drop what is too old, and the oldest where `size` more bytes would not fit; return what was dropped."""
        return self._room.make(size)

    def adopt(self, destinations: Collection[str]) -> list[Found]:
        """Take over what dead processes left for these destinations, the oldest first."""
        keys = {entries.digest(destination) for destination in destinations}
        found = sorted(self.found())
        whole = {(f.entry.destination, f.entry.key) for f in found if f.entry.state == "parcel"}
        dead = self._dead({f.entry.owner for f in found})
        taken = []
        for entry, size, changed in found:
            if entry.owner not in dead or entry.state == "damaged":
                continue
            if entry.state == "partial" and (entry.destination, entry.key) in whole:
                self.remove(entry)  # its process died between keeping the whole and taking this away
            elif entry.destination in keys and (mine := self._take(entry)) is not None:
                taken.append(Found(mine, size, changed))
        return taken

    def left(self) -> list[Found]:
        """Return what recordings of dead processes have left that nobody has sent yet, the oldest first."""
        found = sorted(self.found())
        dead = self._dead({f.entry.owner for f in found if f.entry.state == "partial"})
        whole = {f.entry.key for f in found if f.entry.state == "parcel"}
        partial = (f for f in found if f.entry.state == "partial" and f.entry.owner in dead)
        kept = [*partial, *(f for f in found if f.entry.state == "recovered")]
        return sorted({f.entry.key: f for f in reversed(kept) if f.entry.key not in whole}.values())

    def found(self) -> Iterator[Found]:
        """Yield the entries of all processes."""
        with contextlib.suppress(OSError):
            for name, size, changed in files.listed(self._private(make=False)):
                entry = Entry.parse(name)
                if entry is not None:
                    yield Found(entry, size, changed)

    def release(self) -> None:
        """Let other processes send what this one has not; a later `put` takes hold again."""
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.release()

    def after_fork(self) -> None:
        """In a forked child: its parent's entries are none of its own."""
        self._lock = threading.Lock()
        self._room.after_fork()
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.forget()

    def recover(self, entry: Entry) -> Entry | None:
        """Make a checkpoint of this process what its recording has left; None where it is gone."""
        return self._take(entry)

    def _private(self, *, make: bool = True) -> Path:
        if self._place is None:
            if not is_shared():
                raise OSError(errno.ENOTSUP, "processes of this system cannot share a folder safely", str(self.folder))
            if not make and not self.folder.is_dir():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.folder))
            self._place = files.private(self.folder)
        return self._place

    def _write(self, parcel: Parcel, destination: str, state: entries.State, time: int) -> Entry:
        if len(parcel.data) > self._limits.spool_bytes:
            raise OSError(errno.EFBIG, "it is larger than the spool may become", str(self.folder))
        try:
            return self._write_now(parcel, destination, state, time)
        except FileNotFoundError:  # somebody has removed the folder: make it again
            self._place = None
            self.release()
            return self._write_now(parcel, destination, state, time)

    def _write_now(self, parcel: Parcel, destination: str, state: entries.State, time: int) -> Entry:
        place = self._private()
        with self._lock:
            owner = self._owner = self._owner or Owner(place)
        entry = Entry(time, entries.digest(destination), entries.digest(parcel.name), owner.id, state)
        chunks = entries.dumps(parcel, destination)
        files.write(place, entry.file, chunks)
        self._room.added(entry, sum(map(len, chunks)))
        return entry

    def _unlink(self, entry: Entry) -> bool:
        try:
            (self._private() / entry.file).unlink()
        except OSError:
            return False
        return True

    def _open(self, entry: Entry) -> BinaryIO:
        handle = os.open(self._private() / entry.file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        return open(handle, "rb")  # noqa: PTH123  # it is open already

    def _take(self, entry: Entry) -> Entry | None:
        """Make a dead owner's entry this process's; None where another was quicker, or the disk lets nobody."""
        state: entries.State = "recovered" if entry.state == "partial" else entry.state
        try:
            place = self._private()
            with self._lock:
                owner = self._owner = self._owner or Owner(place)
            mine = entry.moved(owner.id, state)
            (place / entry.file).rename(place / mine.file)
        except OSError:
            return None
        self._room.doubt()
        return mine

    def _dead(self, owners: set[str]) -> set[str]:
        """Return those whose process is gone; what they held themselves by, and files they never finished, go too."""
        try:
            place = self._private(make=False)
        except OSError:
            return set()
        names = [(name, changed) for name, _, changed in files.listed(place)]
        known = {owner for name, _ in names if (owner := owner_of(name))}
        dead = {owner for owner in owners | known if not self._is_mine(owner) and not alive(place, owner)}
        old = self._clock.unix() - _LEFT
        rubbish = [name for name, changed in names if name.startswith(files.HIDDEN) and changed < old]
        rubbish += [name for name, _ in names if owner_of(name) in dead]
        for name in rubbish:
            with contextlib.suppress(OSError):
                (place / name).unlink()
        return dead

    def _is_mine(self, owner: str) -> bool:
        return self._owner is not None and owner == self._owner.id
