"""
What a profiler costs: CPU time of a program with it over without it.

A pair is the same work twice, one after the other, once profiled, in changing order; a fresh process runs some pairs.
The halves are short, because the speed of a shared machine changes by the second. Work a is call-heavy, work b is json
and regular expressions 30 frames deep. CPU time is that of the whole process, the profiler's start and stop included
(what its first use imports is not); py-spy's own process is counted separately, under "outside". The floor is a thread
that does nothing but take the GIL 100 times a second: what no profiler inside the process, written in Python, can go
below on this machine.

    python benchmarks/cpu_overhead.py            20 processes with 6 pairs for ours and the control, 5 with 1 for others
    python benchmarks/cpu_overhead.py --quick    1 process with 6 pairs, 3 with 1
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Median, median, table, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

BOUND = 1.03
OURS = ("control", "floor", "ours", "ours @1000")
PEERS = ("pyinstrument", "cProfile", "yappi", "py-spy")
SECONDS = dict.fromkeys(OURS, 0.7) | {"py-spy": 1.5}
"""CPU seconds of unprofiled work in one half of a pair; 0.3 for those that multiply it."""
PAIRS = dict.fromkeys(OURS, 6)
"""Pairs of a process; 1 for the others."""


class _Number:
    def __init__(self, value: int) -> None:
        self.value = value

    def get(self) -> int:
        return self.value

    def add(self, other: _Number) -> _Number:
        return _Number(self.get() + other.get())


def _tree(depth: int) -> _Number:
    return _Number(depth) if depth < 2 else _tree(depth - 1).add(_tree(depth - 2))


def work_a() -> None:
    _tree(14)


_DOCUMENT = json.dumps([{"id": i, "name": f"user{i}", "tags": ["a", "b"], "v": i * 1.5} for i in range(100)])
_NAME = re.compile(r'"name": "(\w+?)(\d+)"')


def work_b(depth: int = 30) -> None:
    if depth:
        work_b(depth - 1)
        return
    for _ in range(3):
        json.dumps(json.loads(_DOCUMENT))
        _NAME.findall(_DOCUMENT)


WORKS: dict[str, Callable[[], None]] = {"a": work_a, "b": work_b}


@contextmanager
def _floor():
    ended = threading.Lock()
    ended.acquire()

    def wake() -> None:
        while not ended.acquire(timeout=0.01):
            pass

    thread = threading.Thread(target=wake)
    thread.start()
    try:
        yield
    finally:
        ended.release()
        thread.join()


@contextmanager
def _pyspy():
    import os

    command = [shutil.which("py-spy", path=str(Path(sys.executable).parent)) or "py-spy", "record", "--nonblocking"]
    spy = subprocess.Popen(
        [*command, "--rate", "100", "--pid", str(os.getpid()), "--format", "raw", "--output", os.devnull],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(0.5)
    try:
        yield
    finally:
        spy.send_signal(2)
        spy.wait()


def _ours(rate: int) -> AbstractContextManager[object]:
    import openprofiling_ipy as op

    return op.profile("cpu", rate=rate)


def _pyinstrument() -> AbstractContextManager[object]:
    import pyinstrument

    return pyinstrument.Profiler(interval=0.001)


def _cprofile() -> AbstractContextManager[object]:
    import cProfile

    return cProfile.Profile()


@contextmanager
def _yappi():
    import yappi

    yappi.set_clock_type("cpu")
    yappi.start()
    yield
    yappi.stop()


_PROFILED: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "control": nullcontext,
    "floor": _floor,
    "ours": partial(_ours, 100),
    "ours @1000": partial(_ours, 1000),
    "pyinstrument": _pyinstrument,
    "cProfile": _cprofile,
    "yappi": _yappi,
    "py-spy": _pyspy,
}


def pairs(tool: str, name: str, order: int) -> list[dict[str, float]]:
    """Run the pairs of one process and return their CPU times in seconds."""
    work, seconds = WORKS[name], SECONDS.get(tool, 0.3)
    began, count = time.process_time(), 0
    while time.process_time() - began < seconds / 4:  # the warm-up also finds how much work that is
        work()
        count += 1
    with _PROFILED[tool]():  # what the first use imports is no matter of the rate
        work()
    return [_pair(tool, work, count * 4, order + i) for i in range(PAIRS.get(tool, 1))]


def _pair(tool: str, work: Callable[[], None], count: int, order: int) -> dict[str, float]:
    times = {}
    for half in ("plain", "profiled")[:: 1 if order % 2 else -1]:
        before = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        with ExitStack() as stack:
            if half == "profiled":
                stack.enter_context(_PROFILED[tool]())
            for _ in range(count):
                work()
        times[half] = time.process_time() - before[0]
        times[f"{half} outside"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before[1]
    return times


def run(tools: dict[str, int], works: list[str]) -> dict[tuple[str, str], list[dict[str, float]]]:
    """Run all processes in changing order; `tools` says how many for each. Return their pairs."""
    todo = [(tool, name, i) for tool, count in tools.items() for name in works for i in range(count)]
    random.Random(1).shuffle(todo)
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for done, (tool, name, i) in enumerate(todo, 1):
        command = [sys.executable, __file__, "--pair", tool, name, str(i)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found.setdefault((tool, name), []).extend(json.loads(answer))
        print(f"\r{done} of {len(todo)} processes", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def _rows(found: dict[tuple[str, str], list[dict[str, float]]]) -> list[list[str]]:
    ratios = {key: median([p["profiled"] / p["plain"] for p in several]) for key, several in found.items()}
    rows = []
    for (tool, name), ratio in sorted(ratios.items(), key=lambda item: (item[0][1], [*OURS, *PEERS].index(item[0][0]))):
        several = found[tool, name]
        outside: Median = median([p["profiled outside"] / p["plain"] for p in several])
        judged = verdict(ratio, BOUND, ratios["control", name], len(several)) if tool == "ours" else ""
        beside = f"{outside.value:.3f}" if tool == "py-spy" else ""
        rows.append([tool, name, str(ratio), beside, str(len(several)), judged])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", help="tools")
    parser.add_argument("--work", nargs="*", default=list(WORKS), choices=list(WORKS))
    parser.add_argument("--pair", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.pair:
        print(json.dumps(pairs(given.pair[0], given.pair[1], int(given.pair[2]))))
        return
    tools = dict.fromkeys(OURS, 1 if given.quick else 20) | dict.fromkeys(PEERS, 3 if given.quick else 5)
    tools["floor"] = tools["ours @1000"] = 1 if given.quick else 5
    if given.only:
        tools = {tool: pairs for tool, pairs in tools.items() if tool in ("control", *given.only)}
    header = ["profiler", "work", "CPU time, ratio [95 %]", "outside", "pairs", f"bound {BOUND}"]
    command = "python benchmarks/cpu_overhead.py" + (" --quick" if given.quick else "")
    print(
        table(
            "Cost: CPU time of the profiled program over the plain one", header, _rows(run(tools, given.work)), command
        )
    )


if __name__ == "__main__":
    main()
