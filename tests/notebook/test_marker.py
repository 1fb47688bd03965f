"""The `%%oprof` line in a cell's text."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, strategies as st
from IPython.core.inputtransformer2 import TransformerManager, cell_magic

from openprofiling_ipy.cells import marker

CALL = "get_ipython().run_cell_magic('oprof', 'cpu', None)"


def mark(cell: str, *, awaits: bool = False) -> str:
    return "".join(marker.mark(cell.splitlines(keepends=True), cell_magic, lambda _: awaits))


@pytest.mark.parametrize(
    ("cell", "marked"),
    [
        ("%%oprof cpu\nx\n", f"{CALL}\nx\n"),
        ("%%oprof   cpu  \nx", f"{CALL}\nx"),
        ("%%oprof\tcpu\r\nx", f"{CALL}\nx"),
        ("%%oprof\nx", "get_ipython().run_cell_magic('oprof', '', None)\nx"),
        ("# why\n\n%%oprof cpu\nx", f"# why\n\n{CALL}\nx"),
        ("  # why\n%%oprof cpu\nx", f"  # why\n{CALL}\nx"),
        ("%%oprof cpu\n# only this", f"{CALL}\n# only this"),
        ("%%oprof cpu\n%%time\nx\ny", f"{CALL}\nget_ipython().run_cell_magic('time', '', 'x\\ny')\n"),
        ("%%oprof cpu\n\n# c\n%%bash -x\nls", f"{CALL}\n\n# c\nget_ipython().run_cell_magic('bash', '-x', 'ls')\n"),
        ("%%oprof cpu\n%%time?", f"{CALL}\n%%time?"),
        ("%%oprof cpu\n%time x\n!ls", f"{CALL}\n%time x\n!ls"),
        ("%%oprof cpu", "get_ipython().run_cell_magic('oprof', 'cpu', '')\n"),
        ("%%oprof cpu\n  \n", "get_ipython().run_cell_magic('oprof', 'cpu', '')\n"),
        ("%%oprof cpu\n'''\n%%oprof wall\n'''", f"{CALL}\n'''\n%%oprof wall\n'''"),
        (
            "%%oprof cpu\n%%writefile a\n%%oprof wall",
            f"{CALL}\nget_ipython().run_cell_magic('writefile', 'a', '%%oprof wall')\n",
        ),
    ],
)
def test_the_line_becomes_a_call_in_place(cell, marked):
    assert mark(cell) == marked


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "\n",
        "x = 1\n",
        "x\n%%oprof cpu\n",
        "%%oprofile\nx",
        "%%oprof?",
        "%%oprof??",
        "%oprof cpu x",
        "%%time\n%%oprof\nx",
        " %%oprof\nx",
    ],
)
def test_other_cells_stay_as_they_are(cell):
    assert mark(cell) == cell


@pytest.mark.parametrize("second", ["%%oprof wall\nx", "x\n%%oprof wall\ny", "\n# c\n%%oprof wall\nx"])
def test_a_second_line_is_told_to_the_call(second):
    assert mark(f"%%oprof cpu\n{second}").startswith(
        "get_ipython().run_cell_magic('oprof', 'cpu %%oprof wall', None)\n"
    )


@pytest.mark.parametrize(
    ("body", "marked"),
    [
        ("from __future__ import annotations\nx", f"from __future__ import annotations; {CALL}\nx"),
        ("from __future__ import annotations  # c\nx", f"from __future__ import annotations; {CALL}  # c\nx"),
        ("from __future__ import annotations; x\ny", f"from __future__ import annotations; {CALL}; x\ny"),
        (
            "'doc'\n\nfrom __future__ import (\n  annotations,\n)\nfrom __future__ import division\n!ls\nx",
            f"'doc'\n\nfrom __future__ import (\n  annotations,\n)\nfrom __future__ import division; {CALL}\n!ls\nx",
        ),
    ],
)
def test_future_imports_stay_first(body, marked):
    assert mark(f"%%oprof cpu\n{body}") == f"# %%oprof cpu\n{marked}"


@pytest.mark.parametrize(
    "body", ["x = '__future__'", "import a\nfrom __future__ import annotations", "'a'\n'b'\nfrom __future__ import x"]
)
def test_only_leading_future_imports_count(body):
    assert mark(f"%%oprof cpu\n{body}") == f"{CALL}\n{body}"


def test_only_a_repeated_cell_waits():
    call = "get_ipython().run_cell_magic('oprof', '--for 2s', None)"
    assert mark("%%oprof --for 2s\nx", awaits=True) == f"await {call}\nx"
    assert mark("%%oprof --for 2s\nx", awaits=False) == f"{call}\nx"
    assert mark("%%oprof cpu\nx", awaits=True) == f"{CALL}\nx"


@pytest.mark.parametrize("line", ["--format html", "--name 'a --for b'", "--name --fork"])
def test_what_looks_like_for_waits_for_nothing(line):
    assert not mark(f"%%oprof cpu {line}\nx", awaits=True).startswith("await")


@given(
    line=st.text(
        st.characters(blacklist_characters="\0\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", blacklist_categories=["Cs"])
    ),
    body=st.sampled_from(["x\ny\n", "from __future__ import annotations\nx\n", "# c\nx\n"]),
    waits=st.booleans(),
)
def test_lines_keep_their_numbers_and_come_back(line, body, waits):
    """Whatever stands behind `%%oprof`: as many lines as before, valid Python, and what people see is what they typed."""
    cell = f"# first\n%%oprof {line}\n{body}"
    marked = mark(cell, awaits=waits).splitlines(keepends=True)
    assert len(marked) == len(cell.splitlines())
    tree = compile("".join(marked), "cell", "exec", ast.PyCF_ONLY_AST)
    calls = [node for node in tree.body if marker.is_call(node)]
    assert len(calls) == 1
    call = calls[0].value.value if isinstance(calls[0].value, ast.Await) else calls[0].value
    assert ast.literal_eval(call.args[1]).strip(" \t") == line.strip(" \t")
    shown = "".join(marker.restored(marked))
    assert "run_cell_magic" not in shown
    typed = cell.splitlines()
    assert [text.split() for text in shown.splitlines()] == [
        text.split() for text in (typed[0], f"# {typed[1]}", *typed[2:])
    ]


def test_other_calls_are_not_the_marker():
    code = "x\nf()\nget_ipython().run_cell_magic('time', '', 'x')\nget_ipython().run_cell_magic('oprof', '', 'x')"
    assert not any(marker.is_call(node) for node in ast.parse(code).body)
    assert marker.restored(code.splitlines()) == code.splitlines()


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        ("%%time\nx\n", "x\n"),
        ("%%oprof cpu\n\n%%time\nx", "x"),
        ("# c\n%%oprof\n%%capture\n%%time -n\n\nx", "\nx"),
        ("%%capture\nx", None),
        ("x\n%%time\ny", None),
        ("", None),
    ],
)
def test_what_stands_below_another_magic(raw, body):
    assert marker.body_of(raw, "time") == body


def test_without_the_extension_it_is_an_ordinary_cell_magic():
    """What nbconvert writes into a script is the form that the real cell magic takes."""
    assert (
        TransformerManager().transform_cell("%%oprof cpu\nx\n")
        == "get_ipython().run_cell_magic('oprof', 'cpu', 'x\\n')\n"
    )
