"""Recordings in processes of their own: forked in the middle, or left running at the end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_in_mid_recording_leaves_both_sides_whole() -> None:
    script = """
import os, sys, threading
from openprofiling_ipy.profilers.cpu import CpuProfiler
from tests.profilers.reading import total
from tests.profilers.work import burn
recording = CpuProfiler(rate=500).start()
burn(0.1)
pid = os.fork()
if pid == 0:
    begin = recording.peek().duration
    burn(0.05)
    profile = recording.stop()
    assert profile is recording.stop()
    # The child has no sampler: its document is that of the moment it was born.
    assert profile.duration == begin, (profile.duration, begin)
    assert total(profile, "burn") > 0
    assert abs(sys.getswitchinterval() - 0.005) < 1e-6
    again = CpuProfiler(rate=500).start()
    burn(0.05)
    assert total(again.stop(), "burn") > 0
    print("child", threading.active_count(), flush=True)
    sys.exit(7)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
burn(0.1)
profile = recording.stop()
assert total(profile, "burn") > 0.15e9
print("parent", code)
"""
    done = run(script)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["child", "1", "parent", "7"], "")


def test_a_program_that_ends_without_stopping_ends() -> None:
    done = run("from openprofiling_ipy.profilers.cpu import CpuProfiler\nCpuProfiler().start()\nprint('over')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "over\n", "")
