"""`%oprof arm`, `disarm` and `auto` in a real kernel: real signals, real requests, cells that are slow or quick."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from tests.notebook.kernel import EXTENSION, Answer, Kernel

pytestmark = pytest.mark.kernel

SESSION = "__import__('openprofiling_ipy').session"
RUNNING = f"[c.kind for c in {SESSION}.running()]"
COUNT = f"len({SESSION}.captures)"


@pytest.fixture
def disarmed(kernel: Kernel) -> Iterator[Kernel]:
    yield kernel
    kernel.run("%oprof disarm")
    kernel.run("%oprof auto off")


def said(answer: Answer) -> str:
    """What a verb answered, which went well."""
    assert answer.status == "ok", answer.errors
    return "".join(content["data"]["text/plain"] for content in answer.displays)


def wrong(answer: Answer) -> str:
    """The one line that a verb refused with."""
    assert answer.status == "error"
    assert answer.reply["ename"] == "UsageError"
    return answer.reply["evalue"]


def until(seen: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + 30
    while not (found := seen()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


class Loop:
    """A cell that burns inside `with`, and tells a file what is being recorded."""

    def __init__(self, kernel: Kernel, folder: Path) -> None:
        self._kernel, self._end, self._log = kernel, folder / "end", folder / "log"

    def __enter__(self) -> Self:
        code = (
            f"import pathlib\nwhile not pathlib.Path({str(self._end)!r}).exists():\n    burn(.02)\n"
            f"    pathlib.Path({str(self._log)!r}).write_text(' '.join({RUNNING}) or 'nothing')"
        )
        self._cell = self._kernel.send(code)
        self._kernel.wait_for(self._cell, "execute_input")
        return self

    def __exit__(self, *_: object) -> None:
        self._end.touch()
        assert self._kernel.gather(self._cell).status == "ok"

    def wait_running(self, kinds: str) -> None:
        until(lambda: self._log.exists() and self._log.read_text() == kinds, f"{kinds} running")


def test_a_signal_records_the_running_cell(disarmed, tmp_path):
    answer = said(disarmed.run(f"%oprof arm SIGUSR2 cpu --export {tmp_path}/out/"))
    pid = disarmed.value("__import__('os').getpid()")
    assert f"Armed: kill -USR2 {pid} starts, again stops" in answer
    before = disarmed.value(COUNT)
    with Loop(disarmed, tmp_path) as cell:
        os.kill(pid, signal.SIGUSR2)
        cell.wait_running("cpu")
        time.sleep(0.3)
        os.kill(pid, signal.SIGUSR2)
        cell.wait_running("nothing")
    until(lambda: disarmed.value(COUNT) == before + 1, "not in the list")  # it is handed over on the agent's thread
    newest = f"{SESSION}.captures[-1]"
    assert disarmed.value(f"{newest}.label").startswith("In[")
    assert disarmed.value(f"{newest}.document.attributes['trigger']") == "SIGUSR2"
    assert "burn" in disarmed.value(f"list({newest}.table().function[:3])")
    (file,) = until(lambda: list((tmp_path / "out").glob("*.speedscope.json")), "no file")
    assert file.name.startswith("cpu-")
    assert said(disarmed.run("%oprof disarm usr2")) == "disarmed: SIGUSR2"
    assert disarmed.value("__import__('signal').getsignal(12) is __import__('signal').SIG_DFL")


def test_http_records_and_its_token_is_in_no_output(disarmed, tmp_path):
    answer = disarmed.run("import logging; logging.basicConfig(level=logging.DEBUG)\n%oprof arm http")
    text = said(answer)
    file = Path(re.search(r"the token is in (\S+?),", text)[1])
    assert file.stat().st_mode & 0o777 == 0o600
    token = json.loads(file.read_text())["token"]
    url = re.search(r"Armed: (http://127\.0\.0\.1:\d+)", text)[1]
    command = re.search(r"^curl .*/toggle", text, re.MULTILINE)[0]
    with Loop(disarmed, tmp_path) as cell:
        for running in ("cpu wall", "nothing"):
            try:
                subprocess.run(["sh", "-c", command], check=True, capture_output=True)
            except (FileNotFoundError, subprocess.CalledProcessError):  # no curl here
                request = urllib.request.Request(
                    f"{url}/toggle", method="POST", headers={"Authorization": f"Bearer {token}"}
                )
                with urllib.request.urlopen(request, timeout=20):
                    pass
            cell.wait_running(running)
    ended = disarmed.run("%oprof disarm http")
    assert not file.exists()
    everything = json.dumps([answer.messages, ended.messages, disarmed.run("%oprof list").messages], default=str)
    assert token not in everything
    assert token not in disarmed.value("repr(_ih) + repr(_oh)")


def test_http_without_a_place_for_its_token_is_not_armed(disarmed):
    disarmed.run("import tempfile; kept, tempfile.tempdir = tempfile.gettempdir(), '/proc/no-such-folder'")
    try:
        assert "token cannot be written" in wrong(disarmed.run("%oprof arm http"))
    finally:
        disarmed.run("tempfile.tempdir = kept")
    assert "armed: http" not in said(disarmed.run("%oprof"))


def test_arm_says_what_is_wrong(disarmed):
    assert "nothing is armed" in said(disarmed.run("%oprof arm"))
    disarmed.run("%oprof arm SIGUSR1 wall")
    assert said(disarmed.run("%oprof arm")) == "armed: SIGUSR1"
    assert "SIGUSR1 is armed already" in wrong(disarmed.run("%oprof arm USR1"))
    assert "SIGKILL" in wrong(disarmed.run("%oprof arm SIGKILL"))
    assert "SIGINT" in wrong(disarmed.run("%oprof arm SIGINT"))
    assert "cpu, wall" in wrong(disarmed.run("%oprof arm SIGUSR2 cup"))
    assert "65535" in wrong(disarmed.run("%oprof arm http 99999"))
    assert "--export" in wrong(disarmed.run("%oprof arm http --exprot x"))
    assert "SIGUSR1" in wrong(disarmed.run("%oprof disarm SIGUSR2"))
    # A refusal leaves nothing behind.
    assert said(disarmed.run("%oprof arm")) == "armed: SIGUSR1"
    assert disarmed.value("__import__('signal').getsignal(12) is __import__('signal').SIG_DFL")


def test_auto_shows_the_slow_cells(disarmed):
    assert "0.4 s or longer" in said(disarmed.run("%oprof auto cpu --over 400ms"))
    before = disarmed.value(COUNT)
    quick = disarmed.run("burn(.02)")
    assert (quick.pictures, quick.value) == ([], "0.02")
    slow = disarmed.run("burn(.6)")
    assert "burn" in slow.table
    assert slow.value == "0.6"
    failing = disarmed.run("burn(.6)\n1/0")
    assert failing.errors[0]["ename"] == "ZeroDivisionError"
    assert "burn" in failing.table
    own = disarmed.run("%%oprof wall --name own\nburn(.6)")
    assert "own" in own.table
    # Four ran, and nothing but the slow ones is kept.
    assert disarmed.value(COUNT) == before + 3
    disarmed.run("%oprof auto off")
    assert disarmed.value(RUNNING) == []
    assert disarmed.run("burn(.6)").pictures == []


def test_auto_awaits_and_stays_out_of_other_recordings(disarmed):
    disarmed.run("%oprof auto wall --over 300ms")
    awaited = disarmed.run("import asyncio\nawait asyncio.sleep(.5)\n'done'")
    assert awaited.value == "'done'"
    assert "sleep" in awaited.table
    disarmed.run("%oprof start wall")
    assert disarmed.run("burn(.5)").pictures == []
    stopped = disarmed.run("%oprof stop")
    assert "burn" in stopped.table


def test_auto_says_what_is_wrong(disarmed):
    assert "cpu, wall" in wrong(disarmed.run("%oprof auto cup"))
    assert "--over" in wrong(disarmed.run("%oprof auto --ovr 2s"))
    assert "give a time" in wrong(disarmed.run("%oprof auto cpu --over soon"))
    assert "off" in said(disarmed.run("%oprof auto"))


def test_unloading_gives_signals_and_ports_back(disarmed):
    disarmed.run("%oprof arm SIGUSR2")
    file = Path(re.search(r"the token is in (\S+?),", said(disarmed.run("%oprof arm http")))[1])
    assert disarmed.run("%unload_ext openprofiling_ipy").status == "ok"
    assert not file.exists()
    assert disarmed.value("__import__('signal').getsignal(12) is __import__('signal').SIG_DFL")
    disarmed.run(EXTENSION)


def test_the_status_tells_what_is_armed_and_who_took_it_away(disarmed: Kernel) -> None:
    disarmed.run("%oprof arm SIGUSR2 wall")
    assert "armed: SIGUSR2 records wall\n" in said(disarmed.run("%oprof"))
    disarmed.run("import signal\ndef usurper(*_): pass\nbefore = signal.signal(signal.SIGUSR2, usurper)")
    status = said(disarmed.run("%oprof"))
    assert "usurper now: %oprof disarm SIGUSR2, then arm it again" in status
    disarmed.run("_ = signal.signal(signal.SIGUSR2, before)")
    # What is running, what is armed, and then six lines.
    assert len(status.partition("\n\n")[2].splitlines()) == 6
