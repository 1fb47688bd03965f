"""
V8's `.cpuprofile`, which Chrome DevTools, VS Code and speedscope open: one lane, in microseconds.

Sample i stands at the sum of the first i+1 deltas and weighs delta i+1, so a closing `(idle)` sample ends the last one.
A lane's time that the value does not count (in a CPU profile: waiting) is `(idle)` too, which keeps the time axis true
to 50 ms. Frames called like V8's own states, which viewers treat as such, are written in square brackets.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np

from openprofiling_ipy.errors import MalformedProfile, UnsupportedDocument
from openprofiling_ipy.formats import cpuprofile_reader, jsontext

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = ["busiest", "document", "dumps", "loads", "losses", "name", "sniff", "suffixes"]

name: str = "cpuprofile"
suffixes: tuple[str, ...] = (".cpuprofile",)
document: str = "Profile"

#: A shorter gap between two samples is closed: a busy thread would otherwise be cut into a slice a sample. In µs.
_GAP: Final = 50_000
_ROOT, _IDLE = 0, 1


def sniff(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"callFrame"' in head and b'"nodes"' in head


def loads(data: bytes) -> Profile:
    """Read a profile of V8 or ours. Raises MalformedProfile."""
    obj = jsontext.parse(data, name)
    try:
        return cpuprofile_reader.read(obj)
    except ValueError as error:
        raise MalformedProfile(name, str(error)) from None


def losses(document: Profile) -> tuple[str, ...]:
    """Say which lane and value it holds and what is left out."""
    value = _time_value(document)
    found = []
    others = len(np.unique(document.samples.thread)) - 1
    if others > 0:
        chosen = document.threads[busiest(document, value)].name
        found.append(f"holds the busiest thread only, {chosen!r}, not the other {others}")
    kept = document.value_types[value].kind
    dropped = [kind for kind in document.value_kinds if kind != kept]
    if dropped:
        found.append(f"holds {kept} only, not {' and '.join(dropped)}")
    found.append("times are rounded to 1 µs, executed lines to counts")
    if document.sources or document.attributes:
        found.append("cell sources and the facts about the recording are left out")
    return tuple(found)


def dumps(document: Profile, *, lane: int | None = None) -> bytes:
    """
    Write one lane: `lane`, by default the busiest. Zero-weight samples are left out.

    Raises UnsupportedDocument where no value is a time.
    """
    value = _time_value(document)
    chosen = busiest(document, value) if lane is None else lane
    nodes, node_of = _nodes(document)
    placed, end = _timeline(document, chosen, value)
    hits: Counter[int] = Counter()
    ticks: defaultdict[int, Counter[int]] = defaultdict(Counter)
    lines = np.append(document.frames.line[document.stacks.frame], 0)
    for stack, _ in placed:
        if stack is not None:
            hits[node_of[stack]] += 1
            ticks[node_of[stack]][int(lines[stack])] += 1
    order = _order(nodes, hits)
    samples = [(order[_IDLE if stack is None else node_of[stack]], start) for stack, start in placed]
    starts = np.array([0, *(start for _, start in samples)], dtype=np.int64)
    began = document.started_at // 1000 if document.started_at >= cpuprofile_reader.UNIX else 0
    return b"".join(
        (
            b'{"nodes":[',
            ",".join(_node_text(nodes, node, order, hits[node], ticks[node]) for node in order).encode(),
            b'],"startTime":%d,"endTime":%d,"samples":' % (began, began + max(end, (document.duration + 500) // 1000)),
            jsontext.write([node for node, _ in samples]),
            b',"timeDeltas":',
            jsontext.write(np.diff(starts).tolist()),
            b"}",
        )
    )


def busiest(profile: Profile, value: int) -> int:
    """Return the lane with the most of a value among those shown by default, a Python one where there is any."""
    totals = np.zeros(len(profile.threads), dtype=np.int64)
    np.add.at(totals, profile.samples.thread, profile.samples.values[:, value])
    wall = profile.value_types[value].kind == "wall"

    def rank(lane: int) -> tuple[bool, bool, int, int]:
        thread, total = profile.threads[lane], int(totals[lane])
        return thread.kind != "native" and total > 0, thread.home or not wall, total, -lane

    return max(range(len(totals)), key=rank, default=0)


def _time_value(profile: Profile) -> int:
    for value, value_type in enumerate(profile.value_types):
        if value_type.unit == "ns":
            return value
    raise UnsupportedDocument(name, "profile without times", ("speedscope", "folded", "html"))


def _timeline(profile: Profile, lane: int, value: int) -> tuple[list[tuple[int | None, int]], int]:
    """
    Return (stack, start) of each sample in µs, None for idle time, the closing one included; and the end.

    The sum of the weights is rounded, not each of them, so that the total is right to 1 µs. A sample ends at its time,
    later where those before it need the room (waits of tasks overlap).
    """
    chosen = profile.samples.thread == lane
    weights = np.maximum(profile.samples.values[chosen, value], 0).tolist()
    times = [None] * len(weights) if profile.samples.time is None else profile.samples.time[chosen].tolist()
    placed: list[tuple[int | None, int]] = []
    total = written = now = 0
    for stack, weight, time in zip(profile.samples.stack[chosen].tolist(), weights, times, strict=True):
        total += weight
        micros = (total + 500) // 1000 - written
        if not micros:
            continue
        written += micros
        start = now if time is None else (time + 500) // 1000 - micros
        if start - now >= _GAP:
            placed.append((None, now))
            now = start
        placed.append((stack, now))
        now += micros
    placed.append((None, now))
    return placed, now


class _Nodes:
    """The tree V8 writes: a node a function called from a node; lines are merged. Node 0 is the root, 1 idle time."""

    def __init__(self) -> None:
        self.frames = [cpuprofile_reader.call_frame("(root)"), cpuprofile_reader.call_frame("(idle)")]
        self.parent = [-1, _ROOT]
        self.children: list[list[int]] = [[], []]
        self._ids: dict[tuple[int, str], int] = {}

    def child(self, parent: int, frame: str) -> int:
        node = self._ids.setdefault((parent, frame), len(self.frames))
        if node == len(self.frames):
            self.frames.append(frame)
            self.parent.append(parent)
            self.children.append([])
            self.children[parent].append(node)
        return node


def _nodes(profile: Profile) -> tuple[_Nodes, list[int]]:
    """Return the tree and the node of each stack; one place more, so that -1 (the empty stack) is the root."""
    nodes = _Nodes()
    texts = [
        cpuprofile_reader.call_frame(
            cpuprofile_reader.bracketed(profile.function_name(function)),
            profile.function_file(function),
            int(profile.functions.first_line[function]),
        )
        for function in range(len(profile.functions))
    ]
    functions = profile.frames.function[profile.stacks.frame].tolist()
    node_of: list[int] = []
    for parent, function in zip(profile.stacks.parent.tolist(), functions, strict=True):
        node_of.append(nodes.child(node_of[parent] if parent >= 0 else _ROOT, texts[function]))
    node_of.append(_ROOT)
    return nodes, node_of


def _order(nodes: _Nodes, hits: Counter[int]) -> dict[int, int]:
    """Return the ids to write, in preorder: nodes with samples, those above them, the root and, last, idle time."""
    needed = {_ROOT}
    for hit in hits:
        node = hit
        while node not in needed:
            needed.add(node)
            node = nodes.parent[node]
    order: dict[int, int] = {}
    todo = [_ROOT]
    while todo:
        node = todo.pop()
        order[node] = len(order) + 1
        todo.extend(child for child in reversed(nodes.children[node]) if child in needed)
    order[_IDLE] = len(order) + 1
    return order


def _node_text(nodes: _Nodes, node: int, order: dict[int, int], hits: int, ticks: Counter[int]) -> str:
    children = [order[child] for child in nodes.children[node] if child in order]
    if node == _ROOT:
        children.append(order[_IDLE])
    below = f',"children":[{",".join(map(str, children))}]' if children else ""
    lines = ",".join(f'{{"line":{line},"ticks":{count}}}' for line, count in sorted(ticks.items()) if line)
    positions = f',"positionTicks":[{lines}]' if lines else ""
    return f'{{"id":{order[node]},"callFrame":{nodes.frames[node]},"hitCount":{hits}{below}{positions}}}'
