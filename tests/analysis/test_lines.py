from __future__ import annotations

from collections import Counter

from hypothesis import given, strategies as st

from openprofiling_ipy.analysis.lines import line_weights
from openprofiling_ipy.analysis.weights import default_lanes
from tests.pictures import profile_of
from tests.strategies import plain, profiles


def rows(columns):
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_lines_of_a_cell():
    profile = profile_of(
        """
        5  <cell>:1 train:4 lib:9
        3  <cell>:1 train:5
        2  <cell>:2
        0  <cell>:3
        """,
        files={"<cell>": "In[1]", "train": "In[1]", "lib": "lib.py"},
    )
    assert rows(line_weights(profile, "In[1]", 0)) == [(1, 0, 8), (2, 2, 2), (4, 0, 5), (5, 3, 3)]
    assert rows(line_weights(profile, "lib.py", 0)) == [(9, 5, 5)]
    assert rows(line_weights(profile, "other.py", 0)) == []


def test_a_line_counts_once_however_deep_it_recurs():
    profile = profile_of("4  fib:2 fib:2 fib:2 fib:1", file="In[1]")
    assert rows(line_weights(profile, "In[1]", 0)) == [(1, 4, 4), (2, 0, 4)]


@given(profiles(), st.data())
def test_lines_weigh_what_brute_force_says(profile, data):
    value = data.draw(st.integers(0, len(profile.value_types) - 1))
    lanes = default_lanes(profile, value)
    for file in {profile.function_file(i) for i in range(len(profile.functions))}:
        own, total = Counter(), Counter()
        for stack, lane, values, _ in plain(profile):
            if not lanes[lane]:
                continue
            for line in {frame.line for frame in stack if frame.file == file}:
                total[line] += values[value]
            if stack and stack[-1].file == file:
                own[stack[-1].line] += values[value]
        expected = [(line, own[line], total[line]) for line in sorted(total) if total[line]]
        assert rows(line_weights(profile, file, value)) == expected
