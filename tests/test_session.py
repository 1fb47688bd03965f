"""The session: one recording a kind, captures by name, a shelf that spills; `profile` around blocks and functions."""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
import stat
import subprocess
import sys
import textwrap
import threading
import time
from functools import partial
from pathlib import Path

import pytest

import openprofiling_ipy as op
from openprofiling_ipy import session, stamps
from openprofiling_ipy.capture import Capture
from openprofiling_ipy.errors import (
    AlreadyRunning,
    InvalidOption,
    MalformedProfile,
    NotRunning,
    OpenProfilingError,
    ProfilerUnavailable,
    QueryError,
    UnknownCapture,
    UnknownFormat,
)
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.profilers import cpu
from openprofiling_ipy.shelf import Shelf
from tests.pictures import profile_of

PICTURE = """
    2 a:1 b:2
    1 c
"""


@pytest.fixture(autouse=True)
def clean():
    session.captures.clear()  # those of other tests
    yield
    for capture in session.running():
        session.stop(capture)
    session.captures.clear()


def burn(seconds: float = 0.05) -> int:
    end, total = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        total += sum(range(100))
    return total


# Start, stop, names


def test_a_capture_from_start_to_stop():
    began = time.time_ns()
    capture = session.start("cpu", name="mine", label="here")
    assert (capture.kind, capture.name, capture.label, capture.status) == ("cpu", "mine", "here", "running")
    assert session.running() == (capture,)
    assert began <= capture.started_at <= time.time_ns()
    assert capture.ended_at == 0
    assert capture not in session.captures
    with pytest.raises(NotRunning, match=r"\.peek\(\)"):
        _ = capture.document
    assert capture.peek().attributes[A.STATUS] == "running"
    assert session.numbers(capture).asked_rate == 100

    assert session.stop(capture) is capture
    assert capture.status == "done"
    assert capture.started_at <= capture.ended_at
    assert session.running() == ()
    assert op.captures[-1] is capture
    facts = capture.document.attributes
    assert (facts[A.KIND], facts[A.NAME], facts[A.LABEL], facts[A.NUMBER], facts[A.STATUS]) == (
        "cpu",
        "mine",
        "here",
        capture.number,
        "done",
    )
    assert facts[A.PID] == os.getpid()
    assert facts[A.FOLDER] == str(Path.cwd())
    assert facts[A.PYTHON] == ".".join(map(str, sys.version_info[:3]))
    assert str(Path(os.__file__).parent) in facts[A.PREFIXES].split("\n")
    assert A.ERROR not in facts
    assert A.RUNS not in facts


def test_one_recording_a_kind_and_the_error_says_which():
    first = session.start("cpu", label="In[3]")
    with pytest.raises(AlreadyRunning, match=rf"cpu .*#{first.number} \(In\[3\]\)"):
        session.start("cpu")
    other = session.start("wall")
    assert session.running() == (first, other)
    session.stop(first)
    session.stop(session.start("cpu"))


def test_a_failed_start_leaves_nothing_behind(monkeypatch):
    before = session.start("wall").number
    monkeypatch.setattr(
        cpu.CpuProfiler, "start", lambda self: (_ for _ in ()).throw(ProfilerUnavailable("cpu", "no clock", "wait"))
    )
    with pytest.raises(ProfilerUnavailable):
        session.start("cpu")
    monkeypatch.undo()
    assert session.start("cpu").number == before + 1


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("cpuu", {}, "'cpu'"),
        ("cpu", {"rat": 5}, "'rate'"),
        ("cpu", {"rate": -1}, "rate"),
        ("cpu", {"rate": "fast"}, "rate"),
    ],
)
def test_wrong_words_name_the_right_ones(kind, options, message):
    with pytest.raises(QueryError, match=message):
        session.start(kind, **options)
    assert session.running() == ()


def test_stopping_twice_and_strangers():
    capture = session.stop(session.start("cpu"))
    with pytest.raises(NotRunning):
        session.stop(capture)
    with pytest.raises(NotRunning):
        session.numbers(capture)


