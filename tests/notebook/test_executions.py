"""Executions from IPython's events, in every order in which they come."""

from __future__ import annotations

import contextvars
import threading
from types import SimpleNamespace

import pytest

from openprofiling_ipy.notebook.executions import Executions


class Events:
    """IPython's event manager, fired by hand."""

    def __init__(self) -> None:
        self.callbacks: dict = {"post_execute": [lambda: None]}

    def register(self, event, callback):
        self.callbacks.setdefault(event, []).append(callback)

    def unregister(self, event, callback):
        self.callbacks[event].remove(callback)


class World:
    """A shell's events and the executions that follow them; `ended` is what was told."""

    def __init__(self) -> None:
        self.events = Events()
        self.shell = SimpleNamespace(
            events=self.events, last_execution_result=None, showtraceback=lambda: self.over.append("shown")
        )
        self.ended: list[tuple[str, object]] = []
        self.over: list[object] = []
        self.executions = Executions(
            self.shell,
            lambda info, outer: f"{outer}/{info.name}",
            lambda execution, error: self.over.append((execution.label, error)),
            lambda execution, result: self.ended.append((execution.label, result and result.value)),
        )
        self.executions.load()

    def fire(self, event, *arguments):
        for callback in self.events.callbacks[event][:]:
            callback(*arguments)

    def begin(self, name: str, *, hold: bool = True) -> SimpleNamespace:
        info = SimpleNamespace(name=name, raw_cell=name)
        self.fire("pre_execute")
        self.fire("pre_run_cell", info)
        if hold:
            self.executions.hold(self.executions.current)
        return info

    def end(self, info, value: object = None) -> None:
        self.fire("post_execute")
        self.fire("post_run_cell", SimpleNamespace(info=info, value=value) if info else None)


@pytest.fixture
def world():
    return World()


def test_one_cell(world):
    assert world.executions.current is None
    info = world.begin("a")
    assert world.executions.label == "/a"
    world.end(info, 5)
    assert world.ended == [("/a", 5)]
    assert world.executions.current is None
    assert world.executions.label == ""


def test_a_nested_cell_ends_only_itself(world):
    outer = world.begin("a")
    inner = world.begin("b")
    assert world.executions.label == "/a/b"
    world.end(inner)
    assert [label for label, _ in world.ended] == ["/a/b"]
    assert world.executions.label == "/a"
    world.end(outer)
    assert [label for label, _ in world.ended] == ["/a/b", "/a"]


def test_silent_runs_come_and_go(world):
    outer = world.begin("a")
    world.fire("pre_execute")
    assert world.executions.current.info is None
    inner = world.begin("b")
    assert world.executions.label == "/a/b"
    world.end(inner)
    world.fire("post_execute")
    assert world.executions.label == "/a"
    world.end(outer)
    assert world.executions.current is None


def test_an_empty_cell_has_an_end_without_a_beginning(world):
    outer = world.begin("a")
    world.end(SimpleNamespace(name="empty", raw_cell=""))
    assert world.ended == []
    assert world.executions.label == "/a"
    world.end(outer)
    assert len(world.ended) == 1


def test_an_async_cell_ends_outside_of_its_context(world):
    task = contextvars.copy_context()
    info = task.run(world.begin, "a")
    assert world.executions.current is None
    inner = task.run(world.begin, "b")
    task.run(world.end, inner)
    world.end(info, 7)
    assert world.ended == [("/a/b", None), ("/a", 7)]
    assert world.executions.current is None


def test_two_async_cells_side_by_side(world):
    one, two = contextvars.copy_context(), contextvars.copy_context()
    first, second = one.run(world.begin, "a"), two.run(world.begin, "b")
    assert two.run(lambda: world.executions.label) == "/b"
    world.end(first)
    assert [label for label, _ in world.ended] == ["/a"]
    world.end(second)
    assert [label for label, _ in world.ended] == ["/a", "/b"]


