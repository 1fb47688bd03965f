"""
V8's `.cpuprofile`, which Chrome DevTools, VS Code and speedscope open: one lane, in microseconds.

Sample i stands at the sum of the first i+1 deltas and weighs delta i+1, so a closing `(idle)` sample ends the last one.
A lane's time that the value does not count (in a CPU profile: waiting) is `(idle)` too, which keeps the time axis true
to 50 ms. Frames called like V8's own states, which viewers treat as such, are written in square brackets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from openprofiling_ipy.analysis.reshape import regroup
from openprofiling_ipy.analysis.weights import stack_functions, stack_total, sums
from openprofiling_ipy.errors import MalformedProfile, UnsupportedDocument
from openprofiling_ipy.formats import cpuprofile_reader, jsontext
from openprofiling_ipy.formats.disclosure import told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from openprofiling_ipy.model import Profile, StackTable

__all__ = ["busiest", "contents", "document", "dumps", "loads", "losses", "name", "sniff", "suffixes"]

name: str = "cpuprofile"
suffixes: tuple[str, ...] = (".cpuprofile",)
document: str = "Profile"

#: A shorter gap between two samples is closed: a busy thread would otherwise be cut into a slice a sample. In µs.
_GAP: Final = 50_000
_ROOT: Final = 1
#: Stands for idle time among stacks.
_IDLE: Final = -2


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
    value = _time_value(document)
    kept = document.value_types[value].kind
    found = []
    if len(np.unique(document.samples.thread)) > 1:
        found.append(f"threads other than the busiest ({document.threads[busiest(document, value)].name})")
    if len(document.value_types) > 1:
        found.append(f"values other than {kept}")
    found += ["fractions of a microsecond", "which sample ran which line (only how many ran each)"]
    if document.sources:
        found.append("cell sources")
    if document.attributes:
        found.append("facts about the recording")
    return tuple(found)


def contents(document: Profile) -> tuple[str, ...]:
    return told(document, everything=False)


def dumps(document: Profile, *, lane: int | None = None) -> bytes:
    """
    Write one lane: `lane`, by default the busiest. Zero-weight samples are left out.

    Raises UnsupportedDocument where no value is a time.
    """
    value = _time_value(document)
    stacks, starts, end = _timeline(document, busiest(document, value) if lane is None else lane, value)
    frames, node_of, tree = _nodes(document)
    nodes = node_of[stacks]
    real = nodes[stacks != _IDLE]
    hits = sums(real, np.ones(len(real), dtype=np.int64), len(tree) + 1)
    # Two places more: -1 is the empty stack, -2 idle time.
    lines = np.append(document.frames.line[document.stacks.frame], (0, 0))[stacks]
    used = stack_total(tree, hits[:-1]) > 0
    # V8 numbers from 1, which is the root; -1, the empty stack, is the root as well. Idle time comes last.
    number = np.append(np.cumsum(used) + 1, _ROOT)
    idle = int(used.sum()) + 2
    samples = np.where(stacks == _IDLE, idle, number[nodes])
    began = document.started_at // 1000 if document.started_at >= cpuprofile_reader.UNIX else 0
    ended = began + max(end, (document.duration + 500) // 1000)
    return b"".join(
        (
            b'{"nodes":[',
            ",".join(_node_texts(frames, tree, used, hits, _ticks(nodes, lines))).encode(),
            b'],"startTime":%d,"endTime":%d,"samples":' % (began, ended),
            jsontext.write(samples.tolist()),
            b',"timeDeltas":',
            jsontext.write(np.diff(starts, prepend=0).tolist()),
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


def _timeline(profile: Profile, lane: int, value: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """
    Return the stack and start in µs of each sample, _IDLE for idle time, the closing one included; and the end.

    The sum of the weights is rounded, not each of them, so that the total is right to 1 µs. A sample ends at its time,
    later where those before it need the room (waits of tasks overlap).
    """
    chosen = profile.samples.thread == lane
    weights = np.maximum(profile.samples.values[chosen, value], 0).tolist()
    times = [None] * len(weights) if profile.samples.time is None else profile.samples.time[chosen].tolist()
    placed: list[tuple[int, int]] = []
    total = written = now = 0
    for stack, weight, time in zip(profile.samples.stack[chosen].tolist(), weights, times, strict=True):
        total += weight
        micros = (total + 500) // 1000 - written
        if not micros:
            continue
        written += micros
        start = now if time is None else (time + 500) // 1000 - micros
        if start - now >= _GAP:
            placed.append((_IDLE, now))
            now = start
        placed.append((stack, now))
        now += micros
    placed.append((_IDLE, now))
    columns = np.array(placed, dtype=np.int64)
    return columns[:, 0], columns[:, 1], now


def _nodes(profile: Profile) -> tuple[list[str], NDArray[np.int64], StackTable]:
    """
    Return what V8 makes of stacks: the callFrames, the node of each stack, and the tree of the nodes.

    A function called from a node is one node, whatever its line; `frame` of the tree is into the callFrames.
    """
    frames: dict[str, int] = {}
    key = [
        frames.setdefault(
            cpuprofile_reader.call_frame(
                cpuprofile_reader.bracketed(profile.function_name(function)),
                profile.function_file(function),
                int(profile.functions.first_line[function]),
            ),
            len(frames),
        )
        for function in range(len(profile.functions))
    ]
    of_function = np.array(key, dtype=np.int64)
    node_of, tree = regroup(profile.stacks, of_function[stack_functions(profile)])
    # The last place is for the empty stack and, with it, for idle time.
    return list(frames), np.append(node_of, (len(tree), len(tree))), tree


def _ticks(nodes: NDArray[np.int64], lines: NDArray[np.int32]) -> dict[int, list[tuple[int, int]]]:
    """Return how many samples of each node fell on which line, for the lines that are known."""
    known = lines > 0
    pairs, counts = np.unique(np.column_stack((nodes[known], lines[known])), axis=0, return_counts=True)
    ticks: dict[int, list[tuple[int, int]]] = {}
    for (node, line), count in zip(pairs.tolist(), counts.tolist(), strict=True):
        ticks.setdefault(node, []).append((line, count))
    return ticks


def _node_texts(
    frames: list[str],
    tree: StackTable,
    used: NDArray[np.bool_],
    hits: NDArray[np.int64],
    ticks: dict[int, list[tuple[int, int]]],
) -> Iterator[str]:
    """Yield the nodes that have samples at or below them, root first, as JSON."""
    number = (np.cumsum(used) + 1).tolist()
    idle = int(used.sum()) + 2
    children: dict[int, list[str]] = {}
    parents = tree.parent.tolist()
    chosen = np.flatnonzero(used).tolist()
    for node in chosen:
        children.setdefault(parents[node], []).append(str(number[node]))
    children.setdefault(-1, []).append(str(idle))
    root, nothing = cpuprofile_reader.call_frame("(root)"), cpuprofile_reader.call_frame("(idle)")
    yield f'{{"id":{_ROOT},"callFrame":{root},"hitCount":{hits[-1]},"children":[{",".join(children[-1])}]}}'
    counts, kinds = hits.tolist(), tree.frame.tolist()
    for node in chosen:
        below = f',"children":[{",".join(children[node])}]' if node in children else ""
        lines = ",".join(f'{{"line":{line},"ticks":{count}}}' for line, count in ticks.get(node, ()))
        positions = f',"positionTicks":[{lines}]' if lines else ""
        frame = frames[kinds[node]]
        yield f'{{"id":{number[node]},"callFrame":{frame},"hitCount":{counts[node]}{below}{positions}}}'
    yield f'{{"id":{idle},"callFrame":{nothing},"hitCount":0}}'
