"""Programs in processes of their own: started, talked to by lines, signalled, and looked at when they have ended."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from openprofiling_ipy.formats import registry
from openprofiling_ipy.model import Profile

ROOT = Path(__file__).parent.parent.parent
#: A generous deadline (s): machines are busy.
PATIENCE = 40.0

#: How a service begins: an agent with a signal and a folder, then a line to say that it is ready.
SERVICE = """\
import os, signal, sys, threading, time
from openprofiling_ipy import ProfilingAgent
from openprofiling_ipy.exporters import FileExporter
from openprofiling_ipy.profilers import CpuProfiler, WallProfiler
from openprofiling_ipy.triggers import SignalTrigger

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # whole, whichever thread forks meanwhile

def work(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(2000))

agent = ProfilingAgent(service="shop", grace=20.0)
agent.register(SignalTrigger("SIGUSR2"), CpuProfiler())
agent.subscribe(lambda capture: say("begun", capture.kind), lambda capture: say("ended", capture.kind, capture.status))
"""


def until(condition: Callable[[], object], what: str = "it") -> None:
    """Wait for something to become true."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.005)


class Program:
    """A Python program; `out` is where the agent of `SERVICE` may write, `spool` its spool."""

    def __init__(self, folder: Path, code: str, *, run: Iterable[str] = (sys.executable,), **environ: str) -> None:
        self.out, self.spool = folder / "out", folder / "spool"
        file = folder / "program.py"
        file.write_text(SERVICE + textwrap.dedent(code), encoding="utf-8")
        self._begin([*run, str(file)], folder, environ)

    def _begin(self, command: list[str], folder: Path, environ: dict[str, str]) -> None:
        given = {"PYTHONPATH": str(ROOT), "OPENPROFILING_SPOOL": str(self.spool), "OUT": str(self.out)}
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | given | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.lines), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: Iterable[str], lines: list[str]) -> None:
        for line in stream:
            lines.append(line.rstrip("\n"))
            if lines is self.lines:
                self._said.put(lines[-1])
        self._said.put("")

    @property
    def pid(self) -> int:
        return self.process.pid

    def hear(self, beginning: str) -> str:
        """Wait for a line that begins so, and return what follows."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                line = self._said.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                line = ""
            if line.startswith(beginning):
                return line.removeprefix(beginning).strip()
            ended = not line and self.process.poll() is not None
            if ended or time.monotonic() > end:
                raise AssertionError(f"no {beginning!r} in {self.lines} {self.errors}")

    def signal(self, signum: int = signal.SIGUSR2) -> None:
        os.kill(self.pid, signum)

    def record(self, seconds: float) -> str:
        """Let a signal begin a recording and another end it; return its status."""
        self.signal()
        self.hear("begun cpu")
        time.sleep(seconds)
        self.signal()
        return self.hear("ended cpu")

    def wait(self) -> int:
        """Wait for the end and return the exit status."""
        status = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return status

    def threads(self) -> int:
        """How many threads it has: a recording has one of its own."""
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))

    def files(self) -> list[Path]:
        return sorted(self.out.glob("[!.]*")) if self.out.is_dir() else []

    def profiles(self) -> list[Profile]:
        """What has been exported, in the order of its names."""
        return [registry.load(file) for file in self.files()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Its children too, which may have kept its pipes.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def names(profile: Profile) -> set[str]:
    """The names of all functions of a profile."""
    return {profile.strings[index] for index in profile.functions.name.tolist()}
