"""The captures of a process: the newest documents in memory, older ones in a private folder until the process ends."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, overload

from openprofiling_ipy.errors import UnknownCapture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.model import Profile

__all__ = ["Shelf"]

_MOST = 50
_BUDGET = 256 << 20
#: What a Python string costs beside its characters.
_STRING = 56


class Shelf(Sequence["Capture"]):
    """
    The finished captures, newest last; safe to use from any thread and in a forked child.

    At most `most` documents, or `budget` bytes of them, stay in memory: those used last, and always the newest. The
    others are read back from disk when asked for. Where the disk refuses, they stay in memory: nothing is lost.
    """

    def __init__(self, most: int = _MOST, budget: int = _BUDGET) -> None:
        self._most = most
        self._budget = budget
        self._captures: dict[int, Capture] = {}
        #: Documents in memory with their sizes, the one used longest ago first.
        self._documents: OrderedDict[int, tuple[Profile, int]] = OrderedDict()
        self._files: dict[int, Path] = {}
        self._folder: tuple[int, Path] | None = None
        self.after_fork()

    def after_fork(self) -> None:
        """Forget a lock that a thread of the parent may have held."""
        self._lock = threading.RLock()

    def begun(self, capture: Capture) -> None:
        """Hear of a recording that has begun: there is nothing to keep yet."""

    def ended(self, capture: Capture, document: Profile | None) -> None:
        """Keep a capture that has ended, if it has a document."""
        if document is not None:
            self.add(capture, document)

    def add(self, capture: Capture, document: Profile) -> None:
        """Put a finished capture at the end; from now on it reads its document here."""
        with self._lock:
            capture.read = partial(self._read, capture.number)
            self._captures[capture.number] = capture
            self._keep(capture.number, document)

    def forget(self, capture: Capture) -> None:
        """Drop a capture and its document. Raises UnknownCapture where it does not stand here."""
        with self._lock:
            if self._captures.pop(capture.number, None) is None:
                raise UnknownCapture(f"#{capture.number}", self.names())
            self._documents.pop(capture.number, None)
            file = self._files.pop(capture.number, None)
            # A forked child must not take away what its parent still reads.
            if file is not None and self._folder == (os.getpid(), file.parent):
                file.unlink(missing_ok=True)

    def clear(self) -> None:
        """Drop all."""
        for capture in tuple(self):
            self.forget(capture)

    def names(self) -> list[str]:
        """Return what the newest can be called by: "#3", "#2"."""
        with self._lock:
            return [f"#{number}" for number in reversed(self._captures)][:10]

    def in_memory(self, capture: Capture) -> bool:
        return capture.number in self._documents

    def __len__(self) -> int:
        return len(self._captures)

    def __iter__(self) -> Iterator[Capture]:
        with self._lock:
            return iter(list(self._captures.values()))

    @overload
    def __getitem__(self, index: int) -> Capture: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Capture]: ...
    def __getitem__(self, index: int | slice) -> Capture | Sequence[Capture]:
        with self._lock:
            return list(self._captures.values())[index]

    def __repr__(self) -> str:
        return f"<captures: {', '.join(map(repr, self))}>" if self._captures else "<no captures yet>"

    def _read(self, number: int) -> Profile:
        with self._lock:
            if number in self._documents:
                self._documents.move_to_end(number)
                return self._documents[number][0]
            if number not in self._files:
                raise UnknownCapture(f"#{number}", self.names())
            document = _unpack(self._files[number].read_bytes())
            self._keep(number, document)
            return document

    def _keep(self, number: int, document: Profile) -> None:
        """Hold a document in memory as the one used last, and move what is too much to disk."""
        self._documents[number] = document, _size(document)
        self._documents.move_to_end(number)
        for old, (profile, _) in list(self._documents.items())[:-1]:
            total = sum(size for _, size in self._documents.values())
            if len(self._documents) <= self._most and total <= self._budget:
                break
            try:
                self._spill(old, profile)
            except OSError:
                continue
            del self._documents[old]

    def _spill(self, number: int, document: Profile) -> None:
        if number not in self._files:
            file = self._private_folder() / f"{number}.profile"
            file.write_bytes(_pack(document))
            self._files[number] = file

    def _private_folder(self) -> Path:
        """Return this process's folder, readable by its user only; a forked child makes its own."""
        pid = os.getpid()
        if self._folder is None or self._folder[0] != pid:
            self._folder = pid, Path(tempfile.mkdtemp(prefix="openprofiling-"))
            atexit.register(_remove, *self._folder)
        return self._folder[1]


def _remove(pid: int, folder: Path) -> None:
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)


def _size(document: Profile) -> int:
    """Return about how many bytes a document takes in memory."""
    tables = (document.functions, document.frames, document.stacks, document.samples)
    columns = (getattr(table, name) for table in tables for name in table.__slots__)
    texts = (*document.strings, *document.sources.values())
    return sum(int(c.nbytes) for c in columns if c is not None) + sum(len(text) + _STRING for text in texts)


def _pack(document: Profile) -> bytes:
    import json
    import zlib

    from openprofiling_ipy.formats import columns

    return zlib.compress(json.dumps(columns.encode(document)).encode(), 1)


def _unpack(data: bytes) -> Profile:
    import json
    import zlib

    from openprofiling_ipy.formats import columns

    return columns.decode(json.loads(zlib.decompress(data)))