def test_a_subshell_beside_the_main_one(world):
    main = world.begin("a")
    seen = []

    def subshell():
        info = world.begin("b")
        seen.append(world.executions.label)
        world.end(info)

    thread = threading.Thread(target=subshell)
    thread.start()
    thread.join()
    assert seen == ["/b"]
    assert world.executions.label == "/a"
    world.end(main)
    assert [label for label, _ in world.ended] == ["/b", "/a"]


def test_what_never_ended_ends_with_the_cell_around_it(world):
    outer = world.begin("a")
    world.begin("b")
    world.begin("c")
    world.end(outer, "error")
    assert [label for label, _ in world.ended] == ["/a/b/c", "/a/b", "/a"]
    assert world.executions.current is None


def test_an_end_without_a_result_ends_what_this_thread_runs(world):
    """As when a cell's task is cancelled from outside."""
    task = contextvars.copy_context()
    task.run(world.begin, "a")
    world.end(None)
    assert world.ended == [("/a", None)]
    world.end(None)
    assert len(world.ended) == 1


def test_cells_that_nobody_holds_are_not_told(world):
    info = world.begin("a", hold=False)
    world.end(info)
    assert world.ended == []
    assert world.executions.current is None


def test_holding_twice_tells_once(world):
    info = world.begin("a")
    world.executions.hold(world.executions.current)
    world.end(info)
    assert len(world.ended) == 1


def test_ending_all(world):
    world.begin("a")
    world.begin("b")
    world.executions.unload()
    assert sum(map(len, world.events.callbacks.values())) == 1
    world.executions.end_all()
    assert [label for label, _ in world.ended] == ["/a/b", "/a"]


def test_loaded_in_the_middle_of_a_cell(world):
    """The cell with `%load_ext` itself: its beginning was not seen."""
    world.end(SimpleNamespace(name="load"))
    world.fire("pre_run_cell", SimpleNamespace(name="odd"))
    assert world.executions.current is None
    assert world.ended == []


def test_an_info_made_anew_ends_the_execution_it_is_about(world):
    """As IPython does when an exception cannot be printed."""
    world.begin("outer")
    world.begin("inner")
    world.end(SimpleNamespace(raw_cell="inner"), 1)
    assert world.ended == [("/outer/inner", 1)]
    world.begin("next")
    assert world.executions.label == "/outer/next"


# A cell's code is over before IPython is done with the cell


def result_of(info, error=None):
    return SimpleNamespace(info=info, error_before_exec=None, error_in_exec=error, value=None)


def test_code_is_over_before_others_hear_of_the_end(world):
    order = []
    world.events.callbacks["post_execute"].append(lambda: order.append(list(world.over)))
    info = world.begin("a")
    world.shell.last_execution_result = result_of(info)
    world.fire("post_execute")
    assert order == [[("/a", None)]]


def test_the_end_of_an_inner_cell_is_not_the_outer_ones(world):
    world.begin("a")
    inner = world.begin("b")
    world.shell.last_execution_result = result_of(inner)
    world.fire("post_execute")
    assert world.over == [("/a/b", None)]


def test_an_empty_cell_inside_ends_no_code(world):
    world.begin("a")
    world.shell.last_execution_result = result_of(SimpleNamespace(name="empty", raw_cell=""))
    world.fire("post_execute")
    assert world.over == []


def test_code_is_over_before_its_traceback_is_printed(world):
    info = world.begin("a")
    error = ValueError()

    def run_code(result):
        try:
            raise error
        except ValueError:
            world.shell.showtraceback()

    run_code(result_of(info))
    assert world.over == [("/a", error), "shown"]


def test_a_traceback_that_the_cell_shows_itself_is_no_end(world):
    world.begin("a")
    world.shell.showtraceback()
    assert world.over == ["shown"]


def test_tracebacks_are_shown_as_before_when_unloaded(world):
    world.executions.unload()
    assert "showtraceback" not in vars(world.shell)
