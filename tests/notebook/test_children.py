"""`%%oprof --children` in a real shell: what child processes do of a cell's code stands in the cell."""

from __future__ import annotations

import pytest

import openprofiling_ipy as op
from openprofiling_ipy.notebook.completion import complete

CELL = """\
%%oprof cpu --children
import multiprocessing
def work():
    burn(.4)
child = multiprocessing.get_context("fork").Process(target=work, name="helper")
child.start()
child.join()
"""


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # IPython has threads; the child needs none of them
def test_a_cells_code_in_a_child(shell):
    result = shell.run(CELL)
    assert result.success, result.err
    profile = op.captures[-1].document
    label = f"In[{shell.ip.execution_count - 1}]"
    files = {profile.function_name(f): profile.function_file(f) for f in range(len(profile.functions))}
    assert files["work"] == label
    assert profile.sources[label].startswith("%%oprof cpu --children\nimport multiprocessing\n")
    (lane,) = [lane for lane in profile.threads if lane.name.startswith("helper (pid ")]
    assert lane.name.endswith("MainThread")
    lines = op.captures[-1].lines(label)
    assert lines["total"].max() > 0.2e9
    assert "1 child process" in result.out


def test_it_is_offered():
    assert complete("%%oprof cpu --ch") == ("--ch", ["--children"])
    assert complete("%oprof start --ch") == ("--ch", ["--children"])
