"""SIGTERM in the middle of a line of the program's log: the main thread holds the log's lock, and nothing is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import logging, os, signal, sys, threading, time
from pathlib import Path
from openprofiling_ipy.agent import ProfilingAgent
from openprofiling_ipy.exporters import FileExporter
from openprofiling_ipy.profilers.cpu import CpuProfiler
from openprofiling_ipy.profilers.wall import WallProfiler
from openprofiling_ipy.triggers import SignalTrigger

class Slow(logging.StreamHandler):
    def emit(self, record):
        super().emit(record)
        while record.name == "program":
            time.sleep(0.01)

logging.basicConfig(level=logging.INFO, handlers=[Slow()])
folder = Path(sys.argv[1])
trigger = SignalTrigger("SIGUSR2")
agent = ProfilingAgent(spool=folder / "spool", grace=10.0)
agent.register(trigger, CpuProfiler()).register(trigger, WallProfiler()).start(exporter=FileExporter(folder))
os.kill(os.getpid(), signal.SIGUSR2)
while len(agent.status()["running"]) < 2:
    time.sleep(0.01)
time.sleep(0.2)
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
logging.getLogger("program").info("a line that takes its time")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_a_log_that_is_being_written_loses_no_capture(tmp_path: Path):
    done = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGTERM, done.stderr
    assert sorted(path.name.split("-")[0] for path in tmp_path.glob("*-*.pb.gz")) == ["cpu", "wall"]
