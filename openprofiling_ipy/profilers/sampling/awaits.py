"""Await chains: the frames of a suspended task, read from outside it."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType

__all__ = ["chain"]

#: Longer chains are cut: a cycle of tasks that await each other, or a recursion.
_MAX_FRAMES = 1000

#: What an object that awaits calls its frame and what it awaits.
_KINDS = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))

#: C objects that stand between a coroutine and what it awaits, and tell only the garbage collector what that is.
_WRAPPERS = frozenset({"coroutine_wrapper", "async_generator_asend", "async_generator_athrow", "anext_awaitable"})


def chain(task: Any, *, follow: bool = True) -> list[tuple[CodeType, int]]:
    """
    Return (code, byte offset) of every frame that a task waits in, outermost first.

    Goes through coroutines, generators, async generators and, if it shall `follow`, tasks that the task awaits, and
    `gather` (into the first child that is not done). Only reads attributes, so any thread may call it; a chain that
    changes meanwhile is cut.
    """
    frames: list[tuple[CodeType, int]] = []
    seen: set[int] = set()
    while task is not None and id(task) not in seen and len(frames) < _MAX_FRAMES:
        seen.add(id(task))
        try:
            _descend(task.get_coro(), frames)
        except AttributeError:
            break
        task = _awaited_task(task) if follow else None
    return frames


def _descend(awaitable: Any, frames: list[tuple[CodeType, int]]) -> None:
    while awaitable is not None and len(frames) < _MAX_FRAMES:
        for frame_name, next_name in _KINDS:
            frame = getattr(awaitable, frame_name, None)
            if frame is not None:
                frames.append((frame.f_code, frame.f_lasti))
                awaitable = getattr(awaitable, next_name)
                break
        else:
            if type(awaitable).__name__ not in _WRAPPERS:
                return
            awaitable = next(iter(gc.get_referents(awaitable)), None)


def _awaited_task(task: Any) -> Any:
    """Return the task that this one waits for, directly or by `gather`; None if it waits for anything else."""
    future = getattr(task, "_fut_waiter", None)
    # A gathering future may gather gathering futures; more than a few levels are nobody's.
    for _ in range(10):
        if future is None or hasattr(future, "get_coro"):
            return future
        pending = (child for child in getattr(future, "_children", ()) if not child.done())
        future = next(pending, None)
    return None
