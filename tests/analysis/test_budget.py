from __future__ import annotations

import random
from collections import Counter

import numpy as np
from hypothesis import given, strategies as st

from openprofiling_ipy.analysis.budget import fit, fold_small, library_lines
from openprofiling_ipy.analysis.places import FOLDED_FILE, places
from openprofiling_ipy.analysis.transforms import by_function
from openprofiling_ipy.analysis.weights import default_lanes, document_total, stack_self, stack_total
from openprofiling_ipy.model import ProfileBuilder, Thread, ValueType
from openprofiling_ipy.model.attributes import A
from tests.pictures import profile_of, stacks_of
from tests.strategies import path, plain, profiles


def test_small_frames_fold_into_one_child_of_their_caller():
    profile = profile_of("""
        90  main big
         4  main:2 a:1 b:1
         3  main:7 a:2
         2  main:7 c
         1  main
    """)
    folded = fold_small(profile, 0.1)
    assert stacks_of(folded) == {"main big": 90, "main (3 small frames)": 9, "main": 1}
    assert folded.attributes[A.FOLDED] == 3
    assert folded.attributes[A.FOLDED_SHARE] == 0.07
    name = folded.strings.index("(3 small frames)")
    assert folded.function_file(folded.functions.name.tolist().index(name)) == FOLDED_FILE
    assert "b" not in folded.strings


def test_one_small_frame_alone_stays():
    profile = profile_of("""
        99  main big
         1  main small
    """)
    assert fold_small(profile, 0.1) is profile


def test_small_roots_fold_too():
    profile = profile_of("""
        98  main
         1  a
         1  b
         0  -
    """)
    assert stacks_of(fold_small(profile, 0.1)) == {"main": 98, "(2 small frames)": 2}


def test_folding_again_counts_what_was_folded():
    profile = profile_of("""
        80  main big
         9  main a
         9  main x
         1  main a b
         1  main a c
    """)
    once = fold_small(profile, 0.05)
    assert stacks_of(once) == {"main big": 80, "main a": 9, "main x": 9, "main a (2 small frames)": 2}
    twice = fold_small(once, 0.2)
    assert stacks_of(twice) == {"main big": 80, "main (4 small frames)": 20}
    assert twice.attributes[A.FOLDED] == 4


def test_what_weighs_in_any_value_stays():
    profile = profile_of("""
        cpu:ns wall:ns
        99  1  main busy
         1  0  main a b
         0 98  main wait
         0  1  main c d
    """)
    assert set(stacks_of(fold_small(profile, 0.1))) == {"main busy", "main (4 small frames)"}
    assert stacks_of(fold_small(profile, 0.1), 1)["main wait"] == 98


def test_a_lane_out_of_sight_does_not_make_the_others_small():
    profile = profile_of("""
        wall:ns
        5  main a b
        5  main c d
        ~@idle
        990  wait
    """)
    assert set(stacks_of(fold_small(profile, 0.1))) == {"main a b", "main c d", "wait"}


def test_lines_of_libraries_go_and_those_of_cells_stay():
    profile = profile_of(
        """
        1  <cell>:3 merge:7 merge:9{f(x)}
        2  <cell>:3 merge:8
        4  <cell>:4{g(x)}
        """,
        files={"<cell>": "In[1]", "merge": "/v/site-packages/pandas/core.py"},
    )
    assert stacks_of(library_lines(profile), lines=True) == {
        "<cell>:3 merge merge": 1,
        "<cell>:3 merge": 2,
        "<cell>:4": 4,
    }
    assert "g(x)" in library_lines(profile).strings
    assert "f(x)" not in library_lines(profile).strings