def test_a_recording_that_cannot_stop_is_over(monkeypatch):
    capture = session.start("cpu")

    def broken(*_args, **_kwargs):
        raise RuntimeError("out of order")

    monkeypatch.setattr(stamps, "stamped", broken)
    with pytest.raises(RuntimeError):
        session.stop(capture)
    assert capture.status == "failed"
    assert session.running() == ()


def test_find():
    one = session.stop(session.start("cpu", name="train", label="In[5]"))
    two = session.stop(session.start("cpu", label="In[5]"))
    three = session.stop(session.start("wall", label="In[7.2]"))
    assert session.find() is three
    assert session.find(f"#{one.number}") is one
    assert session.find("train") is one
    assert session.find("In[5]") is two
    assert session.find("In[7]") is three
    running = session.start("cpu", label="In[9]")
    assert session.find() is three
    assert session.find("In[9]") is running
    for wrong in ("#0", "In[6]", "trian"):
        with pytest.raises(UnknownCapture, match=r"One of|one of|the newest are"):
            session.find(wrong)
    with pytest.raises(UnknownCapture, match="'train'"):
        session.find("trian")


def test_what_a_first_result_has_to_import_is_no_part_of_it():
    code = """
import openprofiling_ipy as op, time
with op.profile() as capture:
    end = time.process_time() + .3
    while time.process_time() < end: pass
print(sorted({file for file in capture.table().file if "numpy" in file or "dataclasses" in file}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_find_without_any_says_how_to_begin():
    with pytest.raises(UnknownCapture, match="%%oprof cpu"):
        session.find()


def test_an_error_lists_the_newest_and_suggests_no_number():
    for _ in range(20):
        session.stop(session.start("cpu", label="In[5]"))
    numbers = [c.number for c in session.captures]
    with pytest.raises(UnknownCapture) as caught:
        session.find("#0")
    assert f"the newest are #{numbers[-1]}, In[5], #{numbers[-2]}" in str(caught.value)
    assert f"#{numbers[0]}" not in str(caught.value)
    assert "did you mean" not in str(caught.value)
    with pytest.raises(UnknownCapture, match="the newest are"):
        session.forget(Capture("cpu", 0))


def test_times_are_the_recordings_own(monkeypatch):
    def slow(*arguments, **keywords):
        time.sleep(0.05)
        return stamped(*arguments, **keywords)

    stamped = stamps.stamped
    monkeypatch.setattr(stamps, "stamped", slow)
    capture = session.stop(session.start("cpu"))
    assert capture.ended_at - capture.started_at == capture.document.duration < 0.05e9


@pytest.mark.parametrize("way", [copy.deepcopy, copy.copy, lambda capture: pickle.loads(pickle.dumps(capture))])
def test_captures_can_be_copied(way):
    with op.profile(name="mine") as capture:
        burn()
        with pytest.raises(NotRunning):
            way(capture)
    other = way(capture)
    assert other is not capture
    assert other.document == capture.document
    assert (other.name, other.number, other.status) == ("mine", capture.number, "done")
    assert way(other).document == capture.document


def test_forget():
    capture = session.stop(session.start("cpu"))
    session.forget(capture)
    assert capture not in session.captures
    with pytest.raises(UnknownCapture):
        _ = capture.document
    with pytest.raises(UnknownCapture):
        session.forget(capture)


def test_many_threads_start_one_recording():
    barrier = threading.Barrier(8)
    outcomes = []

    def start():
        barrier.wait()
        try:
            outcomes.append(session.start("cpu"))
        except AlreadyRunning as error:
            outcomes.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(outcome, Capture) for outcome in outcomes) == 1
    assert len(outcomes) == 8


# Saved files


def test_load_joins_the_captures_and_is_lossless(tmp_path):
    with op.profile(name="mine") as capture:
        burn()
    loaded = op.load(capture.save(tmp_path / "a.speedscope.json"))
    assert loaded.document == capture.document
    assert op.captures[-1] is loaded
    assert (loaded.kind, loaded.name, loaded.label, loaded.status) == ("cpu", "mine", capture.label, "loaded")
    assert loaded.number > capture.number
    assert loaded.ended_at - loaded.started_at == capture.document.duration


def test_load_of_what_is_no_profile(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\0\1\2")
    (tmp_path / "a.cpuprofile").write_text('{"nodes": [}', encoding="utf-8")
    before = len(op.captures)
    with pytest.raises((UnknownFormat, MalformedProfile)):
        op.load(tmp_path / "a.txt")
    with pytest.raises(MalformedProfile):
        op.load(tmp_path / "a.cpuprofile")
    with pytest.raises(FileNotFoundError):
        op.load(tmp_path / "missing.json")
    assert len(op.captures) == before


# The shelf


def shelved(shelf: Shelf, count: int) -> list[Capture]:
    captures = []
    for number in range(1, count + 1):
        capture = Capture("cpu", number, status="done")
        shelf.add(capture, profile_of(PICTURE.replace("b", f"b{number}")))
        captures.append(capture)
    return captures


def names_in(capture: Capture) -> set[str]:
    return set(capture.document.strings)


def test_the_newest_stay_in_memory_and_the_others_come_back_from_disk():
    shelf = Shelf(most=3)
    captures = shelved(shelf, 10)
    assert [shelf.in_memory(c) for c in captures] == [False] * 7 + [True] * 3
    wanted = [profile_of(PICTURE.replace("b", f"b{number}")) for number in range(1, 11)]
    assert [c.document for c in captures] == wanted
    assert list(shelf) == captures
    assert shelf[-1] is captures[-1]
    assert shelf[2:4] == captures[2:4]


def test_what_was_read_back_is_kept_and_others_go():
    shelf = Shelf(most=2)
    captures = shelved(shelf, 3)
    first = captures[0].document
    assert captures[0].document is first
    assert [shelf.in_memory(c) for c in captures] == [True, False, True]


def test_the_budget_in_bytes_spills_too_but_never_the_newest():
    shelf = Shelf(budget=1)
    captures = shelved(shelf, 3)
    assert [shelf.in_memory(c) for c in captures] == [False, False, True]


def test_the_folder_is_private_and_forgetting_deletes():
    shelf = Shelf(most=1)
    captures = shelved(shelf, 3)
    _, folder = shelf._folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(file.name for file in folder.iterdir()) == ["1.profile", "2.profile"]
    shelf.forget(captures[0])
    assert [file.name for file in folder.iterdir()] == ["2.profile"]
    shelf.clear()
    assert list(folder.iterdir()) == []
    assert len(shelf) == 0


def test_a_full_disk_loses_nothing(monkeypatch):
    def full(self, _data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    shelf = Shelf(most=1)
    captures = shelved(shelf, 3)
    assert all(shelf.in_memory(c) for c in captures)
    assert "b1" in names_in(captures[0])


def test_names_that_are_not_unicode_survive_the_disk():
    shelf = Shelf(most=1)
    capture = Capture("cpu", 1, status="done")
    document = profile_of(PICTURE.replace("b", "b\udcff"))
    shelf.add(capture, document)
    shelved(shelf, 3)
    shelf2 = Shelf(most=1)
    shelf2.add(capture, document)
    shelf2.add(Capture("cpu", 2), document)
    assert capture.document == document


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_folder_goes_with_the_process():
    out = run("""
        from openprofiling_ipy.shelf import Shelf
        from openprofiling_ipy.capture import Capture
        from openprofiling_ipy.model import ProfileBuilder, ValueType
        shelf = Shelf(most=1)
        for number in (1, 2):
            shelf.add(Capture("cpu", number), ProfileBuilder([ValueType("samples", "count")]).build())
        print(shelf._folder[1], shelf._folder[1].is_dir())
    """)
    folder, was_there = out.split()
    assert was_there == "True"
    assert not Path(folder).exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_starts_afresh_and_leaves_its_parent_alone():
    out = run("""
        import os, sys, time, warnings
        import openprofiling_ipy as op
        from openprofiling_ipy import session
        session.captures._most = 1
        for _ in range(3):
            with op.profile():
                pass
        first = op.captures[0]
        with op.profile() as outer:
            sys.stdout.flush()
            pid = os.fork()
            if pid == 0:
                assert session.running() == ()
                assert first.document.attributes["number"] == first.number
                with op.profile() as inner:   # the parent's recording is not the child's
                    pass
                assert inner.status == "done" and inner.number == outer.number + 1
                session.forget(first)
        if pid == 0:
            assert outer.status == "running"
            sys.exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        assert outer.status == "done"
        assert first.document.attributes["number"] == first.number  # its file is still there
        print("fine")
    """)
    assert out.split() == ["fine"]


# profile(): blocks


def test_block():
    with op.profile("cpu", name="job", rate=200) as capture:
        burn(0.3)  # long enough to be seen on a busy machine
        with pytest.raises(NotRunning):
            _ = capture.document
        assert capture.peek().attributes[A.RATE] == 200
    assert capture is op.captures[-1]
    assert capture.status == "done"
    assert capture.name == "job"
    assert capture.label.startswith("test_session.py:")
    assert "burn" in set(capture.table().function)


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ValueError("first\nsecond"), "failed", "ValueError: first"),
        (KeyError(), "failed", "KeyError"),
        (KeyboardInterrupt(), "interrupted", None),
        (asyncio.CancelledError(), "interrupted", None),
        (SystemExit(0), "done", None),
        (SystemExit(3), "failed", "SystemExit: 3"),
    ],
)
def test_exceptions_pass_through_a_block_unchanged(error, status, said):
    with pytest.raises(type(error)) as caught, op.profile() as capture:
        raise error
    assert caught.value is error
    assert caught.traceback[-1].path.name == "test_session.py"
    assert capture.status == status
    assert capture.document.attributes.get(A.ERROR) == said


def test_an_error_that_cannot_say_itself():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    with pytest.raises(Mute), op.profile() as capture:
        raise Mute
    assert capture.document.attributes[A.ERROR] == "Mute"


def test_blocks_of_one_kind_do_not_nest():
    with op.profile() as outer, pytest.raises(AlreadyRunning), op.profile():
        pass
    assert outer.status == "done"
    with op.profile(), op.profile("wall"):
        pass


def test_a_block_can_be_used_again():
    block = op.profile()
    with block as one:
        pass
    with block as two:
        pass
    assert one is not two
    assert {one.status, two.status} == {"done"}


def test_a_block_stopped_from_elsewhere_ends_quietly():
    with op.profile() as capture:
        session.stop(capture)
    assert capture.status == "done"


@pytest.mark.parametrize("kind", [5, None, 2.5, ["cpu"]])
def test_a_kind_that_is_no_name(kind):
    with pytest.raises(InvalidOption, match=r"kind.*cpu, wall"):
        op.profile(kind)
    with pytest.raises(InvalidOption, match="kind"):
        session.start(kind)
    with pytest.raises(InvalidOption, match="name"):
        op.profile(name=5)


@pytest.mark.parametrize("arguments", [("cpuu", {}), ("cpu", {"rat": 5}), ("cpu", {"rate": 0})])
def test_wrong_words_are_known_where_they_are_written(arguments):
    kind, options = arguments
    with pytest.raises(QueryError):
        op.profile(kind, **options)


# profile(): functions


def test_decorated_function():
    @op.profile("wall", name="job")
    def work(a, *, b=2):
        """Says what it does."""
        burn(0.02)
        return a + b

    assert work.__name__ == "work"
    assert work.__doc__ == "Says what it does."
    assert work(1, b=5) == 6
    assert work(1) == 3
    assert [c.kind for c in op.captures] == ["wall", "wall"]
    assert op.captures[-1].name == "job"
    assert op.captures[-1].label.endswith("work()")


def test_decorator_without_parentheses():
    @op.profile
    def work():
        return 7

    assert work() == 7
    assert op.captures[-1].kind == "cpu"


def test_decorated_coroutine_function():
    @op.profile("wall")
    async def fetch(value):
        await asyncio.sleep(0.02)
        return value

    assert asyncio.iscoroutinefunction(fetch)
    assert asyncio.run(fetch(3)) == 3
    assert op.captures[-1].status == "done"
    assert op.captures[-1].ended_at - op.captures[-1].started_at >= 0.02e9


def test_decorated_generator_function():
    @op.profile()
    def numbers():
        received = yield 1
        yield received
        return "end"

    running = numbers()
    assert session.running() == ()
    assert next(running) == 1
    assert len(session.running()) == 1
    assert running.send("sent") == "sent"
    with pytest.raises(StopIteration) as stopped:
        next(running)
    assert stopped.value.value == "end"
    assert op.captures[-1].status == "done"
    early = numbers()
    next(early)
    early.close()
    assert op.captures[-1].status == "done"
    assert session.running() == ()


def test_an_async_generator_function_is_refused():
    async def items():
        yield 1

    with pytest.raises(TypeError, match="consumes"):
        op.profile()(items)


def test_decorators_in_the_wrong_order_say_the_right_one():
    with pytest.raises(TypeError, match="below @classmethod"):
        op.profile()(classmethod(burn))
    with pytest.raises(TypeError, match="below @staticmethod"):
        op.profile(staticmethod(burn))
    with pytest.raises(TypeError, match="its methods"):
        op.profile(Capture)

    class Right:
        @classmethod
        @op.profile()
        def method(cls):
            return 5

    assert Right.method() == 5


def test_recursion_belongs_to_the_outermost_call():
    @op.profile()
    def count(n):
        return 0 if n == 0 else 1 + count(n - 1)

    assert count(5) == 5
    assert len(op.captures) == 1


def test_a_decorated_function_fails_as_it_would():
    error = ValueError("no")

    @op.profile()
    def work():
        raise error

    with pytest.raises(ValueError, match="no") as caught:
        work()
    assert caught.value is error
    assert op.captures[-1].status == "failed"


def test_a_decorated_function_runs_where_the_profiler_cannot(monkeypatch):
    @op.profile()
    def work():
        return 7

    def cannot(self):
        raise ProfilerUnavailable("cpu", "no clock", "use wall")

    monkeypatch.setattr(cpu.CpuProfiler, "start", cannot)
    with pytest.warns(RuntimeWarning, match="no clock.*work"):
        assert work() == 7
    with pytest.raises(ProfilerUnavailable), op.profile():
        pass


# The package


def test_public_names():
    assert sorted(op.__all__) == sorted(
        [
            "Capture",
            "OpenProfilingError",
            "ProfilingAgent",
            "captures",
            "load",
            "load_ipython_extension",
            "profile",
            "unload_ipython_extension",
        ]
    )
    for name in op.__all__:
        assert getattr(op, name) is not None
        assert name in dir(op)
    assert issubclass(InvalidOption, OpenProfilingError)
    from importlib import metadata

    assert op.__version__ == metadata.version("openprofiling-ipy")
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = op.nothing_such


def test_importing_is_light():
    out = run("""
        import sys
        import openprofiling_ipy as op
        heavy = {"IPython", "numpy", "pandas", "matplotlib", "ipywidgets", "anywidget", "PIL", "asyncio"}
        print(sorted(heavy & sys.modules.keys()))
        op.profile, op.captures, op.load, op.Capture
        print(sorted(heavy & sys.modules.keys()))
        from openprofiling_ipy import session
        session.start("cpu")
        print(sorted((heavy - {"asyncio"}) & sys.modules.keys()))
    """)
    assert out.split("\n")[:3] == ["[]"] * 3


def test_what_the_document_needs_is_imported_behind_the_recording():
    run("""
        import openprofiling_ipy as op
        with op.profile(rate=1000) as capture:
            for _ in range(30000):
                len("x")
        seen = {(row.function, row.file) for row in capture.table("samples").itertuples()}
        assert all(file == "<string>" for _, file in seen), seen
        used, took = capture.table("cpu").self.sum(), capture.document.duration
        assert used < took + 1_000_000, (used, took)
    """)


def test_wrong_types_are_wrong_words():
    with op.profile() as capture:
        pass
    for ask in (capture.table, capture.lines, capture.callers, partial(capture.save, "x")):
        with pytest.raises(OpenProfilingError, match="5"):
            ask(5)
