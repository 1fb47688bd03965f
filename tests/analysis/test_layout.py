from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.analysis.layout import left_heavy, time_order
from openprofiling_ipy.analysis.weights import default_lanes
from openprofiling_ipy.model import ValueType
from tests.pictures import profile_of
from tests.strategies import path, plain, profiles


def drawn(profile, boxes):
    """Each row as text: "name x0-x1 ...", root on top."""
    rows: dict[int, list[str]] = {}
    for stack, depth, x0, x1 in zip(boxes.stack, boxes.depth, boxes.x0, boxes.x1, strict=True):
        name = path(profile, int(stack))[-1].name
        rows.setdefault(int(depth), []).append(f"{name} {x0}-{x1}")
    assert list(rows) == sorted(rows)
    return [", ".join(row) for row in rows.values()]


def test_left_heavy_puts_the_heaviest_first():
    profile = profile_of("""
        1  light
        2  main a
        5  main b x
        1  main
        3  main b
        2  main c
    """)
    assert drawn(profile, left_heavy(profile, 0)) == ["main 0-13, light 13-14", "b 0-8, a 8-10, c 10-12", "x 0-5"]


def test_what_weighs_nothing_has_no_box():
    profile = profile_of("""
        0  main a
        2  main
        0  other
    """)
    assert drawn(profile, left_heavy(profile, 0)) == ["main 0-2"]


def test_time_order_joins_what_neighbours_share():
    profile = profile_of("""
        1  main a
        1  main a x
        1  main b
        1  main a
        1  other
        1  main
    """)
    rows = ["main 0-4, other 4-5, main 5-6", "a 0-2, b 2-3, a 3-4", "x 1-2"]
    assert drawn(profile, time_order(profile, 0, 0)) == rows


def test_time_order_of_another_lane():
    profile = profile_of("""
        1  main
        @worker
        4  work
    """)
    assert drawn(profile, time_order(profile, 1, 0)) == ["work 0-4"]
    assert len(time_order(profile_of("@MainThread"), 0, 0)) == 0


def test_samples_stand_where_their_time_was():
    profile = profile_of("""
        cpu:ns wall:ns
        t=10 1 10   main a
        t=20 1 10   main a
        t=50 1 10   main a
        t=55 1 10   main b
        t=60 0  5   main c
        t=70 1 10   -
        t=90 1  0   main
    """)
    # 20-40 was nobody's, 50-55 is what the sample at 50 leaves of the ten ns before 55; c burnt no CPU.
    assert drawn(profile, time_order(profile, 0, 0)) == ["main 0-20, main 40-55", "a 0-20, a 40-50, b 50-55"]
    assert drawn(profile, time_order(profile, 0, 1)) == ["main 0-20, main 40-60", "a 0-20, a 40-50, b 50-55, c 55-60"]


@given(profiles(), st.data())
def test_left_heavy_boxes_are_as_wide_as_their_stacks_and_never_overlap(profile, data):
    value = data.draw(st.integers(0, len(profile.value_types) - 1))
    lanes = default_lanes(profile, value)
    boxes = left_heavy(profile, value)
    at = {int(stack): i for i, stack in enumerate(boxes.stack)}
    weights = {
        stack: sum(s.values[value] for s in plain(profile) if lanes[s.lane] and s.stack[: len(frames)] == frames)
        for stack in range(len(profile.stacks))
        for frames in [path(profile, stack)]
    }
    assert set(at) == {stack for stack, weight in weights.items() if weight}
    for stack, i in at.items():
        assert boxes.x1[i] - boxes.x0[i] == weights[stack]
        parent = int(profile.stacks.parent[stack])
        siblings = [s for s in at if profile.stacks.parent[s] == parent]
        function = profile.frames.function[profile.stacks.frame]
        siblings.sort(key=lambda s: (-weights[s], int(function[s]), s))
        start = 0 if parent < 0 else boxes.x0[at[parent]]
        before = siblings[: siblings.index(stack)]
        assert boxes.x0[i] == start + sum(weights[s] for s in before)
    assert_sorted(boxes)


@pytest.mark.parametrize("clock", [True, False])
@given(data=st.data())
def test_time_order_shows_at_every_moment_the_stack_of_its_sample(clock, data):
    types = (ValueType("cpu", "ns"), ValueType("wall", "ns")) if clock else (ValueType("cpu", "ns"),)
    profile = data.draw(profiles(times=clock, values=types))
    lane = data.draw(st.integers(0, len(profile.threads) - 1))
    boxes = time_order(profile, lane, 0)
    assert_sorted(boxes)
    moments: dict[int, tuple] = {}
    free = -99 if clock else 0
    for stack, here, values, time in plain(profile):
        if here != lane or not values[0] or not stack:
            continue
        end = time if clock else free + values[0]
        start = max(end - values[1], free) if clock else free
        moments.update(dict.fromkeys(range(start, end), stack))
        free = end
    shown: dict[int, dict[int, object]] = {}
    for stack, depth, x0, x1 in zip(*(c.tolist() for c in (boxes.stack, boxes.depth, boxes.x0, boxes.x1)), strict=True):
        for moment in range(x0, x1):
            assert depth not in shown.setdefault(moment, {})
            shown[moment][depth] = path(profile, stack)[-1]
    assert {m: tuple(frames[d] for d in sorted(frames)) for m, frames in shown.items()} == moments
    # Neighbours that share are one box: no box ends where one of the same stack begins.
    ends = {(int(s), int(x)) for s, x in zip(boxes.stack, boxes.x1, strict=True)}
    assert not ends & {(int(s), int(x)) for s, x in zip(boxes.stack, boxes.x0, strict=True)}


def assert_sorted(boxes):
    assert (np.diff(boxes.depth) >= 0).all()
    same = np.diff(boxes.depth) == 0
    assert (boxes.x0[1:][same] >= boxes.x1[:-1][same]).all()
