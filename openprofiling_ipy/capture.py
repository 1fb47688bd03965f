"""`Capture`: a document with who, when and why, and one-line methods for its user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from openprofiling_ipy.errors import NotRunning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.model.profile import Attribute

__all__ = ["Capture", "Function", "Status"]

Status = Literal["running", "done", "interrupted", "failed", "recovered", "loaded"]
Function = str | tuple[str, str]


@dataclass(eq=False)
class Capture:
    """
    One recording and its result.

    `number` counts captures in this process from 1 ("#3"), `label` says what was recorded ("In[5]", "train()"), `name`
    is what the user called it, `started_at` and `ended_at` are unix ns (`ended_at` 0 while it runs).

    A function is given by its qualified name, or by a (name, file) pair where several share one.
    """

    kind: str
    number: int
    label: str = ""
    name: str = ""
    started_at: int = 0
    ended_at: int = 0
    status: Status = "running"
    #: Facts about it that travel in its document's attributes.
    attributes: dict[str, Attribute] = field(default_factory=dict, repr=False)
    #: Gives the document as it is now: the recording's `peek` while it runs, then the finished document or its reader.
    read: Callable[[], Profile] | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle and copy the finished document with the rest. Raises NotRunning while the recording goes on."""
        return {**vars(self), "read": self.document}

    def __setstate__(self, state: dict[str, Any]) -> None:
        document = state["read"]
        vars(self).update(state, read=lambda: document)

    @property
    def document(self) -> Profile:
        """The finished document. Raises NotRunning while the recording goes on: see `peek`."""
        if self.status == "running" or self.read is None:
            raise NotRunning("the recording is still running: .peek() shows what it has so far")
        return self.read()

    def peek(self) -> Profile:
        """Return what is recorded so far, or the finished document."""
        if self.read is None:
            raise NotRunning("the recording has not begun")
        return self.read()

    def table(self, value: str | None = None) -> pd.DataFrame:
        """
        Return a row a function, sorted by self descending.

        Columns: function, file, line (its first), self, total (int64 in the value's unit: ns, bytes, count),
        self_share, total_share (fractions of the document's total). `value` is one of `document.value_kinds`, by
        default the kind's own.
        """
        from openprofiling_ipy.widgets import frames

        return frames.table(self.document, value)

    def callers(self, function: Function, value: str | None = None) -> pd.DataFrame:
        """Return who called `function`, with the weight of those calls; the columns of `table`."""
        from openprofiling_ipy.widgets import frames

        return frames.callers(self.document, function, value)

    def callees(self, function: Function, value: str | None = None) -> pd.DataFrame:
        """Return what `function` called, with the weight of those calls; the columns of `table`."""
        from openprofiling_ipy.widgets import frames

        return frames.callees(self.document, function, value)

    def lines(self, file: str | None = None, value: str | None = None) -> pd.DataFrame:
        """Return a row a line of `file`, by default its cell or its own main file: line, self, total, source."""
        from openprofiling_ipy.widgets import frames

        return frames.lines(self.document, file, value)

    def plot(self, value: str | None = None, ax: Any = None) -> Any:
        """Draw an icicle with matplotlib and return its Axes."""
        from openprofiling_ipy.widgets import figure

        return figure.plot(self.document, value, ax)

    def show(self) -> Any:
        """Return the result as a cell shows it: flame graph, sandwich, lines; a table in a terminal."""
        from openprofiling_ipy.widgets import view

        return view.Result(self)

    def view(self) -> Any:
        """Return it as a widget whose Export button reaches the kernel; it lives as long as the kernel. See `show`."""
        from openprofiling_ipy.widgets import widget_result

        return widget_result.ResultWidget(self)

    def save(self, path: str | Path, format: str | None = None) -> Path:  # noqa: A002
        """Write it to `path` now and return it. Raises ExportError or FormatError."""
        from openprofiling_ipy.exporters import file

        return file.save(self, path, format)

    def export(self, destination: str | Path = "", format: str | None = None) -> str:  # noqa: A002
        """Send it to a folder, a file, or an address, and return the final place. Raises OpenProfilingError."""
        from openprofiling_ipy.exporters import registry

        return registry.export(self, destination, format)
