"""A program with an agent, asked by HTTP: recordings, exports, profiles for go tool pprof, and what it costs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from openprofiling_ipy.agent import ProfilingAgent, environment
from openprofiling_ipy.errors import InvalidOption
from openprofiling_ipy.formats import registry
from openprofiling_ipy.profilers.base import Status
from openprofiling_ipy.triggers.http import HttpTrigger
from tests.triggers.http_client import FakeControl, ask, connect, until
from tests.triggers.http_service import ROOT, service

PROFILE = "/debug/pprof/profile"


@pytest.fixture
def served(tmp_path):
    with service(tmp_path) as running:
        yield running
    assert running.told["threads"] == []
    assert "Traceback" not in running.log, running.log


def kinds(served) -> list[str]:
    return [run["kind"] for run in ask(served, "GET", "/status").json["running"]]


def seen(served, samples: int = 40) -> None:
    """Wait until a recording has something to tell, however busy the machine is."""
    until(lambda: (running := ask(served, "GET", "/status").json["running"]) and running[0]["samples"] >= samples)


def functions(data: bytes) -> set[str]:
    profile = registry.by_name("pprof").loads(data)
    return {profile.strings[name] for name in profile.functions.name}


def test_a_recording_is_begun_ended_and_exported(served, tmp_path):
    assert ask(served, "POST", "/start?kind=cpu").json["captures"][0]["kind"] == "cpu"
    assert kinds(served) == ["cpu"]
    again = ask(served, "POST", "/start?kind=cpu")
    assert again.status == 409
    assert "already running" in again.json["reason"]
    seen(served)
    assert ask(served, "POST", "/stop").json["captures"][0]["status"] == "done"
    assert kinds(served) == []
    assert ask(served, "POST", "/stop").status == 409
    file = until(lambda: next(tmp_path.glob("cpu-*"), None))
    assert "work_of_the_shop" in functions(file.read_bytes())


def test_without_a_kind_all_of_them_are_recorded(served):
    assert [c["kind"] for c in ask(served, "POST", "/toggle").json["captures"]] == ["cpu", "wall"]
    assert sorted(kinds(served)) == ["cpu", "wall"]
    assert ask(served, "POST", "/toggle").json["action"] == "stopped"
    assert kinds(served) == []


def test_a_recording_ends_by_itself_after_its_time(served):
    assert ask(served, "POST", "/start?kind=wall&seconds=0.3").status == 200
    until(lambda: kinds(served) == [])


def test_a_profile_is_answered_and_not_exported(served, tmp_path):
    answer = ask(served, "GET", f"{PROFILE}?seconds=1&rate=200")
    assert answer.status == 200
    assert "work_of_the_shop" in functions(answer.body)
    assert list(tmp_path.glob("cpu-*")) == []


def test_a_profile_of_a_kind_that_is_being_recorded(served):
    ask(served, "POST", "/start?kind=cpu")
    assert ask(served, "GET", f"{PROFILE}?seconds=0.2").status == 409
    assert ask(served, "GET", f"{PROFILE}?seconds=0.2&kind=wall").status == 200
    assert kinds(served) == ["cpu"]


def test_a_profile_may_not_take_longer_than_the_agent_allows(served):
    answer = ask(served, "GET", f"{PROFILE}?seconds=601")
    assert answer.status == 400
    assert "600" in answer.json["reason"]


def test_a_client_that_goes_away_ends_its_recording(served):
    with connect(served) as sock:
        sock.sendall(f"GET {PROFILE}?seconds=500&token={served.token} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        until(lambda: kinds(served) == ["cpu"])
    until(lambda: kinds(served) == [])
    assert ask(served, "GET", f"{PROFILE}?seconds=0.1").status == 200


def test_the_program_ends_while_a_profile_is_taken(tmp_path):
    """Whoever waits for a profile gets what there is, and the program does not wait for the rest."""
    with service(tmp_path) as served:
        # The first one loads numpy, for which a busy machine may need longer than an ending program waits.
        assert ask(served, "GET", f"{PROFILE}?seconds=0.1").status == 200
        sock = connect(served)
        sock.sendall(f"GET {PROFILE}?seconds=500&token={served.token} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        seen(served)
    with sock:
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert "work_of_the_shop" in functions(answer.partition(b"\r\n\r\n")[2])


def test_the_token_is_nowhere_but_where_it_belongs(tmp_path):
    with service(tmp_path) as served:
        assert served.token not in str(ask(served, "GET", "/status").json)
        ask(served, "GET", f"{PROFILE}?seconds=0.1&token={served.token}", token=None)
        ask(served, "POST", f"/start?token={served.token}", token=None)
    assert served.token not in served.log
    exported = until(lambda: list(tmp_path.glob("*-*")))
    assert not any(served.token.encode() in path.read_bytes() for path in exported)


@pytest.mark.skipif(shutil.which("go") is None, reason="needs go")
@pytest.mark.parametrize("kind", ["cpu", "wall"])
def test_go_tool_pprof_reads_a_running_program(served, tmp_path, kind):
    url = f"http://127.0.0.1:{served.port}{PROFILE}?seconds=2&kind={kind}&token={served.token}"
    done = subprocess.run(
        ["go", "tool", "pprof", "-top", "-nodecount=50", url],
        env={**os.environ, "PPROF_TMPDIR": str(tmp_path / "pprof"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert f"Type: {kind}" in done.stdout
    assert "work_of_the_shop" in done.stdout
    # It goes on to look for symbols where it finds none: these are whole.
    assert "symbol" not in done.stderr.lower()


@pytest.mark.skipif(shutil.which("go") is None, reason="needs go")
def test_go_tool_pprof_shows_why_it_gets_none(served, tmp_path):
    done = subprocess.run(
        ["go", "tool", "pprof", "-top", f"http://127.0.0.1:{served.port}{PROFILE}?seconds=1"],
        env={**os.environ, "PPROF_TMPDIR": str(tmp_path / "pprof"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode != 0
    assert "401" in done.stderr


@dataclass
class Broken:
    """A profiler whose recordings become no document."""

    name: str = "broken"

    def start(self) -> Broken:
        return self

    def stop(self):
        raise RuntimeError("it is lost")

    def status(self) -> Status:
        return Status(elapsed=1, samples=1, rate=1.0, asked_rate=1.0, own_cpu=1)


def test_a_recording_that_fails_is_one_clear_answer(tmp_path):
    trigger = HttpTrigger()
    agent = ProfilingAgent(spool=tmp_path / "spool").register(trigger, Broken()).start(exporter=tmp_path)
    try:
        answer = ask(trigger, "GET", f"{PROFILE}?seconds=0.1")
        assert answer.status == 503
        assert "no document" in answer.json["reason"]
        assert ask(trigger, "POST", "/start").status == 200
        assert ask(trigger, "POST", "/stop").json["captures"][0]["status"] == "failed"
    finally:
        agent.stop()


def test_the_environment_may_give_the_token():
    elsewhere = {"OPENPROFILING_TRIGGER": "http://0.0.0.0:8080"}
    with pytest.raises(InvalidOption, match="token"):
        environment.read(elsewhere)
    (trigger,) = environment.read({**elsewhere, "OPENPROFILING_TOKEN": "from-the-environment"}).triggers
    assert (trigger.host, trigger.port, trigger.token) == ("0.0.0.0", 8080, "from-the-environment")


# What it costs.


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_sleeps_until_somebody_asks():
    trigger = HttpTrigger()
    trigger.arm(FakeControl())
    try:
        assert ask(trigger, "GET", "/status").status == 200
        thread = next(t for t in threading.enumerate() if t.name == "openprofiling-http")
        status = Path(f"/proc/self/task/{thread.native_id}/status")

        def wakings() -> int:
            return int(status.read_text().split("voluntary_ctxt_switches:")[1].split()[0])

        until(lambda: not trigger._server._connections)
        time.sleep(0.1)
        before = wakings()
        time.sleep(1.0)
        assert wakings() == before
        ask(trigger, "GET", "/status")
        assert wakings() > before
    finally:
        trigger.disarm()


def test_it_loads_nothing_heavy():
    code = "import sys, openprofiling_ipy.triggers.http; print([m for m in %r if m in sys.modules])"
    heavy = (
        "numpy",
        "IPython",
        "pandas",
        "ssl",
        "email",
        "http.server",
        "http.client",
        "asyncio",
        "socketserver",
        "_hashlib",
    )
    done = subprocess.run([sys.executable, "-c", code % (heavy,)], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
