"""CPU time that no living Python thread used: the process's clock less those of its threads. Exact, on paper."""

from __future__ import annotations

from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.profilers.sampling.children import Children
from openprofiling_ipy.profilers.sampling.facts import facts
from openprofiling_ipy.profilers.sampling.pace import Pace
from tests.pictures import stacks_of
from tests.profilers.fakes import HOME, MS, PERIOD, FakeProcess, Looks
from tests.profilers.reading import everything, lane_of, rows

CPU, WALL = 0, 1


def test_native_threads_are_one_labelled_block() -> None:
    process = FakeProcess()
    for ident in (50, 51, 52):
        process.start(ident, "", None)
    looks = Looks(process)
    for _ in range(10):
        looks.slice(t1=PERIOD, t50=PERIOD, t51=PERIOD, t52=PERIOD)
    profile = looks.document()
    assert stacks_of(profile, CPU) == {"main": 10 * PERIOD, "(native threads)": 30 * PERIOD}
    assert lane_of(profile, "native threads").kind == "native"
    # Three cores of native work over the time of ten slices.
    said = facts(looks.sampler, Pace(PERIOD), Children(), kind="cpu", rate=100.0, cpu=0, core_wait=0, error="")
    assert abs(said[A.CORES] - 3) < 0.01


def test_what_native_threads_did_before_does_not_count() -> None:
    process = FakeProcess()
    process.start(50, "", None).cpu = 3600 * 1000 * MS
    looks = Looks(process)
    looks.slice(t1=PERIOD, t50=PERIOD)
    assert stacks_of(looks.document(), CPU) == {"main": PERIOD, "(native threads)": PERIOD}


def test_without_native_work_there_is_no_block() -> None:
    process = FakeProcess()
    process.start(50, "", None)
    looks = Looks(process)
    for _ in range(10):
        looks.slice(t1=PERIOD, t50=1000)
    assert stacks_of(looks.document(), CPU) == {"main": 10 * PERIOD}


def test_a_clock_that_lags_behind_is_made_up_for_before_anything_is_called_native() -> None:
    process = FakeProcess()
    process.start(50, "", None)
    looks = Looks(process)
    process.skew = 2 * MS  # the threads' clocks show 2 ms more than the process's
    looks.slice(t1=PERIOD)
    assert stacks_of(looks.document(), CPU) == {"main": PERIOD}
    process.skew = 0  # which arrive later, and are nothing new
    looks.slice(t1=PERIOD)
    assert stacks_of(looks.document(), CPU) == {"main": 2 * PERIOD}
    looks.slice(t1=PERIOD, t50=PERIOD)
    assert stacks_of(looks.document(), CPU) == {"main": 3 * PERIOD, "(native threads)": PERIOD}


def test_the_last_cpu_time_of_a_thread_that_ended_is_its_own() -> None:
    process = FakeProcess()
    process.start(2, "worker", "run work")
    looks = Looks(process)
    looks.slice(t1=MS, t2=PERIOD)
    process.pass_time(0, t2=4 * MS)
    process.end(2)
    looks.slice(t1=MS)
    looks.slice(t1=MS)
    profile = looks.document()
    assert stacks_of(profile, CPU)["run work"] == PERIOD + 4 * MS
    assert lane_of(profile, "worker").kind == "thread"


def test_threads_that_nobody_saw_are_called_ended() -> None:
    process = FakeProcess()
    looks = Looks(process)
    for number in range(10):
        process.start(2, f"short-{number}", "run work")
        process.pass_time(0, t2=5 * MS)
        process.end(2)
        looks.slice(t1=MS)
    profile = looks.document()
    assert stacks_of(profile, CPU)["(ended threads)"] == 50 * MS
    assert lane_of(profile, "ended threads").kind == "thread"


def test_neither_block_counts_elapsed_time_twice() -> None:
    process = FakeProcess()
    process.start(50, "", None)
    looks = Looks(process)
    for _ in range(10):
        looks.slice(t50=PERIOD)
    profile = looks.document()
    shown = sum(row.wall for row in rows(profile) if row.lane.home)
    assert shown == everything(profile, "wall", lane="MainThread") == 10 * PERIOD


def test_where_nobody_can_list_threads_all_of_it_is_native() -> None:
    process = FakeProcess()
    process.all_clocks = list  # type: ignore[method-assign]
    process.start(50, "", None)
    looks = Looks(process)
    for _ in range(5):
        looks.slice(t1=PERIOD, t50=PERIOD)
    assert stacks_of(looks.document(), CPU) == {"main": 5 * PERIOD, "(native threads)": 5 * PERIOD}


def test_the_sum_of_all_is_what_the_process_used() -> None:
    process = FakeProcess()
    process.start(2, "worker", "run work")
    process.start(50, "", None)
    looks = Looks(process)
    for number in range(100):
        process.threads[HOME].stack = f"main f{number % 3}"
        looks.slice(t1=number * 37_171 % PERIOD, t2=number * 91_193 % PERIOD, t50=number * 51_111 % PERIOD)
    used = process.cpu()
    assert abs(everything(looks.document()) - used) <= used // 100
