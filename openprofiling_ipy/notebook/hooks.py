"""A session inside IPython: a recording begins with a cell, ends with the execution that began it, and is shown."""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.error import UsageError
from IPython.utils.capture import capture_output

from openprofiling_ipy import session
from openprofiling_ipy.cells import marker
from openprofiling_ipy.cells.repeat import Repeat, at_once
from openprofiling_ipy.cells.sources import STATEMENT, cells_of, identity
from openprofiling_ipy.errors import AgentError, AlreadyRunning, NotRunning, QueryError
from openprofiling_ipy.exporters import naming
from openprofiling_ipy.notebook import kept
from openprofiling_ipy.notebook.display import Display
from openprofiling_ipy.notebook.executions import Executions
from openprofiling_ipy.notebook.interrupts import Held, Placed
from openprofiling_ipy.notebook.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.notebook.arguments import Options
    from openprofiling_ipy.notebook.auto import Auto
    from openprofiling_ipy.notebook.executions import Execution
    from openprofiling_ipy.notebook.live import Live

__all__ = ["Notebook", "Run", "place"]


@dataclass(eq=False)
class Run:
    """
    A recording of a cell or a statement.

    `cell` identifies the cell, `count` is how often its code ran, `over` whether that has ended, `done` whether there
    is something to show, `valued` whether the code ended with a value that shows. One that took less than `least` s is
    forgotten.
    """

    capture: Capture
    options: Options
    live: Live | None
    cell: str
    count: int = 1
    over: bool = False
    done: bool = False
    valued: bool = False
    least: float = 0.0


