"""
What an agent costs that only waits: memory over a process with the same standard modules, CPU time and wake-ups.

Each figure is from a process of its own. Memory is what is private to the process (Linux: smaps_rollup), wake-ups are
the context switches of the agent's threads. A signal trigger, a profiler and a file exporter are armed.

    python benchmarks/idle_agent.py [--seconds 10]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from measure import table

ROOT = Path(__file__).parent.parent
BOUND = 2048
ROUNDS = 5

AGENT = """
from openprofiling_ipy import ProfilingAgent
from openprofiling_ipy.exporters import FileExporter
from openprofiling_ipy.profilers import CpuProfiler
from openprofiling_ipy.triggers import SignalTrigger
agent = ProfilingAgent().register(SignalTrigger("SIGUSR2"), CpuProfiler()).start(exporter=FileExporter())
"""
LOADED = """
import json, sys
names = sys.stdlib_module_names
print(json.dumps(sorted(name for name in sys.modules if name.split(".")[0] in names and name != "__main__")))
"""
MEASURED = """
import gc, json, os, time
gc.collect()
def private():
    with open("/proc/self/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private"))
def switches():
    count = 0
    for task in os.listdir("/proc/self/task"):
        if int(task) != os.getpid():
            with open(f"/proc/self/task/{task}/status") as file:
                count += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
    return count
time.sleep(0.5)
memory, before, cpu = private(), switches(), time.process_time_ns()
time.sleep(SECONDS)
cpu = time.process_time_ns() - cpu
print(json.dumps({"memory": memory, "wakeups": switches() - before, "cpu": cpu}))
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each process waits")
    seconds = parser.parse_args().seconds
    names = json.loads(run(AGENT + LOADED))
    imports = f"import importlib\nfor name in {names!r}:\n    importlib.import_module(name)\n"
    measured = MEASURED.replace("SECONDS", str(seconds))
    rounds = [[json.loads(run(imports + code + measured)) for code in ("", AGENT)] for _ in range(ROUNDS)]
    more = statistics.median(agent["memory"] - plain["memory"] for plain, agent in rounds)
    wakeups = max(agent["wakeups"] for _, agent in rounds)
    cpu = statistics.median((agent["cpu"] - plain["cpu"]) / 1e6 for plain, agent in rounds)
    good = more < BOUND and wakeups == 0
    print(
        table(
            "An idle agent",
            ["", "measured", "bound"],
            [
                ["memory over the same process without it", f"{more:.0f} KiB", f"{BOUND} KiB"],
                [f"wake-ups of its threads in {seconds:g} s, most of {ROUNDS}", str(wakeups), "0"],
                [f"CPU time in {seconds:g} s over the process without it", f"{cpu:.2f} ms", "0"],
            ],
            "python benchmarks/idle_agent.py",
        )
    )
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
