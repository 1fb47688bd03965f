"""`ProfilingAgent` with triggers that the test fires: what it begins, ends, sends, tells and refuses."""

from __future__ import annotations

import json
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from openprofiling_ipy import ProfilingAgent, ledger
from openprofiling_ipy.agent import runs
from openprofiling_ipy.capture import Capture
from openprofiling_ipy.errors import (
    AgentError,
    AlreadyRunning,
    ExportError,
    InvalidOption,
    NotRunning,
    ProfilerUnavailable,
    QueryError,
)
from openprofiling_ipy.exporters import FileExporter, MemoryExporter
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.profilers import CpuProfiler, WallProfiler
from openprofiling_ipy.triggers import SignalTrigger
from tests.agent.fakes import FakeProfiler, FakeTrigger


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.fixture
def memory() -> MemoryExporter:
    return MemoryExporter(format="speedscope")


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., ProfilingAgent]]:
    """Agents with a spool of their own, all stopped in the end."""
    made: list[ProfilingAgent] = []

    def new(**options: object) -> ProfilingAgent:
        made.append(ProfilingAgent(spool=tmp_path / "spool", **options))
        return made[-1]

    yield new
    for agent in made:
        agent.stop()
    assert ledger.running() == ()
    assert not [thread for thread in threading.enumerate() if thread.name == "openprofiling-agent"]


def test_several_triggers_drive_several_profilers(make, memory):
    one, both = FakeTrigger("one"), FakeTrigger("both")
    agent = make(service="shop", attributes={"region": "eu"})
    agent.register(one, FakeProfiler("a")).register(both, FakeProfiler("a")).register(both, FakeProfiler("b"))
    with agent.start(memory):
        assert agent.started
        assert one.fire.kinds == ("a",)
        assert both.fire.kinds == ("a", "b")
        assert [capture.kind for capture in one.fire.start()] == ["a"]
        # What one trigger began another may end; the rest of its own begins only when nothing of it runs.
        assert [capture.kind for capture in both.fire.toggle()] == ["a"]
        assert [capture.kind for capture in both.fire.toggle()] == ["a", "b"]
        assert {run["kind"] for run in agent.status()["running"]} == {"a", "b"}
        assert [capture.kind for capture in one.fire.stop()] == ["a"]
        assert [capture.kind for capture in both.fire.stop("b")] == ["b"]
        until(lambda: len(memory.parcels) == 3)
    assert not agent.started
    assert one.log == both.log == ["armed", "disarmed"]
    facts = memory.documents()[0].attributes
    assert facts[A.SERVICE] == "shop"
    assert facts["region"] == "eu"
    assert facts[A.TRIGGER] == "one"


def test_the_same_kind_twice_is_refused_clearly(make, memory):
    trigger, other = FakeTrigger(), FakeTrigger()
    make().register(trigger, FakeProfiler()).start(memory)
    make().register(other, FakeProfiler()).start(memory)
    trigger.fire.start()
    for control in (trigger.fire, other.fire):
        with pytest.raises(AlreadyRunning, match="a fake recording is already running: stop #"):
            control.start()
    # An agent ends what it began itself.
    with pytest.raises(NotRunning):
        other.fire.stop()
    assert [capture.status for capture in trigger.fire.stop()] == ["done"]
    with pytest.raises(NotRunning):
        trigger.fire.stop()


def test_of_several_kinds_those_begin_that_can(make, memory, caplog):
    alone, both = FakeTrigger(), FakeTrigger()
    agent = make().register(alone, FakeProfiler("a"))
    agent.register(both, FakeProfiler("a")).register(both, FakeProfiler("b")).start(memory)
    alone.fire.start()
    assert [capture.kind for capture in both.fire.start()] == ["b"]


def test_a_profiler_that_cannot_begin_gives_a_failed_capture(make, memory, caplog):
    trigger, ended = FakeTrigger(), []
    agent = make().register(trigger, FakeProfiler(start_error=RuntimeError("no luck")))
    agent.subscribe(on_end=ended.append)
    agent.start(memory)
    with pytest.raises(ProfilerUnavailable, match="fake cannot run here: RuntimeError: no luck"):
        trigger.fire.start()
    assert [capture.status for capture in ended] == ["failed"]
    assert agent.status()["recent"][0]["error"] == "no luck"
    assert "no luck" in caplog.text
    assert memory.parcels == []


