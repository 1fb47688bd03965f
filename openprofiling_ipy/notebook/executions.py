"""
Which cells a shell is executing: from IPython's events to one object a cell, whatever runs inside it.

A cell is known by its ExecutionInfo from `pre_run_cell` to `post_run_cell`. Cells run cells; silent runs have no
`post_run_cell`; an async cell runs in a task of its own and ends outside of it; a subshell runs beside the main one. So
the innermost one is kept in a context variable, and those that somebody holds on to in a list.
"""

from __future__ import annotations

import sys
import threading
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Execution", "Executions"]


@dataclass(eq=False)
class Execution:
    """A cell being executed; `info` is IPython's, None for silent runs."""

    parent: Execution | None
    thread: int = field(default_factory=threading.get_ident)
    info: Any = None
    label: str = ""
    #: What the cell's `%%oprof` line began.
    run: Any = None
    #: What inner cells began and ended while their output was being captured.
    ended: list[Any] = field(default_factory=list)

    @property
    def outer(self) -> Execution | None:
        """The cell whose code runs this one."""
        return next(iter(self.parent.chain()), None) if self.parent is not None else None

    def chain(self) -> Iterator[Execution]:
        """Yield this execution and those it runs in, without silent ones."""
        at: Execution | None = self
        while at is not None:
            if at.info is not None:
                yield at
            at = at.parent


class Executions:
    """
    The executions of one shell.

    `label` names a cell that is about to run, given its info and the label of the cell around it; `begun` is told of
    it then. Two things are told, only of those that are held: `over`, that a cell's code is over, with the error that
    ended it or None; and `ended`, that IPython is done with it, with IPython's result or None, the innermost first.
    """

    def __init__(
        self,
        shell: Any,
        label: Callable[[Any, str], str],
        over: Callable[[Execution, BaseException | None], None],
        ended: Callable[[Execution, Any], None],
        begun: Callable[[Execution], None] = lambda _execution: None,
    ) -> None:
        self._shell = shell
        self._label = label
        self._begun = begun
        self._over = over
        self._ended = ended
        self._show: Any = None
        self._current: ContextVar[Execution | None] = ContextVar("oprof_execution", default=None)
        self._callbacks = {
            "pre_execute": self._pre_execute,
            "pre_run_cell": self._pre_run_cell,
            "post_execute": self._post_execute,
            "post_run_cell": self._post_run_cell,
        }
        self._held: list[Execution] = []
        #: The outermost cell that the main thread runs.
        self._main: Execution | None = None

    def load(self) -> None:
        events = self._shell.events
        for event, callback in self._callbacks.items():
            events.register(event, callback)
        # Others draw figures there, which is no longer the cell's code.
        behind = events.callbacks["post_execute"]
        behind.insert(0, behind.pop())
        # IPython prints a traceback before it says that a cell has ended, and that can take longer than the cell.
        self._show = self._shell.showtraceback
        self._shell.showtraceback = self._showtraceback

    def unload(self) -> None:
        for event, callback in self._callbacks.items():
            self._shell.events.unregister(event, callback)
        if vars(self._shell).get("showtraceback") == self._showtraceback:
            del self._shell.showtraceback

    def hold(self, execution: Execution) -> None:
        """Ask to be told when an execution ends."""
        if execution not in self._held:
            self._held.append(execution)

    def end_all(self) -> None:
        """Tell of all that are held as if they had ended."""
        self._end(self._held, None)

    @property
    def current(self) -> Execution | None:
        """The innermost execution of the calling code; its `info` is None in a silent run."""
        return self._current.get()

    @property
    def label(self) -> str:
        """The label of the innermost cell, "" outside of one."""
        current = self.current
        return next((e.label for e in current.chain() if e.label), "") if current is not None else ""

    @property
    def main_label(self) -> str:
        """The label of the cell that the main thread runs, "" where it runs none; for callers on other threads."""
        running = self._main
        return running.label if running is not None else ""

    def _pre_execute(self) -> None:
        self._current.set(Execution(self.current))

    def _pre_run_cell(self, info: Any) -> None:
        current = self.current
        if current is not None:
            outer = self.label
            current.info = info
            current.label = self._label(info, outer)
            if not outer and threading.current_thread() is threading.main_thread():
                self._main = current
            self._begun(current)

    def _showtraceback(self, *arguments: Any, **keywords: Any) -> Any:
        __tracebackhide__ = True
        caller = sys._getframe(1)  # noqa: SLF001  # anybody may show a traceback: IPython's end of a cell is meant
        if caller.f_code.co_name == "run_code":
            self._tell(caller.f_locals.get("result"), sys.exc_info()[1])
        return self._show(*arguments, **keywords)

    def _tell(self, result: Any, error: BaseException | None) -> None:
        info = getattr(result, "info", None)
        for execution in [held for held in self._held if info is not None and held.info is info]:
            self._over(execution, error)

    def _post_execute(self) -> None:
        result = getattr(self._shell, "last_execution_result", None)
        self._tell(result, result and (result.error_before_exec or result.error_in_exec))
        current = self.current
        if current is not None and current.info is None:
            self._current.set(current.parent)

    def _post_run_cell(self, result: Any) -> None:
        execution = self._find(getattr(result, "info", None))
        if execution is None:
            return
        if execution is self._main:
            self._main = None
        current = self.current
        if current is not None and execution in current.chain():
            self._current.set(execution.outer)
        # Cells that somebody ran without IPython's own end of a cell end with the one that ran them.
        self._end([held for held in self._held if execution in held.chain()], result)

    def _end(self, executions: list[Execution], result: Any) -> None:
        """End these, the innermost first."""
        for execution in sorted(executions, key=lambda held: -len([*held.chain()])):
            self._held.remove(execution)
            self._ended(execution, result)

    def _find(self, info: Any) -> Execution | None:
        """Return the execution that has this ExecutionInfo; without one, the outermost of this thread."""
        current = self.current
        known = [*(current.chain() if current is not None else ()), *self._held]
        if info is None:
            mine = [e for e in known if e.thread == threading.get_ident()]
            return [*mine[0].chain()][-1] if mine else None
        found = next((e for e in known if e.info is info), None)
        # For what escapes IPython's own care, such as an exception that cannot be printed or a second Ctrl-C while it
        # is, the result comes with an ExecutionInfo made anew.
        return found or next((e for e in known if _alike(e.info, info)), None)


def _alike(one: Any, other: Any) -> bool:
    return one.raw_cell == other.raw_cell and getattr(one, "cell_id", None) == getattr(other, "cell_id", None)
