"""Ctrl-C at the moments when it hurts most."""

from __future__ import annotations

import signal
import threading
import time
from types import SimpleNamespace

import pytest

import openprofiling_ipy as op
from openprofiling_ipy import session, stamps
from openprofiling_ipy.cells import repeat
from openprofiling_ipy.notebook.interrupts import Held, Placed
from tests.notebook.kernel import EXTENSION, Kernel


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_an_interrupt_waits_for_the_end():
    before = signal.getsignal(signal.SIGINT)
    done = []
    with Held() as interrupt:
        assert not interrupt.asked
        press()
        press()
        done.append(1)
    assert done == [1]
    assert interrupt.asked
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt) as caught:
        interrupt.pass_on("cell.py", 3)
    assert (str(caught.traceback[-1].path), caught.traceback[-1].lineno + 1) == ("cell.py", 3)


def test_without_one_nothing_happens():
    with Held() as interrupt:
        pass
    interrupt.pass_on("cell.py", 3)
    assert not interrupt.asked


def test_what_hits_ours_is_placed_in_the_cell_and_what_hits_the_cell_stays():
    def run(code):
        with pytest.raises(KeyboardInterrupt) as caught, Placed("cell.py", 2, "ran.py"):
            exec(code, {"press": press})
        assert caught.value.__cause__ is None
        return str(caught.traceback[-1].path), caught.traceback[-1].lineno + 1

    assert run(compile("press()", "ours.py", "exec")) == ("cell.py", 2)
    found, _ = run(compile("def inner(): press()\ninner()", "ran.py", "exec"))
    assert found != "cell.py"


@pytest.mark.parametrize("code", ["%%oprof cpu --for 5s\n1", "%oprof cpu --for 5s 1", "%%oprof --for 5s\nawait f()"])
def test_an_interrupt_between_repeats_shows_no_frame_of_ours(shell, monkeypatch, code):
    real, calls = time.perf_counter, []

    def clock():
        calls.append(1)
        if len(calls) == 5:
            press()
        return real()

    shell.run("async def f(): return 1")
    monkeypatch.setattr(repeat, "time", SimpleNamespace(perf_counter=clock))
    result = shell.run(code)
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert "KeyboardInterrupt" in result.out
    assert "openprofiling_ipy" not in result.out
    assert "interrupted" in result.out
    assert not session.running()


def test_short_runs_go_by_many_at_once(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(repeat, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def runs(seconds):
        """Let runs take so long until it is over; return how often the clock was looked at, how often it ran, when."""
        now[0] = looks = ran = 0
        pace = repeat.Pace(1.0)
        while not pace.over:
            for count in pace.batch():
                looks += 1
                ran += count
                now[0] += count * seconds
        assert pace.count == ran
        return looks, ran, now[0]

    looks, ran, ended = runs(1e-6)
    assert looks < ran / 50
    assert 0.99 < ended <= 1.0
    looks, ran, _ = runs(0.01)
    assert looks == ran in (98, 99)
    assert runs(3.0)[:2] == (1, 1)


def test_somebody_who_insists_is_heard(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    before = signal.getsignal(signal.SIGINT)
    with Held() as interrupt:
        press()
        now[0] += 1.9
        press()
        now[0] += 0.2
        with pytest.raises(KeyboardInterrupt):
            press()
    assert interrupt.asked
    assert signal.getsignal(signal.SIGINT) is before


def test_ignored_interrupts_stay_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Held() as interrupt:
            press()
        assert not interrupt.asked
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_have_no_signals():
    asked = []

    def other():
        with Held() as interrupt:
            asked.append(interrupt.asked)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert asked == [False]


def test_while_a_cell_begins(shell, monkeypatch):
    start = session.start

    def pressed(*arguments, **keywords):
        press()
        return start(*arguments, **keywords)

    monkeypatch.setattr(session, "start", pressed)
    result = shell.run("%%oprof cpu\nran = True")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert "ran" not in shell.ip.user_ns
    assert "openprofiling_ipy" not in result.out
    assert op.captures[-1].status == "interrupted"
    result = shell.run("%oprof cpu also()")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert session.running() == ()


def test_while_a_recording_ends(shell, monkeypatch):
    stamped = stamps.stamped

    def pressed(*arguments, **keywords):
        press()
        return stamped(*arguments, **keywords)

    monkeypatch.setattr(stamps, "stamped", pressed)
    result = shell.run("%%oprof cpu\n40 + 2")
    assert result.result == 42
    assert op.captures[-1].status == "done"
    assert "Traceback" not in result.out
    assert result.err == "" or "interrupted before it was drawn" in result.err
    result = shell.run("%oprof cpu 40 + 2\nnever = True")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert op.captures[-1].status == "done"
    assert "openprofiling_ipy" not in result.out
    assert "never" not in shell.ip.user_ns


def test_while_a_result_is_drawn(shell, monkeypatch):
    from openprofiling_ipy.widgets import view

    text = view.Result.__repr__

    def pressed(self):
        press()
        return text(self)

    monkeypatch.setattr(view.Result, "__repr__", pressed)
    monkeypatch.setattr(view.Result, "_repr_mimebundle_", lambda self: {"text/plain": pressed(self)})
    result = shell.run("%%oprof cpu\nburn(.05)")
    assert "CPU In[3]" in result.out
    assert result.success
    result = shell.run("%oprof show\nnever = True")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert "openprofiling_ipy" not in result.out
    assert "CPU In[3]" in result.out


PRESS_DURING_IMPORT = """
import os, signal, sys
class Press:
    @staticmethod
    def find_spec(name, *_):
        if name == WHERE:
            os.kill(os.getpid(), signal.SIGINT)
            sum(range(10**5))
sys.meta_path.insert(0, Press)
"""


@pytest.mark.kernel
@pytest.mark.parametrize("where", ["numpy.matrixlib", "numpy.random", "openprofiling_ipy.widgets.text", "PIL.Image"])
def test_the_first_result_of_a_kernel_is_not_torn(where):
    """It imports numpy, which does not survive being cut in the middle: not even for the user's own work."""
    kernel = Kernel("--log-level=ERROR", "--InteractiveShell.colors=nocolor")
    try:
        kernel.run(EXTENSION)
        kernel.run(PRESS_DURING_IMPORT.replace("WHERE", repr(where)))
        answer = kernel.run("%%oprof wall\nimport time\ntime.sleep(.2)\n40 + 2")
        assert answer.value == "42"
        assert answer.errors == []
        assert "Traceback" not in answer.stream("stdout") + answer.stderr
        following = kernel.run("%%oprof wall\ntime.sleep(.2)\n40 + 2")
        assert following.value == "42"
        assert len(following.pictures) == 1
        assert kernel.value("len(__import__('openprofiling_ipy').captures)") == 2
        assert kernel.run("import numpy\nnumpy.matrix([1]), numpy.nonzero([1])").status == "ok"
    finally:
        kernel.close()
