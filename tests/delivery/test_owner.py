"""Who is alive: asked of real processes, which die in several ways."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from openprofiling_ipy.delivery import owner as owners
from openprofiling_ipy.delivery.owner import Owner, alive

HOLD = """
import sys, time
from pathlib import Path
from openprofiling_ipy.delivery.owner import Owner
owner = Owner(Path(sys.argv[1]))
"""
PRINT = "print(owner.id, flush=True)\n"
STAY = "time.sleep(600)\n"
#: A child that keeps the lock of its parent, as one does that was forked without Python's own hooks.
LEAVE_A_CHILD = (
    "import subprocess\nprint(subprocess.Popen(['sleep', '600'], pass_fds=[owner._handle]).pid, flush=True)\n"
)


@contextlib.contextmanager
def process(code: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", code, folder], stdout=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def said(started: subprocess.Popen[str]) -> str:
    assert started.stdout is not None
    return started.stdout.readline().strip()


def test_it_lives_until_it_lets_go(tmp_path):
    owner = Owner(tmp_path)
    assert alive(tmp_path, owner.id)
    owner.release()
    assert not alive(tmp_path, owner.id)
    assert list(tmp_path.iterdir()) == []
    owner.release()


def test_two_of_one_process_are_two(tmp_path):
    first, second = Owner(tmp_path), Owner(tmp_path)
    first.release()
    assert (alive(tmp_path, first.id), alive(tmp_path, second.id)) == (False, True)
    second.release()


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_process_is_dead(tmp_path, way):
    with process(HOLD + PRINT + STAY, tmp_path) as started:
        name = said(started)
        assert alive(tmp_path, name)
        started.send_signal(way)
        started.wait()
        assert not alive(tmp_path, name)


def test_a_process_that_nobody_waited_for_is_dead(tmp_path):
    with process(HOLD + PRINT + STAY, tmp_path) as started:
        name = said(started)
        os.kill(started.pid, signal.SIGKILL)
        # It stays as a zombie until its parent asks.
        os.waitid(os.P_PID, started.pid, os.WEXITED | os.WNOWAIT)
        assert not alive(tmp_path, name)


def test_a_child_that_keeps_the_lock_does_not_keep_its_parent_alive(tmp_path):
    with process(HOLD + PRINT + LEAVE_A_CHILD + STAY, tmp_path) as started:
        name, child = said(started), int(said(started))
        try:
            assert alive(tmp_path, name)
            started.kill()
            started.wait()
            with (tmp_path / f"{name}.owner").open() as file, pytest.raises(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            assert not alive(tmp_path, name)
        finally:
            os.kill(child, signal.SIGKILL)


FORK = """
import os
from openprofiling_ipy.delivery.owner import alive
pid = os.fork()
if pid == 0:
    owner.forget()
    os._exit(0)
os.waitpid(pid, 0)
print(alive(Path(sys.argv[1]), owner.id), flush=True)
"""


def test_a_forked_child_that_forgets_leaves_its_parents_hold(tmp_path):
    with process(HOLD + FORK, tmp_path) as started:
        assert said(started) == "True"


def record(**facts: object) -> bytes:
    return json.dumps({**owners._myself(), **facts}).encode()


@pytest.mark.parametrize(
    ("facts", "gone"),
    [
        ({}, False),
        ({"started": "1"}, True),  # its number belongs to another process by now
        ({"pid": 2**22 + 1}, True),
        ({"pid": 2**22 + 1, "namespace": "pid:[1]"}, False),  # a container's number says nothing here
        ({"pid": 2**22 + 1, "boot": "another"}, False),
    ],
)
def test_numbers_count_only_where_they_mean_something(facts, gone):
    assert owners._gone(record(**facts)) is gone


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"\xff", b'{"pid": "x"}', b"null"])
def test_a_record_that_cannot_be_read_says_nothing(text):
    assert not owners._gone(text)


def test_a_name_is_held_before_it_can_be_seen(tmp_path, monkeypatch):
    """At no moment is there an owner's file that is not locked."""
    rename = Path.rename

    def watched(self: Path, target: Path) -> Path:
        with self.open() as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", watched)
    Owner(tmp_path).release()
