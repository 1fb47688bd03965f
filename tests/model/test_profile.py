from __future__ import annotations

import array
import math
import pickle
from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from openprofiling_ipy.model import (
    FrameTable,
    FunctionTable,
    Profile,
    SampleTable,
    StackTable,
    Thread,
    ValueType,
)
from openprofiling_ipy.model.attributes import PRIVATE, A
from tests.pictures import profile_of
from tests.strategies import path, profiles

GOOD = profile_of(
    """
    cpu:ns wall:ns
    t=5 1 2  main:1 a:2 b:3{g(x)}
    t=9 3 4  main:1 a:4
    @worker
    t=6 5 6  -
    """,
    duration=10,
    attributes={"kind": "cpu"},
    sources={"In[1]": "x"},
)


def test_columns_are_read_only_and_their_own():
    mine = np.array([0, 0], dtype=np.int32)
    table = FrameTable(mine, mine[:], array.array("i", [1, 2]))
    mine[0] = 9
    assert table.function.tolist() == [0, 0]
    assert table.line.tolist() == [0, 0]
    for name in ("function", "line", "expression"):
        assert not getattr(table, name).flags.writeable
        assert getattr(table, name).dtype == np.int32
    with pytest.raises(FrozenInstanceError):
        table.line = mine


def test_a_read_only_column_is_not_copied():
    column = np.arange(3, dtype=np.int32)
    column.setflags(write=False)
    assert FunctionTable(column, column, column).name is column


def test_facts_cannot_be_changed():
    attributes = {"kind": "cpu"}
    profile = replace(GOOD, attributes=attributes)
    attributes["kind"] = "wall"
    assert profile.attributes["kind"] == "cpu"
    with pytest.raises(TypeError):
        profile.attributes["kind"] = "wall"
    with pytest.raises(TypeError):
        profile.sources["In[1]"] = "y"


def test_equal_profiles_and_what_makes_them_differ():
    assert replace(GOOD) == GOOD
    assert GOOD != "a profile"
    assert replace(GOOD, duration=11) != GOOD
    assert replace(GOOD, sources={}) != GOOD
    assert replace(GOOD, samples=replace(GOOD.samples, time=None)) != GOOD
    assert replace(GOOD, samples=replace(GOOD.samples, values=GOOD.samples.values + 1)) != GOOD
    with pytest.raises(TypeError, match="unhashable"):
        hash(GOOD)


def test_names_of_functions_and_values():
    assert GOOD.function_name(1) == "a"
    assert GOOD.function_file(1) == ""
    assert GOOD.value_kinds == ("cpu", "wall")


@given(profiles())
def test_a_profile_survives_pickling(profile):
    again = pickle.loads(pickle.dumps(profile))
    assert again == profile
    assert not again.samples.values.flags.writeable


def samples(**changes):
    return {"samples": replace(GOOD.samples, **changes)}


def stacks(**changes):
    return {"stacks": replace(GOOD.stacks, **changes)}


CONTRADICTIONS = {
    "no empty string": {"strings": ("main",)},
    "no strings": {"strings": ()},
    "a string that is none": {"strings": (*GOOD.strings[:-1], 3)},
    "a name beyond the strings": {"functions": replace(GOOD.functions, name=[1, 99, 3])},
    "a negative name": {"functions": replace(GOOD.functions, name=[1, -1, 3])},
    "a file beyond the strings": {"functions": replace(GOOD.functions, file=[0, 0, 99])},
    "a negative first line": {"functions": replace(GOOD.functions, first_line=[0, -1, 0])},
    "functions of different lengths": {"functions": replace(GOOD.functions, file=[0])},
    "a frame of no function": {"frames": replace(GOOD.frames, function=[0, 1, 3, 1])},
    "a negative line": {"frames": replace(GOOD.frames, line=[1, 2, 3, -4])},
    "an expression beyond the strings": {"frames": replace(GOOD.frames, expression=[0, 0, 99, 0])},
    "a stack of no frame": stacks(frame=[0, 1, 2, 4]),
    "its own parent": stacks(parent=[-1, 1, 1, 0]),
    "a later parent": stacks(parent=[-1, 0, 3, 0]),
    "a parent below -1": stacks(parent=[-2, 0, 1, 0]),
    "an end before its stack": stacks(end=[4, 3, 2, 4]),
    "an end beyond all stacks": stacks(end=[5, 3, 3, 4]),
    "an end too late": stacks(end=[4, 4, 3, 4]),
    "an end too early": stacks(end=[3, 3, 3, 4]),
    "not in preorder": stacks(parent=[-1, 0, 0, 1], end=[4, 4, 3, 4]),
    "a sample of no stack": samples(stack=[2, 4, -1]),
    "a sample below -1": samples(stack=[2, 3, -2]),
    "a sample of no thread": samples(thread=[0, 0, 2]),
    "a negative thread": samples(thread=[0, 0, -1]),
    "samples of different lengths": samples(stack=[2, 3]),
    "too few values": samples(values=[[1], [2], [3]]),
    "a negative value": samples(values=[[1, 2], [3, -4], [5, 6]]),
    "more than can be counted": samples(values=[[2**61, 2], [2**61, 4], [5, 6]]),
    "time that runs back": samples(time=[5, 4, 6]),
    "time that runs back by more than a number": samples(time=[2**62 + 1, -(2**62), 6]),
    "as many times as none": samples(time=[5]),
    "no threads": {"threads": ()},
    "a lane of no kind": {"threads": (Thread("a", "fiber"), Thread("b"))},
    "a lane without a name": {"threads": (Thread(None), Thread("b"))},
    "no values": {"value_types": ()},
    "one value twice": {"value_types": (ValueType("cpu", "ns"), ValueType("cpu", "count"))},
    "a value without a unit": {"value_types": (ValueType("cpu", "s"), ValueType("wall", "ns"))},
    "a value without a name": {"value_types": (ValueType(None, "ns"), ValueType("wall", "ns"))},
    "a negative duration": {"duration": -1},
    "a duration that is no int": {"duration": 1.5},
    "a duration beyond all time": {"duration": 2**63},
    "a start that is no int": {"started_at": None},
    "a start beyond all time": {"started_at": 2**63},
    "an attribute that is a list": {"attributes": {"a": [1]}},
    "an attribute that is no number": {"attributes": {"a": math.nan}},
    "an attribute without end": {"attributes": {"a": math.inf}},
    "an attribute without a name": {"attributes": {1: "a"}},
    "a source that is none": {"sources": {"In[1]": None}},
    "a source of no file": {"sources": {None: "x"}},
}


