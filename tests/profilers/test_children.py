"""Child processes: their CPU time is counted, not shown."""

from __future__ import annotations

import subprocess
import sys

import pytest

from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.profilers.cpu import CpuProfiler
from tests.profilers.reading import everything
from tests.profilers.work import burn

BURN = "import time\nwhile time.process_time() < {}: pass\n"
WAIT = BURN + "print('done', flush=True)\ninput()\n"


def child(script: str, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script.format(seconds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_children_that_ended_are_counted_with_their_cpu_time() -> None:
    recording = CpuProfiler().start()
    for _ in range(2):
        child(BURN, 0.3).communicate()
    profile = recording.stop()
    assert int(profile.attributes[A.CHILDREN]) >= 1
    assert 0.55e9 < int(profile.attributes[A.CHILDREN_CPU]) < 1.5e9
    # They are no CPU of this process.
    assert everything(profile) < 0.5e9


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells about children that live")
def test_children_that_still_live_are_counted_too() -> None:
    recording = CpuProfiler().start()
    children = [child(WAIT, 0.3) for _ in range(2)]
    for process in children:
        assert process.stdout
        assert process.stdout.readline() == "done\n"
    profile = recording.stop()
    for process in children:
        process.communicate("\n")
    assert profile.attributes[A.CHILDREN] == 2
    assert 0.5e9 < int(profile.attributes[A.CHILDREN_CPU]) < 1.5e9


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells about children that live")
def test_what_a_child_did_before_does_not_count() -> None:
    process = child(WAIT, 0.4)
    assert process.stdout
    process.stdout.readline()
    recording = CpuProfiler().start()
    process.communicate("\n")
    profile = recording.stop()
    assert int(profile.attributes.get(A.CHILDREN_CPU, 0)) < 0.3e9


def test_without_children_nothing_is_said_of_them() -> None:
    recording = CpuProfiler().start()
    burn(0.05)
    profile = recording.stop()
    assert A.CHILDREN not in profile.attributes
    assert A.CHILDREN_CPU not in profile.attributes
