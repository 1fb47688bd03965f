"""
A program with an agent and an HttpTrigger: python -m tests.triggers.http_service FOLDER

It prints a line of JSON (port, token, pid), works until its input ends, stops the agent and prints what has been begun.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass
class Service:
    """The program from outside."""

    port: int
    token: str
    pid: int
    #: What it said in the end.
    told: dict[str, Any] = field(default_factory=dict)
    log: str = ""


@contextmanager
def service(folder: Path) -> Iterator[Service]:
    with (
        (folder / "log.txt").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.triggers.http_service", folder],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        line = process.stdout.readline()
        assert line, (folder / "log.txt").read_text()
        running = Service(**json.loads(line))
        try:
            yield running
            process.stdin.close()
            running.told = json.loads(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(30)
            running.log = (folder / "log.txt").read_text()


def work_of_the_shop(ended: threading.Event) -> None:
    while not ended.wait(0.005):
        sum(range(40_000))


def main(folder: str) -> None:
    from openprofiling_ipy import ProfilingAgent
    from openprofiling_ipy.exporters import FileExporter
    from openprofiling_ipy.profilers import CpuProfiler, WallProfiler
    from openprofiling_ipy.triggers import HttpTrigger

    logging.basicConfig(level=logging.DEBUG)
    begun: list[str] = []
    trigger = HttpTrigger(log_token=False)
    agent = ProfilingAgent(service="shop", spool=Path(folder) / "spool")
    agent.register(trigger, CpuProfiler()).register(trigger, WallProfiler())
    agent.subscribe(on_start=lambda capture: begun.append(capture.kind))
    agent.start(exporter=FileExporter(folder))
    print(json.dumps({"port": trigger.port, "token": trigger.token, "pid": os.getpid()}), flush=True)
    ended = threading.Event()
    threading.Thread(target=work_of_the_shop, args=(ended,), name="shop").start()
    sys.stdin.read()
    ended.set()
    agent.stop()
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("openprofiling-http")]
    print(json.dumps({"begun": begun, "threads": left}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
