"""What a reader does with a result, and what must hold while they do: the same in every front end."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.front_end import FrontEnd, put
from tests.browser.jupyter import Server

PERCENT = re.compile(r"\d.* %")
TABS = ("Flame", "Time", "Sandwich", "Lines")
#: Keys that change cells in Jupyter's command mode, and the picture's own.
JUPYTERS = "d d x m y a b 1 2 3 4 5 6 z c v r"
OURS = "+ - 0 / ArrowLeft ArrowRight ArrowUp ArrowDown Enter Escape ? Tab"


def quickstart_lives_on(
    app: str,
    serve: Callable[[str], Server],
    open_page: Callable[..., Page],
    shots: Callable[[Page, str], Path],
    root: Path,
) -> None:
    """Run the quickstart, use its pictures, save, end the kernel, reopen, end that kernel too, and use them again."""
    server = serve(app)
    file = put(server, root / "notebooks" / "01_quickstart.ipynb")
    front = FrontEnd(app, server, open_page("about:blank", may_fail=True), file)
    front.open()
    front.run_all()
    picture_answers(front.result(0))
    shots(front.page, f"{app}-after-run")
    lying_there_changes_nothing(front, 0)
    keys_in_the_picture_stay_there(front, 0)

    saved = front.save()
    profiled = sum("".join(cell["source"]).startswith("%%oprof") for cell in saved["cells"])
    front.shut_down()
    front.open()
    front.shut_down()
    picture_answers(front.result(0))
    shots(front.page, f"{app}-reopened")
    for number in range(1, profiled):
        expect(canvas(front.result(number))).to_be_visible()
        shots(front.page, f"{app}-reopened-{number}")


def executed_quickstart(root: Path, folder: Path) -> Path:
    """Run the quickstart without a browser; return the notebook with its results."""
    notebook = nbformat.read(root / "notebooks" / "01_quickstart.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    file = folder / "executed.ipynb"
    nbformat.write(notebook, file)
    return file


def canvas(result: FrameLocator) -> Locator:
    """The canvas of the open tab."""
    return result.locator(".view canvas:visible").first


def crumbs(result: FrameLocator) -> Locator:
    """The path one has zoomed through; a single one where all is shown."""
    return result.get_by_role("navigation", name="Zoom").get_by_role("listitem")


def tab(result: FrameLocator, name: str) -> Locator:
    return result.get_by_role("tab", name=name)


def picture_answers(result: FrameLocator) -> None:
    """Zoom, search, switch the tabs and select in the sandwich; leaves the flame graph as it was."""
    zoom(result)
    search(result)
    for name in (*TABS, "Flame"):
        tab(result, name).click()
        expect(tab(result, name)).to_have_attribute("aria-selected", "true")
        shows = result.locator(".view").get_by_text("parse(lines)") if name == "Lines" else canvas(result)
        expect(shows.first).to_be_visible()
    sandwich(result)
    tab(result, "Flame").click()


def zoom(result: FrameLocator) -> None:
    """A click selects a box and zooms to it; Escape lets go of it."""
    expect(crumbs(result)).to_have_count(1)
    box = canvas(result).bounding_box()
    assert box is not None
    # The third row, near the left: the widest function below the cell.
    canvas(result).click(position={"x": box["width"] * 0.1, "y": 50})
    expect(crumbs(result)).not_to_have_count(1)
    result.get_by_role("button", name="Show all (0)").click()
    expect(crumbs(result)).to_have_count(1)
    for _ in range(3):
        result.locator("body").press("Escape")


def search(result: FrameLocator) -> None:
    """Typing tells the share of what matches; clearing takes it away."""
    field = result.get_by_label("Search functions and places")
    field.fill("parse")
    expect(result.locator(".search output")).to_have_text(PERCENT)
    field.fill("no such function")
    expect(result.locator(".search output")).to_have_text("none")
    field.fill("")
    expect(result.locator(".search output")).to_have_text("")


def sandwich(result: FrameLocator) -> None:
    """Selecting a function in the table shows who called it and what it called."""
    tab(result, "Sandwich").click()
    field = result.get_by_label("Search functions and places")
    field.fill("parse")
    result.locator("[role=rowheader][title^='parse ']").click()
    field.fill("")
    expect(result.locator("h2", has_text="Callers of parse")).to_be_visible()
    expect(result.locator("h2", has_text="Callees of parse")).to_be_visible()
    expect(result.locator(".view canvas:visible")).to_have_count(2)


def lying_there_changes_nothing(front: FrontEnd, number: int) -> None:
    """Scroll past a result and press keys while the pointer is merely over it."""
    frame = front.frame(number)
    result = frame.content_frame
    before = front.cells()
    front.page.evaluate("() => document.activeElement?.blur()")
    frame.hover()
    start = front.scrolled()
    front.page.mouse.wheel(0, 120)
    front.wait_scrolled(start)
    front.page.mouse.wheel(0, -120)
    press(front.page, f"{JUPYTERS} {OURS}")
    # With the notebook in command mode, those are Jupyter's own that it owns; ours must mean nothing to it.
    front.command_mode()
    frame.hover()
    press(front.page, OURS)
    front.command_mode()
    assert front.cells() == before
    assert front.focused() != "IFRAME"
    assert front.page.locator(".jp-Dialog").count() == 0
    expect(crumbs(result)).to_have_count(1)


def keys_in_the_picture_stay_there(front: FrontEnd, number: int) -> None:
    """Press what Jupyter's command mode owns, and what the picture owns, while the picture has the focus."""
    result = front.result(number)
    before = front.cells()
    canvas(result).click(position={"x": 5, "y": 5})
    assert front.focused() == "IFRAME"
    press(front.page, f"{JUPYTERS} {OURS} Escape Escape Escape")
    assert front.cells() == before
    assert front.page.locator(".jp-Dialog").count() == 0


def press(page: Page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)
