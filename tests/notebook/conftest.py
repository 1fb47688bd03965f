"""Shells and kernels for tests of the notebook side."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from openprofiling_ipy import session
from tests.notebook.kernel import EXTENSION

#: `burn` uses so much CPU time, however busy the machine is: enough for samples, no promise about the clock.
BURN = """
import time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(200))
    return seconds
"""


class Shell:
    """A real InteractiveShell, and what it printed."""

    def __init__(self, ip: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
        self.ip: Any = ip
        self._capsys = capsys

    def run(self, code: str, **arguments: Any) -> Any:
        """Run a cell; the result has `out` and `err` beside IPython's own fields."""
        self._capsys.readouterr()
        result = self.ip.run_cell(code, **{"store_history": True, **arguments})
        result.out, result.err = self._capsys.readouterr()
        return result


@pytest.fixture
def bare(capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A shell without the extension."""
    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    ip = InteractiveShell.instance(config=config)
    yield Shell(ip, capsys)
    for capture in session.running():
        session.stop(capture)
    session.captures.clear()
    ip.run_line_magic("unload_ext", "openprofiling_ipy")
    ip.atexit_operations()
    atexit.unregister(ip.atexit_operations)
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(bare: Shell) -> Shell:
    bare.run(EXTENSION)
    bare.run(BURN)
    return bare
