"""When what waits is tried again: exact numbers, no threads."""

from __future__ import annotations

from random import Random

import pytest

from openprofiling_ipy.delivery.complaints import Complaints
from openprofiling_ipy.delivery.lane import Item, Lane
from openprofiling_ipy.delivery.limits import Limits
from tests.delivery.fakes import FakeExporter, Highest

LIMITS = Limits(first_wait=1, longest_wait=60, rare_wait=3600)


@pytest.fixture
def lane() -> Lane:
    return Lane(FakeExporter(), "fake://place", None, LIMITS, Highest(), Complaints(LIMITS.rare_wait))


def item(name: str = "") -> Item:
    return Item(name, 1)


def test_what_came_first_is_sent_first(lane):
    items = [item() for _ in range(5)]
    for each in items:
        lane.add(each)
    taken = []
    while (found := lane.take(0)) is not None:
        taken.append(found)
        lane.succeeded()
    assert taken == items
    assert (lane.sent, lane.wait(0)) == (5, None)


def test_waits_grow_twofold_up_to_the_longest(lane):
    lane.add(item())
    now, waits = 0.0, []
    for _ in range(9):
        found = lane.take(now)
        assert found is not None
        lane.failed(found, "away", now)
        assert lane.take(now) is None
        wait = lane.wait(now)
        waits.append(wait)
        now += wait
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_wait_is_drawn_from_zero_to_its_bound():
    asked = []

    class Lowest(Random):
        def uniform(self, a: float, b: float) -> float:
            asked.append((a, b))
            return a

    assert [LIMITS.wait(failures, Lowest()) for failures in (1, 3, 500)] == [0, 0, 0]
    assert asked == [(0, 1), (0, 4), (0, 60)]


def test_success_ends_the_waiting(lane):
    first, second = item(), item()
    lane.add(first)
    lane.add(second)
    for now in (0, 100):
        lane.failed(lane.take(now), "away", now)
    lane.take(200)
    lane.succeeded()
    assert (lane.failures, lane.error) == (0, "")
    third = lane.take(200)
    assert third is not None
    lane.failed(third, "away", 200)
    assert lane.opens == 201


def test_one_that_fails_alone_lets_others_by(lane):
    bad, good = item(), item()
    lane.add(bad)
    lane.add(good)
    lane.failed(lane.take(0), "HTTP 500 for this one", 0)
    assert lane.take(1) is good


def test_a_refused_one_holds_up_nobody_and_comes_back_late(lane):
    bad, good = item(), item()
    lane.add(bad)
    lane.add(good)
    lane.refuse(lane.take(0), "wrong key", 0)
    assert lane.take(0) is good
    lane.succeeded()
    assert lane.wait(0) == pytest.approx(1.25 * 3600)
    assert lane.take(3600) is None
    assert lane.take(1.25 * 3600) is bad


def test_rare_tries_of_a_fleet_are_spread():
    chance = Highest()
    assert LIMITS.rarely(chance) == 1.25 * 3600
    chance.uniform = lambda a, b: a
    assert LIMITS.rarely(chance) == 0.75 * 3600


def test_hurry_tries_everything_now_in_its_order(lane):
    refused, failed, fresh = item(), item(), item()
    for each in (refused, failed, fresh):
        lane.add(each)
    lane.refuse(lane.take(0), "wrong key", 0)
    lane.failed(lane.take(0), "away", 0)
    assert lane.take(0) is None
    lane.hurry()
    taken = []
    while (found := lane.take(0)) is not None:
        taken.append(found)
        lane.succeeded()
    assert set(map(id, taken)) == {id(refused), id(failed), id(fresh)}
    assert not refused.refused


def test_only_one_is_on_its_way(lane):
    lane.add(item())
    lane.add(item())
    assert lane.take(0) is not None
    assert lane.take(0) is None


def test_what_is_gone_is_not_sent(lane):
    gone, good = item(), item()
    lane.add(gone)
    lane.add(good)
    gone.gone = True
    assert lane.items() == [good]
    assert lane.take(0) is good


def test_a_cause_is_told_once_and_again_after_long():
    complaints = Complaints(again=3600)
    told = [(now, cause) for now in range(0, 7300, 10) for cause in "ab" if complaints.is_news(cause, now)]
    assert told == [(0, "a"), (0, "b"), (3600, "a"), (3600, "b"), (7200, "a"), (7200, "b")]


def test_causes_without_end_are_no_flood():
    complaints = Complaints(again=3600)
    told = [number for number in range(10_000) if complaints.is_news(f"request {number} failed", number / 10)]
    assert told == list(range(20))
