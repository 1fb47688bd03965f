"""Stacks under interned numbers, built while sampling: flat tables of integers, nothing for the collector to walk."""

from __future__ import annotations

import os
from array import array
from opcode import opmap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType

    from openprofiling_ipy.profilers.sampling.process import Frame

__all__ = ["CELL", "ENDED", "MAX_NODES", "NATIVE", "ROOT", "UNKNOWN", "WAITS", "Trie"]

ROOT = -1
"""No frames at all."""
NATIVE = -2
"""In place of a stack: threads without Python."""
ENDED = -3
"""In place of a stack: threads that ended before anybody saw their last stack."""

UNKNOWN = -2
"""In place of a byte offset: a frame that was somewhere in its code, nobody knows where. No other frame's address."""

MAX_NODES = 250_000
"""About 60 MB. Beyond it stacks are cut at the deepest known frame, and the result says so."""

CELL = 1
"""Flag: this frame or an older one of the stack is a cell's, or of what the kernel's loop runs for its user."""
WAITS = 2
"""Flag: the leaf is an event loop that has nothing to do."""
_KERNEL = 4
"""Flag: this frame or an older one of the stack is the kernel's."""
_LOOP = 8
"""Flag: an event loop, about to call what it was given."""
_COROUTINE = 0x80  # inspect.CO_COROUTINE
_RESUME = opmap["RESUME"]

_LOOP_CALLS = os.path.join("asyncio", "events.py")  # noqa: PTH118  # light
_LOOP_WAITS = (("selectors.py", "select"), ("windows_events.py", "_poll"), ("windows_events.py", "select"))


class Trie:
    """
    Node n is the frame `codes[n]` at byte offset `offsets[n]`, called from node `parents[n]` (ROOT: none).

    Parents come before children. `kernel` are prefixes of the files of a kernel that runs cells.

    A frame is recognised by the address of its instruction, id(code) + f_lasti: unique as long as the code is kept
    alive, which its node does. Comparing code objects would hash their bytecode and take two functions of the same
    text for one, since `code.__eq__` ignores the file.
    """

    def __init__(self, is_cell: Callable[[str], bool], limit: int = MAX_NODES, *, kernel: tuple[str, ...] = ()) -> None:
        self.parents = array("i")
        self.codes: list[CodeType] = []
        self.offsets = array("i")
        #: Looks that found a thread asleep here, less those that may have found it running. Within [-100, 100].
        self.asleep = array("b")
        #: Looks for which a thread gave the GIL up by itself here, less those for which it had to be asked for it.
        self.gives = array("b")
        self.flags = array("b")
        self.cut = 0  # how many stacks lost frames to the limit
        self._children: dict[int, int] = {}
        self._is_cell = is_cell
        self._cells: dict[str, bool] = {}
        self._begins: dict[int, int] = {}  # by the id of a code, the offset at which its own work begins
        self._kernel = kernel
        self._loops: set[str] = set()  # where asyncio lies
        self._limit = limit

    def __len__(self) -> int:
        return len(self.flags)

    def walk(self, frame: Frame | None) -> int:
        """Return the node of the stack that ends at `frame`, ROOT for none."""
        frames = []
        while frame is not None:
            frames.append(frame)
            frame = frame.f_back
        node = ROOT
        find = self._children.get
        for outer in reversed(frames):
            code = outer.f_code
            # Numbers of nodes stay below 2**24 and offsets below the size of their code, so the sum is unique.
            child = find((id(code) + outer.f_lasti << 24) + node)
            if child is None:
                child = self._add(node, code, outer.f_lasti)
                if child == node:
                    break
            node = child
        return node

    def extend(self, node: int, frames: Iterable[tuple[CodeType, int]], flags: int = 0) -> int:
        """
        Return the node of the stack that goes on from `node` with these (code, byte offset), outermost first.

        New ones get these `flags` as well.
        """
        for code, offset in frames:
            child = self._children.get((id(code) + offset << 24) + node)
            if child is None:
                child = self._add(node, code, offset, flags)
                if child == node:
                    break
            node = child
        return node

    def vote(self, node: int, vote: int) -> None:
        """Remember whether a thread slept at this node (1) or ran (-1)."""
        self.asleep[node] = max(-100, min(100, self.asleep[node] + vote))

    def vote_gives(self, node: int, vote: int) -> None:
        """Remember whether the GIL was given up at this node (1) or had to be asked for (less than 0)."""
        self.gives[node] = max(-100, min(100, self.gives[node] + vote))

    def caller_of_beginning(self, node: int) -> int:
        """Return the caller's node where `node` stands at the very beginning of its function, else `node`."""
        if node < 0 or self.parents[node] < 0:
            return node
        code = self.codes[node]
        begins = self._begins.get(id(code))
        if begins is None:
            instructions = code.co_code
            begins = next((at for at in range(0, len(instructions), 2) if instructions[at] == _RESUME), -1)
            self._begins[id(code)] = begins
        return self.parents[node] if self.offsets[node] == begins else node

    def root(self, node: int) -> int:
        """Return the outermost frame of a stack."""
        while self.parents[node] >= 0:
            node = self.parents[node]
        return node

    def is_cell(self, code: CodeType) -> bool:
        file = code.co_filename
        known = self._cells.get(file)
        if known is None:
            known = self._cells[file] = self._is_cell(file)
        return known

    def _add(self, parent: int, code: CodeType, offset: int, flags: int = 0) -> int:
        node = len(self.flags)
        if node >= self._limit and parent >= 0:
            self.cut += 1
            return parent
        above = self.flags[parent] if parent >= 0 else 0
        flags |= above & (CELL | _KERNEL)
        if self.is_cell(code):
            flags |= CELL
        if not flags & CELL:
            flags |= self._around(above, code)
        if any(code.co_name == name and code.co_filename.endswith(end) for end, name in _LOOP_WAITS):
            flags |= WAITS
        self.parents.append(parent)
        self.codes.append(code)
        self.offsets.append(offset)
        self.asleep.append(0)
        self.gives.append(0)
        self.flags.append(flags)  # last: its length is what readers in other threads go by
        self._children[(id(code) + offset << 24) + parent] = node
        return node

    def _around(self, above: int, code: CodeType) -> int:
        """Return the flags of a frame outside of cells; `above` are its caller's."""
        file = code.co_filename
        if self._kernel and file.startswith(self._kernel):
            return _KERNEL
        if above & _LOOP and os.path.dirname(file) not in self._loops:  # noqa: PTH120  # light
            return CELL  # a task or a callback: a coroutine that waits is not below its cell
        if above & _KERNEL and code.co_name == "_run" and file.endswith(_LOOP_CALLS):
            self._loops.add(os.path.dirname(file))  # noqa: PTH120
            return _LOOP
        return above & _LOOP

    def cell(self, node: int) -> int:
        """
        Return the node of the cell in a stack, without a line; ROOT where there is none, or where it is a coroutine.

        While a coroutine waits its thread does other things, so that what the thread used may not be the cell's.
        """
        if node < 0 or not self.flags[node] & CELL:
            return ROOT
        while self.parents[node] >= 0 and self.flags[self.parents[node]] & CELL:
            node = self.parents[node]
        code = self.codes[node]
        return ROOT if code.co_flags & _COROUTINE else self.extend(self.parents[node], ((code, UNKNOWN),))
