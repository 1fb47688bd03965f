"""The parent's side: what its children shall record, and what they have handed in."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from openprofiling_ipy.children import worker
from openprofiling_ipy.children.hook import Hook
from openprofiling_ipy.children.post import Order, Post

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Crew", "Delivered", "HandedIn", "crew"]

#: How long (s) to wait for the last profiles, for one that is about to be ended, and between two looks.
_PATIENCE: Final = 2.0
_FAREWELL: Final = 1.0
_LOOK: Final = 0.01
#: Within so long (s), who was asked once is not asked again: a pool ends its processes one after another.
_SAME: Final = 0.5


@dataclass(frozen=True)
class HandedIn:
    """What one process has handed in: its name, a profile in the format pprof, and the CPU time (ns) it used."""

    name: str
    pid: int
    data: bytes
    cpu: int


@dataclass(frozen=True)
class Delivered:
    """The profiles of a recording, and how many processes have not answered."""

    profiles: list[HandedIn]
    lost: int


class Crew:
    """The children of this process, through the recordings that want them; one at a time."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._post = Post(tempfile.mkdtemp(prefix="openprofiling-"))
        self._hook = Hook(self._post)
        self._lock = threading.Lock()
        self._order: Order | None = None
        self._last = Order(0, "")
        self._started: set[int] = set()
        self._farewells: set[int] = set()
        self._enlisted: set[int] = set()
        self._asked_at = 0.0
        atexit.register(self._leave)

    def begin(self, kind: str, options: dict[str, Any]) -> bool:
        """Order a recording; False where one is under way. Raises OSError, or TypeError for strange options."""
        with self._lock:
            if self._order is not None:
                return False
            order = Order(self._last.number + 1, kind, options)
            self._post.give(order)
            self._last = self._order = order
            self._started, self._farewells = set(), set()
            self._hook.open(self)
        # A pool of an earlier recording lives on, and looks for orders now and then.
        number = self._last.number
        _wait(_FAREWELL, lambda: not any(map(_lives, self._enlisted - self._begun(number))))
        return True

    def halt(self) -> None:
        """Let the children end their recordings now."""
        with self._lock:
            if self._order is not None and self._order.open:
                self._hook.close()
                self._order = replace(self._order, open=False)
                with contextlib.suppress(OSError):
                    self._post.give(self._order)

    def end(self) -> Delivered:
        """End the recording and return what was handed in; it takes two seconds at most."""
        number = self._last.number
        try:
            self.halt()
            _wait(_PATIENCE, lambda: not any(map(_lives, self._begun(number) - self._post.pids(number, worker.END))))
            begun = self._begun(number)
            profiles = [found for pid in sorted(begun) if (found := self._handed_in(number, pid)) is not None]
            answered = self._post.pids(number, worker.END) | self._farewells
            lost = len((begun | self._started) - answered)
            self._enlisted = {pid for pid in answered if _lives(pid)}
            self._post.clear(number)
        except OSError:  # somebody has removed the folder
            profiles, lost = [], len(self._started)
        finally:
            # Also where an interrupt ends the waiting: the next recording may begin.
            self._order = None
        return Delivered(profiles, lost)

    def started(self, pid: int) -> None:
        self._started.add(pid)

    def ending(self, pid: int) -> None:
        """Ask a process for what it has, before it is ended."""
        order = self._order
        if os.getpid() != self._pid or order is None or not order.open or pid not in self._begun(order.number):
            return
        with contextlib.suppress(OSError), self._lock:
            if time.monotonic() - self._asked_at > _SAME:
                self._asked_at = time.monotonic()
                self._order = replace(order, asked=order.asked + 1)
                self._post.give(self._order)
        _wait(_FAREWELL, lambda: self._has_answered(pid) or not _lives(pid))
        if self._has_answered(pid):
            self._farewells.add(pid)

    def _has_answered(self, pid: int) -> bool:
        """Tell whether a process has handed in what it was last asked for, or its last profile."""
        order = self._order
        if order is None:
            return True
        if self._post.get(order.number, pid, worker.END) is not None:
            return True
        answer = self._post.get(order.number, pid, worker.ANSWER)
        return answer is not None and int(answer.split()[0]) >= order.asked

    def _handed_in(self, number: int, pid: int) -> HandedIn | None:
        data, name = self._post.get(number, pid, worker.PROFILE), self._post.get(number, pid, worker.BEGUN) or b""
        if data is None:
            return None
        answer = self._post.get(number, pid, worker.ANSWER)
        return HandedIn(name.decode(errors="replace"), pid, data, int(answer.split()[1]) if answer else 0)

    def _begun(self, number: int) -> set[int]:
        return self._post.pids(number, worker.BEGUN)

    def _leave(self) -> None:
        """Remove the folder: that tells children to stop waiting for orders."""
        if os.getpid() == self._pid:
            self._hook.close()
            shutil.rmtree(self._post.folder, ignore_errors=True)


def _wait(longest: float, done: Callable[[], bool]) -> None:
    until = time.monotonic() + longest
    while not done() and time.monotonic() < until:
        time.sleep(_LOOK)


def _lives(pid: int) -> bool:
    """Tell whether a process can still answer; one that has ended and was not waited for cannot."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return file.read().rpartition(b")")[2].split()[0] != b"Z"
    except FileNotFoundError:
        return not os.path.isdir("/proc/self")  # noqa: PTH112  # a system without /proc tells no more
    except ProcessLookupError:
        return False
    except OSError:
        return True


_crew: list[Crew] = []


def crew() -> Crew:
    """Return the crew of this process, which is made when it is first needed. Raises OSError."""
    if not _crew:
        _crew.append(Crew())
    return _crew[0]


if hasattr(os, "register_at_fork"):
    # A child has children of its own.
    os.register_at_fork(after_in_child=_crew.clear)
