"""
Whether CPU time stands where it was used in programs that keep giving up the interpreter's lock.

Each program calls two or three functions in turns; each function measures its own CPU time. A sampler in the process
gets the lock where it is given up, so most of its samples can fall on a read, a sleep or a call without the lock that
has used next to nothing. An error is the difference of a function's share in percentage points (pp). cProfile and
pyinstrument measure elapsed time, for which sleeping counts: the programs that sleep are left out for them.

    python benchmarks/cpu_waits.py            5 runs of 4 s
    python benchmarks/cpu_waits.py --quick    1 run of 2 s
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import zlib
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from cpu_accuracy import RUNNERS, burn, measured, truth
from measure import table

if TYPE_CHECKING:
    from collections.abc import Callable

_BYTES = os.urandom(30_000)
_NUMBERS = np.random.default_rng(1).random((400, 400))
_ZERO = os.open("/dev/zero", os.O_RDONLY)


@measured
def computes() -> None:
    burn(0.002)


@measured
def computes_long() -> None:
    burn(0.009)


@measured
def computes_little() -> None:
    burn(0.0003)


@measured
def naps() -> None:
    time.sleep(0.002)


@measured
def reads() -> None:
    os.read(_ZERO, 1000)


@measured
def compresses() -> None:
    zlib.compress(_BYTES, 6)


@measured
def sorts() -> None:
    np.sort(_NUMBERS)


PROGRAMS: dict[str, tuple[Callable[[], None], ...]] = {
    "computes 2 ms, reads": (computes, reads),
    "computes 2 ms, compresses": (computes, compresses),
    "computes 2 ms, sorts": (computes, sorts),
    "computes 2 ms, sleeps 2 ms": (computes, naps),
    "computes 9 ms, sleeps 2 ms": (computes_long, naps),
    "computes 2 ms, then 0.3 ms, sleeps 2 ms": (computes, computes_little, naps),
}
TOOLS = ("ours", "pyinstrument", "cProfile")


def program(name: str, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for function in PROGRAMS[name]:
            function()


def largest(run: dict[str, dict[str, float]]) -> float:
    """Return the largest error of a function's share in a run, pp."""
    true, seen = run["truth"], run["seen"]
    whole, said = sum(true.values()), sum(seen.get(name, 0.0) for name in true)
    return max(100 * abs(seen.get(name, 0.0) / said - used / whole) if said else 100.0 for name, used in true.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        tool, name, seconds = given.run
        seen = RUNNERS[tool](partial(program, name), float(seconds))
        print(json.dumps({"truth": dict(truth), "seen": seen}))
        return
    count, seconds = (1, 2) if given.quick else (5, 4)
    rows = []
    for name in PROGRAMS:
        row = [name]
        for tool in TOOLS:
            if tool != "ours" and "sleeps" in name:
                row.append("")
                continue
            command = [sys.executable, __file__, "--run", tool, name, str(seconds)]
            found = [
                largest(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
                for _ in range(count)
            ]
            row.append(f"{statistics.median(found):.2f} ({min(found):.2f}-{max(found):.2f})")
            print(f"\r{name}: {tool:15}", end="", file=sys.stderr, flush=True)
        rows.append(row)
    print(file=sys.stderr)
    command = "python benchmarks/cpu_waits.py" + (" --quick" if given.quick else "")
    print(table("Largest error of a function's share of CPU, pp: median (range)", ["program", *TOOLS], rows, command))


if __name__ == "__main__":
    main()
