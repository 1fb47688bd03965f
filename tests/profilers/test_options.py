"""What can be asked for, and what is answered to the rest; how little an idle profiler loads."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from openprofiling_ipy.errors import InvalidOption, QueryError
from openprofiling_ipy.profilers import registry
from openprofiling_ipy.profilers.base import Scope
from openprofiling_ipy.profilers.cpu import CpuProfiler
from openprofiling_ipy.profilers.wall import WallProfiler
from tests.profilers.work import burn


def test_the_kinds_are_known_by_name() -> None:
    assert registry.names()[:2] == ("cpu", "wall")
    assert isinstance(registry.create("cpu"), CpuProfiler)
    assert isinstance(registry.create("wall"), WallProfiler)
    assert [registry.create(name).name for name in ("cpu", "wall")] == ["cpu", "wall"]


def test_options_reach_the_profiler() -> None:
    scope = Scope(hidden_files=("/x/",))
    profiler = registry.create("wall", rate=250, scope=scope, all_threads=True)
    assert profiler == WallProfiler(rate=250, scope=scope, all_threads=True)


def test_an_unknown_kind_names_the_right_one() -> None:
    with pytest.raises(QueryError, match=r"unknown kind 'cpuu': did you mean 'cpu'\? One of: cpu, wall") as caught:
        registry.create("cpuu")
    assert "\n" not in str(caught.value)


def test_an_unknown_option_names_the_right_one() -> None:
    with pytest.raises(InvalidOption, match="did you mean 'rate'") as caught:
        registry.create("cpu", rat=5)
    assert (caught.value.option, caught.value.value) == ("rat", 5)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["cpu", "wall"])
@pytest.mark.parametrize("rate", [0, -1, 0.05, 10_001, math.nan, math.inf, -math.inf, "100", True, None, [100]])
def test_a_rate_that_is_none_is_refused_when_it_is_written(kind: str, rate: Any) -> None:
    with pytest.raises(InvalidOption, match=r"between 0\.1 and 10000") as caught:
        registry.create(kind, rate=rate)
    assert caught.value.option == "rate"


@pytest.mark.parametrize("rate", [0.1, 1, 99.5, 10_000])
def test_any_rate_between_is_taken(rate: float) -> None:
    profile = registry.create("cpu", rate=rate).start().stop()
    assert profile.attributes["rate"] == rate


def test_a_rate_beyond_what_the_machine_gives_costs_no_core() -> None:
    recording = CpuProfiler(rate=10_000).start()
    burn(0.5)
    status = recording.status()
    profile = recording.stop()
    assert status.rate < 10_000
    assert status.asked_rate == 10_000
    assert int(profile.attributes["own_cpu"]) < profile.duration


def run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return done.stdout.strip()


def test_an_idle_profiler_loads_nothing_heavy_and_a_running_one_neither() -> None:
    script = """
import sys
heavy = {"numpy", "pandas", "IPython", "matplotlib", "asyncio"}
from openprofiling_ipy.profilers import registry
profilers = [registry.create("cpu"), registry.create("wall")]
print(sorted(heavy & set(sys.modules)))
recordings = [profiler.start() for profiler in profilers]
sum(range(3_000_000))
print(recordings[0].status().asked_rate, sorted(heavy & set(sys.modules)))
recordings[0].stop()
print("numpy" in sys.modules)
recordings[1].stop()
"""
    assert run(script).splitlines() == ["[]", "100.0 []", "True"]