def test_a_profiler_that_cannot_end_gives_a_failed_capture(make, memory, caplog):
    trigger, ended = FakeTrigger(), []
    agent = make().register(trigger, FakeProfiler(stop_error=MemoryError("full")))
    agent.subscribe(on_end=ended.append)
    agent.start(memory)
    for _ in range(2):
        trigger.fire.start()
        assert [capture.status for capture in trigger.fire.stop()] == ["failed"]
    assert [capture.status for capture in ended] == ["failed", "failed"]
    assert agent.status()["failed"] == 2
    assert "has failed" in caplog.text


def test_listeners_hear_of_both_ends_on_the_agents_thread_and_may_fail(make, memory, caplog):
    trigger, heard = FakeTrigger(), []

    def hear(capture: Capture) -> None:
        heard.append((capture.status, threading.current_thread().name))
        raise ValueError("a listener's own")

    agent = make().register(trigger, FakeProfiler())
    end = agent.subscribe(hear, hear)
    agent.start(memory)
    trigger.fire.toggle()
    trigger.fire.toggle()
    assert heard == [("running", "openprofiling-agent"), ("done", "openprofiling-agent")]
    assert "a listener failed" in caplog.text
    end()
    end()
    trigger.fire.toggle()
    assert len(heard) == 2


def test_a_listener_may_stop_the_agent(make, memory):
    trigger = FakeTrigger()
    agent = make().register(trigger, FakeProfiler())
    agent.subscribe(on_end=lambda _capture: agent.stop())
    agent.start(memory)
    trigger.fire.start()
    trigger.fire.stop()
    until(lambda: not agent.started)


def test_stop_ends_and_exports_what_runs(make, memory):
    trigger = FakeTrigger()
    agent = make().register(trigger, FakeProfiler())
    agent.start(memory)
    trigger.fire.start()
    agent.stop()
    agent.stop()
    assert len(memory.parcels) == 1
    # And again from the beginning.
    agent.start(memory)
    trigger.fire.start()
    agent.stop()
    assert len(memory.parcels) == 2


def test_what_a_person_ends_is_sent_too(make, memory):
    """A recording of an agent may be ended in a notebook."""
    trigger = FakeTrigger()
    agent = make().register(trigger, FakeProfiler())
    agent.start(memory)
    (capture,) = trigger.fire.start()
    ledger.stop(capture)
    until(lambda: memory.parcels)
    assert agent.status()["running"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"service": 3},
        {"attributes": {"a": [1]}},
        {"max_duration": 0},
        {"max_duration": "1"},
        {"overhead": 0},
        {"overhead": 1.5},
        {"grace": -1},
    ],
)
def test_wrong_options_are_told_at_once(wrong):
    with pytest.raises(InvalidOption):
        ProfilingAgent(**wrong)


def test_what_may_not_be_done_when(make, memory):
    trigger = FakeTrigger()
    agent = make().register(trigger, FakeProfiler())
    with pytest.raises(AgentError, match="has a profiler of kind fake already"):
        agent.register(trigger, FakeProfiler())
    with pytest.raises(AgentError, match="not started"):
        agent.check()
    agent.rearm()
    assert not agent.started
    agent.start(memory)
    agent.rearm()
    with pytest.raises(AgentError, match="started already"):
        agent.start(memory)
    with pytest.raises(AgentError, match="stop it before you register"):
        agent.register(FakeTrigger(), FakeProfiler())


@pytest.mark.parametrize("destination", [3, [3], "nowhere://bucket"])
def test_what_is_no_destination_is_told_and_nothing_starts(make, destination):
    trigger = FakeTrigger()
    agent = make().register(trigger, FakeProfiler())
    with pytest.raises(QueryError):
        agent.start(destination)
    assert not agent.started
    assert trigger.log == []


def test_a_trigger_that_cannot_be_armed_leaves_nothing_behind(make, memory):
    good, bad = FakeTrigger(), FakeTrigger(error=AgentError("taken"))
    agent = make().register(good, FakeProfiler("a")).register(bad, FakeProfiler("b"))
    with pytest.raises(AgentError, match="taken"):
        agent.start(memory, log_level="DEBUG")
    assert not agent.started
    assert good.log == ["armed", "disarmed"]
    assert logging.getLogger("openprofiling_ipy").level == logging.NOTSET
    bad.error = None
    agent.start(memory)
    assert agent.started


