"""The same rules for the viewer's modules."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.source_js import Script, scripts

SCRIPTS = scripts()
DOM = re.compile(r"\b(document|window|navigator|HTMLElement|requestAnimationFrame|addEventListener)\b")

each = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)


def test_the_reader_measures_functions():
    code = textwrap.dedent("""\
        // a { comment
        export function one(a, b = { c: 1 }) {
          if (a) { return "}"; }
          return `${b.c ? "}" : `{`}`;
        }
        const two = (x) => {
          return x.replace(/[{"]/g, "");
        };
        class A { three() { return 1; } }
        """)
    script = Script(Path("x.js"))
    script.__dict__["text"] = code
    assert list(script.functions()) == [("one", 4), ("=>", 3), ("three", 1)]


@each
def test_sizes(script):
    assert script.text.count("\n") <= 300
    assert {name: size for name, size in script.functions() if size > 50} == {}


@each
def test_pure_modules_know_no_dom(script):
    if script.pure:
        assert DOM.findall(script.code) == []
        assert [name for name in script.imports() if not Script(script.path.with_name(f"{name}.js")).pure] == []


@each
def test_it_says_what_it_is_about(script):
    assert script.text.startswith("/**")


@each
def test_nothing_is_left_lying(script):
    for word in ("TODO", "FIXME", "XXX", "console.", "debugger", "@ts-ignore", "eval(", "innerHTML"):
        assert word not in script.text, f"{script.name}.js has {word}"


def test_no_module_is_left_over():
    used = {name for script in SCRIPTS for name in script.imports()} | {"main", "types", "main_panel", "panel_types"}
    assert {script.name for script in SCRIPTS} <= used
