"""`ProfileBuilder`: dicts and lists while a profile grows, columns when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openprofiling_ipy.model.profile import (
    Attribute,
    FrameTable,
    FunctionTable,
    Profile,
    SampleTable,
    StackTable,
    Thread,
    ValueType,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["ProfileBuilder", "preorder"]


class ProfileBuilder:
    """
    Collects strings, functions, frames, stacks and samples under interned ids, in any order.

    Ids are given out in order of first use, so the same calls always build the same profile.
    """

    def __init__(self, value_types: Sequence[ValueType]) -> None:
        self._value_types = tuple(value_types)
        self._strings: dict[str, int] = {"": 0}
        self._functions: dict[tuple[int, int, int], int] = {}
        self._frames: dict[tuple[int, int, int], int] = {}
        self._stacks: dict[tuple[int, int], int] = {}
        self._threads: dict[tuple[Thread, int], int] = {}
        self._sample_stack: list[int] = []
        self._sample_thread: list[int] = []
        self._sample_time: list[int] = []
        self._sample_values: list[Sequence[int]] = []

    def string(self, text: str) -> int:
        return self._strings.setdefault(text, len(self._strings))

    def function(self, name: str, file: str = "", first_line: int = 0) -> int:
        key = (self.string(name), self.string(file), first_line)
        return self._functions.setdefault(key, len(self._functions))

    def frame(self, function: int, line: int = 0, expression: str = "") -> int:
        key = (function, line, self.string(expression))
        return self._frames.setdefault(key, len(self._frames))

    def child(self, parent: int, frame: int) -> int:
        """Return the stack that continues stack `parent` (-1: none) by `frame`."""
        if not -1 <= parent < len(self._stacks):
            raise ValueError(f"there is no stack {parent} to continue")
        return self._stacks.setdefault((parent, frame), len(self._stacks))

    def stack(self, frames: Iterable[int]) -> int:
        """Return the stack of these frames, root first; -1 where there are none."""
        stack = -1
        for frame in frames:
            stack = self.child(stack, frame)
        return stack

    def thread(self, thread: Thread, key: int = 0) -> int:
        """Return the id of a lane; `key` tells apart lanes that look the same."""
        return self._threads.setdefault((thread, key), len(self._threads))

    def sample(self, stack: int, thread: int, values: Sequence[int], time: int | None = None) -> None:
        """Add a sample. Times are given for every sample or for none."""
        if self._sample_stack and (time is None) == bool(self._sample_time):
            raise ValueError("give a time for every sample or for none")
        if not -1 <= stack < len(self._stacks):
            raise ValueError(f"there is no stack {stack} to sample")
        if len(values) != len(self._value_types):
            raise ValueError(f"give {len(self._value_types)} values, not {len(values)}")
        if time is not None:
            self._sample_time.append(time)
        self._sample_stack.append(stack)
        self._sample_thread.append(thread)
        self._sample_values.append(tuple(values))

    def samples(
        self, stack: NDArray[np.int64], thread: NDArray[np.int64], values: NDArray[np.int64], time: NDArray[np.int64]
    ) -> None:
        """Add many samples at once: `stack`, `thread` and `time` [S], `values` [S, V]."""
        if self._sample_stack and not self._sample_time:
            raise ValueError("give a time for every sample or for none")
        if len(stack) and not -1 <= int(stack.min()) <= int(stack.max()) < len(self._stacks):
            raise ValueError("there is no such stack to sample")
        if values.shape != (len(stack), len(self._value_types)):
            raise ValueError(f"give {len(self._value_types)} values a sample, not an array of shape {values.shape}")
        self._sample_stack.extend(stack.tolist())
        self._sample_thread.extend(thread.tolist())
        self._sample_values.extend(values.tolist())
        self._sample_time.extend(time.tolist())

    def build(
        self,
        *,
        started_at: int = 0,
        duration: int = 0,
        attributes: Mapping[str, Attribute] | None = None,
        sources: Mapping[str, str] | None = None,
    ) -> Profile:
        """Return the profile. Raises ValueError where its columns contradict each other."""
        functions = np.array(list(self._functions), dtype=np.int32).reshape(-1, 3)
        frames = np.array(list(self._frames), dtype=np.int32).reshape(-1, 3)
        pairs = np.array(list(self._stacks), dtype=np.int32).reshape(-1, 2)
        position, parent, end = preorder(pairs[:, 0])
        frame = np.empty(len(pairs), dtype=np.int32)
        frame[position] = pairs[:, 1]
        # One place more, so that -1 (the empty stack) maps to itself.
        moved = np.append(position, -1).astype(np.int32)
        count = len(self._sample_stack)
        width = len(self._value_types)
        return Profile(
            strings=tuple(self._strings),
            functions=FunctionTable(functions[:, 0], functions[:, 1], functions[:, 2]),
            frames=FrameTable(frames[:, 0], frames[:, 1], frames[:, 2]),
            stacks=StackTable(parent, frame, end),
            samples=SampleTable(
                stack=moved[np.array(self._sample_stack, dtype=np.int64)],
                thread=np.array(self._sample_thread, dtype=np.int32),
                values=np.array(self._sample_values, dtype=np.int64).reshape(count, width),
                time=np.array(self._sample_time, dtype=np.int64) if self._sample_time else None,
            ),
            threads=tuple(thread for thread, _ in self._threads),
            value_types=self._value_types,
            started_at=started_at,
            duration=duration,
            attributes=attributes or {},
            sources=sources or {},
        )


def preorder(
    parent: NDArray[np.int32], levels: Sequence[NDArray[np.int64]] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """
    Lay a forest out in preorder, siblings in the order of their ids.

    `parent` [N] points to earlier ids (-1 a root). Returns `position` [N], where each id goes, and `parent` and `end`
    [N] of the new order. Works level by level, so the cost is N plus a few array calls a level. `levels` are the ids of
    each depth, for who knows them already.
    """
    count = len(parent)
    size = np.ones(count, dtype=np.int64)
    levels = _levels(parent) if levels is None else levels
    for level in reversed(levels[1:]):
        np.add.at(size, parent[level], size[level])
    position = np.empty(count, dtype=np.int64)
    for depth, level in enumerate(levels):
        # Within a level, siblings stand together and in order; each starts where the one before it ends.
        owner = parent[level]
        order = np.argsort(owner, kind="stable")
        level, owner = level[order], owner[order]  # noqa: PLW2901
        before = np.cumsum(size[level]) - size[level]
        first = np.searchsorted(owner, owner, side="left")
        start = position[owner] + 1 if depth else np.zeros(len(level), dtype=np.int64)
        position[level] = start + before - before[first]
    moved = np.append(position, -1)
    new_parent = np.empty(count, dtype=np.int32)
    new_parent[position] = moved[parent]
    end = np.empty(count, dtype=np.int32)
    end[position] = position + size
    return position, new_parent, end


def _levels(parent: NDArray[np.int32]) -> list[NDArray[np.int64]]:
    """Return the ids of each depth, roots first."""
    depth = np.zeros(len(parent), dtype=np.int64)
    # Parents come before children, so doubling pointers settle in log(depth) rounds.
    jump = parent.astype(np.int64)
    depth[jump >= 0] = 1
    while (jump >= 0).any():
        inner = jump >= 0
        depth[inner] += depth[jump[inner]]
        jump[inner] = jump[jump[inner]]
    order = np.argsort(depth, kind="stable")
    bounds = np.flatnonzero(np.diff(depth[order])) + 1
    return list(np.split(order, bounds)) if len(parent) else []