def test_several_exporters_by_object_folder_and_path(make, memory, tmp_path):
    trigger = FakeTrigger()
    with make().register(trigger, FakeProfiler()).start([memory, str(tmp_path / "a"), tmp_path / "b"]):
        trigger.fire.start()
        trigger.fire.stop()
    assert len(memory.parcels) == 1
    for folder in ("a", "b"):
        (file,) = (tmp_path / folder).iterdir()
        assert file.name.endswith(".pb.gz"), "what an agent writes by default"


def test_one_bad_exporter_is_nobody_elses_affair(make, memory):
    class Broken(MemoryExporter):
        name = "broken"

        def describe(self) -> str:
            return "broken:"

        def send(self, *_: object) -> str:
            raise ExportError("broken", "nowhere", "it is down", retry=True)

    trigger = FakeTrigger()
    agent = make().register(trigger, FakeProfiler()).start([Broken(), memory])
    trigger.fire.start()
    trigger.fire.stop()
    until(lambda: memory.parcels)
    agent.stop(0.1)


def test_check_tells_what_became_of_a_tiny_capture(make, memory, tmp_path):
    agent = make(service="shop").start([memory, FileExporter("/proc/nowhere/")])
    good, bad = agent.check()
    assert good.ok
    assert good.place.startswith("memory:shop/check-")
    assert not bad.ok
    assert "the folder is gone or takes no files" in bad.error
    assert memory.documents()[0].attributes[A.KIND] == "check"


def test_status_is_plain_and_quiet(make, memory):
    trigger = FakeTrigger()
    agent = make().register(trigger, CpuProfiler()).start(memory)
    trigger.fire.start()
    time.sleep(0.05)
    told = json.loads(json.dumps(agent.status()))
    assert told["started"] is True
    assert told["running"][0]["kind"] == "cpu"
    assert 0 < told["running"][0]["ends_in"] <= 600
    agent.stop()
    assert json.loads(json.dumps(agent.status()))["started"] is False


def test_options_of_one_call(make, memory):
    trigger = FakeTrigger()
    make(overhead=0.01).register(trigger, FakeProfiler()).start(memory)
    FakeProfiler.begun.clear()
    trigger.fire.start(rate=7.0)
    (used,) = FakeProfiler.begun
    assert (used.rate, used.budget) == (7.0, 0.01)
    assert used.scope.everyone
    assert used.scope.home == threading.main_thread().ident
    trigger.fire.stop()
    with pytest.raises(InvalidOption, match="fake does not have it"):
        trigger.fire.start(speed=1)
    with pytest.raises(QueryError, match="does not record 'cpu'"):
        trigger.fire.start("cpu")


def test_collect_gives_bytes_and_exports_nothing(make, memory):
    trigger = FakeTrigger()
    make(max_duration=5).register(trigger, CpuProfiler()).start(memory)
    data = trigger.fire.collect("cpu", 0.2, "pprof")
    assert data[:2] == b"\x1f\x8b"
    gone = threading.Event()
    gone.set()
    begin = time.monotonic()
    trigger.fire.collect("cpu", 4.9, "pprof", gone=gone)
    assert time.monotonic() - begin < 4
    with pytest.raises(InvalidOption, match="up to 5 seconds"):
        trigger.fire.collect("cpu", 6, "pprof")
    assert memory.parcels == []


def test_a_recording_ends_by_itself(make, memory):
    trigger = FakeTrigger()
    make(max_duration=0.2).register(trigger, CpuProfiler()).register(trigger, WallProfiler()).start(memory)
    trigger.fire.start(duration=600)
    until(lambda: len(memory.parcels) == 2)
    trigger.fire.start("cpu", duration=0.05)
    until(lambda: len(memory.parcels) == 3)


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_forgotten_recording_is_kept_each_minute_and_ended_in_time():
    clock, kept, ended = Watch(), [], []
    mine = runs.Runs(ended.append, lambda capture: kept.append((clock.now, capture.kind)), clock)
    mine.begin(FakeProfiler("a"), {}, 600.0, exported=True)
    mine.begin(FakeProfiler("b"), {}, 90.0, exported=False)
    assert mine.due() == 60.0
    for moment in range(0, 601, 30):
        clock.now = float(moment)
        mine.due()
    assert [moment for moment, _ in kept] == [float(60 * minute) for minute in range(1, 10)]
    assert {kind for _, kind in kept} == {"a"}, "what nobody exports is not kept"
    assert [run.capture.kind for run in ended] == ["b", "a"]
    assert mine.due() is None


