"""What looks at a process on paper add up to: exact numbers."""

from __future__ import annotations

import pytest

from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.profilers.base import Scope
from openprofiling_ipy.profilers.sampling.children import Children
from openprofiling_ipy.profilers.sampling.facts import facts
from openprofiling_ipy.profilers.sampling.pace import Pace
from openprofiling_ipy.profilers.sampling.turns import Turn
from tests.pictures import stacks_of
from tests.profilers.fakes import HOME, MS, PERIOD, SAMPLER, FakeProcess, Looks
from tests.profilers.reading import everything, lane_of, rows

CPU, WALL, SAMPLES = 0, 1, 2


def attributes(looks: Looks) -> dict[str, object]:
    return facts(looks.sampler, Pace(PERIOD), Children(), kind="cpu", rate=100.0, cpu=0, core_wait=0, error="")


def test_a_look_stands_for_its_slice() -> None:
    process = FakeProcess()
    looks = Looks(process)
    home = process.threads[HOME]
    for stack in ("main a", "main b", "main b"):
        home.stack = stack
        looks.slice(t1=PERIOD)
    profile = looks.document()
    assert stacks_of(profile, CPU) == {"main a": PERIOD, "main b": 2 * PERIOD}
    assert stacks_of(profile, WALL) == {"main a": PERIOD, "main b": 2 * PERIOD}
    assert stacks_of(profile, SAMPLES) == {"main a": 1, "main b": 2}
    assert profile.samples.time is not None
    assert profile.samples.time.tolist() == [PERIOD, 2 * PERIOD, 3 * PERIOD]


def test_a_thread_that_sleeps_is_one_sample_that_grows() -> None:
    process = FakeProcess()
    looks = Looks(process)
    for _ in range(100):
        looks.slice()
    profile = looks.document()
    (row,) = rows(profile)
    assert (row.names, row.cpu, row.wall, row.samples) == (("main",), 0, 100 * PERIOD, 100)


