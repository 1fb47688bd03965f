"""
How a child learns that it shall record, whatever way it is started.

Children of multiprocessing run the functions that were registered for "after fork" before their own work: a forked one
has them from its parent. One that is spawned gets them by a ticket, which is an attribute of the process object while
that is pickled, and acts when it is unpickled.
"""

from __future__ import annotations

import functools
from multiprocessing import context, process, util
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.children.post import Post

__all__ = ["Hook", "Parent", "enlist"]

_TICKET: Final = "_openprofiling"
#: Run by a child as it begins. It must begin as well where this package is not to be found.
_ENLIST: Final = """
try:
    from openprofiling_ipy.children.hook import enlist
    enlist(folder)
except Exception:
    pass
"""


class Parent(Protocol):
    """Whoever wants to know which processes are started, and which are about to be ended."""

    def started(self, pid: int) -> None: ...

    def ending(self, pid: int) -> None: ...


class _Ticket:
    """Pickles as the words that enlist whoever unpickles it."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (_ENLIST, {"folder": self._folder})


class Hook:
    """Enlists the processes that this one starts, between `open` and `close`."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.active = False
        self._patched: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {}
        util.register_after_fork(self, _begin)

    def open(self, parent: Parent | None = None) -> None:
        self.active = True
        base = process.BaseProcess
        self._patch("start", self._starting(base.start, parent))
        if parent is not None:
            for name in ("terminate", "kill"):
                self._patch(name, _ending(getattr(base, name), parent))

    def close(self) -> None:
        """Give multiprocessing its own functions back; those that somebody else has changed since stay his."""
        self.active = False
        for name, (original, ours) in self._patched.items():
            if getattr(process.BaseProcess, name) is ours:
                setattr(process.BaseProcess, name, original)
        self._patched.clear()

    def _patch(self, name: str, ours: Callable[..., Any]) -> None:
        self._patched[name] = getattr(process.BaseProcess, name), ours
        setattr(process.BaseProcess, name, ours)

    def _starting(self, original: Callable[..., Any], parent: Parent | None) -> Callable[..., Any]:
        @functools.wraps(original)
        def start(child: Any, *args: Any, **kwargs: Any) -> Any:
            if not self.active:
                return original(child, *args, **kwargs)
            vars(child)[_TICKET] = _Ticket(self.post.folder)
            try:
                result = original(child, *args, **kwargs)
            finally:
                vars(child).pop(_TICKET, None)
            if parent is not None and child.pid:
                parent.started(child.pid)
            return result

        return start


def _ending(original: Callable[..., Any], parent: Parent) -> Callable[..., Any]:
    @functools.wraps(original)
    def end(child: Any, *args: Any, **kwargs: Any) -> Any:
        if child.pid:
            parent.ending(child.pid)
        return original(child, *args, **kwargs)

    return end


_enlisted: list[Hook] = []


def enlist(folder: str) -> None:
    """Let this process, which has just been spawned, begin to record before its own work, and its children too."""
    from openprofiling_ipy.children.post import Post

    hook = Hook(Post(folder))
    _enlisted.append(hook)
    hook.open()
    kind = getattr(context, "SpawnProcess", None)
    if kind is not None and "_after_fork" in vars(kind):
        # There is no fork behind this one, so it does not run what was registered.
        kind._after_fork = staticmethod(functools.partial(_after_spawn, kind._after_fork, hook))  # noqa: SLF001


def _after_spawn(original: Callable[[], None], hook: Hook) -> None:
    original()
    _begin(hook)


def _begin(hook: Hook) -> None:
    """Begin to record in a child. Called by multiprocessing, in its main thread."""
    vars(process.current_process()).pop(_TICKET, None)
    if not hook.active:
        return
    from openprofiling_ipy.children.worker import Worker

    Worker(hook.post).begin()