def test_a_disk_that_takes_no_checkpoint_changes_nothing(caplog):
    def keep(_capture: Capture) -> None:
        raise OSError("full")

    clock, ended = Watch(), []
    mine = runs.Runs(ended.append, keep, clock)
    mine.begin(FakeProfiler(), {}, 600.0, exported=True)
    clock.now = 61.0
    assert mine.due() == 60.0
    assert "cannot be kept" in caplog.text
    clock.now = 600.0
    mine.due()
    assert len(ended) == 1


@pytest.mark.parametrize(
    ("trigger", "profiler", "said"),
    [
        ("SIGUSR2", CpuProfiler(), "trigger: 'SIGUSR2' will not do: give one such as SignalTrigger()"),
        (FakeTrigger, CpuProfiler(), "give one such as SignalTrigger()"),
        (FakeTrigger("one"), "cpu", "profiler: 'cpu' will not do: give one such as CpuProfiler()"),
        (FakeTrigger("one"), CpuProfiler, "give one such as CpuProfiler()"),
    ],
)
def test_what_is_no_trigger_or_no_profiler(make, trigger, profiler, said):
    with pytest.raises(InvalidOption) as caught:
        make().register(trigger, profiler)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"exporter": FileExporter}, "exporter: <class"),
        ({"exporter": 5}, "give an exporter, a folder or an address"),
        ({"log_level": "NOPE"}, "log_level: 'NOPE' will not do: give a level of logging, such as INFO"),
        ({"log_level": []}, "give a level of logging"),
    ],
)
def test_a_start_with_what_means_nothing(make, options, said):
    agent = make()
    with pytest.raises(QueryError) as caught:
        agent.start(**options)
    assert said in str(caught.value)
    assert not agent.started


@pytest.mark.parametrize("attributes", [[1], "abc", {"a": None}, {1: "a"}])
def test_attributes_that_are_none(make, attributes):
    with pytest.raises(InvalidOption, match="attributes"):
        make(attributes=attributes)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR2"), reason="a platform without these signals")
def test_two_triggers_of_one_signal(make):
    """Each signal would begin a recording and end it at once; of two kinds each has its own."""
    agent = make().register(SignalTrigger("SIGUSR2"), CpuProfiler())
    agent.register(SignalTrigger("SIGUSR2"), WallProfiler())
    for trigger in (SignalTrigger("SIGUSR2"), SignalTrigger("SIGUSR1", stop="SIGUSR2")):
        with pytest.raises(AgentError, match="share a signal"):
            agent.register(trigger, CpuProfiler())


def test_a_check_does_not_keep_triggers_waiting(make, memory):
    begun = threading.Event()

    class Slow(MemoryExporter):
        def export(self, capture: Capture, /) -> str:
            begun.set()
            assert ended.wait(30)
            return super().export(capture)

    ended = threading.Event()
    trigger = FakeTrigger("one")
    with make().register(trigger, FakeProfiler("a")).start(Slow(format="speedscope")) as agent:
        checking = threading.Thread(target=agent.check)
        checking.start()
        assert begun.wait(30)
        assert [capture.kind for capture in trigger.fire.toggle()] == ["a"]
        assert [capture.kind for capture in trigger.fire.toggle()] == ["a"]
        ended.set()
        checking.join()


@pytest.mark.skipif(not hasattr(signal, "SIGUSR2"), reason="a platform without these signals")
def test_two_agents_of_one_signal(make, memory):
    with make().register(SignalTrigger("SIGUSR2"), CpuProfiler()).start(memory):
        with pytest.raises(AgentError, match="it drives cpu for another agent of this process; take another signal"):
            make().register(SignalTrigger("SIGUSR2"), CpuProfiler()).start(memory)
        make().register(SignalTrigger("SIGUSR2"), WallProfiler()).start(memory).stop()
    make().register(SignalTrigger("SIGUSR2"), CpuProfiler()).start(memory).stop()
