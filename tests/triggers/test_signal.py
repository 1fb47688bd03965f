"""`SignalTrigger` in this process: which signals it takes, whom it calls, what it puts back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from openprofiling_ipy.errors import AgentError, InvalidOption, NotRunning, TriggerUnavailable
from openprofiling_ipy.triggers import SignalTrigger, wakeup
from openprofiling_ipy.triggers.signal_numbers import name_of, number_of

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR2"), reason="a platform without these signals")


class Calls:
    """A control that only remembers."""

    kinds = ("cpu",)

    def __init__(self, error: Exception | None = None) -> None:
        self.made: list[tuple[str, dict[str, Any]]] = []
        self.error = error

    def start(self, kind: str | None = None, **options: Any) -> list[Any]:
        return self._note("start", options)

    def stop(self, kind: str | None = None) -> list[Any]:
        return self._note("stop", {})

    def toggle(self, **options: Any) -> list[Any]:
        return self._note("toggle", options)

    def status(self) -> dict[str, Any]:
        return {}

    def collect(self, *_: Any, **__: Any) -> bytes:
        return b""

    def _note(self, name: str, options: dict[str, Any]) -> list[Any]:
        self.made.append((name, options))
        if self.error is not None:
            raise self.error
        return []

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.made]


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def descriptors() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Every test leaves signals, threads and descriptors as they were."""
    signals = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM)
    before = [signal.getsignal(signum) for signum in signals]
    yield
    assert [signal.getsignal(signum) for signum in signals] == before
    assert not [thread for thread in threading.enumerate() if thread.name == "openprofiling-signals"]
    descriptor = signal.set_wakeup_fd(-1)
    assert descriptor == -1


@pytest.mark.parametrize(
    ("given", "number"),
    [("SIGUSR2", signal.SIGUSR2), ("usr1", signal.SIGUSR1), (signal.SIGHUP, signal.SIGHUP), (12, 12)],
)
def test_signals_are_given_by_name_or_number(given, number):
    assert number_of(given) == number


@pytest.mark.skipif(not hasattr(signal, "SIGRTMIN"), reason="no real-time signals here")
def test_real_time_signals_are_given_by_their_distance():
    assert number_of("RTMIN+3") == signal.SIGRTMIN + 3
    assert name_of(signal.SIGRTMIN + 3) == "SIGRTMIN+3"
    assert number_of("SIGRTMAX-1") == signal.SIGRTMAX - 1


@pytest.mark.parametrize(
    "name", ["KILL", "STOP", "SEGV", "CHLD", "INT", "TERM", "SIGPIPE", "SIGTSTP", "SIGABRT", "SIGFPE", "SIGCONT"]
)
def test_signals_that_are_not_ours_to_take(name):
    with pytest.raises(TriggerUnavailable, match=r"SIG\w+ cannot be a trigger here: .*SIGUSR2") as caught:
        SignalTrigger(name)
    assert "\n" not in str(caught.value)
    with pytest.raises(TriggerUnavailable):
        SignalTrigger(getattr(signal, name if name.startswith("SIG") else f"SIG{name}"))
    with pytest.raises(TriggerUnavailable):
        SignalTrigger(stop=name)


@pytest.mark.parametrize("number", [32, 33])
def test_signals_that_the_thread_library_keeps(number):
    if number in signal.valid_signals():
        pytest.skip("this system gives them away")
    with pytest.raises(TriggerUnavailable, match="keeps it for itself"):
        SignalTrigger(number)


def test_a_platform_without_the_signal(monkeypatch):
    monkeypatch.delattr(signal, "SIGUSR2")
    with pytest.raises(TriggerUnavailable, match="no such signal; use an HttpTrigger"):
        SignalTrigger("SIGUSR2")


@pytest.mark.parametrize("given", ["SIGNOTHING", "", "RTMIN+", True, None, 1.5])
def test_what_is_no_signal(given):
    with pytest.raises(InvalidOption, match="give its name"):
        SignalTrigger(given)


@pytest.mark.parametrize("options", [{"duration": 0}, {"duration": "3"}, {"stop": "SIGUSR2"}])
def test_wrong_options(options):
    with pytest.raises(InvalidOption):
        SignalTrigger("SIGUSR2", **options)


def test_a_signal_toggles_and_tells_both_times():
    control, trigger = Calls(), SignalTrigger()
    trigger.arm(control)
    before = time.time_ns()
    os.kill(os.getpid(), signal.SIGUSR2)
    until(lambda: control.made)
    trigger.disarm()
    ((name, options),) = control.made
    facts = options["facts"]
    assert (name, facts["trigger"]) == ("toggle", "SIGUSR2")
    assert before - 20_000_000 <= facts["signal_arrived"] <= facts["signal_handled"] <= time.time_ns()


