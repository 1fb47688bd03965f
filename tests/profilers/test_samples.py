"""Samples as columns, and their aggregation."""

from __future__ import annotations

from hypothesis import given, strategies as st

from openprofiling_ipy.profilers.sampling.samples import Samples

#: Node, lane, CPU, wall, count; a lane's samples follow each other without a gap.
ROWS = st.lists(
    st.tuples(
        st.integers(-3, 5), st.integers(0, 2), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 1000)
    ),
    max_size=60,
)


def samples_of(rows: list[tuple[int, int, int, int, int]]) -> Samples:
    samples = Samples()
    ends = [1000, 1000, 1000]
    for node, lane, cpu, wall, count in rows:
        ends[lane] += wall
        samples.add(node, lane, ends[lane], cpu, wall, count)
    return samples


def sums(samples: Samples) -> dict[tuple[int, int], tuple[int, int, int]]:
    found: dict[tuple[int, int], tuple[int, int, int]] = {}
    for row in range(len(samples)):
        key = samples.lane[row], samples.node[row]
        cpu, wall, count = found.get(key, (0, 0, 0))
        found[key] = cpu + samples.cpu[row], wall + samples.wall[row], count + samples.count[row]
    return found


@given(ROWS, st.integers(0, 60))
def test_joining_samples_keeps_what_every_stack_of_a_lane_weighs(rows, first: int) -> None:
    samples = samples_of(rows)
    first = min(first, len(samples))
    joined, until = samples.aggregated(first)
    assert sums(joined) == sums(samples)
    assert len(joined) == len({row[:2] for row in rows[:first]}) + len(rows) - first
    assert until == max(samples.time[:first], default=0)


@given(ROWS, st.integers(0, 60))
def test_times_of_a_lane_still_go_forward(rows, first: int) -> None:
    joined, _ = samples_of(rows).aggregated(min(first, len(rows)))
    for lane in range(3):
        times = [joined.time[row] for row in range(len(joined)) if joined.lane[row] == lane]
        assert times == sorted(times)


def test_joined_samples_of_a_lane_fill_its_time_without_a_gap() -> None:
    samples = samples_of([(1, 0, 0, 10, 1), (2, 0, 0, 20, 1), (1, 0, 0, 5, 1), (9, 0, 0, 7, 1)])
    joined, until = samples.aggregated(3)
    assert until == 1035
    assert list(zip(joined.node, joined.time, joined.wall, strict=True)) == [(1, 1015, 15), (2, 1035, 20), (9, 1042, 7)]


def test_a_copy_no_longer_changes() -> None:
    samples = samples_of([(1, 0, 3, 10, 1)])
    copied = samples.copy()
    samples.cpu[0] = 99
    samples.add(2, 0, 2000, 1, 1)
    assert (len(copied), copied.cpu[0]) == (1, 3)
