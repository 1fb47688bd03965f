from __future__ import annotations

import math
import re
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.model.units import format_count, format_percent, format_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"),
        (1, "1 ns"),
        (999, "999 ns"),
        (999.4, "999 ns"),
        (999.5, "1.00 µs"),
        (1000, "1.00 µs"),
        (9994, "9.99 µs"),
        (9995, "10.0 µs"),
        (99_940, "99.9 µs"),
        (99_950, "100 µs"),
        (999_499, "999 µs"),
        (999_500, "1.00 ms"),
        (12_000_000, "12.0 ms"),
        (999_499_999, "999 ms"),
        (999_500_000, "1.00 s"),
        (1_240_000_000, "1.24 s"),
        (59_949_999_999, "59.9 s"),
        (59_950_000_000, "1 min 0 s"),
        (90_400_000_000, "1 min 30 s"),
        (724_000_000_000, "12 min 4 s"),
        (3_599_400_000_000, "59 min 59 s"),
        (3_599_600_000_000, "1 h 0 min"),
        (7_500_000_000_000, "2 h 5 min"),
        (7_199_000_000_000, "2 h 0 min"),
        (360_000_000_000_000, "100 h 0 min"),
        (-12_000_000, "-12.0 ms"),
        (-90_000_000_000, "-1 min 30 s"),
    ],
)
def test_times(value, text):
    assert format_value(value, "ns") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (1536, "1.50 KiB"),
        (10 * 1024, "10.0 KiB"),
        (1000 * 1024, "1000 KiB"),
        (1023 * 1024, "1023 KiB"),
        (1023.6 * 1024, "1.00 MiB"),
        (5 * 1024**3, "5.00 GiB"),
        (3 * 1024**4, "3.00 TiB"),
        (2048 * 1024**4, "2048 TiB"),
        (-1536, "-1.50 KiB"),
    ],
)
def test_bytes(value, text):
    assert format_value(value, "bytes") == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (12, "12"), (1234567, "1,234,567"), (-1234, "-1,234"), (11.6, "12")]
)
def test_counts(value, text):
    assert format_value(value, "count") == text


def test_format_count():
    assert format_count(1234567) == "1,234,567"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.0000001, "<0.1 %"),
        (0.00099, "<0.1 %"),
        (0.001, "0.1 %"),
        (0.362, "36.2 %"),
        (0.9994, "99.9 %"),
        (0.9996, "100 %"),
        (1, "100 %"),
        (1.5, "150 %"),
        (-0.032, "-3.2 %"),
    ],
)
def test_percentages(share, text):
    assert format_percent(share) == text


SCALES = {
    "ns": 1,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "B": 1,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "TiB": 1024**4,
}


@given(st.integers(1, 59_949_999_999), st.just("ns") | st.just("bytes"))
def test_three_digits_within_half_of_the_last(value, unit):
    text = format_value(value, unit)
    match = re.fullmatch(r"(\d+(?:\.\d+)?) (\S+)", text)
    number, scale = Fraction(match[1]), SCALES[match[2]]
    digits = match[1].replace(".", "")
    assert len(digits) == 3 or scale == 1 or (unit == "bytes" and len(digits) == 4)
    last = Fraction(1, 10 ** len(match[1].partition(".")[2])) * scale
    # A double is not exact: allow it its own last digit.
    assert abs(number * scale - value) <= last / 2 + Fraction(value) / 2**50
    assert number < (1000 if unit == "ns" else 1024)


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_more_never_reads_as_less(one, two):
    low, high = sorted((one, two))
    assert seconds(format_value(low, "ns")) <= seconds(format_value(high, "ns"))


def seconds(text):
    parts = re.findall(r"([\d.]+) (h|min|s|ms|µs|ns)", text)
    unit = {"h": 3600, "min": 60, "s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}
    return math.fsum(float(number) * unit[name] for number, name in parts)
