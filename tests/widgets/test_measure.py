"""Widths in a terminal, against the library that terminals' shells measure with."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st
from wcwidth import wcswidth

from openprofiling_ipy.widgets import measure

LETTERS = st.sampled_from(["a", "Z", "_", ".", " ", "é", "ß", "ж", "数", "据", "한", "カ", "e\u0301", "…", "·", "█"])
EMOJI = st.sampled_from(["🚀", "🐍", "❤\ufe0f", "👍🏽", "👩\u200d💻", "🏳\ufe0f\u200d🌈", "🇫🇷"])
TEXTS = st.lists(st.one_of(LETTERS, EMOJI), max_size=20).map("".join)


@given(TEXTS)
def test_width_is_what_a_terminal_shows(text):
    assert measure.width(text) == wcswidth(text)


@given(TEXTS, st.integers(0, 30))
def test_clip_never_exceeds_its_columns_and_keeps_what_fits(text, columns):
    clipped = measure.clip(text, columns)
    assert measure.width(clipped) <= columns
    if measure.width(text) <= columns:
        assert clipped == text
    elif columns:
        assert clipped.endswith("…")
        assert text.startswith(clipped[:-1])


@given(TEXTS, st.integers(0, 60))
def test_pad_fills_up(text, columns):
    padded = measure.pad(text, columns)
    assert padded.startswith(text)
    assert measure.width(padded) == max(columns, measure.width(text))


@pytest.mark.parametrize(
    ("path", "columns", "short"),
    [
        ("pandas/core/frame.py:9", 22, "pandas/core/frame.py:9"),
        ("pandas/core/frame.py:9", 20, "…/core/frame.py:9"),
        ("pandas/core/frame.py:9", 15, "…/frame.py:9"),
        ("pandas/core/frame.py:9", 8, "…me.py:9"),
        ("pandas/core/frame.py:9", 1, ""),
        ("In[3]:12", 8, "In[3]:12"),
    ],
)
def test_shorten_keeps_the_file_and_its_line(path, columns, short):
    assert measure.shorten(path, columns) == short


@given(st.text())
def test_harmless_leaves_nothing_that_steers(text):
    safe = measure.harmless(text)
    assert not [char for char in safe if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(safe) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert measure.harmless(safe) == safe
    safe.encode()


def test_harmless_says_what_was_there():
    assert measure.harmless("a\x1b[31mb\nc\u202e") == r"a\x1b[31mb\nc\u202e"
    assert measure.harmless("naïve 数据 👩\u200d💻") == "naïve 数据 👩\u200d💻"


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, ""), (0.5, "████"), (1, "████████"), (1.7, "████████"), (1 / 64, "▏")]
)
def test_bar(share, drawn):
    assert measure.bar(share, 8) == drawn


def test_bar_in_ascii():
    assert measure.bar(0.5, 8, "#") == "####"
    assert measure.bar(0.01, 8, "#") == ""
