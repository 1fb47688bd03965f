"""What the variables of the environment mean."""

from __future__ import annotations

import pytest

from openprofiling_ipy import ProfilingAgent
from openprofiling_ipy.agent import environment
from openprofiling_ipy.errors import AgentError, InvalidOption, QueryError
from openprofiling_ipy.profilers import CpuProfiler, WallProfiler


def read(**given: str) -> environment.Environment:
    return environment.read({f"OPENPROFILING_{name}": value for name, value in given.items()})


def test_without_any_it_is_a_signal_and_cpu():
    found = read()
    assert [repr(trigger) for trigger in found.triggers] == ["SignalTrigger('SIGUSR2')"]
    assert found.profilers == [CpuProfiler()]
    assert (found.destinations, found.service, found.spool) == ([], "", None)


@pytest.mark.parametrize(
    ("given", "triggers"),
    [
        ("SIGUSR1", ["SignalTrigger('SIGUSR1')"]),
        (" usr1 / SIGUSR2 ", ["SignalTrigger('SIGUSR1', stop='SIGUSR2')"]),
        ("SIGUSR2:30", ["SignalTrigger('SIGUSR2', duration=30.0)"]),
        ("12", ["SignalTrigger('SIGUSR2')"]),
        ("http", ["HttpTrigger('127.0.0.1', 0)"]),
        ("http:8080,SIGUSR1", ["HttpTrigger('127.0.0.1', 8080)", "SignalTrigger('SIGUSR1')"]),
        ("http://127.0.0.1:8080/", ["HttpTrigger('127.0.0.1', 8080)"]),
        ("http://localhost", ["HttpTrigger('localhost', 0)"]),
    ],
)
def test_triggers(given, triggers):
    assert [repr(trigger) for trigger in read(TRIGGER=given).triggers] == triggers


def test_profilers_and_the_rest():
    found = read(
        PROFILER="cpu:rate=50, wall:all_threads=true", EXPORT="s3://bucket/a, out", SERVICE=" shop ", SPOOL="/s"
    )
    assert found.profilers == [CpuProfiler(rate=50), WallProfiler(all_threads=True)]
    assert found.destinations == ["s3://bucket/a", "out"]
    assert (found.service, found.spool) == ("shop", "/s")


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("TRIGGER", "SIGKILL", AgentError),
        ("TRIGGER", "nothing", InvalidOption),
        ("TRIGGER", "SIGUSR2:soon", InvalidOption),
        ("TRIGGER", "http:port", InvalidOption),
        ("TRIGGER", "http://user:hunter2@127.0.0.1:0", InvalidOption),
        ("TRIGGER", "SIGUSR2:", InvalidOption),
        ("TRIGGER", "SIGUSR1/", InvalidOption),
        ("TRIGGER", "1" * 5000, InvalidOption),
        ("TRIGGER", "SIGUSR2,SIGUSR2", AgentError),
        ("PROFILER", "cpu:50", InvalidOption),
        ("PROFILER", "cpu:scope=1", InvalidOption),
        ("PROFILER", "cpu:budget=-1", InvalidOption),
        ("PROFILER", "cpu:all_threads=5", InvalidOption),
        ("PROFILER", "cpu:rate=50:rate=60", InvalidOption),
        ("PROFILER", "cpu:rate=fast", InvalidOption),
        ("PROFILER", "cpu:speed=1", InvalidOption),
        ("PROFILER", "nothing", QueryError),
    ],
)
def test_wrong_words(name, value, error):
    with pytest.raises(error) as caught:
        ProfilingAgent.from_env({f"OPENPROFILING_{name}": value})
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_each_trigger_drives_each_profiler():
    agent = ProfilingAgent.from_env({"OPENPROFILING_TRIGGER": "SIGUSR1,SIGUSR2", "OPENPROFILING_PROFILER": "cpu,wall"})
    assert repr(agent) == ("<ProfilingAgent not started, SIGUSR1: cpu, SIGUSR1: wall, SIGUSR2: cpu, SIGUSR2: wall>")
