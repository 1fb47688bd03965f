"""Completion of what stands behind `%oprof`: the words, IPython's completer with jedi, a kernel's complete_request."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter

import openprofiling_ipy as op
from openprofiling_ipy import session
from openprofiling_ipy.notebook.arguments import VERBS
from openprofiling_ipy.notebook.completion import FLAGS, START, VALUED, complete, kinds, split_statement


@pytest.fixture
def captures():
    session.captures.clear()
    for name, label in (("train", "In[5]"), ("", "In[7]"), ("two words", "script.py:3")):
        session.stop(session.start("cpu", name=name, label=label))
    yield [f"#{c.number}" for c in reversed(op.captures)]
    session.captures.clear()


OPTIONS = [*VALUED, *FLAGS]


@pytest.mark.parametrize(
    ("line", "typed", "words"),
    [
        ("%%oprof ", "", [*kinds(), *OPTIONS]),
        ("%%oprof c", "c", ["cpu"]),
        ("%%oprof w", "w", ["wall"]),
        ("%%oprof cpu ", "", OPTIONS),
        ("%%oprof cpu --", "--", [o for o in OPTIONS if o.startswith("--")]),
        ("%%oprof cpu --f", "--f", ["--for", "--format"]),
        ("%%oprof cpu --rate 50 --r", "--r", []),
        ("%%oprof cpu --format ", "", ["speedscope", "html", "cpuprofile", "folded", "pprof"]),
        ("%%oprof --format h", "h", ["html"]),
        ("%oprof ", "", [*kinds(), *VERBS]),
        ("%oprof s", "s", ["start", "stop", "show"]),
        ("x = %oprof c", "c", ["cpu"]),
        ("  %oprof st", "st", ["start", "stop"]),
        ("%oprof start ", "", [*kinds(), *START]),
        ("%oprof start cpu --n", "--n", ["--name"]),
        ("%oprof cpu --q", "--q", ["--quiet"]),
        ("%oprof forget --", "--", ["--all"]),
        ("%oprof export --format s", "s", ["speedscope"]),
        ("%oprof p", "p", ["panel"]),
        ("%oprof arm ", "", ["SIGUSR2", "SIGUSR1", "http"]),
        ("%oprof arm SIGUSR2 ", "", [*kinds(), "--export"]),
        ("%oprof arm SIGUSR2 cpu ", "", ["--export"]),
        ("%oprof arm http ", "", ["--export"]),
        ("%oprof disarm h", "h", ["http"]),
        ("%oprof auto ", "", [*kinds(), "off", "--over", "--rate"]),
        ("%oprof auto cpu --o", "--o", ["--over"]),
    ],
)
def test_words(line, typed, words):
    assert complete(line) == (typed, words)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "x",
        "%%time ",
        "%%oprofile ",
        "%%oprof",
        "oprof ",
        "%oprof cpu f(",
        "%oprof cpu --rate ",
        "%oprof load ",
        "%oprof show #1 ",
        "y %oprof c",
    ],
)
def test_what_is_not_ours(line):
    found = complete(line)
    assert found is None or found[1] == []


def test_captures(captures):
    assert complete("%oprof show ") == ("", [*captures, "train", "In[7]", "In[5]"])
    assert complete("%oprof stop #") == ("#", captures)
    assert complete("%oprof show In[") == ("In[", ["In[7]", "In[5]"])
    assert complete("%oprof export tr") == ("tr", ["train"])
    assert complete("%oprof forget t") == ("t", ["train"])


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        ("f(x)", [], "f(x)"),
        ("--rate 50 f(x, y)", ["--rate", "50"], "f(x, y)"),
        ("--rate=50 --quiet f('a  b')", ["--rate=50", "--quiet"], "f('a  b')"),
        ('--name "a b" f(x)', ["--name", '"a b"'], "f(x)"),
        ("--quiet -- -x + 1", ["--quiet"], "-x + 1"),
        ("--name", ["--name"], ""),
        ("", [], ""),
    ],
)
def test_options_in_front_of_a_statement(text, words, code):
    assert split_statement(text) == (words, code)


@pytest.mark.parametrize("jedi", [True, False])
def test_ipythons_completer(shell, captures, jedi):
    shell.ip.Completer.use_jedi = jedi

    def offered(text: str) -> tuple[set[str], set[tuple[int, int]]]:
        with provisionalcompleter():
            found = list(shell.ip.Completer.completions(text, len(text)))
        return {c.text for c in found}, {(c.start, c.end) for c in found}

    assert offered("%%oprof w") == ({"wall"}, {(8, 9)})
    assert offered("%%oprof cpu --ra") == ({"--rate"}, {(12, 16)})
    assert offered("# c\n%%oprof cpu --th") == ({"--threads"}, {(16, 20)})
    assert offered("%oprof show #") == (set(captures), {(12, 13)})
    assert offered("%oprof show In[") == ({"In[5]", "In[7]"}, {(12, 15)})
    assert "perf_counter" in offered("%oprof cpu time.perf_c")[0] or not jedi
    assert "print" in offered("pri")[0]
    assert {"%oprof", "%%oprof"} <= offered("%opr")[0] | offered("%%opr")[0]


@pytest.mark.kernel
def test_a_kernels_complete_request(kernel):
    def asked(code: str) -> list[str]:
        kernel.client.complete(code, len(code))
        return kernel.client.get_shell_msg(timeout=30)["content"]["matches"]

    assert asked("%%oprof ") == [*kinds(), *OPTIONS]
    assert asked("%%oprof cpu --ev") == ["--every"]
    assert asked("x = 1\n%oprof sho") == ["show"]
    assert "perf_counter" in asked("%oprof cpu time.perf_c")
