"""
The folder through which a process and its children speak: one order, and what each child has to hand in.

It is private (mode 0700), and a file appears whole or not at all. Names are `{recording}.{pid}.{what}`.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

__all__ = ["Order", "Post"]

_ORDER: Final = "order.json"


@dataclass(frozen=True)
class Order:
    """
    What children shall do: record `kind` with `options` as the recording `number`, as long as it is `open`.

    `asked` counts how often they were asked to hand in what they have.
    """

    number: int
    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    asked: int = 0
    open: bool = True


class Post:
    """One end of the folder. Reading gives None for what is not there; writing raises OSError."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._seen: tuple[int, int] = (0, 0)
        self._order: Order | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Post, (self.folder,)

    def give(self, order: Order) -> None:
        self._write(_ORDER, json.dumps(asdict(order)).encode())

    def order(self) -> Order | None:
        """Return the order as it stands. Raises FileNotFoundError when the parent has gone."""
        facts = os.stat(self._path(_ORDER))  # noqa: PTH116  # twenty times a second
        seen = facts.st_ino, facts.st_mtime_ns
        if seen != self._seen:
            with open(self._path(_ORDER), encoding="utf-8") as file:  # noqa: PTH123
                self._order = Order(**json.load(file))
            self._seen = seen
        return self._order

    def put(self, number: int, pid: int, what: str, data: bytes) -> None:
        self._write(f"{number}.{pid}.{what}", data)

    def get(self, number: int, pid: int, what: str) -> bytes | None:
        try:
            return Path(self._path(f"{number}.{pid}.{what}")).read_bytes()
        except OSError:
            return None

    def pids(self, number: int, what: str) -> set[int]:
        """Return the processes that have put such a file."""
        found = (name.split(".", 2) for name in os.listdir(self.folder))  # noqa: PTH208
        return {int(parts[1]) for parts in found if len(parts) == 3 and parts[0] == str(number) and parts[2] == what}

    def clear(self, number: int) -> None:
        """Remove what belongs to a recording."""
        for name in os.listdir(self.folder):  # noqa: PTH208
            if name.startswith(f"{number}."):
                with contextlib.suppress(OSError):
                    os.unlink(self._path(name))  # noqa: PTH108

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)  # noqa: PTH118

    def _write(self, name: str, data: bytes) -> None:
        handle, hidden = tempfile.mkstemp(dir=self.folder, prefix=".")
        with open(handle, "wb") as file:  # noqa: PTH123
            file.write(data)
        os.replace(hidden, self._path(name))  # noqa: PTH105
