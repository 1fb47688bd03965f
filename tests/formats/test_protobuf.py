"""The wire: numbers and fields, against a plain reading of the specification."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.formats import protobuf
from openprofiling_ipy.formats.protobuf import WireError

int64 = st.integers(-(2**63), 2**63 - 1) | st.integers(-300, 300)


def plain_varint(value):
    value %= 2**64
    groups = [value >> shift & 0x7F for shift in range(0, 64, 7)]
    while len(groups) > 1 and not groups[-1]:
        groups.pop()
    return bytes([group | 0x80 for group in groups[:-1]] + groups[-1:])


@pytest.mark.parametrize(("value", "wire"), [(0, "00"), (1, "01"), (150, "9601"), (-1, "ffffffffffffffffff01")])
def test_the_examples_of_the_specification(value, wire):
    assert protobuf.varint(value) == bytes.fromhex(wire)


@given(int64)
def test_a_number_is_written_and_read(value):
    data = protobuf.varint(value)
    assert data == plain_varint(value)
    assert protobuf.signed(protobuf.number(data, 0, len(data))) == value


@given(st.lists(int64))
def test_many_numbers_are_written_and_read_as_one_by_one(values):
    data, bounds = protobuf.encode(np.array(values, dtype=np.int64))
    assert [data[at:stop] for at, stop in pairwise(bounds)] == list(map(plain_varint, values))
    found, ends = protobuf.decode(data)
    assert found.tolist() == values
    assert ends.tolist() == bounds[1:]


@given(st.lists(st.tuples(st.integers(1, 2047), st.integers(1, 2**63) | st.binary(max_size=200))))
def test_a_message_is_its_fields(content):
    data = b"".join(protobuf.integer(f, v) if isinstance(v, int) else protobuf.blob(f, v) for f, v in content)
    found = [
        (field, data[at:stop] if wire == protobuf.BYTES else protobuf.number(data, at, stop))
        for field, wire, at, stop in protobuf.fields(data, 0, len(data))
    ]
    assert found == content


def test_fields_of_a_fixed_width_are_stepped_over():
    data = bytes.fromhex("09 0102030405060708 0d 01020304 10 05")
    assert list(protobuf.fields(data, 0, len(data))) == [(2, protobuf.NUMBER, 15, 16)]


@pytest.mark.parametrize(
    ("wire", "said", "offset"),
    [
        ("00", "the number 0", 0),
        ("0b", "wire type 3", 0),
        ("08 01 0f", "wire type 7", 2),
        ("08", "cut off", 1),
        ("08 80", "cut off", 2),
        ("0a 05 01", "cut off", 3),
        ("09 01", "cut off", 2),
        ("08 ffffffffffffffffffff01", "longer than 64 bits", 1),
    ],
)
def test_what_is_no_message(wire, said, offset):
    data = bytes.fromhex(wire)
    with pytest.raises(WireError, match=said) as caught:
        list(protobuf.fields(data, 0, len(data)))
    assert caught.value.offset == offset


@pytest.mark.parametrize("wire", ["80", "01 80", "ffffffffffffffffffff01"])
def test_what_are_no_numbers(wire):
    with pytest.raises(ValueError, match=r"cut off|longer than 64 bits"):
        protobuf.decode(bytes.fromhex(wire))
