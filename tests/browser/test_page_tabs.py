"""Time order, the sandwich and the lines; and the selection that they share."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from openprofiling_ipy.analysis.weights import document_total, function_weights
from openprofiling_ipy.model.units import format_percent, format_value
from tests.browser.pages import AXIS, ROW, threads, viewer, work
from tests.pictures import profile_of


@pytest.fixture
def view(open_page):
    return viewer(open_page, work())


def rows(view) -> list[str]:
    """The names in the table, top to bottom."""
    return [text.split()[0] for text in view.inside.locator(".rows:visible .name").all_inner_texts()]


def sort(view) -> list[str | None]:
    heads = view.inside.locator("[role=columnheader]:visible")
    return [heads.nth(i).get_attribute("aria-sort") for i in range(3)]


def test_time_order_says_when(view, shots):
    view.tab("Time")
    assert view.crumbs() == ["All · 1.00 s"]
    view.hover(0.2, 1, head=AXIS)
    said = view.inside.get_by_role("tooltip").inner_text()
    assert said.startswith("load")
    assert "400 ms from 0 s on" in said
    view.click(0.2, 1, head=AXIS)
    assert view.crumbs() == ["0 s \N{EN DASH} 400 ms of 1.00 s"]
    shots(view.page, "time-zoomed")
    view.key("Escape")
    assert view.crumbs() == ["All · 1.00 s"]


def test_time_order_has_a_band_for_each_thread(open_page, shots):
    view = viewer(open_page, threads())
    view.inside.get_by_role("radio", name="Wall").click()
    view.tab("Time")
    shots(view.page, "time-threads")
    # A row for the lane's name, two for its frames, then the next lane.
    view.hover(0.3, 2, head=AXIS)
    assert view.inside.get_by_role("tooltip").inner_text().startswith("load")
    view.hover(0.8, 4, head=AXIS)
    assert view.inside.get_by_role("tooltip").inner_text().startswith("train")
    view.hover(0.3, 4, head=AXIS)
    expect(view.inside.get_by_role("tooltip")).to_be_hidden()
    view.hover(0.3, 3, head=AXIS)
    expect(view.inside.get_by_role("tooltip")).to_be_hidden()


def test_the_table_has_the_numbers_of_the_python_side(open_page):
    profile = work()
    view = viewer(open_page, profile)
    view.inside.locator(".mine").click()
    view.tab("Sandwich")
    own, total = function_weights(profile, 0)
    whole = document_total(profile, 0)
    shown = {
        re.split(r"\s", row)[0]: re.sub(r"\s+", " ", row)
        for row in view.inside.locator(".rows:visible .row").all_inner_texts()
    }
    assert len(shown) == len(own)
    for function in range(len(own)):
        row = shown[profile.function_name(function)]
        for weight in (int(own[function]), int(total[function])):
            if weight:
                assert f"{format_value(weight, 'ns')} {format_percent(weight / whole)}" in row


def test_the_table_sorts_by_its_headers(view):
    view.tab("Sandwich")
    assert sort(view) == ["none", "descending", "none"]
    assert rows(view)[0] == "svd"
    view.button("Total").click()
    view.settle()
    assert sort(view) == ["none", "none", "descending"]
    assert rows(view)[:2] == ["<cell>", "train"]
    view.button("Total").click()
    view.settle()
    assert sort(view) == ["none", "none", "ascending"]
    assert rows(view)[-1] == "<cell>"
    view.button("Function").click()
    view.settle()
    assert sort(view) == ["ascending", "none", "none"]
    assert rows(view) == sorted(rows(view))


def test_the_table_is_filtered_by_the_search(view):
    view.tab("Sandwich")
    view.inside.get_by_label("Search functions and places").fill("In[5]")
    view.settle()
    assert sorted(rows(view)) == ["<cell>", "fib", "load", "train"]
    view.inside.get_by_label("Search functions and places").fill("nowhere")
    view.settle()
    expect(view.inside.get_by_text("No function matches")).to_be_visible()


def test_callers_above_and_callees_below(view, shots):
    view.tab("Sandwich")
    view.inside.locator(".rows .row", has_text="train").click()
    view.settle()
    assert view.status().startswith("train In[5]:7")
    assert "total 480 ms (60.0 %)" in view.status()
    shots(view.page, "sandwich")
    callers = view.canvas(0).bounding_box()
    view.page.mouse.move(callers["x"] + 90, callers["y"] + callers["height"] - 30)
    view.settle()
    assert view.inside.get_by_role("tooltip").inner_text().startswith("<cell>")
    assert "480 ms" in view.inside.get_by_role("tooltip").inner_text()
    view.hover(0.2, 1, nth=1)
    assert view.inside.get_by_role("tooltip").inner_text().startswith("svd")
    view.click(0.2, 1, nth=1)
    assert view.text(".halves h2").startswith("Callers of svd")
    view.key("Escape")
    assert view.text(".halves h2").startswith("Callers of train")


def test_arrows_walk_the_table(view):
    view.tab("Sandwich")
    view.inside.get_by_role("grid").focus()
    before = rows(view)
    view.key("ArrowDown")
    assert view.status().startswith(before[1])
    view.key("ArrowDown", "ArrowUp")
    assert view.status().startswith(before[1])
    assert view.inside.locator("[role=row][aria-selected=true]").inner_text().startswith(before[1])


def test_only_rows_in_sight_exist(open_page):
    view = viewer(open_page, profile_of("samples:count\n" + "".join(f"{i + 1} In[1]|f{i}\n" for i in range(3000))))
    view.tab("Sandwich")
    assert view.inside.get_by_role("grid").get_attribute("aria-rowcount") == "3000"
    assert 5 < view.inside.locator(".rows .row").count() < 60
    view.inside.locator(".rows .row").first.click()
    box = view.inside.locator(".rows").bounding_box()
    view.page.mouse.move(box["x"] + 50, box["y"] + 50)
    view.page.mouse.wheel(0, 24 * 1000)
    view.settle()
    assert "f2000" in "".join(view.inside.locator(".rows .row").all_inner_texts())


def test_lines_show_the_source_with_its_weights(view, shots):
    view.tab("Lines")
    text = [line.replace("\n", " ").split() for line in view.inside.locator(".rows:visible .row").all_inner_texts()]
    assert text[4] == ["240", "ms", "30.0", "%", "5", "return", "json.loads(json.dumps(rows))"]
    assert text[3][:6] == ["80.0", "ms", "80.0", "ms", "10.0", "%"]
    assert text[0] == ["1", "import", "json"]
    colors = view.inside.locator(".code .keyword").all_inner_texts()
    assert {"import", "def", "return", "for", "in"} <= set(colors)
    assert view.inside.locator(".code .comment").all_inner_texts() == ["# made here"]
    shots(view.page, "lines")


def test_a_line_shows_what_was_evaluated_on_it(open_page):
    source = {"In[1]": "def f():\n    return g(h(1))\n"}
    stacks = "cpu:ns\n" + "30000000 In[1]|f:2{h(1)}\n" * 20 + "10000000 In[1]|f:2{g(h(1))}\n" * 20
    view = viewer(open_page, profile_of(stacks, sources=source))
    view.tab("Lines")
    assert "".join(view.inside.locator(".code .hot").all_inner_texts()) == "h(1)"
    view.inside.locator(".rows .row").nth(1).hover()
    card = view.inside.get_by_role("tooltip")
    expect(card).to_be_visible()
    assert card.inner_text().split() == [
        "evaluated",
        "here",
        "h(1)",
        "600",
        "ms",
        "75.0",
        "%",
        "g(h(1))",
        "200",
        "ms",
        "25.0",
        "%",
    ]


def test_a_click_on_a_line_selects_its_frames_everywhere(view, shots):
    view.tab("Lines")
    view.inside.locator(".rows .row").nth(7).click()
    view.settle()
    assert view.status().startswith("In[5]:8 return np.linalg.svd(rows)")
    assert "total 480 ms (60.0 %)" in view.status()
    view.tab("Flame")
    shots(view.page, "flame-line")
    marked = """(c, share) => { const d = c.getContext('2d').getImageData(Math.round(share * c.width), 20 + 17, 1, 1).data;
        return [...d.slice(0, 3)].join(); }"""
    assert view.canvas().evaluate(marked, 0.5) != view.canvas().evaluate(marked, 0.9)
    view.tab("Sandwich")
    assert view.text(".halves h2").startswith("Callers of train")


def test_a_selected_function_is_marked_in_its_source(view):
    view.click(0.3, 1)
    view.tab("Lines")
    marked = view.inside.locator(".rows .row[data-marked]").all_inner_texts()
    assert [text.split()[-2:] for text in marked] == [["return", "np.linalg.svd(rows)"]]
    view.tab("Sandwich")
    assert view.text(".halves h2").startswith("Callers of train")


def test_several_sources_can_be_chosen(open_page):
    sources = {"In[1]": "def f():\n    g()\n", "In[2]": "def g():\n    pass\n\nf()\n"}
    profile = profile_of(
        "cpu:ns\n" + "10000000 In[2]|<cell>:4 In[1]|f:2 In[2]|g:2 lib/x.py|h:9\n" * 30, sources=sources
    )
    view = viewer(open_page, profile)
    view.tab("Lines")
    source = view.inside.get_by_label("Source", exact=True)
    assert source.locator("option").all_inner_texts()[:2] == ["In[2] · 100 %", "In[1] · 100 %"]
    source.select_option("In[1]")
    view.settle()
    assert "g()" in view.text(".rows:visible")
    source.select_option(label="lib/x.py · 100 %")
    view.settle()
    expect(view.inside.get_by_text("Its source was not kept")).to_be_visible()
    assert view.inside.locator(".rows:visible .row").count() == 1


def test_search_walks_the_lines(view):
    view.tab("Lines")
    view.key("/")
    view.page.keyboard.type("json")
    view.settle()
    view.key("Enter")
    assert view.status().startswith("In[5]:1 import json")
    view.key("Enter")
    assert view.status().startswith("In[5]:5 return json.loads")
    view.key("Enter")
    assert view.status().startswith("In[5]:1 import json")


def test_each_tab_keeps_its_zoom(view):
    view.click(0.3, 1)
    view.tab("Lines")
    view.tab("Flame")
    assert view.crumbs()[-1] == "train"


def test_tabs_are_walked_by_arrows(view):
    view.inside.get_by_role("tab", name="Flame").focus()
    view.key("ArrowRight")
    expect(view.inside.get_by_role("tab", name="Time")).to_be_focused()
    expect(view.inside.get_by_role("tab", name="Time")).to_have_attribute("aria-selected", "true")
    view.key("ArrowLeft", "ArrowLeft")
    expect(view.inside.get_by_role("tab", name="Lines")).to_have_attribute("aria-selected", "true")


def test_a_library_without_source_does_not_push_the_cell_aside(view):
    view.click(0.1, 2)
    assert view.status().startswith("svd")
    view.tab("Lines")
    assert "np.linalg.svd(rows)" in view.text(".rows:visible")


def test_each_half_of_the_sandwich_takes_what_it_needs(open_page):
    view = viewer(open_page, work(), viewport={"width": 900, "height": 300})
    view.tab("Sandwich")
    # Above `train` stands the cell; below it `fib`, which calls itself twice.
    view.inside.locator(".rows .row", has_text="train").click()
    view.settle()
    heights = [view.canvas(nth).bounding_box()["height"] for nth in (0, 1)]
    assert heights == [2 * ROW, 4 * ROW]


def test_a_narrow_low_sandwich_shows_one_half_at_a_time(open_page, shots):
    view = viewer(open_page, work(), viewport={"width": 380, "height": 300})
    view.tab("Sandwich")
    halves = view.inside.locator(".halves canvas")
    assert [halves.nth(nth).is_visible() for nth in (0, 1)] == [True, False]
    view.inside.get_by_role("button", name="Callees of").click()
    view.settle()
    assert [halves.nth(nth).is_visible() for nth in (0, 1)] == [False, True]
    assert halves.nth(1).bounding_box()["height"] == ROW
    shots(view.page, "sandwich-narrow")
