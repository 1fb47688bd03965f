"""What the export menu hands out, in a frame of opaque origin and with no kernel: files that load again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from openprofiling_ipy.analysis.privacy import private
from openprofiling_ipy.analysis.transforms import trim_sources
from openprofiling_ipy.analysis.weights import document_total
from openprofiling_ipy.formats import folded, html, registry, speedscope
from tests.browser.pages import embedded, threads, viewer, work


def download(view, item: str) -> Path:
    view.button("Export").click()
    with view.page.expect_download() as caught:
        view.inside.get_by_role("menuitem", name=re.compile(f"^{item}")).click()
    path = Path(caught.value.path())
    return path.rename(path.with_name(caught.value.suggested_filename))


@pytest.mark.parametrize("open_in", [viewer, embedded])
def test_html_is_the_very_page(open_page, open_in):
    profile = work(name='"quoted" & <odd>\xa0name')
    view = open_in(open_page, profile)
    view.click(0.3, 1)
    path = download(view, "HTML page")
    assert path.suffix == ".html"
    assert path.read_bytes() == html.dumps(profile)


def test_speedscope_loads_as_the_same_profile(open_page):
    profile = threads()
    path = download(embedded(open_page, profile), "speedscope JSON")
    assert path.name.endswith(".speedscope.json")
    assert registry.for_path(path, None).name == "speedscope"
    assert speedscope.loads(path.read_bytes()) == trim_sources(private(profile))
    assert json.loads(path.read_text())["shared"]["frames"][0]["name"] == "<cell>"


def test_folded_has_all_the_weight(open_page):
    profile = work()
    path = download(embedded(open_page, profile), "Folded stacks")
    again = folded.loads(path.read_bytes())
    assert document_total(again, 0) == document_total(profile, 0)
    assert sorted(again.strings) == sorted({*again.strings})
    assert path.read_bytes() == folded.dumps(trim_sources(private(profile)))


@pytest.mark.parametrize("tab", ["Flame", "Time", "Sandwich", "Lines"])
def test_png_shows_what_is_seen_at_twice_the_size(open_page, tab, root):
    view = embedded(open_page, work())
    view.tab(tab)
    path = download(view, "PNG")
    picture = Image.open(path)
    (root / "screenshots").mkdir(exist_ok=True)
    picture.save(root / "screenshots" / f"export-{tab.lower()}.png")
    assert picture.width >= 2 * 600
    assert len(picture.convert("RGB").getcolors(100_000) or []) > 20


def test_the_line_for_the_kernel_can_be_copied(open_page):
    view = embedded(open_page, work())
    view.button("Export").click()
    assert view.inside.get_by_label("Command that exports from the notebook").input_value() == "%oprof export #3 DEST"
    view.button("Copy").click()
    expect(view.button("Copied")).to_be_visible()
    view.page.locator("#cell").click()
    view.page.keyboard.press("End")
    view.page.keyboard.press("Control+v")
    assert view.page.locator("#cell").input_value() == "x = 1%oprof export #3 DEST"


def test_the_menu_says_what_the_files_contain(open_page):
    view = viewer(open_page, work())
    view.button("Export").click()
    expect(view.inside.get_by_text("HTML and speedscope contain the source of 1 cell.")).to_be_visible()
