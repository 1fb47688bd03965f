"""What real stacks look like: kinds of frames, lines, expressions."""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from openprofiling_ipy.model import Profile
from openprofiling_ipy.profilers.cpu import CpuProfiler
from openprofiling_ipy.profilers.wall import WallProfiler
from tests.profilers.reading import everything, hottest, rows, total
from tests.profilers.work import burn


def record(work: Callable[[], Any], profiler: type[CpuProfiler | WallProfiler] = CpuProfiler) -> Profile:
    recording = profiler(rate=200).start()
    try:
        work()
    finally:
        profile = recording.stop()
    return profile


def script(folder: Path, text: str) -> dict[str, Any]:
    """Run a file and return its names."""
    file = folder / "script.py"
    file.write_text(text, encoding="utf-8")
    names: dict[str, Any] = {"burn": burn}
    exec(compile(text, str(file), "exec"), names)
    return names


def test_generators_are_frames_below_who_asks_them() -> None:
    def numbers() -> Iterator[int]:
        for _ in range(10):
            yield burn(0.015)

    def through() -> Iterator[int]:
        yield from numbers()

    def ask() -> int:
        return sum(through())

    profile = record(ask)
    (deep,) = {row.names[-4:] for row in rows(profile) if row.names[-1:] == ("burn",) and "numbers" in row.names}
    assert deep == ("ask", "through", "numbers", "burn")
    assert total(profile, "numbers") > 0.7 * everything(profile)


def test_async_generators_are_frames_below_who_asks_them() -> None:
    async def numbers() -> AsyncIterator[int]:
        for _ in range(10):
            yield burn(0.015)

    async def ask() -> int:
        return sum([number async for number in numbers()])

    def drive() -> None:
        coroutine = ask()
        with pytest.raises(StopIteration):
            coroutine.send(None)

    profile = record(drive)
    assert any(
        row.names[-2:] == ("numbers", "burn") and row.names.index("ask") > row.names.index("drive")
        for row in rows(profile)
        if "ask" in row.names
    )
    assert total(profile, "numbers") > 0.7 * everything(profile)


def test_recursion_shows_every_level_and_counts_once() -> None:
    def down(levels: int) -> None:
        if levels:
            down(levels - 1)
        else:
            burn(0.15)

    profile = record(lambda: down(20))
    deepest = hottest(profile, "burn")
    assert deepest.names.count("down") == 21
    assert total(profile, "down") <= everything(profile)


def test_a_stack_of_three_thousand_frames_is_whole() -> None:
    def down(levels: int) -> None:
        if levels:
            down(levels - 1)
        else:
            burn(0.15)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(5000)
    try:
        profile = record(lambda: down(3000))
    finally:
        sys.setrecursionlimit(limit)
    assert hottest(profile, "burn").names.count("down") == 3001


def test_code_that_was_never_in_a_file_has_its_name_and_lines() -> None:
    names = {"burn": burn}
    source = "work = lambda: burn(0.15)\n\nwork()\n"
    profile = record(lambda: exec(compile(source, "<nowhere>", "exec"), names))
    row = hottest(profile, "burn")
    at = [(row.names[i], row.lines[i]) for i, file in enumerate(row.files) if file == "<nowhere>"]
    assert at == [("<module>", 3), ("<lambda>", 1)]
    assert row.lines[-1] > 0


def test_lines_are_those_where_a_call_begins(tmp_path: Path) -> None:
    names = script(
        tmp_path,
        """
def other(*args): pass

def work():
    other(
        1,
        burn(
            0.15,
        ),
        burn(0.1),
    )
    return (
        burn
        (0.05)
    )
""",
    )
    profile = record(names["work"])
    spent: dict[int, int] = {}
    for row in rows(profile):
        if "work" in row.names:
            line = row.lines[row.names.index("work")]
            spent[line] = spent.get(line, 0) + row.cpu
    lines = sorted(spent, key=spent.__getitem__, reverse=True)[:3]
    assert lines == [7, 10, 13]


def test_the_leaf_knows_the_expression_it_evaluates(tmp_path: Path) -> None:
    names = script(
        tmp_path,
        """
def one():
    return len('ä'), sum(range(8_000_000))

def lines():
    return sorted(
        range(3_000_000),  # long
        key=abs,
    )
""",
    )

    def work() -> None:
        names["one"]()
        names["lines"]()

    profile = record(work)
    # Columns are counted in bytes, and the source is not plain ASCII.
    assert hottest(profile, "one").expression == "sum(range(8_000_000))"
    assert hottest(profile, "lines").expression.startswith("sorted( range(3_000_000),")
    # Reading it has filled nobody's cache.
    assert str(tmp_path / "script.py") not in linecache.cache


def test_python_that_c_code_calls_at_the_end_of_its_work_has_not_done_it() -> None:
    text = "a" * 3_000_000 + "b"

    def callback(_match: Any) -> str:
        return ""

    def replace() -> None:
        for _ in range(12):
            re.sub("(?:a|c)*?b", callback, text)

    profile = record(replace)
    # The first thing that lets the GIL go is the callback's beginning: every look finds the thread there.
    assert total(profile, "callback") < 0.1 * total(profile, "replace")
    assert total(profile, "replace") > 0.8 * everything(profile)


def test_frames_that_call_others_have_no_expression() -> None:
    profile = record(lambda: burn(0.1))
    inner = set(profile.stacks.parent.tolist()) - {-1}
    leaves = set(profile.samples.stack.tolist())
    assert all(profile.frames.expression[profile.stacks.frame[stack]] == 0 for stack in inner - leaves)


def test_functions_of_one_name_are_kept_apart_by_file_and_first_line(tmp_path: Path) -> None:
    names = script(
        tmp_path,
        """
def make():
    def same(): burn(0.08)
    first = same
    def same(): burn(0.08)
    return first, same
""",
    )
    first, second = names["make"]()

    def work() -> None:
        first()
        second()

    profile = record(work)
    same = [i for i in range(len(profile.functions)) if profile.function_name(i).endswith("same")]
    assert sorted(profile.functions.first_line[same].tolist()) == [3, 5]


def test_methods_and_closures_are_called_by_their_qualified_names() -> None:
    class Model:
        def fit(self) -> None:
            burn(0.1)

    profile = record(Model().fit)
    functions = [profile.function_name(i) for i in range(len(profile.functions))]
    assert f"{Model.__qualname__}.fit" in functions
