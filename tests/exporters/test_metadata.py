"""Metadata as headers: what they may hold, and the same again when read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.exporters.metadata import MOST, from_headers, to_headers


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "100 %",
        "GET /Straße",
        " edge ",
        "two  spaces   three",
        "=?utf-8?q?x?=",
        "a\r\nX-Evil: 1",
        "\t",
        "😀",
        "%41",
    ],
)
def test_what_is_read_is_what_was_written(value):
    headers = to_headers({"label": value})
    # As a server and a client may treat a header.
    arrived = {key.title(): re.sub(r"[ \t]+", " ", text).strip() for key, text in headers.items()}
    assert from_headers(arrived) == {"label": value}


@given(st.dictionaries(st.text(max_size=40), st.text(max_size=700), max_size=8))
def test_headers_are_plain_and_bounded(metadata):
    headers = to_headers(metadata)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*", name) for name in headers)
    assert all(re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", text) for text in headers.values())
    assert sum(len(name) + len(text) for name, text in headers.items()) <= MOST


@given(st.text(max_size=50))
def test_any_short_text_survives(value):
    assert from_headers(to_headers({"a": value})).get("a", "") == value.encode(errors="replace").decode()


def test_a_long_value_is_cut_between_its_letters():
    headers = to_headers({"label": "ß" * 500})
    assert set(from_headers(headers)["label"]) == {"ß"}
    assert 300 < len(headers["label"]) <= 512


def test_attributes_are_cut_between_pairs():
    pairs = "&".join(f"key{number}=value" for number in range(200))
    kept = from_headers(to_headers({"attributes": pairs}))["attributes"]
    assert pairs.startswith(kept + "&")
    assert kept.endswith("=value")


def test_the_first_is_kept_where_not_all_have_room():
    headers = to_headers({"kind": "cpu", **{f"long{number}": "x" * 512 for number in range(9)}})
    assert list(headers) == ["kind", "long0", "long1", "long2", "long3"]
