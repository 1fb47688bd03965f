"""The pictures that tests are drawn in."""

from __future__ import annotations

import pytest

from openprofiling_ipy.model import Thread, ValueType
from tests.pictures import profile_of, stacks_of
from tests.strategies import Frame, Sample, plain


def test_the_picture_of_the_docstring():
    profile = profile_of(
        """
        cpu:ns samples:count
        # a comment
        @MainThread
        t=10 3 1   main:1 a:5 b:7
        t=20 2 1   main:1 /p/a.py|a=4:6{f(x)}
        t=30 4 1   -
        @task fetch
        t=15 1 1   In[5]|<cell␣line>:3
        ~@worker 1
        t=16 1 1   main
        @native native
        t=17 9 0   (native␣threads)
        @MainThread
        t=40 1 1   main:1
        """,
        files={"b": "b.py"},
        duration=40,
    )
    assert profile.value_types == (ValueType("cpu", "ns"), ValueType("samples", "count"))
    lanes = (Thread("MainThread"), Thread("fetch", "task"), Thread("worker 1", home=False), Thread("native", "native"))
    assert profile.threads == lanes
    main = Frame("main", "", 0, 1, "")
    assert plain(profile)[:3] == [
        Sample((main, Frame("a", "", 0, 5, ""), Frame("b", "b.py", 0, 7, "")), 0, (3, 1), 10),
        Sample((main, Frame("a", "/p/a.py", 4, 6, "f(x)")), 0, (2, 1), 20),
        Sample((), 0, (4, 1), 30),
    ]
    assert plain(profile)[-1] == Sample((main,), 0, (1, 1), 40)
    assert stacks_of(profile, lines=True) == {
        "main:1 a:5 b:7": 3,
        "main:1 a:6": 2,
        "-": 4,
        "<cell line>:3": 1,
        "main": 1,
        "(native threads)": 9,
        "main:1": 1,
    }
    assert stacks_of(profile, 1)["main"] == 2
    assert profile.duration == 40


def test_values_may_be_left_to_be_samples():
    profile = profile_of("2 main a")
    assert profile.value_types == (ValueType("samples", "count"),)
    assert profile.threads == (Thread("MainThread"),)


def test_a_crooked_picture_is_an_error():
    with pytest.raises(ValueError):
        profile_of("cpu:ns wall:ns\n1 main")
    with pytest.raises(ValueError):
        profile_of("many main")
