"""
How long a fresh kernel takes to load the extension, and a cell to show its result.

    python benchmarks/startup.py [--kernels 20]

Each fresh kernel loads the extension, then profiles two cells of half a second: one kernel with nothing else imported,
one where the user's work has imported pandas. Times are the kernel's own: `%load_ext` by its clock, the result from the
cell's last statement to the moment when the display message is made. The table gives the median and its spread. A
kernel that does not count comes first, so that all modules are compiled, as an installed package's are.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.notebook.kernel import Kernel

if TYPE_CHECKING:
    from datetime import datetime

TARGETS = {"%load_ext": 150.0, "first result": 300.0, "next result": 300.0}
USERS = {"nothing imported": "pass", "pandas imported": "import pandas"}

LOAD = """
import time as _time
_began = _time.perf_counter()
get_ipython().run_line_magic("load_ext", "openprofiling_ipy")
print(1e3 * (_time.perf_counter() - _began))
"""
WORK = """
import json, re, time

def parse(text):
    return [json.loads(text) for _ in range(20)]

def match(text):
    return re.findall(r"([a-z]+)-([0-9]+)", text * 10)

def work(seconds):
    end = time.perf_counter() + seconds
    text = json.dumps([f"abc-{i}" for i in range(200)])
    while time.perf_counter() < end:
        parse(text)
        match(text)
"""
CELL = "%%oprof cpu\nwork(.5)\nprint(time.time())"


def measure(prepare: str) -> dict[str, float]:
    """Return the times of one fresh kernel in ms."""
    kernel = Kernel("--log-level=ERROR")
    try:
        kernel.run(prepare)
        times = {"%load_ext": float(kernel.run(LOAD).stream())}
        kernel.run(WORK)
        for name in ("first result", "next result"):
            answer = kernel.run(CELL)
            shown = [m for m in answer.messages if m["msg_type"] == "display_data"]
            made: datetime = shown[0]["header"]["date"]
            times[name] = 1e3 * (made.timestamp() - float(answer.stream()))
    finally:
        kernel.close()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--kernels", type=int, default=20, help="fresh kernels for each row")
    count = parser.parse_args().kernels
    print(f"CPython {platform.python_version()}, {os.cpu_count()} cores, {count} kernels each")
    print(f"{'':18} {'':14} {'median':>8} {'middle half':>17} {'worst':>8} {'target':>8}   ms")
    late = []
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    measure("import pandas")
    for user, prepare in USERS.items():
        runs = [measure(prepare) for _ in range(count)]
        for name, target in TARGETS.items():
            times = sorted(run[name] for run in runs)
            low, median, high = statistics.quantiles(times, n=4) if count > 1 else times * 3
            print(
                f"{user:18} {name:14} {median:8.0f} {low:8.0f}-{high:<8.0f} {times[-1]:8.0f} {target:8.0f}"
                f"   {'ok' if median <= target else 'LATE'}"
            )
            late += [f"{user}: {name}"] * (median > target)
    sys.exit(f"over target: {', '.join(late)}" if late else 0)


if __name__ == "__main__":
    main()
