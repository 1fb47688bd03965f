"""Reads `.cpuprofile` files of V8 (Chrome, node, VS Code) and ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from openprofiling_ipy.formats import jsontext
from openprofiling_ipy.model import ProfileBuilder, Thread, ValueType
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openprofiling_ipy.model import Profile

__all__ = ["UNIX", "bracketed", "call_frame", "read"]

#: V8 counts from the machine's start, ours from 1970: a time beyond this many ns can only be the latter.
UNIX: Final = 10**18
_LARGEST: Final = 2**62 // 1000
_LINES: Final = 2**31 - 1
_STATES: Final = {f"({state})": f"[{state}]" for state in ("root", "program", "idle", "garbage collector")}


def call_frame(function: str, file: str = "", first_line: int = 0) -> str:
    """Return a callFrame as JSON; its lines count from 0, -1 is unknown."""
    frame = {
        "functionName": function,
        "scriptId": "0",
        "url": file,
        "lineNumber": first_line - 1,
        "columnNumber": -1,
    }
    return jsontext.write(frame).decode()


def bracketed(function: str) -> str:
    """Return a function's name, a name of V8's own states in square brackets: "(program)" is "[program]"."""
    return _STATES.get(function, function)


def read(obj: Mapping[str, Any]) -> Profile:
    """
    Return the profile in a parsed file: one lane, one value "cpu" in ns; idle time is no sample.

    Which sample of a node fell on which line is not in the file: its `positionTicks` are dealt out in order. Raises
    ValueError whatever is wrong with it.
    """
    builder = ProfileBuilder([ValueType("cpu", "ns")])
    thread = builder.thread(Thread("MainThread"))
    tree = _Tree(builder, _list(obj, "nodes"))
    began = _number(obj.get("startTime", 0), "startTime")
    ended = _number(obj.get("endTime", 0), "endTime")
    samples = _list(obj, "samples")
    times = _times(_list(obj, "timeDeltas"))
    if len(samples) != len(times):
        raise ValueError(f"there are {len(samples)} samples but {len(times)} timeDeltas")
    for place in range(len(samples) - 1):
        # The last sample has no delta behind it and weighs nothing.
        weight = (times[place + 1] - times[place]) * 1000
        stack = tree.sample(samples[place], counted=weight > 0)
        if stack is not None and weight:
            builder.sample(stack, thread, (weight,), times[place + 1] * 1000)
    # Without a start, the end is a time since 1970 or since the machine was switched on.
    length = max(ended - began if "startTime" in obj else 0, times[-1] if times else 0)
    started_at = began * 1000 if began * 1000 >= UNIX else 0
    return builder.build(started_at=started_at, duration=length * 1000, attributes={A.KIND: "cpu"})


def _times(deltas: list[Any]) -> list[int]:
    """Return when each sample was taken, in µs since the start; V8's deltas may be negative, time does not go back."""
    times, exact, latest = [], 0, 0
    for delta in deltas:
        exact += _number(delta, "a delta")
        if abs(exact) >= _LARGEST:
            raise ValueError("the deltas add up to too much")
        latest = max(latest, exact)
        times.append(latest)
    return times


