"""The panel in real JupyterLab 4: start, watch and stop during a running cell, export to a file and to a real S3 server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.front_end import PANEL, FrontEnd, put
from tests.notebook.conftest import BURN
from tests.servers.s3 import Moto, Server as Store

pytestmark = [pytest.mark.slow, pytest.mark.kernel]

LOOP = "import pathlib\nwhile not pathlib.Path('end').exists():\n    burn(.02)\n'over'"
CELLS = ["%load_ext openprofiling_ipy\n" + BURN, "%oprof panel", LOOP]
COUNT = re.compile(r"[\d,]{3,}")


def notebook(cells: list[str]) -> dict[str, Any]:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells], metadata={"kernelspec": kernel}
    )
    written: dict[str, Any] = json.loads(nbformat.writes(made))
    return written


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A busy machine may take longer than Playwright's five seconds."""
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def lab(serve: Callable[[str], Any], open_page: Callable[..., Page]) -> Callable[..., FrontEnd]:
    """Open a notebook of these cells in JupyterLab."""

    def opened(cells: list[str], **options: Any) -> FrontEnd:
        server = serve("lab")
        file = put(server, notebook(cells), "panel.ipynb")
        front = FrontEnd("lab", server, open_page("about:blank", may_fail=True, **options), file)
        front.open()
        front.wait_idle()
        return front

    return opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    pytest.importorskip("moto")
    server = Moto(tmp_path)
    server.start()
    yield server
    server.stop()


def run_all(front: FrontEnd) -> None:
    """Begin to run all cells; the last one goes on."""
    front.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")


def panel_of(front: FrontEnd) -> Locator:
    panel = front.page.locator(".oprof-live-widget")
    expect(panel.get_by_role("button", name="Start", exact=True)).to_be_enabled(timeout=60_000)
    return panel


def last_cell_runs(front: FrontEnd) -> bool:
    prompt = f"() => {PANEL}.content.widgets.at(-1).inputArea.promptNode.textContent"
    return "*" in front.page.evaluate(prompt)


def no_jump(panel: Locator, act: Callable[[], None]) -> None:
    """Do something that must leave the panel as high as it was."""
    before = panel.bounding_box()
    act()
    after = panel.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] == pytest.approx(before["height"], abs=0.6)


def test_a_recording_from_start_to_store_during_a_running_cell(lab, store, shots):
    front = lab(CELLS)
    page = front.page
    run_all(front)
    panel = panel_of(front)
    shots(page, "panel-idle")

    no_jump(panel, lambda: start(panel, "loop"))
    samples = panel.locator(".running .fact b").first
    expect(samples).to_have_text(COUNT)
    first = samples.text_content()
    expect(samples).not_to_have_text(first or "")
    clock = panel.get_by_label("Elapsed")
    then = clock.text_content()
    expect(clock).not_to_have_text(then or "")
    shots(page, "panel-live")

    panel.get_by_role("button", name=re.compile(r"Stop #")).click()
    row = panel.get_by_role("listitem").first
    expect(row).to_contain_text("loop")
    picture = panel.frame_locator("iframe")
    expect(picture.locator("canvas:visible").first).to_be_visible()
    expect(panel.get_by_text("Nothing is being recorded")).to_be_visible()
    shots(page, "panel-stopped")

    to_a_file(front, panel, row)
    to_a_store(front, panel, store, shots)
    assert last_cell_runs(front), "all that was to happen during the cell"

    saved_without_what_was_typed(front, store)
    (front.server.folder / "end").touch()
    page.wait_for_function(f"() => !{PANEL}.content.widgets.at(-1).inputArea.promptNode.textContent.includes('*')")


def start(panel: Locator, name: str) -> None:
    panel.get_by_label("Name").fill(name)
    panel.get_by_role("button", name="Start", exact=True).click()
    expect(panel.get_by_role("button", name=re.compile(r"Stop #"))).to_be_visible()


def to_a_file(front: FrontEnd, panel: Locator, row: Locator) -> None:
    row.get_by_role("button", name=re.compile("Export")).click()
    form = panel.get_by_role("form", name=re.compile("Export #"))
    form.get_by_label("Destination").fill("kept/loop")
    form.get_by_label("Format").select_option("html")
    expect(form.get_by_label("Final name")).to_have_text(re.compile(r"/kept/loop\.html$"))
    form.get_by_role("button", name="Export", exact=True).click()
    expect(form.locator(".said")).to_contain_text(re.compile(r"Exported to .*loop\.html"))
    assert (front.server.folder / "kept" / "loop.html").exists()


def to_a_store(front: FrontEnd, panel: Locator, store: Store, shots: Callable[[Page, str], Path]) -> None:
    client = client_of(store)
    client.create_bucket(Bucket="profiles")
    form = panel.get_by_role("form", name=re.compile("Export #"))
    form.get_by_role("radio", name="S3").click()
    form.get_by_label("Destination").fill("profiles/lab")
    form.get_by_text("Connection", exact=True).click()
    form.get_by_label("Endpoint").fill(store.url)
    form.get_by_label("Region").fill("us-east-1")
    form.get_by_label("Access key").fill(store.access_key)
    form.get_by_label("Secret key").fill("wrong")
    expect(form.get_by_label("Final name")).to_have_text(re.compile(r"^s3://profiles/lab/cpu-.*\.html$"))
    send = form.get_by_role("button", name="Export", exact=True)
    send.click()
    said = form.locator(".said")
    expect(said).to_have_attribute("data-phase", "failed", timeout=60_000)
    shots(front.page, "panel-refused")
    form.get_by_label("Secret key").fill(store.secret_key)
    send.click()
    expect(said).to_have_attribute("data-phase", "done", timeout=60_000)
    place = re.search(r"s3://profiles/(\S+?\.html)", said.text_content() or "")
    assert place is not None
    (stored,) = client.list_objects_v2(Bucket="profiles")["Contents"]
    assert stored["Key"] == place[1]
    assert b"<html" in client.get_object(Bucket="profiles", Key=stored["Key"])["Body"].read()[:200]
    shots(front.page, "panel-exported")