@given(profiles(), st.sampled_from([0.0, 0.05, 0.2, 0.5, 1.0, 2.0]))
def test_folding_keeps_totals_and_every_frame_shown(profile, share):
    folded = fold_small(profile, share)
    assert [(s.lane, s.values, s.time) for s in plain(folded)] == [(s.lane, s.values, s.time) for s in plain(profile)]
    tree, before = by_function(folded), by_function(profile)
    for value in range(len(profile.value_types)):
        assert document_total(folded, value) == document_total(profile, value)
        for lanes in (None, np.ones(len(profile.threads), dtype=bool)):
            now, then = weights_by_path(tree, value, lanes), weights_by_path(before, value, lanes)
            for frames, weight in now.items():
                if frames[-1].file != FOLDED_FILE:
                    assert weight == then[frames]
    shown = {path(tree, stack) for stack in range(len(tree.stacks))}
    for frames, part in shares(before).items():
        if part >= share and any(sample.stack[: len(frames)] == frames for sample in plain(before)):
            assert frames in shown
    hidden = {frames for frames in used(before) if frames not in shown}
    named = Counter()
    for frames in shown:
        if frames[-1].file == FOLDED_FILE:
            named[frames[:-1]] += int(frames[-1].name[1:].split()[0])
    assert sum(named.values()) == len(hidden) == folded.attributes.get(A.FOLDED, 0)
    if hidden:
        assert folded.attributes[A.FOLDED_SHARE] == max(shares(before)[frames] for frames in hidden) < share


@given(profiles(), st.sampled_from([0.05, 0.2, 0.5]), st.sampled_from([0.2, 0.5, 1.0, 2.0]))
def test_folding_in_two_steps_is_folding_in_one(profile, first, then):
    once, twice = (
        fold_small(profile, max(first, then)),
        fold_small(fold_small(profile, min(first, then)), max(first, then)),
    )
    assert plain(once) == plain(twice)
    assert once.attributes == twice.attributes


def used(profile):
    return {s.stack[: n + 1] for s in plain(profile) for n in range(len(s.stack))}


def weights_by_path(profile, value, lanes):
    total = stack_total(profile.stacks, stack_self(profile, value, lanes))
    return {path(profile, stack): int(weight) for stack, weight in enumerate(total)}


def shares(profile):
    """The largest share of each path in any value, over all lanes or those shown at first."""
    found = dict.fromkeys((path(profile, stack) for stack in range(len(profile.stacks))), 0.0)
    for value in range(len(profile.value_types)):
        for lanes in (default_lanes(profile, value), np.ones(len(profile.threads), dtype=bool)):
            whole = document_total(profile, value, lanes)
            for frames, weight in weights_by_path(profile, value, lanes).items():
                found[frames] = max(found[frames], weight / whole if whole else 0.0)
    return found


def large(samples=4000, seed=7):
    """A profile with a few heavy paths and very many light ones."""
    pick = random.Random(seed)
    builder = ProfileBuilder([ValueType("cpu", "ns"), ValueType("wall", "ns")])
    lane = builder.thread(Thread("MainThread"))
    files = ["In[1]", "/v/site-packages/p/x.py", "/v/site-packages/q/x.py"]
    for now in range(samples):
        stack = -1
        for _ in range(pick.randint(1, 12)):
            number = min(int(pick.expovariate(0.3)), 40)
            function = builder.function(f"f{number}", files[number % 3], number)
            stack = builder.child(stack, builder.frame(function, number + pick.randint(0, 3)))
        builder.sample(stack, lane, [pick.randint(0, 10**7), 10**7], now * 10**7)
    return builder.build(duration=samples * 10**7)


def rough_size(profile):
    return 12 * len(profile.stacks) + 8 * len(profile.samples) + sum(map(len, profile.strings))


def test_fit_meets_a_budget_and_keeps_what_it_can():
    profile = large()
    assert fit(profile, 10**9, rough_size) is profile
    sizes = []
    for budget in (400_000, 100_000, 40_000, 10_000):
        small = fit(profile, budget, rough_size)
        assert rough_size(small) <= budget
        for value in (0, 1):
            assert document_total(small, value) == document_total(profile, value)
        assert fit(profile, budget, rough_size) == small
        sizes.append(len(small.stacks))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] > 10


def test_fit_gives_the_smallest_form_where_nothing_fits():
    small = fit(large(500), 1, rough_size)
    assert len(small.samples) <= 500
    assert document_total(small, 0) == document_total(large(500), 0)


@given(profiles())
def test_lines_of_libraries_are_all_that_goes(profile):
    found = places(profile)

    def twin(frame):
        own = found[frame.file].kind in ("cell", "user")
        return frame if own else frame._replace(line=0, expression="")

    assert plain(library_lines(profile)) == [s._replace(stack=tuple(map(twin, s.stack))) for s in plain(profile)]