@pytest.mark.skipif(sys.platform != "linux", reason="the time of arrival is the system's on Linux only")
def test_the_time_of_arrival_while_the_main_thread_keeps_the_interpreter_to_itself():
    control, trigger = Calls(), SignalTrigger()
    trigger.arm(control)
    with subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -USR2 {os.getpid()}"]):
        begin = time.monotonic()
        sum(range(2_000_000))
        # One call in C of about two seconds, in which no other thread has a turn.
        sum(range(round(4_000_000 / (time.monotonic() - begin))))
        ended = time.time_ns()
        until(lambda: control.made)
    trigger.disarm()
    facts = control.made[0][1]["facts"]
    assert facts["signal_handled"] >= ended - 1_000_000
    assert facts["signal_handled"] - facts["signal_arrived"] > 500_000_000


def test_start_and_stop_by_signals_of_their_own():
    control, trigger = Calls(), SignalTrigger("SIGUSR1", stop="SIGUSR2", duration=3.0)
    trigger.arm(control)
    for signum, count in ((signal.SIGUSR2, 1), (signal.SIGUSR1, 2), (signal.SIGUSR1, 3)):
        os.kill(os.getpid(), signum)
        until(lambda count=count: len(control.made) == count)
    assert trigger.describe() == {"name": "SIGUSR1", "armed": True, "stop": "SIGUSR2", "duration": 3.0}
    trigger.disarm()
    assert control.names == ["stop", "start", "start"]
    assert control.made[1][1]["duration"] == 3.0


def test_an_earlier_handler_is_called_too_and_put_back():
    seen = []

    def earlier(signum: int, frame: object) -> None:
        seen.append((signum, frame is not None))

    before = signal.signal(signal.SIGUSR2, earlier)
    try:
        control, trigger = Calls(), SignalTrigger()
        trigger.arm(control)
        os.kill(os.getpid(), signal.SIGUSR2)
        until(lambda: control.made and seen)
        trigger.disarm()
        assert seen == [(signal.SIGUSR2, True)]
        assert signal.getsignal(signal.SIGUSR2) is earlier
        os.kill(os.getpid(), signal.SIGUSR2)
        until(lambda: len(seen) == 2)
        assert len(control.made) == 1
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_what_an_earlier_handler_raises_reaches_the_program():
    def earlier(_signum: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGUSR2, earlier)
    control, trigger = Calls(), SignalTrigger()
    trigger.arm(control)
    try:
        with pytest.raises(TimeoutError):
            signal.raise_signal(signal.SIGUSR2)
        until(lambda: control.made)
    finally:
        trigger.disarm()
        signal.signal(signal.SIGUSR2, before)


@pytest.mark.parametrize("earlier", [signal.SIG_IGN, signal.SIG_DFL])
def test_earlier_actions_of_the_system_are_put_back(earlier):
    before = signal.signal(signal.SIGUSR2, earlier)
    try:
        control, trigger = Calls(), SignalTrigger()
        trigger.arm(control)
        os.kill(os.getpid(), signal.SIGUSR2)
        until(lambda: control.made)
        trigger.disarm()
        assert signal.getsignal(signal.SIGUSR2) is earlier
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_two_triggers_of_one_signal_both_hear_it_and_leave_in_any_order():
    calls = [Calls(), Calls()]
    calls[1].kinds = ("wall",)
    triggers = [SignalTrigger(), SignalTrigger()]
    for trigger, control in zip(triggers, calls, strict=True):
        trigger.arm(control)
    os.kill(os.getpid(), signal.SIGUSR2)
    until(lambda: all(control.made for control in calls))
    assert all(trigger.describe()["armed"] for trigger in triggers)
    triggers[0].disarm()
    os.kill(os.getpid(), signal.SIGUSR2)
    until(lambda: len(calls[1].made) == 2)
    triggers[1].disarm()
    assert len(calls[0].made) == 1


def test_a_handler_of_somebody_else_is_seen_logged_once_and_left_alone(caplog):
    def other(_signum: int, _frame: object) -> None: ...

    trigger = SignalTrigger()
    before = signal.getsignal(signal.SIGUSR2)
    trigger.arm(Calls())
    signal.signal(signal.SIGUSR2, other)
    try:
        for _ in range(2):
            told = trigger.describe()
            assert told["armed"] is False
            assert told["replaced_by"].endswith("other")
        trigger.disarm()
        assert signal.getsignal(signal.SIGUSR2) is other
        assert len([record for record in caplog.records if "no longer reaches us" in record.message]) == 1
    finally:
        signal.signal(signal.SIGUSR2, before)


