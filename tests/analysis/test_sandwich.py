from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.analysis.sandwich import callees, callers, find_function
from openprofiling_ipy.analysis.weights import default_lanes, function_weights
from openprofiling_ipy.errors import AmbiguousFunction, InvalidOption, UnknownFunction
from tests.pictures import profile_of
from tests.strategies import plain, profiles


def named(profile, edges):
    return {profile.function_name(f): (own, total) for f, own, total in zip(*(c.tolist() for c in edges), strict=True)}


def test_who_called_it_and_what_it_called():
    profile = profile_of("""
        5  main a f x
        3  main b f
        2  main b f x y
        1  f
    """)
    f = find_function(profile, "f")
    assert named(profile, callers(profile, f, 0)) == {"a": (0, 5), "b": (3, 5)}
    assert named(profile, callees(profile, f, 0)) == {"x": (5, 7)}


def test_recursion_counts_at_the_outermost_call():
    profile = profile_of("""
        4  main f f x
        2  main f g f
    """)
    f = find_function(profile, "f")
    assert named(profile, callers(profile, f, 0)) == {"main": (2, 6)}
    assert named(profile, callees(profile, f, 0)) == {"f": (0, 4), "g": (0, 2)}


@given(profiles(), st.data())
def test_edges_are_what_brute_force_says(profile, data):
    if not len(profile.functions):
        return
    function = data.draw(st.integers(0, len(profile.functions) - 1))
    value = data.draw(st.integers(0, len(profile.value_types) - 1))
    keys = [
        (profile.function_name(i), profile.function_file(i), int(profile.functions.first_line[i]))
        for i in range(len(profile.functions))
    ]
    lanes = default_lanes(profile, value)
    up, up_self, down, down_self = Counter(), Counter(), Counter(), Counter()
    for stack, lane, values, _ in plain(profile):
        functions = [keys.index(frame.function) for frame in stack]
        if not lanes[lane] or function not in functions:
            continue
        at, weight = functions.index(function), values[value]
        if at > 0:
            up[functions[at - 1]] += weight
            up_self[functions[at - 1]] += weight if functions[-1] == function else 0
        if at + 1 < len(functions):
            down[functions[at + 1]] += weight
            down_self[functions[at + 1]] += weight if functions[-1] == functions[at + 1] else 0
    for found, total, own in ((callers, up, up_self), (callees, down, down_self)):
        result = [column.tolist() for column in found(profile, function, value)]
        ids = sorted(i for i, weight in total.items() if weight)
        assert result == [ids, [own[i] for i in ids], [total[i] for i in ids]]
    own, total = function_weights(profile, value)
    assert callers(profile, function, value)[2].sum() <= total[function]


def test_a_function_is_found_by_name_file_and_line():
    profile = profile_of("""
        1  /p/a.py|run=3  lib/b.py|run=8  lib/b.py|Table.merge=20  In[1]|<lambda>=1  In[1]|<lambda>=2
    """)
    assert find_function(profile, "merge") == find_function(profile, "Table.merge") == 2
    assert find_function(profile, ("run", "/p/a.py")) == find_function(profile, ("run", "a.py")) == 0
    assert find_function(profile, ("run", "b.py:8")) == 1
    assert find_function(profile, ("<lambda>", "In[1]:2")) == 4


def test_a_name_of_several_names_them():
    profile = profile_of("1  /p/a.py|run=3  lib/b.py|run=8  In[1]|<lambda>=1  In[1]|<lambda>=2")
    with pytest.raises(AmbiguousFunction) as error:
        find_function(profile, "run")
    assert error.value.candidates == (("run", "/p/a.py"), ("run", "lib/b.py"))
    with pytest.raises(AmbiguousFunction) as error:
        find_function(profile, ("<lambda>", "In[1]"))
    assert error.value.candidates == (("<lambda>", "In[1]:1"), ("<lambda>", "In[1]:2"))
    for candidate in error.value.candidates:
        find_function(profile, candidate)


@pytest.mark.parametrize("wanted", ["rum", ("run", "c.py"), ("run", "a.py:4"), ("run", ""), ""])
def test_an_unknown_function(wanted):
    profile = profile_of("1  /p/a.py|run=3")
    with pytest.raises(UnknownFunction):
        find_function(profile, wanted)


@pytest.mark.parametrize("wanted", [5, None, ("run",), ("run", 5), ["run", "a.py"] * 2])
def test_what_is_no_function(wanted):
    with pytest.raises(InvalidOption, match="give a name, or a pair"):
        find_function(profile_of("1  /p/a.py|run=3"), wanted)


def test_a_near_miss_is_suggested():
    with pytest.raises(UnknownFunction, match="did you mean 'train'"):
        find_function(profile_of("1 train"), "trian")