class _Tree:
    """The stacks of a file's nodes, and the lines not yet dealt out to their samples."""

    def __init__(self, builder: ProfileBuilder, nodes: list[Any]) -> None:
        self._builder = builder
        self._nodes = {_id(node): node for node in nodes}
        if len(self._nodes) != len(nodes):
            raise ValueError("two nodes have the same id")
        #: Stack and function of each node; None for idle time.
        self._stacks: dict[int, tuple[int, int] | None] = {}
        self._parents: dict[int, int] = {}
        self._lines: dict[int, list[tuple[int, int]]] = {}
        self._frames: dict[tuple[str, str, int], tuple[int, int]] = {}
        self._walk(self._children())
        if len(self._stacks) != len(nodes):
            raise ValueError("the nodes do not form a tree")

    def _children(self) -> dict[int, list[int]]:
        """Return the ids below each node, from both ways of writing them."""
        below: dict[int, list[int]] = {node: [] for node in self._nodes}
        for node, data in self._nodes.items():
            for child in _list(data, "children", []):
                self._adopt(node, child, below)
        for node, data in self._nodes.items():
            if node not in self._parents and data.get("parent") is not None:
                self._adopt(data["parent"], node, below)
        return below

    def _adopt(self, parent: object, child: object, below: dict[int, list[int]]) -> None:
        if not isinstance(parent, int) or not isinstance(child, int) or not {parent, child} <= below.keys():
            raise ValueError("a node names one that does not exist")
        if child in self._parents:
            raise ValueError("a node has two parents")
        self._parents[child] = parent
        below[parent].append(child)

    def _walk(self, below: dict[int, list[int]]) -> None:
        """Make the stacks, parents first. Nodes in a circle are never reached."""
        todo = [node for node in self._nodes if node not in self._parents]
        for node in todo:
            data = self._nodes[node]
            above = self._stacks[self._parents[node]] if node in self._parents else (-1, -1)
            self._stacks[node] = self._stack(node, data, above)
            self._lines[node] = _ticks(data)
            todo.extend(below[node])

    def _stack(self, node: int, data: Mapping[str, Any], above: tuple[int, int] | None) -> tuple[int, int] | None:
        name, file, line = _call_frame(data)
        if above is None or name == "(idle)":
            return None
        if name == "(root)" and node not in self._parents:
            return -1, -1
        key = (name, file, line)
        if key not in self._frames:
            function = self._builder.function(bracketed(name), file, line)
            self._frames[key] = self._builder.frame(function), function
        frame, function = self._frames[key]
        return self._builder.child(above[0], frame), function

    def sample(self, node: object, *, counted: bool) -> int | None:
        """Return the stack of a node's next sample, None for idle time. One that is `counted` uses up a tick."""
        if not isinstance(node, int) or node not in self._stacks:
            raise ValueError("a sample names a node that does not exist")
        place = self._stacks[node]
        if place is None or not counted:
            return None
        stack, function = place
        lines = self._lines[node]
        if not lines or function < 0:
            return stack
        line, ticks = lines.pop()
        if ticks > 1:
            lines.append((line, ticks - 1))
        above = self._stacks[self._parents[node]] if node in self._parents else None
        return self._builder.child(above[0] if above else -1, self._builder.frame(function, line))


def _list(data: Mapping[str, Any], key: str, default: list[Any] | None = None) -> list[Any]:
    value = data.get(key, default)
    if not isinstance(value, list):
        raise ValueError(f"{key} must be a list")  # noqa: TRY004  # callers catch ValueError alone
    return value


def _number(value: object, what: str) -> int:
    """Return a number of µs, rounded. Raises ValueError for NaN and what is beyond 64 bits of ns."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST < value < _LARGEST:
        raise ValueError(f"{what} must be a number")
    return round(value)


def _id(node: object) -> int:
    value = node.get("id") if isinstance(node, dict) else None
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("every node needs an id, a whole number")  # noqa: TRY004
    return value


def _call_frame(node: Mapping[str, Any]) -> tuple[str, str, int]:
    frame = node.get("callFrame")
    if not isinstance(frame, dict):
        raise ValueError("every node needs a callFrame")  # noqa: TRY004
    name, file = frame.get("functionName") or "", frame.get("url") or ""
    if not isinstance(name, str) or not isinstance(file, str):
        raise ValueError("functionName and url must be text")  # noqa: TRY004
    line = _number(frame.get("lineNumber", -1), "lineNumber") + 1
    return name, file, line if 0 < line < _LINES else 0


def _ticks(node: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return (line, ticks) of a node, the last line first: they are dealt out from the end."""
    found = []
    for item in _list(node, "positionTicks", []):
        if not isinstance(item, dict):
            raise ValueError("positionTicks must hold objects")  # noqa: TRY004
        line, ticks = _number(item.get("line"), "line"), _number(item.get("ticks"), "ticks")
        if 0 < line < _LINES and ticks > 0:
            found.append((line, ticks))
    return found[::-1]