def client_of(store: Store) -> Any:
    import boto3.session

    session = boto3.session.Session(store.access_key, store.secret_key, region_name="us-east-1")
    return session.client("s3", endpoint_url=store.url)


def saved_without_what_was_typed(front: FrontEnd, store: Store) -> None:
    """Save the notebook with the state of its widgets in it."""
    front.page.evaluate("async () => await window.jupyterapp.commands.execute('docmanager:save')")
    front.page.wait_for_function(f"() => !{PANEL}.context.model.dirty")
    text = front.file.read_text(encoding="utf-8")
    assert "oprof panel" in text
    for word in (store.access_key, store.secret_key, store.url, "profiles/lab"):
        assert word not in text


def test_by_keys_alone_and_the_notebook_keeps_its_cells(lab, shots):
    front = lab(CELLS[:2], color_scheme="dark")
    page = front.page
    page.evaluate("() => void window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    run_all(front)
    panel = panel_of(front)
    cells = front.cells()
    keys = page.keyboard
    panel.get_by_role("radio", name="CPU").focus()
    keys.press("ArrowRight")
    expect(panel.get_by_role("radio", name="Wall")).to_have_attribute("aria-checked", "true")
    focused(page, "Wall")
    tab_to(page, "All threads")
    keys.press("Space")
    expect(panel.get_by_role("checkbox", name="All threads")).to_be_checked()
    tab_to(page, "Start")
    # What Jupyter's command mode owns is not its own in here.
    for key in ("d", "d", "x", "a", "b", "m", "y"):
        keys.press(key)
    keys.press("Enter")
    stop = panel.get_by_role("button", name=re.compile(r"Stop #"))
    expect(stop).to_be_visible()
    expect(panel.locator(".running")).to_contain_text("Wall")
    tab_to(page, "Stop")
    keys.press("Enter")
    row = panel.get_by_role("listitem").first
    expect(row).to_be_visible()
    shots(page, "panel-dark")
    row.get_by_role("button", name=re.compile("Export")).focus()
    keys.press("Enter")
    form = panel.get_by_role("form", name=re.compile("Export #"))
    expect(form.get_by_label("Destination")).to_be_focused()
    shots(page, "panel-dark-export")
    keys.press("Escape")
    expect(form).to_have_count(0)
    expect(row.get_by_role("button", name=re.compile("Export"))).to_be_focused()
    tab_to(page, "Forget")
    keys.press("Enter")
    expect(panel.get_by_text("No captures yet")).to_be_visible()
    expect(panel.get_by_role("button", name="Start", exact=True)).to_be_focused()
    assert front.cells() == cells
    assert page.locator(".jp-Dialog").count() == 0


def focused(page: Page, name: str) -> bool:
    said = "() => (document.activeElement?.ariaLabel || '') + ' ' + (document.activeElement?.textContent || '')"
    return name in page.evaluate(said)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called so has the focus."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if focused(page, name):
            return
    raise AssertionError(f"Tab does not reach {name}")


def test_what_a_cell_records_shows_up_and_a_widget_stands_in_a_narrow_notebook(lab, shots):
    cells = [*CELLS[:2], "%%oprof cpu --name mine\nburn(.3)", "%%oprof cpu --widget\nburn(.3)"]
    front = lab(cells, viewport={"width": 700, "height": 1000})
    front.run_all()
    panel = front.page.locator("[data-part=panel]")
    expect(panel.get_by_role("listitem")).to_have_count(2)
    expect(panel.get_by_role("listitem").last).to_contain_text("mine")
    panel.get_by_role("listitem").last.get_by_role("button", name=re.compile("Save")).click()
    expect(panel.locator("footer [role=status]")).to_contain_text(re.compile(r"Exported to .*\.speedscope\.json"))
    assert list(front.server.folder.glob("cpu-*.speedscope.json"))
    shots(front.page, "panel-narrow")
    single = front.page.locator("[data-part=result]")
    single.scroll_into_view_if_needed()
    expect(single.frame_locator("iframe").locator("canvas:visible").first).to_be_visible()
    single.get_by_role("button", name="Export").first.click()
    single.get_by_label("Destination").fill("single.html")
    single.get_by_role("button", name="Export", exact=True).last.click()
    expect(single.locator(".said")).to_contain_text("Exported to")
    assert (front.server.folder / "single.html").exists()
    shots(front.page, "panel-single")


def test_without_subshells_it_says_so_and_a_click_takes_effect_when_the_cell_ends(lab):
    front = lab(CELLS)
    page = front.page
    page.evaluate("""() => {
        const { kernels } = window.jupyterapp.serviceManager;
        kernels.commsOverSubshells = 'disabled';
    }""")
    run_all(front)
    panel = panel_of(front)
    panel.get_by_role("button", name="Start", exact=True).click()
    expect(panel.get_by_text("The kernel answers when the running cell has ended")).to_be_visible()
    expect(panel.locator(".running")).to_have_count(0)
    assert last_cell_runs(front)
    (front.server.folder / "end").touch()
    expect(panel.locator(".running")).to_have_count(1)
    expect(panel.get_by_text("it opens no subshell")).to_be_visible()
    panel.get_by_role("button", name=re.compile(r"Stop #")).click()
    expect(panel.get_by_role("listitem")).to_have_count(1)
