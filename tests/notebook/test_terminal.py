"""A terminal IPython, driven as a person does."""

from __future__ import annotations

import os
import re
import sys
import time

import pexpect
import pytest

pytestmark = pytest.mark.kernel

_STEERING = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[=>()][0-9A-B]?)|\r")


class Terminal:
    """An IPython prompt; `ask` types lines and returns what is printed until the next prompt."""

    def __init__(self, *arguments: str) -> None:
        env = os.environ | {"PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
        fixed = ["-m", "IPython", "--no-banner", "--no-confirm-exit", "--HistoryManager.enabled=False"]
        self.child = pexpect.spawn(
            sys.executable, [*fixed, *arguments], env=env, encoding="utf-8", timeout=120, dimensions=(40, 120)
        )
        self.number = 0

    def prompt(self) -> str:
        """Return what is printed up to the next prompt."""
        self.number += 1
        self.child.expect_exact(f"In [{self.number}]: ")
        return _STEERING.sub("", self.child.before)

    def ask(self, *lines: str, enter: int = 2) -> str:
        for line in [*lines, *[""] * enter]:
            self.child.sendline(line)
        return self.prompt()

    def close(self) -> None:
        self.child.close(force=True)


@pytest.fixture(scope="module")
def terminal():
    terminal = Terminal("--simple-prompt", "--colors=nocolor")
    try:
        terminal.prompt()
        terminal.ask("%load_ext openprofiling_ipy", enter=0)
        terminal.ask("burn = lambda n: sum(i * i for i in range(n))", enter=0)
        yield terminal
    finally:
        terminal.close()


def test_a_cell_as_typed(terminal):
    """The line alone does not run: like that of every cell magic, it ends with two blank lines."""
    out = terminal.ask("%%oprof cpu", "x = burn(3_000_000)", "x + 1")
    assert "8999995500000500001" in out.replace(",", "")
    assert f"CPU In[{terminal.number - 1}]" in out
    assert "<lambda>" in out
    assert "<iframe" not in out
    header = next(line for line in out.splitlines() if "CPU In[" in line)
    assert len(header) <= 100


def test_await(terminal):
    out = terminal.ask(
        "%%oprof wall", "import asyncio", "await asyncio.gather(asyncio.sleep(.2, 'a'), asyncio.sleep(.2, 'b'))"
    )
    assert "['a', 'b']" in out
    assert "Wall In[" in out


def test_an_error(terminal):
    out = terminal.ask("%%oprof cpu", "burn(1_000_000)", "1 / 0")
    assert "ZeroDivisionError" in out
    assert "failed: ZeroDivisionError" in out
    assert "openprofiling_ipy" not in out


def test_an_interrupt(terminal):
    terminal.child.send("%%oprof cpu\nprint('o' + 'n')\nburn(10**9)\n\n\n")
    terminal.child.expect_exact("on\r\n")
    terminal.child.sendintr()
    out = terminal.prompt()
    assert "KeyboardInterrupt" in out
    assert "interrupted" in out


def test_wrong_words_and_the_cheat_sheet(terminal):
    out = terminal.ask("%oprof cpux f()", enter=0)
    assert "UsageError: %oprof does not know 'cpux': did you mean 'cpu'?" in out
    out = terminal.ask("%oprof", enter=0)
    assert re.search(r"^\d+ captures?\b", out, flags=re.MULTILINE)
    assert "%oprof list            all captures" in out


def test_a_statement(terminal):
    out = terminal.ask("%oprof cpu burn(1_000_000)", enter=0)
    assert "333332833333500000" in out


def test_no_live_line(terminal):
    """Output belongs to the program: nothing writes into it from another thread."""
    terminal.ask("from openprofiling_ipy.notebook import live; live.AFTER = .1; live.EVERY = .1", enter=0)
    out = terminal.ask("%%oprof wall", "import time; time.sleep(.6)")
    assert "recording" not in out
    assert out.count("Wall In[") == 1


def test_a_syntax_error(terminal):
    out = terminal.ask("%%oprof cpu", "if True", "x")
    assert out.count("SyntaxError") == 1
    assert "CPU In[" not in out


def test_the_prompt_toolkit(tmp_path):
    """With its own editing: a line alone does not run, and what is shown has colours."""
    terminal = Terminal()
    try:
        # What is typed before a prompt stands there is read in another way.
        for number, typed in ((1, "%load_ext openprofiling_ipy\r"), (2, "")):
            terminal.child.expect(rf"In \[(?:\x1b\[[\d;]*m)*{number}(?:\x1b\[[\d;]*m)*\]: ")
            terminal.child.send(typed)
        terminal.child.send("%%oprof cpu\rprint('b' + 'egun')\rsum(i for i in range(3_000_000))\r\r\r")
        terminal.child.expect_exact("begun\r\n")
        terminal.child.expect_exact("4499998500000")
        terminal.child.expect(r"\x1b\[1m#1 CPU In\[2\]")
        terminal.child.expect_exact("hottest lines")
    finally:
        terminal.close()


def test_an_interrupt_of_a_cell_that_awaits(terminal):
    """IPython's own loop breaks off here, and the cell's end is told with facts made anew."""
    terminal.child.send("%%oprof wall\nimport asyncio; print('o' + 'n')\nawait asyncio.sleep(60)\n\n\n")
    terminal.child.expect_exact("on\r\n")
    time.sleep(0.3)
    terminal.child.sendintr()
    out = terminal.prompt()
    assert "interrupted" in out
    number = terminal.number
    out = terminal.ask("%%oprof cpu", "1")
    assert "is running" not in out
    assert f"CPU In[{number}]" in out
