"""Folded stacks: a line a stack."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given, strategies as st

from openprofiling_ipy.errors import MalformedProfile
from openprofiling_ipy.formats import folded, registry
from openprofiling_ipy.model import ProfileBuilder, Thread, ValueType
from tests.formats.examples import DATA, EXAMPLE, THREADS, damaged, path, profiles, rows, survives
from tests.pictures import profile_of, stacks_of

GOLDEN = (DATA / "example.folded").read_bytes()


def projection(profile):
    """What the format holds: weight of the first value by lane and stack of functions."""
    found = Counter()
    for stack, lane, values in rows(profile):
        found[profile.threads[lane], path(profile, stack)] += values[0]
    return {key: weight for key, weight in found.items() if weight}


# The four ways.


def test_golden():
    assert folded.dumps(EXAMPLE) == GOLDEN


def test_golden_without_its_name():
    assert registry.detect(GOLDEN) is folded


@given(profiles())
def test_export_then_import_is_the_projection(profile):
    found = folded.loads(folded.dumps(profile))
    assert projection(found) == projection(profile)
    assert found.value_types == (ValueType("samples", "count"),)


@given(profiles())
def test_a_second_export_is_equal(profile):
    data = folded.dumps(profile)
    assert folded.dumps(folded.loads(data)) == data


# What others see in it.


@given(profiles())
def test_every_line_is_a_stack_and_a_whole_number(profile):
    for line in folded.dumps(profile).decode(errors="surrogatepass").split("\n")[:-1]:
        stack, _, count = line.rpartition(" ")
        assert int(count) > 0
        assert str(int(count)) == count
        assert "\r" not in stack


def test_a_main_thread_alone_has_no_frame_of_its_own():
    profile = profile_of("cpu:ns\n@MainThread\n5 f g\n@idle\n0 h")
    assert folded.dumps(profile) == b"f;g 5\n"


def test_several_lanes_are_told_apart():
    profile = profile_of("cpu:ns\n@MainThread\n5 f\n~@pool\n3 f\n@task fetch\n2 -")
    assert folded.dumps(profile) == b"[other thread pool];f 3\n[task fetch];[no stack] 2\n[thread MainThread];f 5\n"


def test_a_single_lane_that_is_not_main_keeps_its_name():
    profile = profile_of("cpu:ns\n@worker\n5 f")
    assert folded.loads(folded.dumps(profile)).threads == (Thread("worker"),)


@pytest.mark.parametrize(
    ("name", "file", "line", "text"),
    [
        ("f", "", 0, "f"),
        ("f", "/p/a.py", 0, "f (/p/a.py)"),
        ("f", "/p/a.py", 12, "f (/p/a.py:12)"),
        ("f", "", 12, "f (:12)"),
        ("f", "C:\\Program Files (x86)\\a.py", 3, "f (C:\\Program Files (x86)\\a.py:3)"),
        ("f (int)", "", 0, "f%20(int)"),
        ("a;b\nc", "", 0, "a%3Bb%0Ac"),
        ("100%", "", 0, "100%"),
        ("%3B", "", 0, "%253B"),
        ("#1", "", 0, "%231"),
        ("[no stack]", "", 0, "%5Bno stack]"),
        ("[task x]", "", 0, "%5Btask x]"),
        ("[x]", "", 0, "[x]"),
        ("f", "z:12", 0, "f (z:12:0)"),
        ("f", "z", 2**31 - 2, "f (z:2147483646)"),
        ("f", "z:2147483647", 0, "f (z:2147483647:0)"),
    ],
)
def test_frames_are_written_so(name, file, line, text):
    assert folded.dumps(_one(name, file, line)) == f"{text} 1\n".encode()
    assert folded._function(text) == (name, file, line)


def _one(name, file, line):
    """One sample of one function."""
    builder = ProfileBuilder([ValueType("samples", "count")])
    stack = builder.stack([builder.frame(builder.function(name, file, line))])
    builder.sample(stack, builder.thread(Thread("MainThread")), (1,))
    return builder.build()


_words = st.text(st.sampled_from("%;()[]: #\n\r0235ABDab"), max_size=8)


@given(_words, _words, st.integers(0, 2**31 - 2))
@example("%", "5B", 0)
@example("a", ":1", 0)
def test_any_frame_is_read_back(name, file, line):
    profile = _one(name, file, line)
    assert projection(folded.loads(folded.dumps(profile))) == projection(profile)


def test_losses_say_what_is_left_out():
    assert folded.losses(EXAMPLE) == (
        "its unit (cpu in ns)",
        "values other than cpu",
        "times",
        "executed lines",
        "cell sources",
        "facts about the recording",
    )
    assert folded.losses(profile_of("1 f")) == ("its unit (samples in count)", "executed lines")
    assert folded.contents(EXAMPLE) == ("absolute paths",)
    assert folded.contents(profile_of("1 f")) == ()


# Files of other tools.


def test_py_spy_and_austin():
    data = (
        "\ufeff# austin: 3.7.0\r\n"
        "# interval: 100\r\n"
        "\r\n"
        "<module> (app.py:12);work (app.py:3) 17\r\n"
        "<module> (app.py:12);read (C:\\lib\\json.py) 2.6\r\n"
        "process 1;spin 1"
    ).encode()
    profile = folded.loads(data)
    assert stacks_of(profile) == {"<module> work": 17, "<module> read": 3, "process 1 spin": 1}
    assert profile.function_file(2) == "C:\\lib\\json.py"
    assert registry.detect(data) is folded


@pytest.mark.parametrize(
    ("data", "offset", "said"),
    [
        (b"a;b", 0, "must end in a space and a count"),
        (b"a 1\nb;c x", 4, "must end in a space and a count"),
        (b"a 1\nb -1", 4, "must end in a space and a count"),
        (b"a 1\nb nan", 4, "must end in a space and a count"),
        (b"a 1\nb 1e5", 4, "must end in a space and a count"),
        (b"a " + b"9" * 19, 0, "must end in a space and a count"),
        ("a ²".encode(), 0, "must end in a space and a count"),
        (b"a 1\n\xffb 1", 4, "not text"),
        (b"a 999999999999999999\n" * 5, 84, "64 bits"),
    ],
)
def test_the_reason_and_the_place(data, offset, said):
    with pytest.raises(MalformedProfile, match=said) as caught:
        folded.loads(data)
    assert caught.value.offset == offset


def test_nothing_at_all_is_an_empty_profile():
    assert len(folded.loads(b"").samples) == 0
    assert folded.dumps(folded.loads(b"")) == b""


@given(st.data())
def test_damaged_files(data):
    survives(folded, data.draw(damaged(GOLDEN)))


@given(st.binary(max_size=60))
def test_any_bytes(data):
    survives(folded, data)


def test_lanes_of_all_kinds():
    lines = "".join(f"[{'' if t.home else 'other '}{t.kind} {t.name.replace(';', '%3B')}];f 1\n" for t in THREADS)
    assert folded.loads(lines.encode()).threads == THREADS
