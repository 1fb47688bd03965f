"""What an agent costs that waits: nothing to speak of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "IPython", "pandas", "matplotlib", "ipywidgets", "anywidget", "boto3", "botocore", "google", "PIL")

#: KiB.
BOUND = 2048

MODULES = f"""
import sys
import openprofiling_ipy.agent
from openprofiling_ipy import ProfilingAgent
from openprofiling_ipy.exporters import FileExporter
from openprofiling_ipy.profilers import CpuProfiler
from openprofiling_ipy.triggers import SignalTrigger
agent = ProfilingAgent().register(SignalTrigger("SIGUSR2"), CpuProfiler()).start(exporter=FileExporter())
heavy = {HEAVY!r}
print([name for name in heavy if any(module.split(".")[0] == name for module in sys.modules)])
"""

#: Both processes load the same modules of the standard library; then one of them has an agent.
COST = """
import gc, importlib, json, os, signal, sys, threading, time
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
if sys.argv[2] == "agent":
    from openprofiling_ipy import ProfilingAgent
    from openprofiling_ipy.exporters import FileExporter
    from openprofiling_ipy.profilers import CpuProfiler
    from openprofiling_ipy.triggers import SignalTrigger
    agent = ProfilingAgent().register(SignalTrigger("SIGUSR2"), CpuProfiler()).start(exporter=FileExporter())
gc.collect()
def numbers():
    with open("/proc/self/smaps_rollup") as file:
        private = sum(int(line.split()[1]) for line in file if line.startswith("Private"))
    switches = 0
    for task in os.listdir("/proc/self/task"):
        if int(task) != os.getpid():
            with open(f"/proc/self/task/{task}/status") as file:
                switches += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
    return private, switches
time.sleep(0.5)
memory, before = numbers()
cpu = time.process_time_ns()
time.sleep(2)
cpu = time.process_time_ns() - cpu
print(json.dumps({"memory": memory, "switches": numbers()[1] - before, "cpu": cpu}))
"""

LOADED = (
    MODULES
    + """
import json
print(json.dumps(sorted(n for n in sys.modules if n.split(".")[0] in sys.stdlib_module_names and n != "__main__")))
"""
)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> dict[str, str]:
    """An environment in which modules are compiled once, as an installed package's are: compiling takes memory."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("compiled"))}


def run(root, environment: dict[str, str], code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def test_it_loads_nothing_heavy(root, compiled):
    assert run(root, compiled, MODULES).strip() == "[]"


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
def test_it_costs_no_time_and_little_memory(root, compiled):
    """No thread of it wakes up, not once; and under 2 MB over a process with the same standard modules."""
    standard = run(root, compiled, LOADED).splitlines()[-1]
    for _attempt in range(3):
        plain = json.loads(run(root, compiled, COST, standard, "plain"))
        agent = json.loads(run(root, compiled, COST, standard, "agent"))
        more = agent["memory"] - plain["memory"]
        if agent["switches"] == 0 and more < BOUND:
            break
    assert agent["switches"] == 0
    # Reading the numbers themselves takes a millisecond or two in either.
    assert agent["cpu"] < plain["cpu"] + 5_000_000
    assert more < BOUND, f"{more} KiB"
