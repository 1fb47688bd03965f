"""A recording about a cell: what of the process it shows, and under which names."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openprofiling_ipy.model import Profile
from openprofiling_ipy.profilers.base import Scope
from openprofiling_ipy.profilers.cpu import CpuProfiler
from tests.profilers.reading import everything, rows, total
from tests.profilers.work import burn

CELL = "/kernel/ipykernel_1/4711.py"
OTHER = "/kernel/ipykernel_1/815.py"
SOURCES = {
    CELL: ("In[5]", "def local():\n    library(0.1)\n\nlocal()\nearlier(0.1)\n"),
    OTHER: ("In[2]", "def earlier(seconds):\n    burn(seconds)\n"),
    "/kernel/ipykernel_1/9.py": ("In[9]", "unused()\n"),
}


class Cells:
    def label(self, filename: str) -> str | None:
        return SOURCES[filename][0] if filename in SOURCES else None

    def text(self, filename: str) -> str | None:
        return SOURCES[filename][1] if filename in SOURCES else None


def call(function: Callable[..., Any], file: str) -> Callable[..., Any]:
    """Return a function of this file that calls another."""
    names: dict[str, Any] = {"inner": function}
    exec(compile("def glue(*args):\n    return inner(*args)\n", file, "exec"), names)
    glue: Callable[..., Any] = names["glue"]
    return glue


def run_cell(scope: Scope, library: Callable[..., Any] = burn, **options: Any) -> Profile:
    names: dict[str, Any] = {"burn": burn, "library": library}
    exec(compile(SOURCES[OTHER][1], OTHER, "exec"), names)
    cell = compile(SOURCES[CELL][1], CELL, "exec")
    recording = CpuProfiler(rate=200, scope=scope, **options).start()
    burn(0.05)  # the kernel's own
    exec(cell, names)
    return recording.stop()


def test_a_cell_is_called_by_its_label_and_nothing_above_it_shows() -> None:
    profile = run_cell(Scope(sources=Cells()))
    home = [row for row in rows(profile) if row.lane.name == "MainThread" and row.names]
    assert {(row.files[0], row.names[0]) for row in home} == {("In[5]", "<cell>")}
    assert ("<cell>", "local", "burn") in {row.names for row in home}
    assert ("In[5]", "In[2]") in {row.files[:2] for row in home}
    assert CELL not in profile.strings


def test_lines_in_a_cell_are_the_cells_and_its_source_is_kept() -> None:
    profile = run_cell(Scope(sources=Cells()))
    assert {(row.names[1], row.lines[0]) for row in rows(profile) if len(row.names) > 2} >= {
        ("local", 4),
        ("earlier", 5),
    }
    # Of the notebook only what has samples.
    assert profile.sources == {"In[5]": SOURCES[CELL][1], "In[2]": SOURCES[OTHER][1]}


def test_what_the_home_thread_does_outside_the_cell_is_no_work_of_the_cell() -> None:
    profile = run_cell(Scope(sources=Cells()))
    inside = sum(row.cpu for row in rows(profile) if row.names)
    assert inside == everything(profile)
    assert 0.12e9 < inside < 0.3e9
    # Elapsed time is whole all the same.
    assert everything(profile, "wall", lane="MainThread") > 0.9 * profile.duration


def test_what_does_not_show_does_not_stand_in_the_document() -> None:
    profile = run_cell(Scope(sources=Cells()))
    shown = {name for row in rows(profile) for name in row.names}
    assert {profile.function_name(i) for i in range(len(profile.functions))} == shown


def test_hidden_files_are_dropped_wherever_they_stand() -> None:
    folder = os.path.join(os.sep, "site", "IPython") + os.sep  # noqa: PTH118
    library = call(call(burn, "/my/lib.py"), folder + "core.py")
    shown = run_cell(Scope(sources=Cells()), library)
    hidden = run_cell(Scope(sources=Cells(), hidden_files=(folder,)), library)
    assert ("<cell>", "local", "glue", "glue", "burn") in {row.names for row in rows(shown)}
    assert ("<cell>", "local", "glue", "burn") in {row.names for row in rows(hidden)}
    assert not any(file.startswith(folder) for row in rows(hidden) for file in row.files)


def test_a_hidden_leaf_is_the_work_of_its_caller() -> None:
    profile = run_cell(Scope(sources=Cells(), hidden_files=(burn.__code__.co_filename,)))
    assert {row.names for row in rows(profile) if row.cpu} == {("<cell>", "local"), ("<cell>", "earlier")}
    assert 0.12e9 < total(profile, "<cell>") < 0.3e9


def test_what_the_kernel_calls_of_the_standard_library_is_hidden_with_it() -> None:
    kernel = os.path.join(os.sep, "site", "IPython") + os.sep  # noqa: PTH118
    standard = str(Path(threading.__file__).with_name("nothing_such.py"))
    package = str(Path(threading.__file__).parent / "site-packages" / "lib.py")
    scope = Scope(sources=Cells(), hidden_files=(kernel,), kernel_files=(kernel,))
    own = call(call(burn, standard), kernel + "core.py")
    # Packages and other people's code are what the kernel was asked to call, and so is what these call.
    handed = call(call(call(burn, standard), package), kernel + "core.py")
    for library, shown in ((own, ()), (handed, ("glue", "glue"))):
        seen = {row.names for row in rows(run_cell(scope, library))}
        assert ("<cell>", "local", *shown, "burn") in seen
        assert not any(row.count("glue") != len(shown) for row in seen if "local" in row and "burn" in row)


def test_a_closed_file_hides_all_that_it_calls() -> None:
    closed = "/site/IPython/ultratb.py"
    library = call(call(burn, "/my/lib.py"), closed)
    alike = call(call(burn, "/my/lib.py"), "/my/IPython/ultratb.py")
    scope = Scope(sources=Cells(), hidden_files=("/site/IPython/",), closed_files=(closed,))
    assert not any("glue" in row.names or row.names[-2:] == ("local", "burn") for row in rows(run_cell(scope, library)))
    assert ("<cell>", "local", "glue", "glue", "burn") in {row.names for row in rows(run_cell(scope, alike))}


def test_an_outer_file_hides_all_that_is_older() -> None:
    again = "/magic/repeat.py"
    glue = call(burn, again)
    profile = run_cell(Scope(sources=Cells(), outer_files=frozenset({again})), glue)
    assert not any("local" in row.names for row in rows(profile))
    assert any(row.names[-1:] == ("burn",) and "earlier" not in row.names for row in rows(profile))


def test_without_cells_the_whole_stack_shows() -> None:
    profile = run_cell(Scope())
    assert any("run_cell" in row.names and "<module>" in row.names for row in rows(profile))
    assert profile.sources == {}


def test_threads_of_a_cell_show_what_they_do_without_it() -> None:
    def library(seconds: float) -> None:
        thread = threading.Thread(target=burn, args=(seconds,), name="of the cell")
        thread.start()
        thread.join()

    profile = run_cell(Scope(sources=Cells()), library)
    lane = [row for row in rows(profile) if row.lane.name == "of the cell"]
    assert sum(row.cpu for row in lane if "burn" in row.names) > 0.05e9
    assert all(row.lane.home for row in lane)


def test_all_threads_shows_hidden_files_outside_of_cells() -> None:
    hidden = Scope(sources=Cells(), hidden_files=(threading.__file__,))
    stop = threading.Event()
    thread = threading.Thread(target=lambda: stop.wait(20), name="waiter")
    thread.start()
    some, every = (run_cell(hidden, all_threads=shown) for shown in (False, True))
    stop.set()
    thread.join()
    bootstrap = [any("Thread.run" in row.names for row in rows(profile)) for profile in (some, every)]
    assert bootstrap == [False, True]


def test_the_engine_itself_never_shows() -> None:
    profile = run_cell(Scope())
    package = str(Path(CpuProfiler.__module__.replace(".", os.sep)).parent)
    assert not any(package in file for row in rows(profile) for file in row.files)
