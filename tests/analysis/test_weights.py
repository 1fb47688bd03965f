from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.analysis.weights import (
    default_lanes,
    depths,
    document_total,
    function_weights,
    outermost,
    stack_functions,
    stack_self,
    stack_total,
    value_index,
)
from openprofiling_ipy.errors import UnknownValue
from tests.pictures import profile_of
from tests.strategies import path, plain, profiles


def by_name(profile, weights):
    return {profile.function_name(i): int(weight) for i, weight in enumerate(weights) if weight}


def test_self_is_what_ends_in_a_function_and_total_all_it_called():
    profile = profile_of("""
        3  main a b
        2  main a
        1  main
    """)
    own, total = function_weights(profile, 0)
    assert by_name(profile, own) == {"b": 3, "a": 2, "main": 1}
    assert by_name(profile, total) == {"main": 6, "a": 5, "b": 3}


def test_recursion_counts_once():
    profile = profile_of("""
        1  f f f
        2  f g f
        4  g f
    """)
    assert by_name(profile, function_weights(profile, 0)[1]) == {"f": 7, "g": 6}


def test_wall_is_about_the_lanes_at_home_and_cpu_about_all():
    profile = profile_of("""
        cpu:ns wall:ns
        1 10  main
        ~@pool
        5 90  wait
    """)
    assert document_total(profile, value_index(profile, "cpu")) == 6
    assert document_total(profile, value_index(profile, "wall")) == 10
    assert document_total(profile, 1, np.array([False, True])) == 90
    assert by_name(profile, function_weights(profile, 1)[1]) == {"main": 10}


def test_wall_is_about_all_lanes_where_none_is_at_home():
    profile = profile_of("""
        wall:ns
        ~@pool
        5  wait
    """)
    assert default_lanes(profile, 0).tolist() == [True]
    assert document_total(profile, 0) == 5


def test_empty_stacks_count_in_the_document_alone():
    profile = profile_of("""
        2  main
        3  -
    """)
    assert document_total(profile, 0) == 5
    assert stack_self(profile, 0).tolist() == [2]


def test_a_profile_without_samples_or_stacks():
    profile = profile_of("@MainThread")
    assert document_total(profile, 0) == 0
    assert [len(column) for column in function_weights(profile, 0)] == [0, 0]
    assert not len(stack_self(profile, 0))
    assert not len(depths(profile.stacks))
    assert not len(outermost(profile.stacks, stack_functions(profile)))


def test_weights_beyond_what_a_float_holds_stay_exact():
    profile = profile_of(f"""
        {2**53}  main a
        1        main a
        1        main b
    """)
    assert document_total(profile, 0) == 2**53 + 2
    assert stack_total(profile.stacks, stack_self(profile, 0)).tolist() == [2**53 + 2, 2**53 + 1, 1]


def test_an_unknown_value_names_the_known_ones():
    profile = profile_of("cpu:ns wall:ns")
    assert value_index(profile) == 0
    assert value_index(profile, "wall") == 1
    with pytest.raises(UnknownValue, match="did you mean 'wall'"):
        value_index(profile, "walls")


def lanes_of(profile, data):
    mask = data.draw(st.none() | st.lists(st.booleans(), min_size=len(profile.threads), max_size=len(profile.threads)))
    return None if mask is None else np.array(mask, dtype=bool)


def chosen(profile, value, lanes):
    """The samples of the chosen lanes, by the words of the documentation."""
    if lanes is None:
        home = [thread.home for thread in profile.threads]
        wall = profile.value_kinds[value] == "wall"
        lanes = home if wall and any(home) else [True] * len(home)
    return [(sample.stack, sample.values[value]) for sample in plain(profile) if lanes[sample.lane]]


@given(profiles(), st.data())
def test_functions_weigh_what_brute_force_says(profile, data):
    value = data.draw(st.integers(0, len(profile.value_types) - 1))
    lanes = lanes_of(profile, data)
    own, total = Counter(), Counter()
    for stack, weight in chosen(profile, value, lanes):
        for function in {frame.function for frame in stack}:
            total[function] += weight
        if stack:
            own[stack[-1].function] += weight
    functions = [
        (profile.function_name(i), profile.function_file(i), int(profile.functions.first_line[i]))
        for i in range(len(profile.functions))
    ]
    found = function_weights(profile, value, lanes)
    assert found[0].tolist() == [own[function] for function in functions]
    assert found[1].tolist() == [total[function] for function in functions]
    assert document_total(profile, value, lanes) == sum(weight for _, weight in chosen(profile, value, lanes))


@given(profiles(), st.data())
def test_stacks_weigh_what_brute_force_says(profile, data):
    value = data.draw(st.integers(0, len(profile.value_types) - 1))
    lanes = lanes_of(profile, data)
    own = stack_self(profile, value, lanes)
    total = stack_total(profile.stacks, own)
    samples = chosen(profile, value, lanes)
    for stack in range(len(profile.stacks)):
        frames = path(profile, stack)
        assert own[stack] == sum(weight for leaf, weight in samples if leaf == frames)
        assert total[stack] == sum(weight for leaf, weight in samples if leaf[: len(frames)] == frames)
        assert depths(profile.stacks)[stack] == len(frames) - 1


@given(profiles(), st.data())
def test_outermost_stacks_have_none_of_their_key_above_them(profile, data):
    count = len(profile.stacks)
    # Wide keys take another way of sorting than narrow ones.
    key = np.array(
        data.draw(st.lists(st.sampled_from([0, 1, 70_000, -1]), min_size=count, max_size=count)), dtype=np.int32
    )
    found = outermost(profile.stacks, key)
    for stack in range(count):
        above, parent = [], int(profile.stacks.parent[stack])
        while parent >= 0:
            above.append(key[parent])
            parent = int(profile.stacks.parent[parent])
        assert found[stack] == (key[stack] not in above)
