"""A notebook as its reader has it open: in JupyterLab 4 or Notebook 7, driven from outside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.jupyter import Server

URLS = {"lab": "/lab/tree/{}?reset", "notebook": "/notebooks/{}"}
PANEL = "window.jupyterapp.shell.currentWidget"
SCROLLER = ".jp-WindowedPanel-outer, .jp-Notebook.jp-mod-scrollPastEnd"
CELLS = f"""() => {PANEL}.content.widgets.map((cell) => [cell.model.type, cell.model.sharedModel.getSource()])"""


@dataclass
class FrontEnd:
    """One open notebook. `app` is "lab" or "notebook"."""

    app: str
    server: Server
    page: Page
    file: Path

    def open(self) -> None:
        """Open the notebook anew and wait until all its cells are there."""
        self.page.goto(self.server.url + URLS[self.app].format(self.file.name))
        self.page.wait_for_function("window.jupyterapp !== undefined")
        self.page.wait_for_function(f"() => {PANEL}?.context?.isReady && {PANEL}.content.widgets.length > 0")
        self.page.evaluate(f"async () => await {PANEL}.context.ready")
        self.page.wait_for_timeout(500)

    def run_all(self, seconds: float = 120) -> None:
        """Run all cells and wait until the kernel is idle and every code cell has its number."""
        self.page.wait_for_function(f"() => {PANEL}.sessionContext.session?.kernel?.status === 'idle'", timeout=60_000)
        # Not awaited: a promise across the wire would block this page until the last cell.
        self.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        done = f"""() => {PANEL}.content.widgets.every((cell) => cell.model.type !== 'code'
            || cell.model.sharedModel.getSource().trim() === '' || cell.model.executionCount !== null)
            && {PANEL}.sessionContext.session.kernel.status === 'idle'"""
        self.page.wait_for_function(done, timeout=seconds * 1000)

    def cells(self) -> Any:
        """Give type and source of every cell: what no key may change."""
        return self.page.evaluate(CELLS)

    def save(self) -> dict[str, Any]:
        """Save, and return what is on disk then."""
        self.page.evaluate("async () => await window.jupyterapp.commands.execute('docmanager:save')")
        expect_saved = f"() => !{PANEL}.context.model.dirty"
        self.page.wait_for_function(expect_saved)
        return json.loads(self.file.read_text(encoding="utf-8"))

    def shut_down(self) -> None:
        """End the kernel for good."""
        self.page.evaluate(f"async () => await {PANEL}.sessionContext.shutdown()")
        assert self.server.get("/api/kernels") == []

    def results(self) -> Locator:
        """The frames of all results, in the order of the cells."""
        return self.page.locator(".jp-OutputArea iframe[srcdoc]")

    def result(self, number: int) -> FrameLocator:
        """Scroll to a result (0 is the first) and return its inside."""
        frame = self.results().nth(number)
        frame.scroll_into_view_if_needed()
        expect(frame).to_be_visible()
        return frame.content_frame

    def scrolled(self) -> float:
        """How far down the notebook is scrolled, in pixels."""
        return self.page.evaluate(
            f"() => [...document.querySelectorAll('{SCROLLER}')].reduce((most, e) => Math.max(most, e.scrollTop), 0)"
        )

    def focused(self) -> str:
        """The tag of the element that has the keys."""
        return self.page.evaluate("() => document.activeElement?.tagName ?? ''")


def put(server: Server, source: Path | dict[str, Any], name: str = "quickstart.ipynb") -> Path:
    """Copy a notebook into the server's folder."""
    file = server.folder / name
    file.write_text(source.read_text(encoding="utf-8") if isinstance(source, Path) else json.dumps(source))
    return file