def test_cpu_time_is_divided_between_threads_as_their_clocks_say() -> None:
    process = FakeProcess()
    process.start(2, "worker", "run work")
    looks = Looks(process)
    for _ in range(10):
        looks.slice(t1=PERIOD, t2=PERIOD // 4)
    profile = looks.document()
    assert stacks_of(profile, CPU) == {"main": 10 * PERIOD, "run work": 10 * PERIOD // 4}
    assert stacks_of(profile, WALL) == {"main": 10 * PERIOD, "run work": 10 * PERIOD}


def test_a_thread_that_lacks_a_core_is_not_asleep() -> None:
    # It computes without the GIL (compresses, say) on a busy machine: whenever it is looked at, its clock stands.
    process = FakeProcess()
    worker = process.start(2, "worker", "run pack")
    worker.blocked = False
    looks = Looks(process)
    for _ in range(10):
        process.pass_time(PERIOD, t2=PERIOD // 2)
        looks.sampler.look(SAMPLER, 0, Turn.FREE)
    worker.stack, worker.blocked = "run get", True
    for _ in range(10):
        process.pass_time(PERIOD)
        looks.sampler.look(SAMPLER, 0, Turn.FREE)
    assert stacks_of(looks.document(), CPU) == {"run pack": 5 * PERIOD}


def test_what_a_thread_used_before_it_fell_asleep_for_good_stays_where_it_ran() -> None:
    process = FakeProcess()
    worker = process.start(2, "worker", "run pack")
    looks = Looks(process)
    for stack, used in (("run pack", PERIOD), ("run get", PERIOD // 2), ("run get", 0)):
        worker.stack, worker.blocked = stack, stack == "run get"
        process.pass_time(PERIOD, t2=used)
        looks.sampler.look(SAMPLER, 0, Turn.FREE)
    assert stacks_of(looks.document(), CPU) == {"run pack": 3 * PERIOD // 2}
    process.end(2)
    process.pass_time(PERIOD)
    looks.sampler.look(SAMPLER, 0, Turn.FREE)
    assert stacks_of(looks.document(), CPU) == {"run pack": 3 * PERIOD // 2}


def test_a_place_where_the_gil_is_given_up_has_not_used_what_was_used_before_it() -> None:
    # It computes for a while and reads: a look that waits for the GIL gets it at the read, where nothing was used.
    process = FakeProcess()
    home = process.threads[HOME]
    looks = Looks(process)
    for number in range(40):
        read = number % 4 == 0
        home.stack = "main read" if read else "main compute"
        process.pass_time(PERIOD, t1=PERIOD)
        looks.sampler.look(SAMPLER, 0, Turn.RELEASED if read else Turn.FORCED)
    cpu = stacks_of(looks.document(), CPU)
    assert cpu == {"main compute": 40 * PERIOD}


def test_a_call_without_the_gil_has_used_only_what_was_seen_while_the_gil_was_free() -> None:
    # One look in five comes when it works; a few come late for what was computed before, and may look like asked for.
    process = FakeProcess()
    home = process.threads[HOME]
    looks = Looks(process)
    for number in range(200):
        late = number % 20 == 10
        home.works = number % 5 == 0 and not late
        home.stack = "main compress" if home.works or late else "main compute"
        process.pass_time(PERIOD, t1=PERIOD)
        asked = Turn.FORCED if not late or number % 40 == 10 else Turn.RELEASED
        looks.sampler.look(SAMPLER, 0, Turn.FREE if home.works else asked)
    cpu = stacks_of(looks.document(), CPU)
    assert cpu["main compress"] == pytest.approx(30 * PERIOD, rel=0.1)


def test_where_the_gil_has_to_be_asked_for_a_thread_computes_also_if_it_once_seemed_to_give_it_up() -> None:
    process = FakeProcess()
    process.threads[HOME].stack = "main compute"
    looks = Looks(process)
    for number in range(40):
        process.pass_time(PERIOD, t1=PERIOD)
        looks.sampler.look(SAMPLER, 0, Turn.RELEASED if number % 2 else Turn.FORCED)
    assert stacks_of(looks.document(), CPU) == {"main compute": 40 * PERIOD}


def test_cpu_time_of_a_slice_that_no_look_can_place_is_not_lost() -> None:
    process = FakeProcess()
    looks = Looks(process)
    for used in (PERIOD, PERIOD // 3, PERIOD, 0, 0):
        looks.slice(t1=used)
    assert everything(looks.document()) == PERIOD * 2 + PERIOD // 3


def test_a_late_look_stands_for_all_it_missed() -> None:
    process = FakeProcess()
    looks = Looks(process)
    process.threads[HOME].stack = "main c_call"
    process.pass_time(50 * PERIOD - 1, t1=50 * PERIOD)
    looks.sampler.look(99)
    (row,) = rows(looks.document(to_the_end=False))
    assert row.names == ("main", "c_call")
    assert (row.cpu, row.samples) == (50 * PERIOD, 1)
    assert row.wall == 50 * PERIOD - 1


def test_time_since_the_last_look_belongs_to_what_was_seen_last() -> None:
    process = FakeProcess()
    looks = Looks(process)
    looks.slice(t1=PERIOD)
    process.pass_time(3 * MS + 1, t1=3 * MS)
    profile = looks.document(to_the_end=False)
    assert profile.duration == PERIOD + 3 * MS
    assert stacks_of(profile, WALL) == {"main": PERIOD + 3 * MS}
    assert stacks_of(profile, CPU) == {"main": PERIOD + 3 * MS}
    # Asking did not change what is recorded.
    assert looks.document(to_the_end=False) == profile


def test_threads_that_started_during_the_recording_are_home_and_others_are_not() -> None:
    process = FakeProcess()
    process.start(2, "older", "run")
    looks = Looks(process)
    process.start(3, "younger", "run")
    looks.slice(t1=MS, t2=MS, t3=MS)
    profile = looks.document()
    assert [(lane.name, lane.home) for lane in profile.threads] == [
        ("MainThread", True),
        ("older", False),
        ("younger", True),
    ]


def test_the_home_lane_comes_first_even_if_its_ident_does_not() -> None:
    process = FakeProcess()
    process.start(-5, "older", "run")
    looks = Looks(process)
    looks.slice()
    assert [lane.name for lane in looks.document().threads] == ["MainThread", "older"]


def test_all_cpu_time_of_a_new_thread_counts_and_none_of_an_older_ones_past() -> None:
    process = FakeProcess()
    process.start(2, "older", "run old").cpu = 3600 * 1000 * MS
    looks = Looks(process)
    process.start(3, "younger", "run young")
    looks.slice(t2=PERIOD, t3=PERIOD)
    assert stacks_of(looks.document(), CPU) == {"run old": PERIOD, "run young": PERIOD}


def test_the_sampler_shows_neither_its_thread_nor_its_cpu_time() -> None:
    process = FakeProcess()
    looks = Looks(process)
    for _ in range(20):
        looks.slice(t1=PERIOD // 2, t99=PERIOD // 2)
    profile = looks.document()
    assert [lane.name for lane in profile.threads] == ["MainThread"]
    assert everything(profile) == 20 * PERIOD // 2
    assert attributes(looks)[A.OWN_CPU] == 20 * PERIOD // 2


@pytest.mark.parametrize("thread_clocks", [True, False])
def test_a_thread_whose_ident_is_taken_over_is_another(thread_clocks: bool) -> None:
    process = FakeProcess(thread_clocks=thread_clocks)
    looks = Looks(process)
    process.start(2, "first", "run a")
    looks.slice(t2=PERIOD)
    process.end(2)
    process.start(2, "second", "run b")
    looks.slice(t2=PERIOD)
    profile = looks.document()
    assert {(row.lane.name, row.names) for row in rows(profile) if row.lane.name != "MainThread"} == {
        ("first", ("run", "a")),
        ("second", ("run", "b")),
    }


def test_a_thread_has_its_name_also_while_the_interpreter_does_not_know_it_yet_or_any_more() -> None:
    process = FakeProcess()
    looks = Looks(process)
    worker = process.start(2, "worker", "run")
    for known in (False, True, False):
        worker.known = known
        looks.slice(t2=PERIOD)
    profile = looks.document()
    assert [lane.name for lane in profile.threads] == ["MainThread", "worker"]
    assert everything(profile, lane="worker") == 3 * PERIOD


def test_hidden_threads_are_left_out_and_counted() -> None:
    process = FakeProcess()
    process.start(2, "kernel", "kernel")
    looks = Looks(process, hidden={2}.__contains__)
    for _ in range(5):
        looks.slice(t1=PERIOD, t2=PERIOD)
    profile = looks.document()
    assert stacks_of(profile, CPU) == {"main": 5 * PERIOD}
    assert [lane.name for lane in profile.threads] == ["MainThread"]
    assert attributes(looks)[A.THREADS_HIDDEN] == 1


def test_a_thousand_short_threads_do_not_make_a_thousand_lanes() -> None:
    process = FakeProcess()
    looks = Looks(process, limit=10_000)
    for number in range(1000):
        process.start(1000 + number, f"Thread-{number} (work)", "run work")
        looks.slice(**{f"t{1000 + number}": PERIOD})
        process.end(1000 + number)
    looks.slice()
    profile = looks.document()
    assert len(profile.threads) <= 66
    assert "Thread-* (work)" in {lane.name for lane in profile.threads}
    assert stacks_of(profile, CPU)["run work"] == 1000 * PERIOD


def test_living_threads_keep_their_own_lanes_however_many_they_are() -> None:
    process = FakeProcess()
    looks = Looks(process)
    for number in range(200):
        process.start(1000 + number, f"worker-{number}", "run")
    looks.slice()
    assert len(looks.document().threads) == 201


def test_beyond_the_limit_samples_are_joined_and_nothing_is_lost() -> None:
    process = FakeProcess()
    process.start(2, "worker", "run")
    looks = Looks(process, limit=50)
    whole = Looks(process, limit=10_000)
    for number in range(300):
        process.threads[HOME].stack = f"main f{number % 7}"
        process.threads[2].stack = f"run g{number % 5}"
        looks.slice(t1=PERIOD, t2=PERIOD // 2)
        whole.sampler.look(99)
        assert len(looks.sampler.samples) <= 50
    assert A.AGGREGATED in attributes(looks)
    assert A.AGGREGATED not in attributes(whole)
    assert 0 < attributes(looks)[A.AGGREGATED] < 300 * PERIOD
    for value in (CPU, WALL, SAMPLES):
        assert stacks_of(looks.document(), value) == stacks_of(whole.document(), value)


def test_where_all_stacks_differ_joining_them_does_not_take_over() -> None:
    process = FakeProcess()
    looks = Looks(process, limit=50)
    for number in range(400):
        process.threads[HOME].stack = f"main g{number}"
        looks.slice(t1=PERIOD)
    assert everything(looks.document()) == everything(looks.document(), "wall") == 400 * PERIOD


def test_without_clocks_of_threads_the_processs_own_is_divided_and_that_is_said() -> None:
    process = FakeProcess(thread_clocks=False)
    process.start(2, "sleeper", "run wait")
    looks = Looks(process)
    for number in range(20):
        process.threads[HOME].stack = f"main f{number % 2}"
        looks.slice(t1=PERIOD)
    profile = looks.document()
    assert everything(profile) == 20 * PERIOD
    assert everything(profile, lane="MainThread") >= 10 * PERIOD
    assert "estimated" in attributes(looks)[A.ENGINE]
    assert "estimated" not in attributes(Looks(FakeProcess()))[A.ENGINE]


class Cells:
    def label(self, filename: str) -> str | None:
        return "In[5]" if filename == "/kernel/cell.py" else None

    def text(self, filename: str) -> str | None:
        return "run()" if filename == "/kernel/cell.py" else None


def test_in_a_cell_the_home_thread_shows_what_lies_below_it_only() -> None:
    process = FakeProcess()
    process.start(2, "worker", "run work")
    looks = Looks(process, is_cell=lambda file: file == "/kernel/cell.py")
    home = process.threads[HOME]
    for stack in ("kernel /kernel/cell.py|cell lib", "kernel", "kernel /kernel/cell.py|cell ipython/x.py|glue lib"):
        home.stack = stack
        looks.slice(t1=PERIOD, t2=PERIOD)
    profile = looks.document(Scope(sources=Cells(), hidden_files=("ipython/",)))
    assert stacks_of(profile, CPU) == {"cell lib": 2 * PERIOD, "run work": 3 * PERIOD}
    assert stacks_of(profile, WALL) == {"cell lib": 2 * PERIOD, "run work": 3 * PERIOD, "-": PERIOD}
    assert lane_of(profile, "MainThread").home
    assert {file for row in rows(profile) for file in row.files} == {"In[5]", "app.py"}
    assert profile.sources == {"In[5]": "run()"}


def test_threads_that_were_only_seen_asleep_have_worked_as_others_of_their_kind() -> None:
    # A thread for every request: most are seen when they write their answer, which takes no time.
    process = FakeProcess()
    looks = Looks(process)
    for number in range(2, 42):
        worker = process.start(number, f"Thread-{number} (serve)", "serve write")
        worker.blocked = True
        if number % 4 == 0:
            worker.stack, worker.blocked = "serve compute", False
        process.pass_time(PERIOD, **{f"t{number}": PERIOD // 2})
        looks.sampler.look(SAMPLER, 0, Turn.FREE)
        process.end(number)
    looks.slice()
    cpu = stacks_of(looks.document(), CPU)
    assert cpu == {"serve compute": 40 * PERIOD // 2}