class Notebook:
    """The hooks of one shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.cells = cells_of(shell)
        self.display = Display(shell, self.main_label)
        self._executions = Executions(shell, self.cells.begin, self._over, self._end, self._begun)
        #: How every cell is recorded; None: only those that ask for it.
        self.auto: Auto | None = None

    def load(self) -> None:
        if self.display.rich:
            naming.set_default_folder(Path.cwd)
        self._executions.load()
        self._end_keeping = kept.begin()
        self.shell.input_transformers_cleanup.append(self.transform)

    def unload(self) -> None:
        """Take the hooks back; recordings of cells under way end here and are shown."""
        self._executions.unload()
        self.shell.input_transformers_cleanup.remove(self.transform)
        naming.set_default_folder(None)
        self._executions.end_all()
        self._end_keeping()
        self.display.close()

    def transform(self, lines: list[str]) -> list[str]:
        """Turn a leading `%%oprof` line into a call."""
        return marker.mark(lines, self._cell_magic, self._awaits)

    #: So that IPython leaves it out when it only asks whether a cell is complete: with the line in place it sees a cell
    #: magic, which in a terminal ends with a blank line.
    transform.has_side_effects = True  # type: ignore[attr-defined]

    def label(self) -> str:
        """Return the label of the cell being executed, "" outside of one."""
        return self._executions.label

    def main_label(self) -> str:
        """Return the label of the cell that the main thread runs, "" where it runs none."""
        return self._executions.main_label

    def begin(self, options: Options) -> Awaitable[None] | None:
        """
        Begin the recording of the cell that is running: what the marker calls as the cell's first statement.

        Raises UsageError where the options mean nothing; where only the profiler cannot run, says so and returns.
        """
        __tracebackhide__ = True
        filename, line = place()
        again = Repeat(self.shell, filename) if options.repeat else None
        _restore(filename)
        if again is not None and not again.code:
            raise UsageError("--for repeats a cell that begins with %%oprof, or a statement: %oprof cpu --for 2s f()")
        execution = self._executions.current
        # A silent run shows nothing and has no end that can be told from others': it runs unprofiled.
        if execution is not None and execution.info is not None:
            if execution.run is not None:
                raise UsageError("one %%oprof a cell: cpu and wall both record CPU and waiting; take one line away")
            with Held() as interrupt:
                execution.run = self._start(options, self.cells.label(filename) or execution.label, execution)
                self._executions.hold(execution)
            interrupt.pass_on(*place())
        if again is None:
            return None
        waiting = self._repeat(again, execution.run if execution else None, Placed(filename, line, filename))
        if again.awaited:
            return waiting
        at_once(waiting)
        return None

    def call(self, options: Options, text: str, filename: str = STATEMENT, names: dict[str, Any] | None = None) -> Any:
        """Record code that a magic was given, show the result, and return the value of its last expression."""
        __tracebackhide__ = True
        try:
            code = Statement(self.shell, text, filename)
        except SyntaxError as wrong:
            awaits = "; to await, begin a cell with %%oprof" if "await" in str(wrong.msg) else ""
            raise UsageError(f"SyntaxError: {wrong.msg} (line {wrong.lineno}){awaits}") from None
        run: Run | None = None
        error: BaseException | None = None
        try:
            with Held() as interrupt:
                run = self._start(options, self.label(), self._executions.current)
            interrupt.pass_on(*place())
            if run is None or not options.repeat:
                return code.run(names)
            with Placed(*place(), filename):
                value, run.count = code.run_for(options.repeat, capture_output, names)
        except BaseException as raised:
            error = raised
            raise
        else:
            return value
        finally:
            if run is not None:
                self._finish(run, error)

    def _start(self, options: Options, label: str, execution: Execution | None, *, live: bool = True) -> Run | None:
        """Start a recording. Returns None where the profiler cannot run, and says why. Raises UsageError."""
        if options.output in self.shell.user_ns_hidden:
            raise UsageError(f"-o: {options.output!r} will not do: IPython needs that name; give another one")
        begun: list[Capture] = []
        # Before the recording, so that its thread is known as not the user's.
        shown = self.display.live(lambda: begun[0] if begun else None, options) if live else None
        try:
            begun.append(session.start(options.kind, name=options.name, label=label, **options.for_profiler()))
        except AlreadyRunning as already:
            others = [f" (#{c.number} {c.label})" for c in session.running() if c.kind == already.kind]
            self.display.say(f"a {already.kind} recording is running{''.join(others)}: this runs as a part of it")
        except QueryError as wrong:
            raise UsageError(str(wrong)) from None
        except AgentError as unavailable:
            self.display.say(f"{unavailable}; this runs unprofiled")
        except Exception as broken:  # noqa: BLE001  # a profiler's fault must not become the cell's
            self.display.say(f"cannot record ({_told(broken)}); this runs unprofiled")
        finally:
            if shown is not None and not begun:
                shown.end()
        cell = identity(execution.info) if execution is not None and execution.info is not None else ""
        return Run(begun[0], options, shown, cell) if begun else None

    def _finish(self, run: Run, error: BaseException | None) -> None:
        """End and show the recording of a statement; what the user interrupts meanwhile is the cell."""
        __tracebackhide__ = True
        with Held() as interrupt:
            self._stop(run, error)
            if run.done:
                self._show(run)
        if error is None:
            interrupt.pass_on(*place())

    def _stop(self, run: Run, error: BaseException | None) -> None:
        """End a recording, once."""
        if run.over:
            return
        run.over = True
        if run.options.output:
            self.shell.user_ns[run.options.output] = run.capture
        try:
            session.stop(run.capture, *session.ending(error), cell=run.cell, runs=run.count)
            run.done = run.capture.ended_at - run.capture.started_at >= run.least * 1e9
            if not run.done:
                session.forget(run.capture)
        except NotRunning:
            pass  # `%oprof stop` has ended and shown it
        except (Exception, KeyboardInterrupt) as broken:  # noqa: BLE001  # nor must it at the end
            self.display.say(f"#{run.capture.number} has no result ({_told(broken)})")
        finally:
            if run.live is not None:
                run.live.end()

    def _show(self, run: Run) -> None:
        try:
            self.display.result(run.capture, run.options, run.live, valued=run.valued)
        except KeyboardInterrupt:
            self.display.say(f"interrupted while drawing: %oprof show #{run.capture.number} shows it")

    async def _repeat(self, again: Repeat, run: Run | None, placed: Placed) -> None:
        __tracebackhide__ = True
        if run is None:
            return
        with placed:
            run.count += await again.run(run.options.repeat, capture_output)

    def _begun(self, execution: Execution) -> None:
        """Record a cell that did not ask for it, where every cell is recorded."""
        if self.auto is not None and self.auto.records(execution):
            with Held():
                execution.run = self._start(self.auto.options, execution.label, execution, live=False)
                self._executions.hold(execution)
            if execution.run is not None:
                execution.run.least = self.auto.over

    def _over(self, execution: Execution, error: BaseException | None) -> None:
        """End what a cell began: its code is over, and what IPython does about it is not the cell's."""
        if execution.run is not None:
            with Held():
                self._stop(execution.run, error)

    def _end(self, execution: Execution, result: Any) -> None:
        """Show what a cell began. An interrupt has nothing left to stop but the drawing."""
        run, execution.run = execution.run, None
        with Held() as interrupt:
            if run is not None:
                run.valued = getattr(result, "result", None) is not None
                self._stop(run, None if result is None else result.error_before_exec or result.error_in_exec)
                execution.ended += [run] if run.done else []
            self._show_ended(execution, interrupt)

    def _show_ended(self, execution: Execution, interrupt: Held) -> None:
        """Show what has ended, below the output of the outermost cell that is being captured."""
        outer = execution.outer
        if outer is not None and isinstance(self.shell.display_pub, CapturingDisplayPublisher):
            outer.ended += execution.ended
            self._executions.hold(outer)
            return
        for run in execution.ended:
            if interrupt.asked:
                self.display.say(f"interrupted before it was drawn: %oprof show #{run.capture.number} shows it")
            else:
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


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0].rstrip(": ")


def place() -> tuple[str, int]:
    """Return the file name and line of the cell whose code calls."""
    frame = sys._getframe(1)  # noqa: SLF001  # the marker's own frame says which cell it stands in
    while frame.f_back is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def _restore(filename: str) -> None:
    """Show the line as it was typed wherever Python shows the cell's source."""
    lines = linecache.getlines(filename)
    if lines:
        shown = marker.restored(lines)
        linecache.cache[filename] = sum(map(len, shown)), None, shown, filename
