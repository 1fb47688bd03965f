"""An agent in a Jupyter kernel: a signal in the middle of a long cell."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from openprofiling_ipy.formats import registry
from openprofiling_ipy.model.attributes import A
from tests.agent.programs import names, until
from tests.notebook.kernel import Kernel

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not hasattr(signal, "SIGUSR2"), reason="a platform without these signals"),
]

START = """
import os, signal, time, hashlib
from openprofiling_ipy import ProfilingAgent
from openprofiling_ipy.profilers import CpuProfiler
from openprofiling_ipy.triggers import SignalTrigger
agent = ProfilingAgent(spool=SPOOL).register(SignalTrigger("SIGUSR2"), CpuProfiler()).start(OUT)
print(os.getpid())
"""
#: Two seconds in C, where no signal takes effect, then work in Python until the agent has ended what it began.
LONG = """
hashlib.pbkdf2_hmac("sha256", b"x", b"y", 6_000_000)
def busy_in_a_cell():
    end = time.monotonic() + 40
    while agent.status()["ended"] < 1 and time.monotonic() < end:
        sum(range(20000))
        if agent.status()["running"]:
            open(BEGUN, "w").close()
busy_in_a_cell()
print(agent.status()["ended"])
"""


@pytest.fixture
def kernel():
    kernel = Kernel()
    yield kernel
    kernel.close()


def test_a_signal_in_the_middle_of_a_long_cell(kernel, tmp_path):
    out = tmp_path / "out"
    begun = tmp_path / "begun"
    head = f"OUT, SPOOL, BEGUN = {str(out)!r}, {str(tmp_path / 'spool')!r}, {str(begun)!r}"
    pid = int(kernel.run(head + START).stream())

    def shoot() -> None:
        time.sleep(0.7)
        os.kill(pid, signal.SIGUSR2)
        until(begun.exists, "the recording")
        time.sleep(1)
        os.kill(pid, signal.SIGUSR2)

    shooter = threading.Thread(target=shoot)
    shooter.start()
    answer = kernel.run(LONG)
    shooter.join()
    assert answer.stream().strip() == "1", answer.stderr
    until(lambda: list(out.glob("[!.]*")), "a file")
    profile = registry.load(next(out.glob("[!.]*")))
    facts = profile.attributes
    # Both times: it arrived while the cell was in C code, and took effect when that was over.
    assert facts[A.SIGNAL_HANDLED] - facts[A.SIGNAL_ARRIVED] > 300_000_000
    assert "busy_in_a_cell" in names(profile)
    # The cell is what is shown, not the kernel around it.
    assert not names(profile) & {"Kernel.execute_request", "InteractiveShell.run_cell", "Worker._run"}
    assert not [thread.name for thread in profile.threads if thread.name.startswith("openprofiling")]
    # The kernel goes on, interrupts work, and all is put back.
    assert kernel.run("agent.stop(); print(signal.getsignal(signal.SIGUSR2) is signal.SIG_DFL)").stream() == "True\n"
