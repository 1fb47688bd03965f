"""V8's .cpuprofile: one lane in whole microseconds."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.errors import MalformedProfile, UnsupportedDocument
from openprofiling_ipy.formats import cpuprofile, registry
from openprofiling_ipy.model import ValueType
from tests.formats.examples import DATA, EXAMPLE, damaged, distorted, path, profiles, rows, survives
from tests.pictures import profile_of, stacks_of

GOLDEN = (DATA / "example.cpuprofile").read_bytes()
NODE = (DATA / "node.cpuprofile").read_bytes()
STATES = {"(root)", "(program)", "(idle)", "(garbage collector)"}

timed = profiles(first=ValueType("cpu", "ns"))


def projection(profile, lane):
    """What the format holds of a lane: µs and samples by stack of functions, samples by executed line of the leaf."""
    micros, lines = Counter(), Counter()
    before = total = 0
    for stack, thread, values in rows(profile):
        if thread != lane:
            continue
        total += values[0]
        weight, before = (total + 500) // 1000 - before, (total + 500) // 1000
        calls = tuple((_bracketed(name), file, first) for name, file, first in path(profile, stack))
        if weight:
            micros[calls] += weight
            lines[calls, int(profile.frames.line[profile.stacks.frame[stack]]) if calls else 0] += 1
    return micros, lines


def _bracketed(name):
    return f"[{name[1:-1]}]" if name in STATES else name


# The four ways.


def test_golden():
    assert cpuprofile.dumps(EXAMPLE) == GOLDEN


def test_golden_without_its_name():
    assert registry.detect(GOLDEN) is cpuprofile
    assert registry.detect(NODE) is cpuprofile


@given(timed)
def test_export_then_import_is_the_projection(profile):
    found = cpuprofile.loads(cpuprofile.dumps(profile))
    micros, lines = projection(profile, cpuprofile.busiest(profile, 0))
    again, lines_again = projection(found, 0)
    assert again == micros
    assert lines_again == lines
    assert found.value_types == (ValueType("cpu", "ns"),)
    assert found.duration >= profile.duration // 1000 * 1000


@given(timed)
def test_a_second_export_is_equal(profile):
    data = cpuprofile.dumps(profile)
    assert cpuprofile.dumps(cpuprofile.loads(data)) == data


# What others see in it.


@given(timed)
def test_it_is_what_v8_writes(profile):
    """As the protocol asks: a tree of nodes, deltas that add up, a sample weighted by the delta behind it."""
    data = json.loads(cpuprofile.dumps(profile))
    nodes = {node["id"]: node for node in data["nodes"]}
    assert list(nodes) == list(range(1, len(nodes) + 1))
    assert nodes[1]["callFrame"]["functionName"] == "(root)"
    below = [child for node in nodes.values() for child in node.get("children", [])]
    assert sorted(below) == list(range(2, len(nodes) + 1))
    names = Counter(node["callFrame"]["functionName"] for node in nodes.values())
    assert [names[state] for state in sorted(STATES)] == [0, 1, 0, 1]
    assert len(data["samples"]) == len(data["timeDeltas"])
    assert set(data["samples"]) <= nodes.keys()
    assert all(delta >= 0 for delta in data["timeDeltas"])
    assert data["startTime"] + sum(data["timeDeltas"]) <= data["endTime"]
    assert nodes[data["samples"][-1]]["callFrame"]["functionName"] == "(idle)"
    hits = Counter(sample for sample in data["samples"] if sample != len(nodes))
    assert {node: nodes[node]["hitCount"] for node in hits} == hits
    weights = Counter()
    for sample, delta in zip(data["samples"], data["timeDeltas"][1:], strict=False):
        weights[sample] += delta
    busy = sum(weight for node, weight in weights.items() if node != len(nodes))
    lane = cpuprofile.busiest(profile, 0)
    own = int(profile.samples.values[profile.samples.thread == lane, 0].sum())
    assert busy == (own + 500) // 1000


def test_lines_count_from_zero_in_call_frames_and_from_one_in_ticks():
    data = json.loads(cpuprofile.dumps(profile_of("cpu:ns\n5000 f=3:7\n5000 f=3:7\n5000 f=3:8")))
    node = data["nodes"][1]
    assert node["callFrame"]["lineNumber"] == 2
    assert node["positionTicks"] == [{"line": 7, "ticks": 2}, {"line": 8, "ticks": 1}]


def test_the_time_axis_is_true_to_50_ms():
    profile = profile_of(
        """
        cpu:ns
        t=10000000 10000000 f
        # 40 ms of waiting: joined, and made up for where it has become 50
        t=60000000 10000000 f
        t=80000000 10000000 g
        t=90000000 10000000 g
        """
    )
    data = json.loads(cpuprofile.dumps(profile))
    idle = len(data["nodes"])
    assert data["samples"] == [2, 2, idle, 3, 3, idle]
    assert data["timeDeltas"] == [0, 10_000, 10_000, 50_000, 10_000, 10_000]


def test_waits_that_overlap_keep_their_weight():
    profile = profile_of("wall:ns\n@task x\nt=10000000 10000000 f\nt=10000000 10000000 f\nt=10000000 10000000 g")
    found = cpuprofile.loads(cpuprofile.dumps(profile))
    assert stacks_of(found) == {"f": 20_000_000, "g": 10_000_000}
    assert found.duration == 30_000_000


def test_small_weights_are_not_lost():
    """1,000 samples of 1,400 ns are 1,400 µs, though each would be rounded to one."""
    profile = profile_of("cpu:ns\n" + "1400 f\n" * 1000)
    assert stacks_of(cpuprofile.loads(cpuprofile.dumps(profile))) == {"f": 1_400_000}


# Which lane, which value.


def test_the_busiest_python_lane_is_chosen():
    profile = profile_of("cpu:ns\n@a\n3000 f\n@b\n5000 g\n@native blas\n90000 n")
    assert stacks_of(cpuprofile.loads(cpuprofile.dumps(profile))) == {"g": 5000}
    assert stacks_of(cpuprofile.loads(cpuprofile.dumps(profile, lane=0))) == {"f": 3000}


def test_native_time_alone_is_better_than_nothing():
    profile = profile_of("cpu:ns\n@a\n0 f\n@native blas\n90000 n")
    assert stacks_of(cpuprofile.loads(cpuprofile.dumps(profile))) == {"n": 90_000}


def test_idle_threads_of_the_process_do_not_win_by_waiting():
    profile = profile_of("wall:ns\n~@pool\n90000 wait\n@a\n5000 f")
    assert stacks_of(cpuprofile.loads(cpuprofile.dumps(profile))) == {"f": 5000}
    profile = profile_of("cpu:ns\n~@pool\n90000 work\n@a\n5000 f")
    assert stacks_of(cpuprofile.loads(cpuprofile.dumps(profile))) == {"work": 90_000}


def test_a_profile_without_times_is_refused_in_one_line():
    with pytest.raises(UnsupportedDocument, match=r"cannot hold a profile without times; use .*speedscope"):
        cpuprofile.dumps(profile_of("3 f"))


def test_the_first_value_that_is_a_time_is_taken():
    profile = profile_of("samples:count wall:ns\n1 5000 f")
    assert stacks_of(cpuprofile.loads(cpuprofile.dumps(profile))) == {"f": 5000}


def test_losses_say_what_is_left_out():
    assert cpuprofile.losses(EXAMPLE) == (
        "threads other than the busiest (MainThread)",
        "values other than cpu",
        "fractions of a microsecond",
        "which sample ran which line (only how many ran each)",
        "cell sources",
        "facts about the recording",
    )
    assert len(cpuprofile.losses(profile_of("cpu:ns\n1 f"))) == 2
    assert cpuprofile.contents(EXAMPLE) == ("absolute paths",)


# Files of V8.


def test_a_file_of_node():
    profile = cpuprofile.loads(NODE)
    weights = stacks_of(profile)
    leaf = Counter()
    for stack, weight in weights.items():
        leaf[stack.split()[-1]] += weight
    assert leaf.most_common(1)[0][0] == "inner"
    data = json.loads(NODE)
    idle = next(node["id"] for node in data["nodes"] if node["callFrame"]["functionName"] == "(idle)")
    deltas = zip(data["samples"], data["timeDeltas"][1:], strict=False)
    assert sum(weights.values()) == 1000 * sum(delta for sample, delta in deltas if sample != idle)
    assert "[program]" in leaf
    inner = [i for i in range(len(profile.functions)) if profile.function_name(i) == "inner"]
    assert [(profile.function_file(i), int(profile.functions.first_line[i])) for i in inner] == [
        ("file:///srv/app/busy.js", 1)
    ]
    assert profile.started_at == 0  # node counts from the machine's start
    assert profile.duration == 1000 * (data["endTime"] - data["startTime"])


def _file(**change):
    frame = {"functionName": "f", "scriptId": "0", "url": "", "lineNumber": 2, "columnNumber": 0}
    nodes = [{"id": 1, "callFrame": frame | {"functionName": "(root)"}, "children": [2]}, {"id": 2, "callFrame": frame}]
    data = {"nodes": nodes, "startTime": 0, "endTime": 9, "samples": [2, 2], "timeDeltas": [1, 3]}
    return json.dumps(data | change).encode()


def test_the_last_sample_weighs_nothing():
    assert stacks_of(cpuprofile.loads(_file())) == {"f": 3000}


def test_time_does_not_run_backwards():
    """V8 writes negative deltas; what they take back is not given out twice."""
    data = _file(samples=[2, 2, 2, 2], timeDeltas=[0, 5, -2, 4])
    assert stacks_of(cpuprofile.loads(data)) == {"f": 7000}


def test_parents_instead_of_children_are_read():
    frame = {"functionName": "f", "lineNumber": 2}
    nodes = [{"id": 7, "callFrame": {"functionName": "(root)"}}, {"id": 9, "parent": 7, "callFrame": frame}]
    assert stacks_of(cpuprofile.loads(_file(nodes=nodes, samples=[9, 9]))) == {"f": 3000}


def _node(number, **more):
    return {"id": number, "callFrame": {"functionName": "f"}, **more}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nodes": None}, "nodes must be a list"),
        ({"nodes": [7]}, "needs an id"),
        ({"nodes": [{"id": 1}]}, "needs a callFrame"),
        ({"nodes": [_node(1), _node(1)]}, "same id"),
        ({"nodes": [_node(1, children=[1])]}, "do not form a tree"),
        ({"nodes": [_node(1), _node(2, children=[3]), _node(3, children=[2])]}, "do not form a tree"),
        ({"nodes": [_node(1, children=[3]), _node(2, children=[3]), _node(3)]}, "two parents"),
        ({"nodes": [_node(1, children=[9])]}, "does not exist"),
        ({"nodes": [_node(1, children=[[]])]}, "does not exist"),
        ({"nodes": [_node(1, children=7)]}, "children must be a list"),
        ({"nodes": [_node(2, positionTicks=[7])]}, "positionTicks"),
        ({"nodes": [_node(2, positionTicks=[{"line": "x", "ticks": 1}])]}, "line must be a number"),
        ({"samples": [9, 9]}, "node that does not exist"),
        ({"samples": [[], []]}, "node that does not exist"),
        ({"samples": [2]}, "1 samples but 2 timeDeltas"),
        ({"timeDeltas": [1, 10**400]}, "delta must be a number"),
        ({"timeDeltas": [2**51, 2**51], "samples": [2, 2]}, None),
        ({"timeDeltas": [2**52] * 2}, "too much"),
        ({"startTime": "x"}, "startTime must be a number"),
    ],
)
def test_the_reason_is_named(change, said):
    if said is None:
        assert cpuprofile.loads(_file(**change))
        return
    with pytest.raises(MalformedProfile, match=said):
        cpuprofile.loads(_file(**change))


def test_ticks_beyond_counting_cost_nothing():
    nodes = [_node(2, positionTicks=[{"line": 3, "ticks": 2**50}])]
    assert stacks_of(cpuprofile.loads(_file(nodes=nodes)), lines=True) == {"f:3": 3000}


def test_a_chain_of_many_nodes_is_read():
    count = 20_000
    nodes = [_node(i, children=[i + 1] if i + 1 < count else []) for i in range(count)]
    profile = cpuprofile.loads(_file(nodes=nodes, samples=[count - 1] * 2))
    assert len(profile.stacks) == count


@pytest.mark.parametrize("source", [GOLDEN, NODE], ids=["ours", "node"])
@given(data=st.data())
def test_damaged_files(source, data):
    survives(cpuprofile, data.draw(damaged(source)))


@pytest.mark.parametrize("source", [GOLDEN, NODE], ids=["ours", "node"])
@given(data=st.data())
def test_distorted_files(source, data):
    survives(cpuprofile, data.draw(distorted(source)))


def test_without_a_start_it_is_as_long_as_its_samples():
    data = json.loads(_file(endTime=1_795_000_000_000_000))
    del data["startTime"]
    assert cpuprofile.loads(json.dumps(data).encode()).duration == 4_000
