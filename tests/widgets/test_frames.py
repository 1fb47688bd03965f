"""The tables of pandas."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.capture import Capture
from openprofiling_ipy.errors import AmbiguousFunction, UnknownFile, UnknownFunction, UnknownValue
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.widgets import frames
from tests.pictures import profile_of

COLUMNS = ["function", "file", "line", "self", "total", "self_share", "total_share"]
PICTURE = """
    cpu:ns wall:ns
    30 40  In[5]|<cell>=1:1 /p/a.py|load=3:4
    10 10  In[5]|<cell>=1:2 /p/a.py|load=3:5 /p/b.py|load=7:8
    0  50  In[5]|<cell>=1:2
    20 20  In[5]|<cell>=1:2 /p/b.py|fib=1:2 /p/b.py|fib=1:2
    ~@Idle
    0 900  /usr/lib/python3.11/threading.py|wait=5:6
"""


@pytest.fixture
def profile():
    source = "a = load()\nb()\n\f\nc\n"
    return profile_of(PICTURE, attributes={A.LABEL: "In[5]"}, sources={"In[5]": source})


def test_table_as_it_is_promised(profile):
    table = frames.table(profile)
    assert list(table.columns) == COLUMNS
    assert table.index.equals(pd.RangeIndex(5))
    assert {str(table[name].dtype) for name in ("line", "self", "total")} == {"int64"}
    assert {str(table[name].dtype) for name in ("self_share", "total_share")} == {"float64"}
    assert table[["function", "file", "line", "self", "total"]].to_numpy().tolist() == [
        ["load", "/p/a.py", 3, 30, 40],
        ["fib", "/p/b.py", 1, 20, 20],
        ["load", "/p/b.py", 7, 10, 10],
        ["<cell>", "In[5]", 1, 0, 60],
        ["wait", "/usr/lib/python3.11/threading.py", 5, 0, 0],
    ]
    assert table["self_share"].sum() == pytest.approx(1)
    assert table["total_share"].tolist() == pytest.approx([40 / 60, 20 / 60, 10 / 60, 1, 0])


def test_wall_is_about_the_threads_shown_at_first(profile):
    table = frames.table(profile, "wall")
    assert table.iloc[0][["function", "self", "total"]].tolist() == ["<cell>", 50, 120]
    assert table.set_index("function").loc["wait", "total"] == 0
    assert table["self_share"].sum() == pytest.approx(1)


@given(st.permutations(["5 a:1", "5 b:1", "5 b:2 c", "7 d", "0 e"]))
def test_the_order_depends_on_what_is_seen_alone(samples):
    table = frames.table(profile_of("\n".join(samples)))
    assert table["function"].tolist() == ["d", "b", "a", "c", "e"]


def test_callers_and_callees(profile):
    above = frames.callers(profile, ("load", "/p/b.py"))
    assert list(above.columns) == COLUMNS
    assert above[["function", "file", "self", "total"]].to_numpy().tolist() == [["load", "/p/a.py", 10, 10]]
    below = frames.callees(profile, "<cell>")
    assert below[["function", "file", "self", "total"]].to_numpy().tolist() == [
        ["load", "/p/a.py", 30, 40],
        ["fib", "/p/b.py", 20, 20],
    ]
    assert below["total_share"].tolist() == pytest.approx([40 / 60, 20 / 60])
    assert below.index.equals(pd.RangeIndex(2))


def test_lines_have_their_source(profile):
    table = frames.lines(profile)
    assert list(table.columns) == ["line", "self", "total", "source"]
    assert table.to_numpy().tolist() == [
        [1, 0, 30, "a = load()"],
        [2, 0, 30, "b()"],
        [3, 0, 0, "\f"],
        [4, 0, 0, "c"],
    ]
    assert {str(table[name].dtype) for name in ("line", "self", "total")} == {"int64"}
    assert frames.lines(profile, "In[5]", "wall")["self"].tolist() == [0, 50, 0, 0]


def test_lines_of_a_file_are_read_from_it(tmp_path):
    file = tmp_path / "train.py"
    file.write_text("import x\nfor i in x:\n    use(i)\n")
    profile = profile_of("3 main:2\n1 main:9", file=str(file))
    table = frames.lines(profile, "train.py")
    assert table["source"].tolist() == ["import x", "for i in x:", "    use(i)", ""]
    assert table["line"].tolist() == [1, 2, 3, 9]
    assert table["self"].tolist() == [0, 3, 0, 1]


def test_a_relative_path_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "train.py").write_text("somebody else's\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    table = frames.lines(profile_of("3 train.py|main:1"), "train.py")
    assert table["source"].tolist() == [""]


def test_lines_without_a_cell_are_those_of_the_heaviest_own_file():
    picture = "1 /p/main.py|main:1 /p/work.py|work:7\n9 /p/main.py|main:2 site-packages/np/x.py|dot:3"
    profile = profile_of(picture, attributes={A.LABEL: "train()"})
    assert frames.lines(profile)["line"].tolist() == [1, 2]
    assert frames.lines(profile, "x.py")["line"].tolist() == [3]
    assert frames.lines(profile, "np/x.py")["total"].tolist() == [9]
    assert frames.lines(profile_of("samples:count")).empty


def test_unknown_names_say_which_are_known(profile):
    with pytest.raises(UnknownValue, match="cpu, wall"):
        frames.table(profile, "heap")
    with pytest.raises(UnknownFunction, match="'load'"):
        frames.callers(profile, "laod")
    with pytest.raises(AmbiguousFunction, match=r"/p/a\.py"):
        frames.callees(profile, "load")
    with pytest.raises(UnknownFile, match=r"'In\[5\]'"):
        frames.lines(profile, "In[6]")
    twice = profile_of("1 /p/x.py|a:1\n1 /q/x.py|b:1")
    with pytest.raises(UnknownFile) as caught:
        frames.lines(twice, "x.py")
    assert caught.value.known == ("/p/x.py", "/q/x.py")


def test_empty_profiles_have_empty_tables():
    empty = profile_of("cpu:ns")
    table = frames.table(empty)
    assert list(table.columns) == COLUMNS
    assert len(table) == 0
    assert str(table["self"].dtype) == "int64"
    assert list(frames.lines(empty).columns) == ["line", "self", "total", "source"]


def test_a_captures_methods_lead_here(profile):
    capture = Capture("cpu", 3, label="In[5]", status="done", read=lambda: profile)
    pd.testing.assert_frame_equal(capture.table("wall"), frames.table(profile, "wall"))
    pd.testing.assert_frame_equal(capture.callers("fib"), frames.callers(profile, "fib"))
    pd.testing.assert_frame_equal(capture.callees("fib", "wall"), frames.callees(profile, "fib", "wall"))
    pd.testing.assert_frame_equal(capture.lines(), frames.lines(profile, "In[5]"))
