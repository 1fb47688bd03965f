from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.model import Profile, ProfileBuilder, Thread, ValueType
from openprofiling_ipy.model.builder import preorder
from tests.strategies import plain, profiles

CPU = ValueType("cpu", "ns")


def test_what_is_equal_is_one():
    builder = ProfileBuilder([CPU])
    assert builder.string("") == 0
    assert builder.function("f", "a.py", 3) == builder.function("f", "a.py", 3) == 0
    assert builder.function("f", "a.py", 4) == 1
    assert builder.frame(0, 5) == builder.frame(0, 5) == 0
    assert builder.frame(0, 5, "g(x)") == 1
    assert builder.stack([0, 1]) == builder.stack([0, 1])
    assert builder.stack([]) == -1
    assert builder.thread(Thread("MainThread")) == builder.thread(Thread("MainThread")) == 0
    assert builder.thread(Thread("MainThread"), key=1) == 1


def test_stacks_come_out_in_preorder_with_siblings_in_order_of_first_use():
    builder = ProfileBuilder([CPU])
    names = [builder.frame(builder.function(name)) for name in "abcd"]
    a, b, c, d = names
    builder.stack([b])
    builder.stack([a, d])
    builder.stack([b, c])
    builder.stack([a, c])
    profile = builder.build()
    assert profile.stacks.frame.tolist() == [b, c, a, d, c]
    assert profile.stacks.parent.tolist() == [-1, 0, -1, 2, 2]
    assert profile.stacks.end.tolist() == [2, 2, 5, 4, 5]


def test_an_empty_profile():
    profile = ProfileBuilder([CPU]).build()
    assert [len(t) for t in (profile.functions, profile.frames, profile.stacks, profile.samples)] == [0, 0, 0, 0]
    assert profile.samples.values.shape == (0, 1)
    assert profile.samples.time is None
    assert profile.strings == ("",)


def test_what_contradicts_is_refused_at_once():
    builder = ProfileBuilder([CPU])
    frame = builder.frame(builder.function("f"))
    lane = builder.thread(Thread("MainThread"))
    for parent in (0, -2, 7):
        with pytest.raises(ValueError, match="no stack"):
            builder.child(parent, frame)
    stack = builder.stack([frame])
    for wrong in (-2, 1):
        with pytest.raises(ValueError, match="no stack"):
            builder.sample(wrong, lane, [1])
    with pytest.raises(ValueError, match="give 1 values, not 2"):
        builder.sample(stack, lane, [1, 2])
    builder.sample(stack, lane, [1], 5)
    with pytest.raises(ValueError, match="for every sample or for none"):
        builder.sample(stack, lane, [1])
    assert len(builder.build().samples) == 1


def test_many_samples_at_once():
    builder = ProfileBuilder([CPU, ValueType("wall", "ns")])
    stack = builder.stack([builder.frame(builder.function("f"))])
    builder.thread(Thread("MainThread"))
    columns = np.array([stack, -1]), np.array([0, 0]), np.array([[1, 2], [3, 4]]), np.array([5, 6])
    builder.samples(*columns)
    builder.sample(stack, 0, [5, 6], 7)
    assert [(s.values, s.time) for s in plain(builder.build())] == [((1, 2), 5), ((3, 4), 6), ((5, 6), 7)]
    with pytest.raises(ValueError, match="no such stack"):
        builder.samples(np.array([1]), np.array([0]), np.array([[1, 2]]), np.array([8]))
    with pytest.raises(ValueError, match="2 values a sample"):
        builder.samples(np.array([0]), np.array([0]), np.array([[1]]), np.array([8]))
    untimed = ProfileBuilder([CPU])
    untimed.sample(-1, untimed.thread(Thread("MainThread")), [1])
    with pytest.raises(ValueError, match="for every sample or for none"):
        untimed.samples(np.array([-1]), np.array([0]), np.array([[1]]), np.array([8]))


def test_times_that_run_backwards_are_refused():
    builder = ProfileBuilder([CPU])
    lanes = [builder.thread(Thread("one")), builder.thread(Thread("two"))]
    builder.sample(-1, lanes[0], [1], 9)
    builder.sample(-1, lanes[1], [1], 5)
    builder.build()
    builder.sample(-1, lanes[0], [1], 8)
    with pytest.raises(ValueError, match="must not decrease"):
        builder.build()


def test_a_builder_can_go_on_after_it_has_built():
    builder = ProfileBuilder([CPU])
    lane = builder.thread(Thread("MainThread"))
    values = [1]
    builder.sample(builder.stack([builder.frame(builder.function("f"))]), lane, values)
    before = builder.build()
    values[0] = 9
    builder.sample(builder.stack([builder.frame(builder.function("g"))]), lane, [2])
    after = builder.build()
    assert before.samples.values.tolist() == [[1]]
    assert after.samples.values.tolist() == [[1], [2]]


@given(profiles())
def test_the_same_calls_build_the_same_profile(profile):
    assert rebuilt(profile) == rebuilt(profile)
    assert plain(rebuilt(profile)) == plain(profile)


def rebuilt(profile: Profile) -> Profile:
    builder = ProfileBuilder(profile.value_types)
    for sample in plain(profile):
        frames = [
            builder.frame(builder.function(*frame.function), frame.line, frame.expression) for frame in sample.stack
        ]
        for lane, thread in enumerate(profile.threads):
            builder.thread(thread, lane)
        builder.sample(builder.stack(frames), sample.lane, sample.values, sample.time)
    return builder.build(started_at=profile.started_at, duration=profile.duration)


FORESTS = st.lists(st.integers(0, 10**6), max_size=60).map(
    lambda picks: [pick % (i + 1) - 1 for i, pick in enumerate(picks)]
)


@given(FORESTS)
def test_preorder_is_that_of_a_recursive_walk(parents):
    children: dict[int, list[int]] = {}
    for node, above in enumerate(parents):
        children.setdefault(above, []).append(node)
    order: list[int] = []
    ends: dict[int, int] = {}

    def walk(node: int) -> None:
        order.append(node)
        for child in children.get(node, []):
            walk(child)
        ends[node] = len(order)

    for root in children.get(-1, []):
        walk(root)
    position, parent, end = preorder(np.array(parents, dtype=np.int32))
    assert [int(position[node]) for node in order] == list(range(len(parents)))
    assert [int(end[position[node]]) for node in order] == [ends[node] for node in order]
    assert [int(parent[position[n]]) for n in order] == [
        int(position[parents[n]]) if parents[n] >= 0 else -1 for n in order
    ]


def test_a_very_deep_stack():
    position, parent, end = preorder(np.arange(-1, 9_999, dtype=np.int32))
    assert position.tolist() == list(range(10_000))
    assert parent.tolist() == list(range(-1, 9_999))
    assert set(end.tolist()) == {10_000}


def test_a_wide_forest():
    pick = random.Random(3)
    parents = np.array([pick.randint(-1, i - 1) for i in range(20_000)], dtype=np.int32)
    position, parent, end = preorder(parents)
    assert sorted(position.tolist()) == list(range(20_000))
    ids = np.arange(20_000)
    assert (parent < ids).all()
    assert (end > ids).all()
