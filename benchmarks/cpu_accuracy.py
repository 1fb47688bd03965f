"""
Whether shares are true: a program whose functions know how much CPU they used, against what profilers say of it.

Functions burn CPU in bursts of 2 ms of their thread's CPU clock, in the main thread and in two others; one C call keeps
the GIL. Each measures its own CPU time, so the truth holds whatever a profiler costs. Every run is a fresh process. An
error is the difference of a function's share in percentage points (pp). cProfile and pyinstrument see one thread only;
for them the second row takes the main thread's functions alone.

    python benchmarks/cpu_accuracy.py            10 runs of 6 s
    python benchmarks/cpu_accuracy.py --quick    2 runs of 2 s
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from measure import table

if TYPE_CHECKING:
    from collections.abc import Callable

    Program = Callable[[float], None]

TOOLS = ("ours", "pyinstrument", "cProfile", "yappi")
MAIN = ("alpha", "beta", "gamma", "delta", "holds_gil")
BOUNDS = "median 3, signed 1, worst 6"

truth: Counter[str] = Counter()
_DIGITS = "7" * 60_000


def burn(seconds: float) -> None:
    clock = time.thread_time
    end = clock() + seconds
    while clock() < end:
        pass


def measured(function: Callable[[], object]) -> Callable[[], None]:
    def timed() -> None:
        began = time.thread_time()
        function()
        truth[function.__name__] += time.thread_time() - began

    return timed


@measured
def alpha() -> None:
    burn(0.002)


@measured
def beta() -> None:
    burn(0.002)


@measured
def gamma() -> None:
    burn(0.002)


@measured
def delta() -> None:
    burn(0.002)


@measured
def epsilon() -> None:
    burn(0.002)


@measured
def zeta() -> None:
    burn(0.002)


@measured
def holds_gil() -> None:
    int(_DIGITS)  # one C call of some 30 ms


def _main_thread(until: float) -> None:
    chance = random.Random(2)
    while time.perf_counter() < until:
        for function in chance.choices((alpha, beta, gamma, delta), (4, 3, 2, 1), k=30):
            function()
        holds_gil()


def _other_thread(until: float, seed: int) -> None:
    chance = random.Random(seed)
    while time.perf_counter() < until:
        chance.choices((epsilon, zeta), (3, 1))[0]()


def program(seconds: float) -> None:
    until = time.perf_counter() + seconds
    others = [threading.Thread(target=_other_thread, args=(until, seed)) for seed in (1, 2)]
    for thread in others:
        thread.start()
    _main_thread(until)
    for thread in others:
        thread.join()


def _ours(program: Program, seconds: float) -> dict[str, float]:
    import openprofiling_ipy as op

    with op.profile("cpu") as capture:
        program(seconds)
    rows = capture.table()
    return dict(zip(rows.function, rows.total.astype(float), strict=True))


def _pyinstrument(program: Program, seconds: float) -> dict[str, float]:
    import pyinstrument

    with pyinstrument.Profiler(interval=0.01) as profiler:
        program(seconds)
    seen: Counter[str] = Counter()
    todo = [profiler.last_session.root_frame()]
    while todo:
        frame = todo.pop()
        seen[frame.function] += frame.time
        todo += frame.children
    return dict(seen)


def _cprofile(program: Program, seconds: float) -> dict[str, float]:
    import cProfile
    import pstats

    profiler = cProfile.Profile()
    profiler.runcall(program, seconds)
    return {name: row[3] for (_, _, name), row in pstats.Stats(profiler).stats.items()}


def _yappi(program: Program, seconds: float) -> dict[str, float]:
    import yappi

    yappi.set_clock_type("cpu")
    yappi.start()
    program(seconds)
    yappi.stop()
    return {row.name: row.ttot for row in yappi.get_func_stats()}


RUNNERS = {"ours": _ours, "pyinstrument": _pyinstrument, "cProfile": _cprofile, "yappi": _yappi}


def errors(true: dict[str, float], seen: dict[str, float], names: tuple[str, ...]) -> dict[str, float]:
    """Return the signed error of each function's share in percentage points."""
    used = sum(true[name] for name in names)
    said = sum(seen.get(name, 0.0) for name in names)
    return {name: 100 * (seen.get(name, 0.0) / said - true[name] / used if said else 1.0) for name in names}


def _row(tool: str, what: str, runs: list[dict[str, dict[str, float]]], names: tuple[str, ...]) -> list[str]:
    found = [errors(run["truth"], run["seen"], names) for run in runs]
    largest = [max(map(abs, run.values())) for run in found]
    signed = {name: statistics.fmean(run[name] for run in found) for name in names}
    worst = max(signed, key=lambda name: abs(signed[name]))
    middle, top, mean = statistics.median(largest), max(largest), abs(signed[worst])
    judged = ""
    if tool == "ours" and what == "all threads":
        judged = (
            "undecided: fewer than 10 runs"
            if len(runs) < 10
            else "kept"
            if middle <= 3 and top <= 6 and mean <= 1
            else "missed"
        )
    spread = f"{middle:.2f} ({min(largest):.2f}-{top:.2f})"
    return [tool, what, spread, f"{signed[worst]:+.2f} ({worst})", str(len(runs)), judged]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", default=list(TOOLS), choices=TOOLS)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        sys.set_int_max_str_digits(0)
        seen = RUNNERS[given.run[0]](program, float(given.run[1]))
        print(json.dumps({"truth": dict(truth), "seen": seen}))
        return
    count, seconds = (2, 2) if given.quick else (10, 6)
    runs: dict[str, list[dict[str, dict[str, float]]]] = {tool: [] for tool in given.only}
    for i in range(count):
        for tool in given.only:
            command = [sys.executable, __file__, "--run", tool, str(seconds)]
            runs[tool].append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
            print(f"\rrun {i + 1} of {count}: {tool:15}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    every = (*MAIN, "epsilon", "zeta")
    rows = [
        _row(tool, what, runs[tool], names)
        for tool in given.only
        for what, names in (("all threads", every), ("main thread", MAIN))
    ]
    header = [
        "profiler",
        "functions of",
        "largest error, pp: median (range)",
        "largest mean signed error, pp",
        "runs",
        BOUNDS,
    ]
    command = "python benchmarks/cpu_accuracy.py" + (" --quick" if given.quick else "")
    print(table("Truth: shares of CPU against what the functions measured themselves", header, rows, command))


if __name__ == "__main__":
    main()
