"""speedscope JSON: ours exactly, anybody else's as far as it goes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings, strategies as st

from openprofiling_ipy.analysis.weights import stack_functions
from openprofiling_ipy.errors import MalformedProfile
from openprofiling_ipy.formats import registry, speedscope
from openprofiling_ipy.model import Thread, ValueType
from tests.formats.examples import DATA, EXAMPLE, HOSTILE, damaged, distorted, profiles, survives
from tests.pictures import profile_of, stacks_of

GOLDEN = (DATA / "example.speedscope.json").read_bytes()
FOREIGN = (DATA / "evented.speedscope.json").read_bytes()


@pytest.fixture(scope="session")
def schema(root: Path) -> jsonschema.Draft7Validator:
    """The official schema, out of the npm package that `npm ci` installs."""
    path = root / "node_modules" / "speedscope" / "dist" / "release" / "file-format-schema.json"
    if not path.exists():
        pytest.fail(f"{path} is missing: run `npm ci`")
    return jsonschema.Draft7Validator(json.loads(path.read_bytes()))


# The four ways.


def test_golden():
    assert speedscope.dumps(EXAMPLE) == GOLDEN


def test_golden_without_its_name():
    assert registry.detect(GOLDEN) is speedscope
    assert registry.detect(FOREIGN) is speedscope


@given(profiles())
def test_export_then_import_is_equal(profile):
    assert speedscope.loads(speedscope.dumps(profile)) == profile


@given(profiles())
def test_a_second_export_is_equal(profile):
    data = speedscope.dumps(profile)
    assert speedscope.dumps(speedscope.loads(data)) == data


# What others see in it.


@settings(max_examples=40)
@given(profiles())
def test_it_is_valid_against_the_official_schema(schema, profile):
    schema.validate(json.loads(speedscope.dumps(profile)))


@given(profiles())
def test_one_profile_a_lane_with_all_its_weight(profile):
    data = json.loads(speedscope.dumps(profile))
    lanes = sorted(set(profile.samples.thread.tolist()))
    assert [p["name"] for p in data["profiles"]] == [profile.threads[lane].name for lane in lanes]
    for found, lane in zip(data["profiles"], lanes, strict=True):
        chosen = profile.samples.thread == lane
        assert found["weights"] == profile.samples.values[chosen, 0].tolist()
        assert found["endValue"] - found["startValue"] == sum(found["weights"])
        assert found["samples"] == [_functions(profile, stack) for stack in profile.samples.stack[chosen].tolist()]


def _functions(profile, stack):
    """The brute-force twin: follow the parents."""
    found = []
    while stack >= 0:
        found.append(int(stack_functions(profile)[stack]))
        stack = int(profile.stacks.parent[stack])
    return found[::-1]


def test_one_frame_a_function():
    data = json.loads(speedscope.dumps(EXAMPLE))
    frames = data["shared"]["frames"]
    assert frames[1] == {"name": "f", "file": "/home/joe/x/a.py", "line": 3}
    assert {"name": HOSTILE, "line": 2} in frames
    assert len(frames) == len(EXAMPLE.functions)
    assert data["profiles"][0]["samples"][0] == [0, 1, 1]


def test_speedscope_opens_the_heaviest_lane_of_those_shown():
    profile = profile_of("cpu:ns\n@a\n1 f\n~@b\n9 f\n@c\n5 f")
    assert json.loads(speedscope.dumps(profile))["activeProfileIndex"] == 2


def test_nothing_is_lost():
    assert speedscope.losses(EXAMPLE) == ()


def test_what_it_tells_is_said():
    assert speedscope.contents(EXAMPLE) == ("host name", "process id", "absolute paths", "the source of In[5], In[4]")
    many = profile_of("1 f", sources={f"In[{i}]": "" for i in range(9)})
    assert speedscope.contents(many) == ("the source of In[0], In[1], In[2] and 6 more",)
    assert speedscope.contents(profile_of("1 In[5]|f C:\\x.py|g")) == ("absolute paths",)


# Files of other tools.


def test_evented_and_sampled_profiles_in_one_file():
    profile = speedscope.loads(FOREIGN)
    assert [thread.name for thread in profile.threads] == ["events", "samples"]
    assert profile.value_types == (ValueType("wall", "ns"),)
    assert stacks_of(profile) == {
        "main load": 2_000_000,
        "main load parse": 3_000_000,
        "main": 1_000_000,
        "main draw": 4_000_000,
        "main load parse parse": 250,
        "-": 750,
    }
    # The second event profile begins 2 ms later: times count from the first.
    assert profile.samples.time[profile.samples.thread == 0].tolist() == [2_000_000, 5_000_000, 6_000_000, 11_000_000]
    assert profile.duration == 12_000_000
    assert profile.attributes == {"name": "two ways", "engine": "by hand"}


def test_our_own_file_without_our_member_has_the_same_weights():
    data = json.loads(GOLDEN)
    del data["openprofiling"]
    profile = speedscope.loads(json.dumps(data).encode())
    assert stacks_of(profile) == stacks_of(EXAMPLE)


def test_a_function_of_several_lines_is_one_function():
    profile = _foreign(
        [{"name": "f", "file": "a.py", "line": 3}, {"name": "f", "file": "a.py", "line": 4}], [[0], [0, 1]]
    )
    assert stacks_of(profile, lines=True) == {"f:3": 1, "f:3 f:4": 1}
    assert len(profile.functions) == 1


def test_a_single_line_is_where_the_function_begins():
    profile = _foreign([{"name": "f", "file": "a.py", "line": 3}], [[0]])
    assert profile.functions.first_line.tolist() == [3]


def test_lambdas_of_several_lines_are_several_functions():
    profile = _foreign([{"name": "<lambda>", "line": 3}, {"name": "<lambda>", "line": 4}], [[0], [1]])
    assert profile.functions.first_line.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("unit", "kind", "weight"),
    [
        ("nanoseconds", ValueType("wall", "ns"), 3),
        ("microseconds", ValueType("wall", "ns"), 2_500),
        ("milliseconds", ValueType("wall", "ns"), 2_500_000),
        ("seconds", ValueType("wall", "ns"), 2_500_000_000),
        ("bytes", ValueType("bytes", "bytes"), 3),
        ("none", ValueType("samples", "count"), 3),
    ],
)
def test_units(unit, kind, weight):
    profile = _foreign([{"name": "f"}], [[0], [0]], unit=unit, weights=[2.5, 2.5])
    assert profile.value_types == (kind,)
    # The sum is rounded rather than each weight: 2.5 + 2.5 is 5.
    assert profile.samples.values.sum() == (5 if weight == 3 else 2 * weight)


def test_profiles_of_several_units_have_a_column_each():
    data = {
        "$schema": speedscope._SCHEMA,
        "shared": {"frames": [{"name": "f"}]},
        "profiles": [_sampled([[0]], [7], "seconds"), _sampled([[0]], [9], "bytes")],
    }
    profile = speedscope.loads(json.dumps(data).encode())
    assert profile.value_kinds == ("wall", "bytes")
    assert profile.samples.values.tolist() == [[7_000_000_000, 0], [0, 9]]
    assert profile.samples.time is None


def test_profiles_of_the_same_name_stay_apart():
    data = {
        "shared": {"frames": [{"name": "f"}]},
        "profiles": [_sampled([[0]], [7], "none"), _sampled([[0]], [9], "none")],
    }
    profile = speedscope.loads(json.dumps(data).encode())
    assert profile.threads == (Thread("p"), Thread("p"))
    assert profile.samples.thread.tolist() == [0, 1]


def _sampled(samples, weights, unit):
    end = sum(weights)
    return {
        "type": "sampled",
        "name": "p",
        "unit": unit,
        "startValue": 0,
        "endValue": end,
        "samples": samples,
        "weights": weights,
    }


def _foreign(frames, samples, unit="none", weights=None):
    weights = weights or [1] * len(samples)
    data = {"shared": {"frames": frames}, "profiles": [_sampled(samples, weights, unit)]}
    return speedscope.loads(json.dumps(data).encode())


# What is no such file.


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shared": None}, "shared.frames and profiles"),
        ({"profiles": {}}, "shared.frames and profiles"),
        ({"profiles": [7]}, "with a unit"),
        ({"profiles": [_sampled([[0]], [1], "parsecs")]}, "unit 'parsecs' is none of"),
        ({"profiles": [_sampled([[1]], [1], "none")]}, "frame that does not exist"),
        ({"profiles": [_sampled([[-1]], [1], "none")]}, "frame that does not exist"),
        ({"profiles": [_sampled([["0"]], [1], "none")]}, "frame that does not exist"),
        ({"profiles": [_sampled([0], [1], "none")]}, "list of frame numbers"),
        ({"profiles": [_sampled([[[0]]], [1], "none")]}, "list of frame numbers"),
        ({"profiles": [_sampled([[0]], [-1], "none")]}, "negative"),
        ({"profiles": [_sampled([[0]], [1, 2], "none")]}, "1 samples but 2 weights"),
        ({"profiles": [_sampled([[0]], [1e300], "none")]}, "too large"),
        ({"profiles": [_sampled([[0]], [10**400], "none")]}, "too large"),
        ({"profiles": [_sampled([[0]], [2**61], "none")] * 3}, "64 bits"),
        ({"profiles": [_sampled([[0]], [2**61], "seconds")]}, "too large"),
        ({"profiles": [{"type": "other", "unit": "none"}]}, "sampled or evented"),
        ({"openprofiling": {"version": 99}}, "version 99"),
        ({"openprofiling": None}, "must be an object"),
    ],
)
def test_the_reason_is_named(change, said):
    data = {"shared": {"frames": [{"name": "f"}]}, "profiles": []} | change
    with pytest.raises(MalformedProfile, match=said) as caught:
        speedscope.loads(json.dumps(data).encode())
    assert caught.value.format == "speedscope"


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([("O", 0, 5), ("C", 0, 4)], "not in order"),
        ([("O", 0, 1), ("C", 1, 2)], "close the innermost"),
        ([("C", 0, 1)], "close the innermost"),
        ([("X", 0, 1)], "close the innermost"),
        ([("O", 9, 1)], "does not exist"),
        ([("O", 0, None)], "the time of an event"),
    ],
)
def test_events_must_fit_together(events, said):
    listed = [{"type": kind, "frame": frame, "at": at} for kind, frame, at in events]
    one = {"type": "evented", "name": "p", "unit": "none", "startValue": 0, "endValue": 9, "events": listed}
    data = {"shared": {"frames": [{"name": "f"}, {"name": "g"}]}, "profiles": [one]}
    with pytest.raises(MalformedProfile, match=said):
        speedscope.loads(json.dumps(data).encode())


@pytest.mark.parametrize("source", [GOLDEN, FOREIGN], ids=["ours", "foreign"])
@given(data=st.data())
def test_damaged_files(source, data):
    survives(speedscope, data.draw(damaged(source)))


@pytest.mark.parametrize("source", [GOLDEN, FOREIGN], ids=["ours", "foreign"])
@given(data=st.data())
def test_distorted_files(source, data):
    survives(speedscope, data.draw(distorted(source)))
