"""How a turn is told: by how often the sampler's thread blocked for it, and by times where these tell more."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from openprofiling_ipy.profilers.sampling.turns import Taken, Turn, Turns

US, MS = 1_000, 1_000_000
USUAL = 60 * US


@pytest.fixture
def turns() -> Iterator[Turns]:
    before = sys.getswitchinterval()
    turns = Turns()
    yield turns
    turns.close()
    assert sys.getswitchinterval() == before


def taken(turns: Turns, late: int, blocks: int) -> Taken:
    turns.open()
    return turns.take(late, 0, blocks)


def shorter(turns: Turns, times: int) -> int:
    """Make turns that look as if the GIL is given up often, until the interval was lowered so often; it, in ns."""
    seen = {taken(turns, USUAL, 1).waited}
    while len(seen) <= times:
        turn = taken(turns, USUAL + 10 * US, 2)
        seen.add(turn.waited)
        turns.judge(turn, 0, 1, 1.0)
    return min(seen)


def test_a_turn_that_was_only_slept_for_found_the_gil_free(turns: Turns) -> None:
    assert taken(turns, USUAL, 1).turn is Turn.FREE
    assert taken(turns, 30 * MS, 1).turn is Turn.FREE


def test_times_tell_where_the_interval_is_long(turns: Turns) -> None:
    waited = taken(turns, USUAL, 1).waited
    assert waited >= 200 * US
    assert taken(turns, USUAL + waited // 2, 2).turn is Turn.RELEASED
    # It lost the race for it once, but cannot have asked for it so soon.
    assert taken(turns, USUAL + waited // 2, 3).turn is Turn.RELEASED
    assert taken(turns, USUAL + waited + 30 * US, 2).turn is Turn.FORCED
    assert taken(turns, USUAL + waited + 5 * MS, 20).turn is Turn.HELD


def test_blocking_tells_where_the_interval_is_short(turns: Turns) -> None:
    assert shorter(turns, 1) <= 50 * US
    assert taken(turns, USUAL + 90 * US, 2).turn is Turn.RELEASED
    assert taken(turns, USUAL - 20 * US, 3).turn is Turn.FORCED
    assert taken(turns, USUAL + 5 * MS, 60).turn is Turn.HELD


def test_single_turns_that_come_very_late_change_nothing(turns: Turns) -> None:
    for number in range(100):
        waited = taken(turns, 40 * MS if number % 10 == 0 else USUAL, 1).waited
    assert taken(turns, USUAL + waited + 50 * US, 2).turn is Turn.FORCED
