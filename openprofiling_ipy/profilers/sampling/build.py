"""From what an engine collected to a document: names, lines, cells, and what is hidden."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.profilers.sampling.trie import CELL, ENDED, NATIVE, ROOT

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile, ProfileBuilder
    from openprofiling_ipy.profilers.base import Scope
    from openprofiling_ipy.profilers.sampling.facts import Collected
    from openprofiling_ipy.profilers.sampling.positions import Positions
    from openprofiling_ipy.profilers.sampling.trie import Trie

__all__ = ["build"]

_OWN_FOLDER = str(Path(__file__).parents[2]) + os.sep
#: The profiler never shows itself, nor what it calls, but where that is the user's: a statement, a decorated function.
_CLOSED = (
    *(f"{_OWN_FOLDER}{room}{os.sep}" for room in ("analysis", "exporters", "formats", "model", "profilers", "widgets")),
    *(_OWN_FOLDER + file for file in ("capture.py", "ledger.py", "session.py", "shelf.py")),
    *(f"{_OWN_FOLDER}notebook{os.sep}{file}" for file in ("display.py", "live.py", "verbs.py")),
)

#: In place of a stack, what a lane without one shows.
_WITHOUT_STACK = {NATIVE: "(native threads)", ENDED: "(ended threads)"}

#: A leaf gets its expression from this share of the looks on, or of the time: a long call that keeps the GIL is seen
#: once. Reading the sources of all libraries would take longer.
_SHARE = 1 / 500
_TIME_SHARE = 1 / 50


def build(collected: Collected, kind: str, scope: Scope, positions: Positions, *, show_all: bool = False) -> Profile:
    """Return the document. `kind` is "cpu" or "wall", the value that comes first; `show_all` hides only in cells."""
    import numpy as np

    from openprofiling_ipy.model import ProfileBuilder, Thread, ValueType

    order = ("cpu", "wall") if kind == "cpu" else ("wall", "cpu")
    builder = ProfileBuilder((ValueType(order[0], "ns"), ValueType(order[1], "ns"), ValueType("samples", "count")))
    columns = _columns(collected)
    if scope.sources is not None:
        # Before anything is named: what does not show shall not stand in the document either.
        columns["node"][_outside(collected, columns)] = ROOT
    namer = _Namer(collected.trie, scope, positions, builder, show_all=show_all)
    nodes, index = np.unique(columns["node"], return_inverse=True)
    hot = _hot(columns, index)
    leaves = [namer.leaf(node, hot=worth) for node, worth in zip(nodes.tolist(), hot, strict=True)]
    stack = np.array(leaves, dtype=np.int64)[index]
    kept = np.flatnonzero((stack >= 0) | (columns["lane"] == 0))
    kept = kept[np.argsort(columns["time"][kept], kind="stable")]
    lanes, lane_index = np.unique(columns["lane"][kept], return_inverse=True)
    for lane in (collected.lanes[number] for number in lanes.tolist()):
        builder.thread(Thread(lane.name, lane.kind, lane.home), lane.index)
    values = np.stack([columns[order[0]], columns[order[1]], columns["count"]], axis=1)[kept]
    builder.samples(stack[kept], lane_index, values, columns["time"][kept])
    return builder.build(
        started_at=collected.started_at,
        duration=collected.duration,
        attributes=collected.facts,
        sources=namer.sources,
    )


def _outside(collected: Collected, columns: dict[str, Any]) -> Any:
    """Tell of each row whether it is the kernel's: of other threads, what is not below a cell is theirs."""
    import numpy as np

    nodes, index = np.unique(columns["node"], return_inverse=True)
    flags = np.array([node >= 0 and not collected.trie.flags[node] & CELL for node in nodes.tolist()], dtype=bool)
    inside = np.array([lane.index == 0 or lane.kind == "task" for lane in collected.lanes], dtype=bool)
    return flags[index] & inside[columns["lane"]]


def _hot(columns: dict[str, Any], index: Any) -> list[bool]:
    """Tell of each node whether its expression is worth reading sources for; `index` [rows] says whose row it is."""
    import numpy as np

    # A row may stand for many looks: a thread that waits has one.
    hot = np.bincount(index, weights=columns["count"]) >= max(2, columns["count"].sum() * _SHARE)
    for value in ("cpu", "wall"):
        time = np.bincount(index, weights=columns[value])
        hot |= time > time.sum() * _TIME_SHARE
    return [bool(worth) for worth in hot]


