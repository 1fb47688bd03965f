"""The flame graph under real clicks, wheels and keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.pages import embedded, frame_of, threads, viewer, work
from tests.pictures import profile_of


@pytest.fixture
def view(open_page):
    return viewer(open_page, work())


def test_click_selects_and_zooms_and_escape_comes_back(view, shots):
    view.click(0.3, 1)
    assert view.status().startswith("train In[5]:7")
    assert "total 480 ms (60.0 %)" in view.status()
    assert view.crumbs() == ["All · CPU 800 ms", "<cell>", "train"]
    shots(view.page, "flame-zoomed")
    view.click(0.1, 2)
    assert view.crumbs()[-1] == "svd"
    view.key("Escape")
    assert view.crumbs()[-1] == "train"
    view.key("Escape")
    assert view.crumbs() == ["All · CPU 800 ms"]


def test_double_click_zooms_once(view):
    view.page.mouse.dblclick(*view.at(0.3, 1))
    view.settle()
    assert view.crumbs()[-1] == "train"
    view.key("Escape")
    assert view.crumbs() == ["All · CPU 800 ms"]


def test_crumbs_lead_back(view):
    view.click(0.3, 1)
    view.click(0.1, 2)
    view.inside.locator(".crumbs").get_by_role("button", name="<cell>").click()
    view.settle()
    assert len(view.crumbs()) == 1 or view.crumbs()[-1] == "<cell>"
    view.click(0.3, 1)
    view.button("Show all (0)").click()
    view.settle()
    assert view.crumbs() == ["All · CPU 800 ms"]


def test_click_beside_all_boxes_clears_the_selection(view):
    view.click(0.3, 1)
    view.click(0.5, 9)
    assert view.status().startswith("Click a frame")


def test_hover_card_says_all_and_hides_neither_frame_nor_edge(view, shots):
    card = view.inside.get_by_role("tooltip")
    for share, row in ((0.3, 1), (0.02, 0), (0.99, 1), (0.55, 2)):
        view.hover(share, row)
        expect(card).to_be_visible()
        box = card.bounding_box()
        _, y = view.at(share, row)
        assert box["y"] >= y + 9 or box["y"] + box["height"] <= y - 9
        assert 0 <= box["x"] <= 900 - box["width"]
        assert 0 <= box["y"] <= 460 - box["height"]
    view.hover(0.3, 1)
    said = card.inner_text()
    for words in ("train", "In[5]:7", "480 ms", "60.0 %", "np.linalg.svd(rows)", "this notebook"):
        assert words in said, words
    shots(view.page, "flame-hover")
    view.page.mouse.move(5, 5)
    expect(card).to_be_hidden()


def test_hover_card_of_a_package_names_it(view):
    view.hover(0.1, 2)
    said = view.inside.get_by_role("tooltip").inner_text()
    assert "numpy/linalg/_linalg.py:50" in said
    assert "numpy" in said.splitlines()


def test_wheel_zooms_with_control_and_after_a_click_alone(view):
    view.wheel(0.1, 1, -120)
    assert view.crumbs() == ["All · CPU 800 ms"]
    view.wheel(0.1, 1, -120, "Control")
    assert view.inside.get_by_role("button", name="Show all (0)").is_visible()
    view.key("0")
    assert view.crumbs() == ["All · CPU 800 ms"]
    view.click(0.5, 9)
    view.wheel(0.1, 1, -120)
    assert view.inside.get_by_role("button", name="Show all (0)").is_visible()


def test_the_point_under_the_pointer_stays_under_it(view):
    """The edge between `train` and `load` at 60 %: the wheel turned over it keeps it there."""
    for _ in range(6):
        view.wheel(0.6, 1, -120, "Control")
    view.hover(0.58, 1)
    assert "train" in view.inside.get_by_role("tooltip").inner_text()
    view.hover(0.62, 1)
    assert "load" in view.inside.get_by_role("tooltip").inner_text()


def test_drag_pans(view):
    view.click(0.3, 1)
    view.page.mouse.move(*view.at(0.9, 1))
    view.page.mouse.down()
    view.page.mouse.move(*view.at(0.5, 1), steps=5)
    view.page.mouse.up()
    view.settle()
    view.hover(0.9, 1)
    assert view.inside.get_by_role("tooltip").inner_text().startswith("load")
    assert view.status().startswith("train"), "a drag is no click"


def test_keys_zoom_and_walk(view):
    view.click(0.5, 9)
    view.key("ArrowDown")
    assert view.status().startswith("<cell>")
    view.key("ArrowDown")
    assert view.status().startswith("train")
    view.key("ArrowRight")
    assert view.status().startswith("load")
    view.key("ArrowRight")
    assert view.status().startswith("load"), "nothing is right of the last"
    view.key("ArrowLeft", "ArrowUp")
    assert view.status().startswith("<cell>")
    view.key("ArrowDown", "Enter")
    assert view.crumbs()[-1] == "train"
    view.key("-")
    assert view.crumbs()[-1] != "train"
    view.key("+", "0")
    assert view.crumbs() == ["All · CPU 800 ms"]


def test_the_last_escape_lets_go(open_page):
    view = embedded(open_page, work())
    view.click(0.3, 1)
    root = frame_of(view).locator("html")
    assert root.get_attribute("data-active") == ""
    view.key("Escape", "Escape", "Escape")
    assert root.get_attribute("data-active") is None


def test_help_opens_and_closes(view):
    view.click(0.5, 9)
    view.key("?")
    expect(view.inside.get_by_role("dialog", name="Keys")).to_contain_text("search")
    view.key("Escape")
    expect(view.inside.get_by_role("dialog")).to_have_count(0)


def test_search_says_the_share_and_walks(view, shots):
    view.click(0.5, 9)
    view.key("/")
    view.page.keyboard.type("numpy")
    view.settle()
    # svd calls _wrap: what both share is counted once.
    assert view.text(".search output") == "50.0 %"
    shots(view.page, "flame-search")
    view.key("Enter")
    assert view.status().startswith("svd")
    view.key("Shift+Enter")
    view.key("Escape")
    assert view.inside.get_by_label("Search functions and places").input_value() == ""
    assert view.text(".search output") == ""


def test_search_finds_what_folded_packages_hide(view):
    field = view.inside.get_by_label("Search functions and places")
    field.fill("_wrap")
    view.settle()
    assert view.text(".search output") == "25.0 %"
    field.press("Enter")
    view.settle()
    assert view.status().startswith("svd"), "the frame that holds it"
    view.inside.locator(".mine").click()
    field.press("Enter")
    view.settle()
    assert view.status().startswith("_wrap")


def test_search_by_expression_and_its_errors(view):
    field = view.inside.get_by_label("Search functions and places")
    field.fill("/^(fib|dumps)/")
    view.settle()
    assert view.text(".search output") == "40.0 %"
    field.fill("/(/")
    view.settle()
    assert view.text(".search output") == "?"
    field.fill("nowhere")
    view.settle()
    assert view.text(".search output") == "none"


def test_my_code_folds_each_package_into_one_frame(view):
    view.hover(0.1, 3)
    expect(view.inside.get_by_role("tooltip")).to_be_hidden()
    view.inside.get_by_role("switch", name="my code").click()
    view.hover(0.1, 3)
    assert view.inside.get_by_role("tooltip").inner_text().startswith("_wrap")


def test_recursion_collapses(view):
    view.hover(0.55, 4)
    assert view.inside.get_by_role("tooltip").inner_text().startswith("fib")
    view.menu("What is shown", "collapse repeats")
    view.key("Escape")
    view.hover(0.55, 4)
    expect(view.inside.get_by_role("tooltip")).to_be_hidden()


def test_root_at_the_bottom(view, shots):
    view.menu("What is shown", "Root at the bottom")
    view.key("Escape")
    box = view.canvas().bounding_box()
    view.page.mouse.move(box["x"] + 50, box["y"] + box["height"] - 10)
    view.settle()
    assert view.inside.get_by_role("tooltip").inner_text().startswith("<cell>")
    view.page.mouse.click(box["x"] + 50, box["y"] + box["height"] - 30)
    view.settle()
    assert view.crumbs()[-1] == "train"
    view.key("ArrowUp")
    assert view.status().startswith("svd")
    shots(view.page, "flame-up")


def test_value_and_lanes_change_all_numbers(open_page):
    view = viewer(open_page, threads())
    assert view.crumbs() == ["All · CPU 275 ms"]
    view.inside.get_by_role("radio", name="Wall").click()
    view.settle()
    assert view.crumbs() == ["All · Wall 1.25 s"]
    assert view.text(".lanes") == "3 of 4 threads"
    view.inside.locator(".lanes").click()
    view.inside.locator(".sheet").get_by_text("worker").click()
    view.settle()
    assert view.crumbs() == ["All · Wall 1.00 s"]


def test_a_choice_keeps_the_menu_open_and_arrows_walk_it(view):
    view.button("What is shown").click()
    view.key("ArrowDown", "ArrowDown", "Enter")
    expect(view.inside.get_by_role("menu")).to_be_visible()
    expect(view.inside.get_by_role("menuitemradio", name="collapse repeats")).to_have_attribute("aria-checked", "true")
    expect(view.inside.get_by_role("menuitemradio", name="collapse repeats")).to_be_focused()
    view.page.mouse.click(*view.at(0.5, 9))
    expect(view.inside.get_by_role("menu")).to_have_count(0)


def test_deep_stacks_scroll_once_active_and_keep_to_the_selection(open_page, shots):
    stack = " ".join(f"In[1]|f{depth}:1" for depth in range(200))
    view = viewer(open_page, profile_of("cpu:ns\n" + f"10000000 {stack}\n" * 30))
    shots(view.page, "flame-deep")
    view.click(0.5, 0)
    for _ in range(60):
        view.page.keyboard.press("ArrowDown")
    view.settle()
    assert view.status().startswith("f60")
    scroll = view.canvas().evaluate("c => [c.parentElement.scrollTop, c.parentElement.clientHeight]")
    assert 61 * 20 - scroll[1] <= scroll[0] + 1 <= 60 * 20 + 1


def test_frames_thinner_than_a_pixel_can_be_zoomed_into(open_page):
    stacks = "".join(f"1 root a{i}\n" for i in range(5000))
    view = viewer(open_page, profile_of("samples:count\n5000 root big\n" + stacks))
    view.hover(0.75, 1)
    expect(view.inside.get_by_role("tooltip")).to_be_hidden()
    for _ in range(12):
        view.wheel(0.75, 1, -120, "Control")
    view.hover(0.76, 1)
    assert view.inside.get_by_role("tooltip").inner_text().startswith("a")


def test_moves_take_a_moment_and_none_with_reduced_motion(open_page):
    frames = """() => { performance.clearMeasures(); window.drawn = 0;
        new PerformanceObserver((list) => { drawn += list.getEntriesByName('oprof:frame').length; }).observe({type: 'measure'}); }"""
    smooth = viewer(open_page, work())
    still = viewer(open_page, work(), reduced_motion="reduce")
    drawn = []
    for view in (smooth, still):
        view.hover(0.5, 9)
        view.page.evaluate(frames)
        view.key("ArrowDown", "ArrowDown")
        view.settle()
        view.page.evaluate("drawn = 0")
        view.page.keyboard.press("Enter")
        view.settle()
        drawn.append(view.page.evaluate("drawn"))
    assert drawn[0] >= 4
    assert 1 <= drawn[1] <= 2


def test_selection_made_elsewhere_comes_into_view(open_page):
    stack = " ".join(f"In[1]|f{depth}:1" for depth in range(100))
    view = viewer(open_page, profile_of("cpu:ns\n" + f"10000000 {stack}\n" * 30))
    view.tab("Sandwich")
    view.inside.locator(".rows .row", has_text="f99").first.click()
    view.tab("Flame")
    assert view.canvas().evaluate("c => c.parentElement.scrollTop") > 1000


def test_a_low_page_s_card_keeps_to_the_numbers(open_page):
    view = viewer(open_page, work(), viewport={"width": 900, "height": 230})
    view.hover(0.3, 1)
    card = view.inside.get_by_role("tooltip")
    assert "480 ms" in card.inner_text()
    assert "np.linalg.svd" not in card.inner_text()
    box = card.bounding_box()
    _, y = view.at(0.3, 1)
    assert box["y"] >= y + 9 or box["y"] + box["height"] <= y - 9
    assert box["y"] + box["height"] <= 230


def test_the_zoom_stays_with_the_frames_when_numbers_or_folds_change(view):
    view.inside.locator(".mine").click()
    view.click(0.3, 1)
    view.click(0.1, 2)
    view.click(0.1, 3)
    assert view.crumbs()[1:] == ["<cell>", "train", "svd", "_wrap"]
    view.inside.get_by_role("radio", name="Wall").click()
    view.settle()
    assert view.crumbs() == ["All · Wall 1.00 s", "<cell>", "train", "svd", "_wrap"]
    view.inside.locator(".mine").click()
    view.settle()
    assert view.crumbs()[1:] == ["<cell>", "train", "svd"]
    view.menu("What is shown", "Root at the bottom")
    view.key("Escape")
    assert view.crumbs()[1:] == ["<cell>", "train", "svd"]
    view.key("Escape")
    assert len(view.crumbs()) == 1