def test_arming_off_the_main_thread_is_one_clear_error():
    found = []

    def arm() -> None:
        try:
            SignalTrigger().arm(Calls())
        except AgentError as error:
            found.append(str(error))

    thread = threading.Thread(target=arm)
    thread.start()
    thread.join()
    (said,) = found
    assert "only the main thread may handle signals; start the agent there, or use an HttpTrigger" in said


def test_disarming_off_the_main_thread_lets_that_put_the_handler_back():
    trigger = SignalTrigger()
    before = signal.getsignal(signal.SIGUSR2)
    trigger.arm(Calls())
    thread = threading.Thread(target=trigger.disarm)
    thread.start()
    until(lambda: signal.getsignal(signal.SIGUSR2) is before)
    thread.join()
    signal.set_wakeup_fd(-1)  # the main thread alone can give it back


def test_arming_twice_and_disarming_twice():
    trigger = SignalTrigger()
    trigger.arm(Calls())
    with pytest.raises(TriggerUnavailable, match="armed already"):
        trigger.arm(Calls())
    trigger.disarm()
    trigger.disarm()
    trigger.arm(Calls())
    trigger.disarm()


@pytest.mark.parametrize("error", [NotRunning("nothing runs"), RuntimeError("broken")])
def test_what_goes_wrong_is_logged_and_the_next_signal_works(error, caplog):
    control, trigger = Calls(error), SignalTrigger()
    trigger.arm(control)
    for count in (1, 2):
        os.kill(os.getpid(), signal.SIGUSR2)
        until(lambda count=count: len(control.made) == count)
    trigger.disarm()
    assert len(caplog.records) == 2


def test_another_owner_of_the_wakeup_descriptor_keeps_it():
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    try:
        control, trigger = Calls(), SignalTrigger()
        trigger.arm(control)
        os.kill(os.getpid(), signal.SIGUSR2)
        until(lambda: control.made)
        assert os.read(read, 10) == bytes([signal.SIGUSR2])
        facts = control.made[0][1]["facts"]
        assert facts["signal_arrived"] == facts["signal_handled"]
        trigger.disarm()
        assert signal.set_wakeup_fd(-1) == write
    finally:
        signal.set_wakeup_fd(-1)
        os.close(read)
        os.close(write)


def test_signals_that_are_nobodys_do_not_keep_the_thread_busy():
    control, trigger = Calls(), SignalTrigger()
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    trigger.arm(control)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            time.sleep(0.01)
        thread = next(thread for thread in threading.enumerate() if thread.name == "openprofiling-signals")
        clock = time.pthread_getcpuclockid(thread.ident)
        first = time.clock_gettime(clock)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            time.sleep(0.01)
        assert time.clock_gettime(clock) - first < 0.02
        os.kill(os.getpid(), signal.SIGUSR2)
        until(lambda: control.made)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        trigger.disarm()
        signal.signal(signal.SIGALRM, before)


def test_nothing_is_left_of_many_armings():
    before = descriptors()
    for _ in range(50):
        trigger = SignalTrigger()
        trigger.arm(Calls())
        trigger.disarm()
    assert descriptors() == before
    assert wakeup._wakeup.users == 0


FAULTHANDLER = """
import faulthandler, os, signal, sys, time
from openprofiling_ipy.triggers import SignalTrigger
from tests.triggers.test_signal import Calls, until
order, chain = sys.argv[1], sys.argv[2] == "chain"
control, trigger = Calls(), SignalTrigger()
if order == "before":
    if chain:
        signal.signal(signal.SIGUSR2, lambda *_: print("python", flush=True))
    faulthandler.register(signal.SIGUSR2, file=sys.stderr, chain=chain)
trigger.arm(control)
if order == "after":
    faulthandler.register(signal.SIGUSR2, file=sys.stderr, chain=chain)
for count in (1, 2):
    os.kill(os.getpid(), signal.SIGUSR2)
    if order == "before" or chain:
        until(lambda: len(control.made) == count)
    else:
        time.sleep(0.2)
print("armed", trigger.describe().get("replaced_by", "ours"))
trigger.disarm()
os.kill(os.getpid(), signal.SIGUSR2)
time.sleep(0.2)
print("calls", len(control.made))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a handler in C is seen on Linux only")
@pytest.mark.parametrize(
    ("order", "chain", "armed", "calls"),
    [
        ("before", "alone", "ours", 2),
        ("before", "chain", "ours", 2),
        ("after", "alone", "code written in C", 0),
        ("after", "chain", "code written in C", 2),
    ],
)
def test_handlers_in_c_that_python_does_not_see(root, order, chain, armed, calls):
    """`faulthandler.register` before us is called too and put back; after us it is seen, and left alone."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTHANDLER, order, chain],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=root,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"armed {armed}" in done.stdout
    assert f"calls {calls}" in done.stdout
    assert done.stderr.count("Current thread") == 3, done.stdout
