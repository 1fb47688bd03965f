"""What a magic shows: results, live lines, one-line messages, links and small tables."""

from __future__ import annotations

import html
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from openprofiling_ipy import session
from openprofiling_ipy.errors import NotRunning, OpenProfilingError, QueryError
from openprofiling_ipy.exporters.address import is_address
from openprofiling_ipy.notebook import live
from openprofiling_ipy.notebook.live import Live

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.notebook.arguments import Options
    from openprofiling_ipy.notebook.live import Bundle
    from openprofiling_ipy.widgets.panel import Panel

__all__ = ["Display"]

_MUTED = "font:12px/1.6 system-ui,sans-serif;opacity:.75"


class Display:
    """
    Shows things in the shell's own way: a notebook displays, a terminal prints.

    `label` tells the cell that the main thread runs, "" for none.
    """

    def __init__(self, shell: Any, label: Callable[[], str]) -> None:
        self._shell = shell
        self._label = label
        self._panel: Panel | None = None

    @property
    def rich(self) -> bool:
        """Whether HTML is shown."""
        return "text/html" in self._shell.display_formatter.active_types

    def note(self, text: str, markup: str = "") -> None:
        """Show a line or two that is no result."""
        self.show(text, f'<div style="{_MUTED}">{markup or html.escape(text)}</div>')

    def say(self, message: str) -> None:
        """Write one line about something that did not go as asked."""
        err = sys.stderr or sys.__stderr__  # a cell may have taken it away
        if err is not None:
            err.write(f"oprof: {' '.join(message.split())}\n")

    def show(self, text: str, markup: str) -> None:
        self._shell.display_pub.publish({"text/plain": text} | ({"text/html": markup} if self.rich else {}))

    def result(self, capture: Capture, options: Options, shown: Live | None = None, *, valued: bool = False) -> None:
        """
        Show a capture, in the place of `shown` where that is the last of the cell's output, and export it if asked.

        `valued` tells that the cell ended with a value.
        """
        try:
            bundle = self._bundle(capture, options)
            if shown is not None:
                # A value is counted when the kernel begins to format it, and stands there when that is done.
                shown.finish(bundle, followed=valued)
            else:
                self._shell.display_pub.publish(bundle)
        except Exception as error:  # noqa: BLE001  # a picture that fails must not look like the cell's own failure
            said = str(error).partition("\n")[0]
            self.say(f"#{capture.number} cannot be shown ({type(error).__name__}: {said}); the capture is kept")
        if options.export is not None:
            try:
                self.exported(capture, options.export, options.format)
            except (OpenProfilingError, OSError) as error:
                self.say(str(error))

    def exported(self, capture: Capture, destination: str = "", format_name: str | None = None) -> None:
        """Export a capture and answer with its place. Raises OpenProfilingError."""
        from openprofiling_ipy.formats import registry

        place = capture.export(destination, format_name)
        fmt = registry.for_path(place, format_name)
        lost, told = fmt.losses(capture.document), fmt.contents(capture.document)
        text = f"#{capture.number} exported to {place}"
        link = _link(place)
        shown = html.escape(place)
        shown = f'<a href="{html.escape(link)}" target="_blank">{html.escape(Path(place).name)}</a>' if link else shown
        markup = f"#{capture.number} exported to {shown}"
        if lost:
            left_out = f"{Path(place).name} cannot hold: {', '.join(lost)}"
            text, markup = f"{text}\n{left_out}", f"{markup}<br>{html.escape(left_out)}"
        if told:
            holds = f"who gets it also gets: {', '.join(told)}"
            text, markup = f"{text}\n{holds}", f"{markup}<br>{html.escape(holds)}"
        self.note(text, markup)

    def panel(self) -> None:
        """Show the panel, the same one every time. Raises QueryError where no widgets live."""
        if getattr(self._shell, "kernel", None) is None:
            raise QueryError("%oprof panel needs a notebook: in a terminal use %oprof start, stop and list")
        from openprofiling_ipy.widgets.panel import Panel

        if self._panel is None or self._panel.comm is None:
            self._panel = Panel(self._label)
        self._shell.display_pub.publish(self._shell.display_formatter.format(self._panel)[0])

    def close(self) -> None:
        """Close the panel; recordings and captures stay."""
        if self._panel is not None:
            self._panel.close()

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        padded = ((cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows))
        text = "\n".join("  ".join(row).rstrip() for row in padded)
        line = "<tr>{}</tr>".format
        body = "".join(line("".join(f"<td>{html.escape(cell)}</td>" for cell in row)) for row in rows)
        top = line("".join(f"<th>{html.escape(cell)}</th>" for cell in head))
        self.show(text, f"<table><thead>{top}</thead><tbody>{body}</tbody></table>")

    def live(self, capture: Callable[[], Capture | None], options: Options) -> Live | None:
        """Return what will show a recording while it runs; None in a terminal, where output belongs to the program."""
        publisher = self._shell.display_pub
        # Only a kernel can change what it has displayed, and only where nobody captures it.
        if getattr(self._shell, "kernel", None) is None or not hasattr(publisher, "session"):
            if options.every:
                self.say("--every needs a notebook: the picture comes at the end")
            return None
        try:
            if options.every:
                return Live(publisher, lambda: self._picture(capture(), options), options.every, options.every)
            return Live(publisher, lambda: _line(capture()), live.AFTER, live.EVERY)
        except RuntimeError:  # no thread can be started here
            return None

    def _picture(self, capture: Capture | None, options: Options) -> Bundle | None:
        return None if capture is None or capture.status != "running" else self._bundle(capture, options)

    def _bundle(self, capture: Capture, options: Options) -> Bundle:
        from openprofiling_ipy.widgets import view

        if options.widget and self.rich and capture.status != "running":
            widget: Bundle = capture.view()._repr_mimebundle_()
            return widget
        result = view.Result(capture, budget=options.budget, quiet=options.quiet)
        # A terminal prints text: the rest need not be made.
        return result._repr_mimebundle_() if self.rich else {"text/plain": repr(result)}


def _line(capture: Capture | None) -> Bundle | None:
    """Return the live line of a recording, None where it has ended."""
    if capture is None:
        return None
    try:
        numbers = session.numbers(capture)
    except NotRunning:
        return None
    minutes, seconds = divmod(round(numbers.elapsed / 1e9), 60)
    text = (
        f"#{capture.number} {capture.kind} recording · {minutes}:{seconds:02} · {numbers.samples:,} samples, "
        f"{numbers.rate:.0f} of {numbers.asked_rate:.0f} Hz"
    )
    return {"text/plain": text, "text/html": f'<div style="{_MUTED}">{html.escape(text)}</div>'}


def _link(place: str) -> str:
    """Return a file's path as the notebook's own page reaches it, "" where it does not."""
    if is_address(place):
        return ""
    # The server tells the kernel where the notebook lies.
    notebook = os.environ.get("JPY_SESSION_NAME", "")
    base = Path(notebook).parent if Path(notebook).is_absolute() else Path.cwd()
    try:
        return quote(Path(place).resolve().relative_to(base.resolve()).as_posix())
    except ValueError:
        return ""