@pytest.mark.parametrize("changes", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_contradiction_is_refused(changes):
    with pytest.raises(ValueError):
        replace(GOOD, **changes)


@pytest.mark.parametrize(
    "column",
    [
        [2**31],
        [-(2**31) - 1],
        [2**80],
        [1.5],
        np.array([1.0]),
        np.array([2**31]),
        np.array([2**32 - 1], dtype=np.uint32),
        np.array(["1"]),
        [None],
        [[1]],
        [[1], [2, 3]],
        5,
    ],
)
def test_no_number_changes_on_its_way_into_a_column(column):
    with pytest.raises(ValueError):
        FunctionTable(column, [0], [0])


def test_any_integers_will_do_and_empty_columns_of_any_kind():
    assert FunctionTable(np.array([2**31 - 1], dtype=np.uint64), [True + 1], (3,)).name.tolist() == [2**31 - 1]
    assert FunctionTable([], np.zeros(0), ()).name.dtype == np.int32
    assert SampleTable([], [], np.zeros((0, 2))).values.dtype == np.int64
    with pytest.raises(ValueError):
        SampleTable([], [], [])


SMALL = st.integers(-2, 6)


@settings(max_examples=400)
@given(st.integers(0, 5).flatmap(lambda n: st.tuples(*[st.lists(SMALL, min_size=n, max_size=n)] * 2)))
def test_only_preorder_is_preorder(columns):
    parent, end = columns
    count = len(parent)
    try:
        replace(GOOD, stacks=StackTable(parent, [0] * count, end), samples=replace(GOOD.samples, stack=[-1, -1, -1]))
        accepted = True
    except ValueError:
        accepted = False
    valid = all(-1 <= above < i for i, above in enumerate(parent))
    if valid:
        # The descendants of every stack are exactly those up to its end.
        for i in range(count):
            below = [j for j in range(i + 1, count) if descends(parent, j, i)]
            valid = valid and below == list(range(i + 1, end[i])) and end[i] <= count and end[i] > i
    assert accepted == valid


def descends(parent, node, ancestor):
    while node > ancestor:
        node = parent[node]
    return node == ancestor


@given(profiles(), st.data())
def test_a_profile_with_one_number_changed_is_refused_or_whole(profile, data):
    table_name = data.draw(st.sampled_from(["functions", "frames", "stacks", "samples"]))
    table = getattr(profile, table_name)
    names = [f.name for f in fields(table) if getattr(table, f.name) is not None and getattr(table, f.name).size]
    if not names:
        return
    name = data.draw(st.sampled_from(names))
    column = getattr(table, name).copy()
    at = data.draw(st.integers(0, column.size - 1))
    column.flat[at] = data.draw(st.integers(-3, 12) | st.sampled_from([2**31 - 1, -(2**31)]))
    try:
        changed = replace(profile, **{table_name: replace(table, **{name: column})})
    except ValueError:
        return
    # What is accepted can be walked to the end.
    for stack in [*range(len(changed.stacks)), *changed.samples.stack.tolist()]:
        path(changed, stack)
    assert all(0 <= lane < len(changed.threads) for lane in changed.samples.thread.tolist())


def test_private_attributes_are_known_ones():
    known = {value for key, value in vars(A).items() if key.isupper()}
    assert known >= PRIVATE
    assert len(known) == sum(key.isupper() for key in vars(A))


def test_a_profile_is_whole_or_not_at_all():
    with pytest.raises(ValueError):
        Profile(("",), GOOD.functions, GOOD.frames, GOOD.stacks, GOOD.samples, GOOD.threads, GOOD.value_types)
