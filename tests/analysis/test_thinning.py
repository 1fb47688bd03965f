from __future__ import annotations

from collections import Counter

from hypothesis import given, strategies as st

from openprofiling_ipy.analysis.thinning import thin_samples
from openprofiling_ipy.model.attributes import A
from tests.pictures import profile_of
from tests.strategies import plain, profiles


def rows(profile):
    return [(" ".join(f.name for f in s.stack) or "-", s.lane, *s.values, s.time) for s in plain(profile)]


def test_neighbours_of_one_stack_join_and_nothing_is_lost():
    profile = profile_of("""
        cpu:ns wall:ns
        t=10 9 10  main a
        t=20 9 10  main a
        t=30 9 10  main b
        t=40 9 10  main a
        t=90 9 10  main a
    """)
    thin = thin_samples(profile, 4)
    assert rows(thin) == [
        ("main a", 0, 18, 20, 20),
        ("main b", 0, 9, 10, 30),
        ("main a", 0, 9, 10, 40),
        ("main a", 0, 9, 10, 90),
    ]
    assert A.TIME_STEP not in thin.attributes
    assert thin_samples(profile, 5) is profile


def test_lanes_do_not_part_each_others_neighbours():
    profile = profile_of("""
        t=10 1  main
        @worker
        t=11 1  work
        @MainThread
        t=20 1  main
        @worker
        t=21 1  work
    """)
    assert rows(thin_samples(profile, 2)) == [("main", 0, 2, 20), ("work", 1, 2, 21)]


def test_within_a_step_of_time_each_stack_has_one_sample():
    profile = profile_of("""
        cpu:ns wall:ns
        t=10 1 10  a
        t=20 1 10  b
        t=30 1 10  a
        t=40 1 10  b
        t=50 1 10  a
        t=60 1 10  b
        t=70 1 10  a
        t=80 1 10  b
    """)
    thin = thin_samples(profile, 4)
    # The time of both is covered, without a gap or an overlap.
    assert rows(thin) == [("a", 0, 2, 20, 20), ("b", 0, 2, 20, 40), ("a", 0, 2, 20, 60), ("b", 0, 2, 20, 80)]
    assert thin.attributes[A.TIME_STEP] == 41


def test_without_times_the_order_counts():
    profile = profile_of("\n".join(["1 a", "1 b"] * 8))
    assert rows(thin_samples(profile, 4)) == [("a", 0, 4, None), ("b", 0, 4, None)] * 2
    assert A.TIME_STEP not in thin_samples(profile, 4).attributes


def test_what_cannot_be_joined_stays():
    profile = profile_of("1 a\n1 b\n1 c")
    assert rows(thin_samples(profile, 1)) == rows(profile)


@given(profiles(), st.integers(0, 12))
def test_every_stack_and_lane_keeps_its_values(profile, count):
    thin = thin_samples(profile, count)

    def sums(samples):
        found: dict = {}
        for stack, lane, values, _ in samples:
            old = found.get((stack, lane), (0,) * len(values))
            found[stack, lane] = tuple(a + b for a, b in zip(old, values, strict=True))
        return found

    assert sums(plain(thin)) == sums(plain(profile))
    fewest = len(sums(plain(profile)))
    assert len(thin.samples) <= max(count, fewest)
    assert len(thin.samples) <= len(profile.samples)
    assert (thin.samples.time is None) == (profile.samples.time is None)
    if thin.samples.time is not None and len(thin.samples):
        assert int(thin.samples.time.max()) <= int(profile.samples.time.max())
        assert int(thin.samples.time.min()) >= 0
        # Nothing crosses a lane, and each ends when its last sample did.
        last = Counter()
        for sample in plain(profile):
            last[sample.lane] = max(last[sample.lane], sample.time)
        for sample in plain(thin):
            assert sample.time <= last[sample.lane]
    assert thin_samples(profile, count) == thin
