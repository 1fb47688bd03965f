from __future__ import annotations

from collections import Counter
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.analysis.transforms import (
    by_function,
    collapse_recursion,
    compact,
    focus,
    fold_packages,
    invert,
    keep_lanes,
    trim_sources,
)
from openprofiling_ipy.analysis.weights import function_weights
from tests.pictures import profile_of, stacks_of
from tests.strategies import path, plain, profiles


def test_by_function_merges_lines():
    profile = profile_of("""
        1  main:1 a:2 b:3
        2  main:1 a:4{f(x)}
        4  main:2 a:2 b:4
    """)
    assert stacks_of(by_function(profile), lines=True) == {"main a b": 5, "main a": 2}


def test_direct_recursion_collapses():
    profile = profile_of("""
        1  main fib fib fib
        2  main fib fib leaf
        4  main fib g fib
    """)
    assert stacks_of(collapse_recursion(profile)) == {"main fib": 1, "main fib leaf": 2, "main fib g fib": 4}


def test_focus_begins_at_the_outermost_call():
    profile = profile_of("""
        1  main f x
        2  main g f f y
        4  main g
        8  -
    """)
    assert stacks_of(focus(profile, 1)) == {"f x": 1, "f f y": 2}


def test_invert_puts_the_leaf_first():
    profile = profile_of("""
        1  main:1 a:2 x:3
        2  main:1 b:2 x:3
        4  main:1
        8  -
    """)
    assert stacks_of(invert(profile), lines=True) == {"x:3 a:2 main:1": 1, "x:3 b:2 main:1": 2, "main:1": 4, "-": 8}
    assert len(invert(profile).stacks) == 6


def test_keep_lanes_forgets_the_others():
    profile = profile_of("""
        1  main
        @worker
        2  work
        ~@task fetch
        4  fetch
    """)
    kept = keep_lanes(profile, np.array([True, False, True]))
    assert [thread.name for thread in kept.threads] == ["MainThread", "fetch"]
    assert stacks_of(kept) == {"main": 1, "fetch": 4}
    assert "work" not in kept.strings


def test_only_sources_with_samples_stay():
    profile = profile_of("1 In[1]|f", sources={"In[1]": "f()", "In[2]": "secret()"})
    assert trim_sources(profile).sources == {"In[1]": "f()"}


def moved(profile, twin):
    """What the samples should become: `twin` maps a stack to a stack, or to None for leaving the sample out."""
    return [sample._replace(stack=twin(sample.stack)) for sample in plain(profile) if twin(sample.stack) is not None]


def check(result, profile, twin):
    assert plain(result) == moved(profile, twin)
    # Every path stands once.
    paths = Counter(path(result, stack) for stack in range(len(result.stacks)))
    assert max(paths.values(), default=1) == 1


@given(profiles())
def test_by_function_is_its_twin(profile):
    check(by_function(profile), profile, lambda stack: tuple(f._replace(line=0, expression="") for f in stack))


@given(profiles())
def test_collapse_is_its_twin_and_keeps_every_weight(profile):
    result = collapse_recursion(profile)
    check(result, profile, lambda stack: tuple(next(run) for _, run in groupby(stack, lambda f: f.function)))
    for value in range(len(profile.value_types)):
        for before, after in zip(function_weights(profile, value), function_weights(result, value), strict=True):
            assert before.tolist() == after.tolist()


@given(profiles(), st.data())
def test_focus_is_its_twin(profile, data):
    if not len(profile.functions):
        return
    function = data.draw(st.integers(0, len(profile.functions) - 1))
    key = (
        profile.function_name(function),
        profile.function_file(function),
        int(profile.functions.first_line[function]),
    )

    def twin(stack):
        at = [frame.function for frame in stack]
        return stack[at.index(key) :] if key in at else None

    check(focus(profile, function), profile, twin)


@given(profiles())
def test_invert_is_its_twin_and_undoes_itself(profile):
    check(invert(profile), profile, lambda stack: stack[::-1])
    assert plain(invert(invert(profile))) == plain(profile)


@given(profiles(), st.data())
def test_keep_lanes_is_its_twin(profile, data):
    mask = data.draw(st.lists(st.booleans(), min_size=len(profile.threads), max_size=len(profile.threads)))
    kept = [lane for lane, chosen in enumerate(mask) if chosen]
    result = keep_lanes(profile, np.array(mask))
    assert plain(result) == [s._replace(lane=kept.index(s.lane)) for s in plain(profile) if mask[s.lane]]
    assert result.threads == tuple(profile.threads[lane] for lane in kept)


@given(profiles())
def test_compact_keeps_the_samples_and_nothing_unused(profile):
    result = compact(profile)
    check(result, profile, lambda stack: stack)
    leaves = {sample.stack for sample in plain(profile)}
    assert len(result.stacks) == len({leaf[: n + 1] for leaf in leaves for n in range(len(leaf))})
    frames = {frame for leaf in leaves for frame in leaf}
    assert len(result.frames) == len(frames)
    assert len(result.functions) == len({frame.function for frame in frames})
    assert set(result.strings) == {""} | {t for f in frames for t in (f.name, f.file, f.expression)}
    assert compact(result) == result


@pytest.mark.parametrize("transform", [by_function, collapse_recursion, fold_packages, invert, trim_sources, compact])
@given(profile=profiles())
def test_what_belongs_to_the_recording_goes_along(transform, profile):
    result = transform(profile)
    for fact in ("threads", "value_types", "started_at", "duration", "attributes"):
        assert getattr(result, fact) == getattr(profile, fact)
    assert np.array_equal(result.samples.values, profile.samples.values)
