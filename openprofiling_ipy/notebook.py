"""
A session inside IPython: the cell hooks that begin a recording with a cell, end it with the same one, and show it.

A cell's recording belongs to one execution, known by its ExecutionInfo from `pre_run_cell` to `post_run_cell`; cells
that other cells run, and silent runs, come and go in between.
"""

from __future__ import annotations

import contextvars
import linecache
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.error import UsageError
from IPython.utils.capture import capture_output

from openprofiling_ipy import marker, session
from openprofiling_ipy.cells import STATEMENT, cells_of, identity
from openprofiling_ipy.display import Display
from openprofiling_ipy.errors import AgentError, AlreadyRunning, NotRunning, QueryError
from openprofiling_ipy.exporters import naming
from openprofiling_ipy.repeat import Repeat, at_once
from openprofiling_ipy.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from openprofiling_ipy.arguments import Options
    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.live import Live

__all__ = ["Execution", "Notebook", "Run"]


@dataclass(eq=False)
class Run:
    """
    A recording of a cell or a statement.

    `cell` identifies the cell, `count` is how often its code ran, `valued` whether it ended with a value that shows.
    """

    capture: Capture
    options: Options
    live: Live | None
    cell: str
    count: int = 1
    valued: bool = False


@dataclass(eq=False)
class Execution:
    """A cell being executed; `info` is IPython's, None for silent runs."""

    parent: Execution | None
    thread: int = field(default_factory=threading.get_ident)
    info: Any = None
    label: str = ""
    run: Run | None = None
    #: Ended recordings of inner cells whose output is being captured: shown with this cell's.
    ended: list[Run] = field(default_factory=list)

    def chain(self) -> Iterator[Execution]:
        """Yield this execution and those it runs in, without silent ones."""
        at: Execution | None = self
        while at is not None:
            if at.info is not None:
                yield at
            at = at.parent


