"""Columns as JSON data and back."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.formats import columns
from openprofiling_ipy.model import Profile
from tests.formats.examples import EXAMPLE, distorted, profiles
from tests.pictures import profile_of

ENCODED = json.dumps(columns.encode(EXAMPLE)).encode()


@given(profiles())
def test_round_trip_through_json_is_exact(profile):
    assert columns.decode(json.loads(json.dumps(columns.encode(profile)))) == profile


def test_what_is_stored():
    profile = profile_of("t=5 7 main:1 a:2\nt=4 1 main:1 b:3\nt=9 2 -".replace("t=4", "t=5"), started_at=3, duration=9)
    found = columns.encode(profile)
    assert found["stacks"] == {"parent": [0, 1, 2], "frame": [0, 1, 2]}  # main, a below it, b two after main
    assert found["samples"] == {"stack": [1, 1, -3], "thread": [0, 0, 0], "time": [5, 0, 4], "values": [[7, 1, 2]]}
    assert found["started_at"] == "3"
    assert found["threads"] == [{"name": "MainThread", "kind": "thread", "home": True}]


def test_times_at_the_ends_of_64_bits_survive():
    low, high = -(2**63), 2**63 - 1
    profile = profile_of("t=0 1 a\n@other\nt=1 1 b", duration=1)
    samples = profile.samples
    wide = type(samples)(samples.stack, samples.thread, samples.values, np.array([low, high]))
    extreme = Profile(**{f: getattr(profile, f) for f in profile.__dataclass_fields__ if f != "samples"}, samples=wide)
    assert columns.decode(columns.encode(extreme)) == extreme


def test_a_deep_chain_is_read_in_linear_time():
    depth = 200_000
    data = columns.encode(profile_of("1 a:1"))
    data["stacks"] = {"parent": [0] + [1] * (depth - 1), "frame": [0] * depth}
    data["samples"]["stack"] = [depth - 1]
    profile = columns.decode(data)
    assert profile.stacks.end.tolist() == [depth] * depth


@given(distorted(ENCODED))
def test_anything_else_is_a_value_error(data):
    said = ""
    try:
        profile = columns.decode(json.loads(data))
    except ValueError as error:
        said = str(error)
    else:
        assert pickle.loads(pickle.dumps(profile)) == profile
    assert len(said) < 300


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("version", 2, "version 2 of the data"),
        ("version", True, "version True"),
        ("strings", ["a"], "strings"),
        ("strings", ["", 7], "strings only"),
        ("threads", [{"name": "x", "kind": "fibre", "home": True}], "a thread needs"),
        ("value_types", [{"kind": "cpu", "unit": "s"}], "a value type needs"),
        ("started_at", 7, "started_at"),
        ("started_at", "9" * 40, "started_at"),
        ("started_at", "²", "started_at"),
        ("duration", 1.5, "duration"),
        ("attributes", {"a": []}, "attribute a"),
        ("attributes", {"a": float("inf")}, "attribute a"),
        ("sources", {"a": 1}, "sources"),
        ("stacks.parent", [0, 2], "earlier stack"),
        ("stacks.parent", [0.0], "whole numbers"),
        ("stacks.frame", [2**31], "too large"),
        ("samples.stack", [2**62, 2**62], "too large"),
        ("samples.stack", [True], "whole numbers"),
        ("samples.values", [], "each value type"),
        ("samples.values", [[2**62] * 4], "differ in length"),
    ],
)
def test_the_reason_is_named(path, value, said):
    data = columns.encode(profile_of("1 a b\n2 a"))
    holder, *rest = data, *path.split(".")
    *outer, last = rest
    for key in outer:
        holder = holder[key]
    holder[last] = value
    with pytest.raises(ValueError, match=said):
        columns.decode(data)


def test_weights_whose_sum_would_wrap_round_are_refused():
    data = columns.encode(profile_of("1 a\n1 a\n1 a"))
    data["samples"]["values"] = [[2**62] * 3]
    with pytest.raises(ValueError, match="add up"):
        columns.decode(data)


@given(st.lists(st.integers(0, 3), max_size=30))
def test_ends_are_those_of_the_model(choices):
    """Any trie: stacks drawn as walks, against the builder's own ends."""
    words = [" ".join("abcd"[: 1 + c]) for c in choices] + ["d c b a"]
    profile = profile_of("\n".join(f"1 {word}" for word in words))
    assert columns.decode(columns.encode(profile)).stacks.end.tolist() == profile.stacks.end.tolist()
