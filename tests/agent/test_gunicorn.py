"""The example service under gunicorn with two workers, by its own configuration."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from openprofiling_ipy.model.attributes import A
from tests.agent.programs import Program, names, until

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR2"), reason="a platform without these signals")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def ask(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
        return answer.read().decode()


def answers(port: int) -> bool:
    try:
        return bool(ask(port))
    except OSError:
        return False


class Server(Program):
    """A command that serves on a port."""

    def __init__(self, folder: Path, command: list[str], **environ: str) -> None:
        self.out, self.spool = folder / "out", folder / "spool"
        given = {"OPENPROFILING_EXPORT": str(self.out), "OPENPROFILING_SERVICE": "shop"}
        self._begin([sys.executable, *command], folder, given | environ)


def record(server: Server, pid: int, port: int) -> None:
    """Let a signal begin a recording in a process and another end it, with requests in between."""
    count = len(server.files())
    os.kill(pid, signal.SIGUSR2)
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        ask(port)
    os.kill(pid, signal.SIGUSR2)
    until(lambda: len(server.files()) > count, "a file")


@pytest.mark.parametrize("preload", [[], ["--preload"]], ids=["plain", "preload"])
@pytest.mark.parametrize("kind", ["sync", "uvicorn"])
def test_gunicorn_with_two_workers(tmp_path, root, kind, preload):
    pytest.importorskip("gunicorn")
    port = free_port()
    worker = []
    if kind == "uvicorn":
        workers = pytest.importorskip("uvicorn.workers" if _has("uvicorn.workers") else "uvicorn_worker")
        worker = ["-k", f"{workers.__name__}.UvicornWorker"]
    config = str(root / "examples" / "service" / "gunicorn.conf.py")
    application = "wsgi:application" if kind == "sync" else "asgi:application"
    command = ["-W", "ignore", "-m", "gunicorn", "-c", config, *preload, *worker, application]
    with Server(tmp_path, command, BIND=f"127.0.0.1:{port}") as server:
        until(lambda: answers(port), "an answer")
        master = psutil.Process(server.pid)
        until(lambda: len(master.children()) == 2, "two workers")
        until(lambda: sum("profile this worker" in line for line in server.errors) == 2, "two agents")
        pids = sorted(child.pid for child in master.children())
        for pid in pids:
            record(server, pid, port)
            record(server, pid, port)
        # The workers are those that there were: no signal has ended one.
        assert sorted(child.pid for child in master.children()) == pids
        profiles = server.profiles()
        assert {profile.attributes[A.PID] for profile in profiles} == set(pids)
        assert any("total" in names(profile) for profile in profiles)
        # One that runs when the service is stopped is sent too, and the service stops as it would.
        os.kill(pids[0], signal.SIGUSR2)
        time.sleep(1)
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert len(server.profiles()) == 5


def _has(module: str) -> bool:
    found = subprocess.run([sys.executable, "-W", "ignore", "-c", f"import {module}"], capture_output=True, check=False)
    return found.returncode == 0