class Notebook:
    """The hooks of one shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.cells = cells_of(shell)
        self.display = Display(shell)
        self._current: contextvars.ContextVar[Execution | None] = contextvars.ContextVar("oprof", default=None)
        #: Executions with something to end or to show. Async cells end outside of their own context.
        self._open: list[Execution] = []
        self._events = {
            "pre_execute": self._pre_execute,
            "pre_run_cell": self._pre_run_cell,
            "post_execute": self._post_execute,
            "post_run_cell": self._post_run_cell,
        }

    def load(self) -> None:
        if self.display.rich:
            naming.set_default_folder(Path.cwd)
        for event, function in self._events.items():
            self.shell.events.register(event, function)
        self.shell.input_transformers_cleanup.append(self.transform)

    def unload(self) -> None:
        """Take the hooks back; recordings of cells under way end here and are shown."""
        for event, function in self._events.items():
            self.shell.events.unregister(event, function)
        self.shell.input_transformers_cleanup.remove(self.transform)
        naming.set_default_folder(None)
        for execution in tuple(self._open):
            self._finish(execution, None)

    def transform(self, lines: list[str]) -> list[str]:
        """Turn a leading `%%oprof` line into a call."""
        return marker.mark(lines, self._cell_magic, self._awaits)

    #: So that IPython leaves it out when it only asks whether a cell is complete: with the line in place it sees a cell
    #: magic, which in a terminal ends with a blank line.
    transform.has_side_effects = True  # type: ignore[attr-defined]

    def label(self) -> str:
        """Return the label of the cell being executed, "" outside of one."""
        execution = self._current.get()
        return next((e.label for e in execution.chain() if e.label), "") if execution else ""

    def begin(self, options: Options) -> Awaitable[None] | None:
        """
        Begin the recording of the cell that is running: what the marker calls as the cell's first statement.

        Raises UsageError where the options mean nothing; where only the profiler cannot run, says so and returns.
        """
        __tracebackhide__ = True
        filename = _cell_file()
        again = Repeat(self.shell, filename) if options.repeat else None
        _restore(filename)
        if again is not None and not again.code:
            raise UsageError("--for repeats a cell that begins with %%oprof, or a statement: %oprof cpu --for 2s f()")
        execution = self._current.get()
        # A silent run shows nothing and has no end that can be told from others': it runs unprofiled.
        if execution is not None and execution.info is not None:
            if execution.run is not None:
                raise UsageError("one %%oprof a cell: cpu and wall both record CPU and waiting; take one line away")
            execution.run = self._start(options, self.cells.label(filename) or execution.label, execution)
            self._open.append(execution)
        if again is None:
            return None
        waiting = self._repeat(again, execution.run if execution else None)
        if again.awaited:
            return waiting
        at_once(waiting)
        return None

    def call(self, options: Options, text: str, filename: str = STATEMENT, names: dict[str, Any] | None = None) -> Any:
        """Record code that a magic was given, show the result, and return the value of its last expression."""
        __tracebackhide__ = True
        code = Statement(self.shell, text, filename)
        execution = self._current.get()
        run = self._start(options, self.label(), execution)
        error: BaseException | None = None
        try:
            if run is None or not options.repeat:
                return code.run(names)
            value, run.count = code.run_for(options.repeat, capture_output, names)
        except BaseException as raised:
            error = raised
            raise
        else:
            return value
        finally:
            if run is not None:
                self._stop(run, error)
                self._show(run)

    def _start(self, options: Options, label: str, execution: Execution | None) -> Run | None:
        """Start a recording. Returns None where the profiler cannot run, and says why. Raises QueryError."""
        begun: list[Capture] = []
        # Before the recording, so that its thread is known as not the user's.
        live = self.display.live(lambda: begun[0] if begun else None, options)
        try:
            begun.append(session.start(options.kind, name=options.name, label=label, **options.for_profiler()))
        except AlreadyRunning as already:
            others = [f" (#{c.number} {c.label})" for c in session.running() if c.kind == already.kind]
            self.display.say(f"a {already.kind} recording is running{''.join(others)}: this runs as a part of it")
        except QueryError as wrong:
            raise UsageError(str(wrong)) from None
        except AgentError as unavailable:
            self.display.say(f"{unavailable}; this runs unprofiled")
        finally:
            if live is not None and not begun:
                live.end()
        cell = identity(execution.info) if execution is not None and execution.info is not None else ""
        return Run(begun[0], options, live, cell) if begun else None

    def _stop(self, run: Run, error: BaseException | None) -> None:
        """End a recording, whatever became of it."""
        try:
            session.stop(run.capture, *session.ending(error), cell=run.cell, runs=run.count)
        except NotRunning:
            pass  # stopped from elsewhere, such as a subshell
        finally:
            if run.live is not None:
                run.live.end()
        if run.options.output:
            self.shell.user_ns[run.options.output] = run.capture

    def _show(self, run: Run) -> None:
        try:
            self.display.result(run.capture, run.options, run.live, valued=run.valued)
        except KeyboardInterrupt:
            self.display.say(f"interrupted while drawing: %oprof show #{run.capture.number} shows it")

    async def _repeat(self, again: Repeat, run: Run | None) -> None:
        __tracebackhide__ = True
        if run is not None:
            run.count += await again.run(run.options.repeat, capture_output)

    def _pre_execute(self) -> None:
        self._current.set(Execution(self._current.get()))

    def _pre_run_cell(self, info: Any) -> None:
        execution = self._current.get()
        if execution is not None:
            outer = self.label()
            execution.info = info
            execution.label = self.cells.begin(info, outer)

    def _post_execute(self) -> None:
        execution = self._current.get()
        if execution is not None and execution.info is None:
            self._current.set(execution.parent)

    def _post_run_cell(self, result: Any) -> None:
        execution = self._ended(getattr(result, "info", None))
        if execution is None:
            return
        current = self._current.get()
        if current is not None and execution in current.chain():
            self._current.set(next(iter(execution.parent.chain()), None) if execution.parent else None)
        error = None if result is None else result.error_before_exec or result.error_in_exec
        if execution.run is not None:
            execution.run.valued = getattr(result, "result", None) is not None
        # Cells that somebody ran without IPython's own end of a cell end with the one that ran them.
        for inner in [e for e in self._open if execution in e.chain()]:
            self._finish(inner, error)

    def _ended(self, info: Any) -> Execution | None:
        """Return the execution that has this ExecutionInfo; without one, the outermost of this thread."""
        current = self._current.get()
        known = [*(current.chain() if current else ()), *self._open]
        if info is None:
            mine = [e for e in known if e.thread == threading.get_ident()]
            return [*mine[0].chain()][-1] if mine else None
        return next((e for e in known if e.info is info), None)

    def _finish(self, execution: Execution, error: BaseException | None) -> None:
        """End what an execution began and show it, below the output of the outermost cell that is being captured."""
        if execution in self._open:
            self._open.remove(execution)
        run, execution.run = execution.run, None
        if run is not None:
            self._stop(run, error)
            execution.ended.append(run)
        outer = next(iter(execution.parent.chain()), None) if execution.parent else None
        ended, execution.ended = execution.ended, []
        if outer is not None and isinstance(self.shell.display_pub, CapturingDisplayPublisher):
            outer.ended += ended
            self._open.append(outer)
            return
        for run in ended:
            self._show(run)

    def _cell_magic(self, lines: list[str]) -> list[str]:
        """Transform a piece of a cell that begins with another cell magic, as the shell does with a whole one."""
        for transform in self.shell.input_transformer_manager.line_transforms:
            lines = transform(lines)
        return lines

    def _awaits(self, lines: list[str]) -> bool:
        text = "".join(lines)
        try:
            return bool(self.shell.should_run_async(text, transformed_cell=self.shell.transform_cell(text)))
        except SyntaxError:
            return False


def _cell_file() -> str:
    """Return the file name of the cell whose code calls."""
    frame = sys._getframe(1)  # noqa: SLF001  # the marker's own frame says which cell it stands in
    while frame.f_back is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return frame.f_code.co_filename


def _restore(filename: str) -> None:
    """Show the line as it was typed wherever Python shows the cell's source."""
    lines = linecache.getlines(filename)
    if lines:
        shown = marker.restored(lines)
        linecache.cache[filename] = sum(map(len, shown)), None, shown, filename
