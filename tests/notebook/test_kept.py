"""A killed kernel leaves its recordings, and the next one lists them."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from openprofiling_ipy import session
from openprofiling_ipy.delivery import recovered
from tests.delivery.test_spool import entries_of
from tests.notebook.conftest import Shell
from tests.notebook.kernel import Answer, Kernel

#: The minute of a keeper is over at once.
HURRY = "from openprofiling_ipy.delivery import keeper; keeper._EVERY = 0.3"
WORK = """
%%oprof wall --name "night run"
import os, time
from pathlib import Path
def long_night():
    while True:
        time.sleep(0.01)
        if list(Path(os.environ["OPENPROFILING_SPOOL"]).glob("*/*.partial")):
            Path(os.environ["OPENPROFILING_SPOOL"], "kept").touch()
long_night()
""".lstrip()


@pytest.fixture
def spool(tmp_path, monkeypatch) -> Iterator[Path]:
    monkeypatch.setenv("OPENPROFILING_SPOOL", str(tmp_path / "spool"))
    yield tmp_path / "spool"
    session.captures.clear()


def left(folder: Path) -> None:
    """Leave what a killed kernel leaves."""
    from openprofiling_ipy import ledger
    from openprofiling_ipy.delivery import Delivery
    from openprofiling_ipy.profilers.registry import create
    from tests.delivery.fakes import until

    capture = ledger.start(create("wall"), name="night run", label="In[7]")
    until(lambda: ledger.numbers(capture).samples > 2)
    dead = Delivery(spool=folder)
    assert dead.checkpoint(capture)
    dead.close(0)
    session.forget(ledger.stop(capture))


def shown(answer: Answer) -> str:
    return "\n".join([answer.stream(), answer.stderr, *(each["data"]["text/plain"] for each in answer.displays)])


@pytest.mark.kernel
def test_a_killed_kernel_leaves_its_recording_to_the_next(spool):
    from tests.delivery.fakes import until

    first = Kernel("--log-level=ERROR")
    try:
        first.run(HURRY)
        first.run("%load_ext openprofiling_ipy")
        first.send(WORK)
        until((spool / "kept").exists, 60)
        first.manager.signal_kernel(signal.SIGKILL)
        until(recovered, 60)
    finally:
        first.close()
    second = Kernel("--log-level=ERROR")
    try:
        second.run("%load_ext openprofiling_ipy")
        text = shown(second.run("%oprof list"))
        number = re.search(r"#(\d+) .*night run.*recovered", text)
        assert number, text
        assert "long_night" in shown(second.run(f"%oprof show #{number[1]}"))
        second.run(f"%oprof forget #{number[1]}")
        assert "night run" not in shown(second.run("%oprof list"))
    finally:
        second.close()
    assert recovered(spool) == []


def test_what_a_dead_process_left_joins_the_captures_once(shell: Shell, spool):
    left(spool)
    for _ in range(2):
        out = shell.run("%oprof list").out
        assert out.count("night run") == out.count("recovered") == 1
    (capture,) = [each for each in session.captures if each.status == "recovered"]
    assert (capture.kind, capture.label, capture.name) == ("wall", "In[7]", "night run")
    assert capture.document.attributes["status"] == "recovered"
    assert "recovered" in shell.run(f"%oprof show #{capture.number}").out


@pytest.mark.parametrize("what", ["--all", "night"])
def test_forgetting_it_takes_it_off_the_disk(shell: Shell, spool, what):
    left(spool)
    shell.run("%oprof list")
    (capture,) = [each for each in session.captures if each.status == "recovered"]
    shell.run("%oprof forget " + ("--all" if what == "--all" else f"#{capture.number}"))
    assert entries_of(spool) == []
    assert "night run" not in shell.run("%oprof list").out


def test_a_damaged_one_is_left_out(shell: Shell, spool):
    left(spool)
    (file,) = spool.glob("*/*.partial")
    file.write_bytes(file.read_bytes()[:-5])
    assert "night run" not in shell.run("%oprof list").out


def test_unloading_ends_the_keeping(shell: Shell):
    def keepers() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "openprofiling-keeper"]

    assert len(keepers()) == 1
    shell.run("%unload_ext openprofiling_ipy")
    assert keepers() == []
