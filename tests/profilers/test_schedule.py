"""When the sampler looks: one moment in each slice of time, spread over the slice."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from openprofiling_ipy.profilers.sampling.schedule import Schedule

START = 7_000_000_123
PERIOD = 10_000_000
PERIODS = st.integers(100_000, 10**10)
STARTS = st.integers(0, 2**62)


@given(STARTS, PERIODS)
def test_every_slice_is_looked_at_once_at_a_moment_within_it(start: int, period: int) -> None:
    schedule = Schedule(start, period)
    for number in range(50):
        due = schedule.due()
        assert start + number * period <= due < start + (number + 1) * period
        assert schedule.looked(due) == start + (number + 1) * period


def test_looks_spread_evenly_over_the_phases_of_a_slice() -> None:
    schedule = Schedule(START, PERIOD)
    phases = []
    for _ in range(200):
        due = schedule.due()
        phases.append((due - START) % PERIOD)
        schedule.looked(due)
    counts = [sum(phase * 10 // PERIOD == tenth for phase in phases) for tenth in range(10)]
    assert all(18 <= count <= 22 for count in counts)
    # Nor do they creep: following looks lie at quite different phases.
    steps = [abs(later - earlier) for earlier, later in pairwise(phases)]
    assert min(steps) > PERIOD // 5


@given(st.lists(st.integers(0, 5 * PERIOD), min_size=1, max_size=60))
def test_a_late_look_stands_for_every_slice_whose_moment_has_passed(delays: list[int]) -> None:
    moments = Schedule(START, PERIOD)
    due = []
    for _ in range(sum(delays) // PERIOD + len(delays) + 2):
        due.append(moments.due())
        moments.looked(due[-1])
    schedule = Schedule(START, PERIOD)
    looked_at = 0
    for delay in delays:
        assert schedule.due() == due[looked_at]
        now = due[looked_at] + delay
        # The brute force: all slices whose moment has come by now.
        looked_at = sum(moment <= now for moment in due)
        assert schedule.looked(now) == START + looked_at * PERIOD


@given(st.integers(0, 30), PERIODS)
def test_another_period_goes_on_from_the_end_of_the_last_slice(slices: int, period: int) -> None:
    schedule = Schedule(START, PERIOD)
    end = START
    for _ in range(slices):
        end = schedule.looked(schedule.due())
    schedule.change(period)
    assert end <= schedule.due() < end + period
    assert schedule.looked(schedule.due()) == end + period


def test_a_look_before_its_moment_is_a_look_at_that_slice() -> None:
    schedule = Schedule(START, PERIOD)
    assert schedule.looked(START) == START + PERIOD
    assert START + PERIOD <= schedule.due() < START + 2 * PERIOD
