"""The token's file is this user's alone, and does not outlive its process for long."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from openprofiling_ipy.triggers.http_token import TokenFile
from tests.triggers.http_service import ROOT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_is_this_users_alone(folder):
    file = TokenFile({"token": "secret"})
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert json.loads(file.path.read_text()) == {"token": "secret"}
    assert names(folder) == [file.path.name]
    file.remove()
    file.remove()
    assert names(folder) == []


def test_those_that_live_are_left_alone(folder):
    first = TokenFile({"token": "first"})
    second = TokenFile({"token": "second"})
    assert names(folder) == sorted([first.path.name, second.path.name])
    first.remove()
    second.remove()


CHILD = """
import sys, time
from openprofiling_ipy.triggers.http_token import TokenFile
print(TokenFile({"token": "secret"}).path, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="locks files in another way")
def test_what_a_killed_process_left_is_removed_by_the_next(folder):
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], cwd=ROOT, env={**os.environ, "TMPDIR": str(folder)}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        left = Path(process.stdout.readline().decode().strip())
        TokenFile({"token": "other"}).remove()
        assert left.exists()
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    assert left.exists()
    TokenFile({"token": "next"}).remove()
    assert names(folder) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")
def test_what_others_put_there_is_not_followed(folder, tmp_path_factory):
    precious = tmp_path_factory.mktemp("elsewhere") / "precious.json"
    precious.write_text("{}")
    (folder / "openprofiling-http-1-link.json").symlink_to(precious)
    os.mkfifo(folder / "openprofiling-http-1-pipe.json")
    (folder / "openprofiling-http-1-folder.json").mkdir()
    (folder / "openprofiling-http-1-empty.json").touch()
    before = names(folder)
    TokenFile({"token": "secret"}).remove()
    assert names(folder) == before
    assert precious.read_text() == "{}"
