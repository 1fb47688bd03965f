"""A notebook as its reader has it open: in JupyterLab 4 or Notebook 7, driven from outside."""

from __future__ import annotations

import json
import time
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

    def wait_idle(self) -> None:
        """Wait for a kernel that has nothing to do."""
        self.page.wait_for_function(f"() => {PANEL}.sessionContext.session?.kernel?.status === 'idle'", timeout=60_000)

    def run_all(self, seconds: float = 120) -> None:
        """Run all cells and wait until the kernel is idle and every code cell has its number."""
        self.wait_idle()
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
        self.page.wait_for_function(f"() => !{PANEL}.context.model.dirty")
        return json.loads(self.file.read_text(encoding="utf-8"))

    def shut_down(self) -> None:
        """End the kernel for good."""
        self.wait_idle()
        self.page.evaluate(f"async () => await {PANEL}.sessionContext.shutdown()")
        deadline = time.monotonic() + 30
        while self.server.get("/api/kernels"):
            assert time.monotonic() < deadline, "the kernel did not end"
            time.sleep(0.1)

    def results(self) -> Locator:
        """The frames of those results that are in the page: it has only what lies near the visible cells."""
        return self.page.locator(".jp-OutputArea iframe[srcdoc]")

    def frame(self, number: int) -> Locator:
        """Scroll to the result of the profiled cell `number` (0 is the first) and return its frame."""
        self.page.evaluate(
            f"""async (number) => {{
                const notebook = {PANEL}.content;
                const profiled = notebook.widgets.filter((cell) => cell.model.sharedModel.getSource().startsWith('%%oprof'));
                await notebook.scrollToItem(notebook.widgets.indexOf(profiled[number]), 'start');
                profiled[number].node.dataset.profiled = number;
            }}""",
            number,
        )
        frame = self.page.locator(f"[data-profiled='{number}'] .jp-OutputArea iframe[srcdoc]")
        frame.scroll_into_view_if_needed()
        expect(frame).to_be_visible()
        return frame

    def result(self, number: int) -> FrameLocator:
        """Return the inside of a result's frame, scrolled into view."""
        return self.frame(number).content_frame

    def scrolled(self) -> float:
        """How far down the notebook is scrolled, in pixels."""
        return self.page.evaluate(
            f"() => [...document.querySelectorAll('{SCROLLER}')].reduce((most, e) => Math.max(most, e.scrollTop), 0)"
        )

    def wait_scrolled(self, start: float) -> None:
        """Wait until the notebook is no longer scrolled to `start`."""
        self.page.wait_for_function(
            """([selector, start]) => [...document.querySelectorAll(selector)].some(
                (element) => element.scrollTop > 0 && Math.abs(element.scrollTop - start) > 20)""",
            arg=[SCROLLER, start],
        )

    def command_mode(self) -> None:
        """Give the notebook the keys, with no cell being edited."""
        self.page.evaluate(f"() => {{ {PANEL}.content.mode = 'command'; {PANEL}.content.activate(); }}")

    def focused(self) -> str:
        """The tag of the element that has the keys."""
        return self.page.evaluate("() => document.activeElement?.tagName ?? ''")


def put(server: Server, source: Path | dict[str, Any], name: str = "quickstart.ipynb") -> Path:
    """Copy a notebook into the server's folder."""
    file = server.folder / name
    file.write_text(source.read_text(encoding="utf-8") if isinstance(source, Path) else json.dumps(source))
    return file