def _columns(collected: Collected) -> dict[str, Any]:
    """Return the columns as arrays; times count from the start, and nothing reaches beyond the end."""
    import numpy as np

    samples = collected.samples
    columns = {name: np.array(getattr(samples, name), dtype=np.int64) for name in samples.__slots__}
    columns["time"] -= collected.origin
    beyond = np.maximum(columns["time"] - collected.duration, 0)
    columns["time"] -= beyond
    columns["wall"] = np.maximum(columns["wall"] - beyond, 0)
    return columns


class _Namer:
    """Gives nodes their stacks in a builder: cells under their labels, hidden files dropped."""

    def __init__(
        self, trie: Trie, scope: Scope, positions: Positions, builder: ProfileBuilder, *, show_all: bool
    ) -> None:
        self.sources: dict[str, str] = {}
        self._trie = trie
        self._hidden = (*scope.hidden_files, _OWN_FOLDER)
        self._closed = (*scope.closed_files, *_CLOSED)
        self._kernel = scope.kernel_files
        self._standard = tuple(_standard())
        self._serving: dict[int, bool] = {-1: False}
        self._outer = scope.outer_files
        self._cells = scope.sources
        self._positions = positions
        self._builder = builder
        self._show_all = show_all and scope.sources is not None
        self._functions: dict[int, int] = {}
        self._stacks: dict[int, int] = {-1: -1}

    def leaf(self, node: int, *, hot: bool) -> int:
        """Return the stack of a node that samples end in, -1 where nothing of it shows."""
        builder, trie = self._builder, self._trie
        if node in _WITHOUT_STACK:
            return builder.child(-1, builder.frame(builder.function(_WITHOUT_STACK[node])))
        node = self._opened(node)
        while node >= 0 and not self._visible(node):
            node = self._parent(node)
        if node < 0:
            return -1
        code, offset = trie.codes[node], trie.offsets[node]
        expression = self._positions.expression(code, offset) if hot or self._label(node) else ""
        frame = builder.frame(self._function(node), self._positions.line(code, offset), expression)
        return builder.child(self._stack(self._parent(node)), frame)

    def _opened(self, node: int) -> int:
        """Return the innermost node of a stack that no closed file has called."""
        inner, outer = node, node
        while not self._show_all and outer >= 0:
            parent = self._parent(outer)
            if self._trie.codes[outer].co_filename.startswith(self._closed):
                inner = parent
            outer = parent
        return inner

    def _parent(self, node: int) -> int:
        """Return the parent; -1 also where the first cell frame, or an outer file, hides everything older."""
        parent, flags = self._trie.parents[node], self._trie.flags
        if self._trie.codes[node].co_filename in self._outer:
            return -1
        return -1 if parent >= 0 and flags[node] & CELL and not flags[parent] & CELL else parent

    def _stack(self, node: int) -> int:
        """Return the stack of a node that calls others."""
        path = []
        while node not in self._stacks:
            path.append(node)
            node = self._parent(node)
        stack = self._stacks[node]
        for inner in reversed(path):
            if self._visible(inner):
                line = self._positions.line(self._trie.codes[inner], self._trie.offsets[inner])
                stack = self._builder.child(stack, self._builder.frame(self._function(inner), line))
            self._stacks[inner] = stack
        return stack

    def _visible(self, node: int) -> bool:
        if self._show_all and not self._trie.flags[node] & CELL:
            return True
        return not self._trie.codes[node].co_filename.startswith(self._hidden) and not self._serves(node)

    def _serves(self, node: int) -> bool:
        """Tell whether a frame is the kernel's, or one of the standard library that works for the kernel."""
        path = []
        while node not in self._serving:
            path.append(node)
            file = self._trie.codes[node].co_filename
            if file.startswith(self._kernel):
                self._serving[node] = True
            elif not file.startswith(self._standard) or f"{os.sep}site-packages{os.sep}" in file:
                self._serving[node] = False
            else:
                node = self._trie.parents[node]
        for inner in path:
            self._serving[inner] = self._serving[node]
        return self._serving[node]

    def _label(self, node: int) -> str | None:
        return self._cells.label(self._trie.codes[node].co_filename) if self._cells is not None else None

    def _function(self, node: int) -> int:
        code = self._trie.codes[node]
        known = self._functions.get(id(code))
        if known is None:
            label = self._label(node)
            if label and self._cells is not None and label not in self.sources:
                self.sources[label] = self._cells.text(code.co_filename) or ""
            name = "<cell>" if label and code.co_name == "<module>" else code.co_qualname
            known = self._builder.function(name, label or code.co_filename, code.co_firstlineno)
            self._functions[id(code)] = known
        return known


def _standard() -> set[str]:
    """Return the prefixes of the files of the standard library; packages may lie in a folder below it."""
    paths = sysconfig.get_paths()
    return {"<frozen ", *(paths[key] + os.sep for key in ("stdlib", "platstdlib") if key in paths)}
