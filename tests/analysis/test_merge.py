from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.analysis.merge import merge
from tests.pictures import profile_of, stacks_of
from tests.strategies import path, plain, profiles


def test_equal_stacks_add_up():
    one = profile_of("""
        cpu:ns wall:ns
        1 10  main:1 a:2
        2 20  main:1
    """)
    two = profile_of("""
        wall:ns cpu:ns
        40 4  main:1 a:2
        80 8  other:1
    """)
    both = merge([one, two])
    assert both.value_kinds == ("cpu", "wall")
    assert stacks_of(both, lines=True) == {"main:1 a:2": 5, "main:1": 2, "other:1": 8}
    assert stacks_of(both, 1, lines=True) == {"main:1 a:2": 50, "main:1": 20, "other:1": 80}


def test_runs_after_each_other_share_their_lanes_and_stand_in_time():
    one = profile_of("t=5 1 main", started_at=100, duration=10)
    two = profile_of("t=5 2 main", started_at=110, duration=20)
    both = merge([two, one])
    assert [thread.name for thread in both.threads] == ["MainThread"]
    assert both.samples.time.tolist() == [5, 15]
    assert both.samples.values.ravel().tolist() == [1, 2]
    assert (both.started_at, both.duration) == (100, 30)


def test_what_ran_at_the_same_time_keeps_its_own_lanes():
    one = profile_of("t=5 1 main", started_at=100, duration=10)
    two = profile_of("t=5 2 main", started_at=105, duration=10)
    both = merge([one, two])
    assert [thread.name for thread in both.threads] == ["MainThread", "MainThread"]
    assert both.samples.thread.tolist() == [0, 1]


def test_only_what_all_agree_on_is_said():
    one = profile_of("1 In[1]|f", attributes={"kind": "cpu", "pid": 1}, sources={"In[1]": "a", "In[2]": "b"})
    two = profile_of("1 In[1]|f", attributes={"kind": "cpu", "pid": 2}, sources={"In[1]": "other", "In[2]": "b"})
    both = merge([one, two])
    assert both.attributes == {"kind": "cpu"}
    assert both.sources == {"In[2]": "b"}


def test_times_go_where_one_has_none():
    both = merge([profile_of("t=5 1 main", duration=9), profile_of("2 main", started_at=10)])
    assert both.samples.time is None
    assert stacks_of(both) == {"main": 3}


def test_nothing_to_merge():
    with pytest.raises(ValueError, match="at least one"):
        merge([])
    with pytest.raises(ValueError, match="no value in common"):
        merge([profile_of("cpu:ns"), profile_of("wall:ns")])


def test_the_same_kind_in_another_unit_is_another_value():
    with pytest.raises(ValueError, match="no value in common"):
        merge([profile_of("cpu:ns"), profile_of("cpu:count")])


@given(st.lists(profiles(), min_size=1, max_size=3))
def test_merge_is_its_twin(many):
    kinds = [k for k in many[0].value_types if all(k in p.value_types for p in many)]
    if not kinds:
        return
    both = merge(many)
    expected = Counter()
    for profile in many:
        for stack, lane, values, time in plain(profile):
            columns = tuple(values[profile.value_types.index(kind)] for kind in kinds)
            timed = all(p.samples.time is not None for p in many)
            at = time + profile.started_at - both.started_at if timed else None
            expected[stack, profile.threads[lane], columns, at] += 1
    assert Counter((s, both.threads[lane], v, t) for s, lane, v, t in plain(both)) == expected
    paths = Counter(path(both, stack) for stack in range(len(both.stacks)))
    assert max(paths.values(), default=1) == 1


@given(profiles())
def test_one_profile_alone_stays_as_it_is(profile):
    one = merge([profile])
    assert [s._replace(time=None) for s in plain(one)] == [
        s._replace(time=None) for s in plain(profile)
    ] or one.samples.time is not None
    assert (
        replace(one, samples=profile.samples, stacks=profile.stacks, strings=profile.strings).threads == profile.threads
    )
    assert (one.started_at, one.duration, one.attributes, one.sources) == (
        profile.started_at,
        profile.duration,
        profile.attributes,
        profile.sources,
    )
