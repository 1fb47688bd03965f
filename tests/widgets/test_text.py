"""The table of a terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings, strategies as st
from wcwidth import wcswidth

from openprofiling_ipy.analysis import summary
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.widgets import text
from tests.pictures import profile_of
from tests.widgets.busy import busy_profile

SOURCE = "df = load()\nif df:\n    df = train(df)\nprint(df)"
FACTS = {A.KIND: "cpu", A.NUMBER: 3, A.LABEL: "In[5]", A.STATUS: "done"}


def small(**changes):
    """Ten seconds: load 30 %, train 70 % of which merge 50 and sort 10."""
    arguments = {"duration": 10 * 10**9, "attributes": FACTS, "sources": {"In[5]": SOURCE}, **changes}
    return profile_of(
        "cpu:ns samples:count"
        + """
        300000000 3   In[5]|<cell>=1:1 In[3]|load=4:5
        500000000 5   In[5]|<cell>=1:3 In[3]|train=9:10 site-packages/pandas/core/frame.py|DataFrame.merge=90:99
        100000000 1   In[5]|<cell>=1:3 In[3]|train=9:11 site-packages/pandas/core/frame.py|DataFrame.sort=190:199
        100000000 1   In[5]|<cell>=1:3 In[3]|train=9:10
        """
        * 10,
        **arguments,
    )


def test_the_whole_of_it():
    assert text.table(small()).splitlines() == [
        "#3 CPU In[5] · 10.0 s · CPU 10.0 s (100 %) · 100 samples",
        "",
        "function                                                     self                     total",
        "DataFrame.merge · pandas/core/frame.py:90           5.00 s 50.0 % ████        5.00 s 50.0 % ████",
        "load · In[3]:4                                      3.00 s 30.0 % ██▍         3.00 s 30.0 % ██▍",
        "train · In[3]:9                                     1.00 s 10.0 % ▊           7.00 s 70.0 % █████▋",
        "DataFrame.sort · pandas/core/frame.py:190           1.00 s 10.0 % ▊           1.00 s 10.0 % ▊",
        "<cell> · In[5]:1                                       0 s    0 %             10.0 s  100 % ████████",
        "",
        "hottest lines                                                self                     total",
        "In[5]:1  df = load()                                   0 s    0 %             3.00 s 30.0 % ██▍",
        "In[5]:3      df = train(df)                            0 s    0 %             7.00 s 70.0 % █████▋",
    ]


def test_header_is_the_pictures():
    said = summary.summary(small())
    first = text.table(small()).splitlines()[0]
    assert first == " · ".join([said.title, *said.facts])


def test_fifteen_rows_in_a_hundred_columns():
    lines = text.table(busy_profile(seconds=2)).splitlines()
    head = lines.index("")
    assert all(wcswidth(line) <= 100 for line in lines)
    rows = [line for line in lines[head:] if line.strip() and not line.startswith(("function ", "hottest lines "))]
    assert len([row for row in rows if "more functions" not in row]) == 15
    assert re.search(r"\n\d+ more functions, [\d.]+ % of self\n", text.table(busy_profile(seconds=2)))


@settings(max_examples=40)
@given(st.integers(48, 140), st.integers(1, 20), st.sampled_from(["utf-8", "ascii", "latin-1"]))
def test_it_fits_wherever_it_is_shown(width, rows, encoding):
    table = text.table(busy_profile(seconds=1, threads=1), rows=rows, width=width, encoding=encoding)
    table.encode(encoding)
    _, _, grid = table.partition("\n\n")
    assert all(wcswidth(line) <= width for line in grid.splitlines())
    # The numbers of a column end below each other.
    rows = [line for line in grid.splitlines() if " more function" not in line and " %" in line]
    assert len({wcswidth(line[: line.index(" %")]) for line in rows}) == 1


def test_wide_names_keep_the_columns():
    profile = profile_of("6 数据处理函数数据处理函数数据处理函数数据处理函数\n3 🚀🚀\n1 ascii")
    rows = text.table(profile).splitlines()[4:]
    assert len(rows) == 3
    assert len({wcswidth(row[: row.index(" %")]) for row in rows}) == 1
    assert rows[0].startswith("数据处理函数")


def test_names_cannot_steer_the_terminal():
    profile = profile_of("3 In[5]|\x1b[2Jevil\x07:1", sources={"In[5]": "x = '\x1b]0;owned\x07'"}, attributes=FACTS)
    table = text.table(profile)
    assert "\x1b" not in table
    assert "\x07" not in table
    assert r"\x1b[2Jevil\x07" in table
    assert r"\x1b]0;owned\x07" in table


def test_ascii_where_the_encoding_has_no_blocks():
    table = text.table(small(), encoding="ascii")
    assert "##" in table
    assert " - In[3]:4" in table
    assert table.isascii()
    assert "10.0 us" in text.table(profile_of("cpu:ns\n10000 a"), encoding="ascii")


def test_color_is_only_paint():
    plain = text.table(small())
    painted = text.table(small(), color=True)
    assert "\x1b[" not in plain
    assert "\x1b[1mload\x1b[0m" in painted  # the user's own stands out
    assert re.sub(r"\x1b\[\d+m", "", painted) == plain


def test_nothing_recorded_says_why():
    profile = profile_of("cpu:ns", duration=3 * 10**6, attributes=FACTS)
    table = text.table(profile)
    assert "too short" in table
    assert "function" not in table


@pytest.mark.parametrize("status", ["interrupted", "failed", "running"])
def test_how_it_ended_is_said(status):
    table = text.table(small(attributes={**FACTS, A.STATUS: status, A.ERROR: "ValueError: x"}))
    assert {"interrupted": "interrupted", "failed": "ValueError: x", "running": "still running"}[status] in table


def test_notes_are_wrapped():
    long = small(attributes={**FACTS, A.STATUS: "failed", A.ERROR: "very " * 60})
    notes = [line for line in text.header(long, width=60).splitlines()[1:] if line]
    assert len(notes) > 3
    assert notes[0].startswith("! ")
    assert all(len(line) <= 60 for line in notes)


def test_header_alone():
    assert text.header(small()) == text.table(small()).splitlines()[0]


def test_a_cell_that_waited_is_shown_by_wall():
    profile = profile_of(
        "cpu:ns wall:ns\n0 4000000000 In[5]|<cell>:1 time.py|sleep\n1000000 90000000 In[5]|<cell>:1",
        attributes=FACTS,
        duration=4 * 10**9,
    )
    rows = text.table(profile).splitlines()
    assert any(row.startswith("sleep") and "4.00 s" in row for row in rows)


def test_other_values_have_their_units():
    assert "1.50 KiB" in text.table(profile_of("size:bytes\n1536 a"))
    assert "1,234,567" in text.table(profile_of("samples:count\n1234567 a"))
