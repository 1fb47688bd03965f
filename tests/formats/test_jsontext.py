"""JSON, strict and bounded."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.errors import MalformedProfile
from openprofiling_ipy.formats import jsontext

_TEXTS = st.text(st.characters(exclude_categories=()))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_TEXTS, _JSON, max_size=3))
def test_what_is_written_is_read(value):
    assert jsontext.parse(jsontext.write(value), "x") == value


def test_it_writes_what_javascript_writes():
    """So that the picture's own export is byte for byte the kernel's."""
    strings = [
        "".join(map(chr, range(0x80))),
        "é\u2028\u2029\x7f\x9f",
        "\ud800",
        "\udc80x",
        "\U0001f600",
        '</script>"\\/',
    ]
    node = shutil.which("node")
    assert node, "node is needed: run `make setup`"
    code = "process.stdout.write(JSON.stringify(JSON.parse(process.argv[1])))"
    done = subprocess.run([node, "-e", code, json.dumps({"a": strings})], capture_output=True, check=True)
    assert done.stdout == jsontext.write({"a": strings})


@pytest.mark.parametrize(
    ("data", "reason", "offset"),
    [
        (b"", "not JSON", 0),
        (b'{"a": 1', "not JSON", 7),
        ('{"ä": x}'.encode(), "not JSON", 7),
        (b'{"a": \xff}', "not text", 6),
        (b"[1]", "not a JSON object", 0),
        (b'"' + b"a" * 1000 + b'"', "not a JSON object", 0),
        (b'{"a": NaN}', "NaN is not a number", -1),
        (b'{"a": ' + b"9" * 5000 + b"}", "limit", -1),
        (b"[" * 100_000, "too deeply", -1),
        (b'{"a":' * 100_000, "too deeply", -1),
    ],
)
def test_the_reason_and_the_place(data, reason, offset):
    with pytest.raises(MalformedProfile, match=reason) as caught:
        jsontext.parse(data, "speedscope")
    assert caught.value.offset == offset
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_of_json_are_read(encoding):
    assert jsontext.parse('{"a": "ö"}'.encode(encoding), "x") == {"a": "ö"}


def test_nan_is_never_written():
    with pytest.raises(ValueError, match="JSON compliant"):
        jsontext.write({"a": float("nan")})
