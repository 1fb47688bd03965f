"""The viewer among other things: it takes no wheel and no key that is not meant for it, and hears of the theme."""

from __future__ import annotations

from tests.browser.pages import embedded, frame_of, threads, work
from tests.pictures import profile_of


def tall():
    stack = " ".join(f"In[1]|f{depth}:1" for depth in range(120))
    source = "\n".join(f"x{n} = {n}" for n in range(200))
    return profile_of("cpu:ns\n" + f"10000000 {stack}\n" * 30, sources={"In[1]": source})


def scrolled(view) -> float:
    return view.page.evaluate("scrollY")


def test_the_page_scrolls_past_until_the_picture_is_clicked(open_page):
    view = embedded(open_page, tall())
    for tab in ("Flame", "Sandwich", "Lines"):
        view.tab(tab)
        view.page.locator("#cell").click()
        view.page.evaluate("scrollTo(0, 0)")
        view.settle()
        view.wheel(0.3, 2, 200) if tab == "Flame" else _wheel_over_rows(view)
        assert scrolled(view) > 100, tab
        inner = view.inside.locator(".scroll:visible").first.evaluate("e => e.scrollTop")
        assert inner == 0, tab


def _wheel_over_rows(view) -> None:
    box = view.inside.locator(".rows:visible").bounding_box()
    view.page.mouse.move(box["x"] + 60, box["y"] + 60)
    view.page.mouse.wheel(0, 200)
    view.settle()


def test_once_clicked_the_wheel_scrolls_what_is_deep(open_page):
    view = embedded(open_page, tall())
    view.click(0.3, 2)
    view.wheel(0.3, 2, 200)
    assert scrolled(view) == 0
    assert view.canvas().evaluate("c => c.parentElement.scrollTop") == 200


def test_once_clicked_the_wheel_zooms_what_fits_and_gives_back_what_it_cannot_use(open_page):
    view = embedded(open_page, work())
    view.click(0.5, 8)
    view.wheel(0.3, 1, -120)
    assert view.button("Show all (0)").is_visible()
    assert scrolled(view) == 0
    for _ in range(3):
        view.wheel(0.3, 1, 120)
    assert view.crumbs() == ["All · CPU 800 ms"]
    assert scrolled(view) > 0


def test_control_wheel_zooms_at_once_and_never_the_page(open_page):
    view = embedded(open_page, work())
    view.wheel(0.3, 1, -120, "Control")
    assert view.button("Show all (0)").is_visible()
    assert scrolled(view) == 0
    assert view.page.evaluate("devicePixelRatio") == 1


def test_keys_are_the_page_s_until_the_picture_is_clicked(open_page):
    view = embedded(open_page, work())
    view.page.locator("#cell").click()
    view.hover(0.3, 1)
    view.key("/", "+", "0", "ArrowDown", "Enter", "Escape", "?", "d")
    assert view.page.evaluate("keys") == ["/", "+", "0", "ArrowDown", "Enter", "Escape", "?", "d"]
    assert view.status().startswith("Click a frame")
    assert view.inside.get_by_role("dialog").count() == 0


def test_keys_are_the_picture_s_while_the_ring_shows(open_page, shots):
    view = embedded(open_page, work())
    ring = "e => getComputedStyle(e, '::after').boxShadow"
    host = view.inside.locator("#oprof")
    before = host.evaluate(ring)
    view.click(0.3, 1)
    shots(view.page, "frame-ring")
    assert host.evaluate(ring) != before
    view.key("d", "d", "ArrowDown", "x")
    assert view.page.evaluate("keys") == []
    view.page.locator("#cell").click()
    view.settle()
    assert host.evaluate(ring) == before


def test_no_key_but_its_own_is_prevented(open_page):
    view = embedded(open_page, work())
    view.click(0.3, 1)
    frame_of(view).evaluate(
        "() => { window.taken = []; addEventListener('keydown', (e) => { if (e.defaultPrevented) taken.push(e.key); }); }"
    )
    for key in "abcdefghijklmnopqrstuvwxyzADMXYZ123456789 .,;=":
        view.page.keyboard.press("Space" if key == " " else key)
    for key in (
        "Control+a",
        "Control+c",
        "Control+ArrowDown",
        "Alt+ArrowLeft",
        "PageDown",
        "Home",
        "Backspace",
        "F2",
        "Meta+0",
    ):
        view.page.keyboard.press(key)
    assert frame_of(view).evaluate("taken") == []
    view.key("+", "-", "0", "ArrowUp")
    assert frame_of(view).evaluate("taken") == ["+", "-", "0", "ArrowUp"]


def test_tab_walks_in_and_out(open_page):
    view = embedded(open_page, work())
    view.page.locator("#cell").focus()
    root = frame_of(view).locator("html")
    view.key("Tab")
    assert root.get_attribute("data-active") == ""
    released = []
    for _ in range(40):
        view.page.keyboard.press("Tab")
        released.append(view.page.evaluate("document.activeElement.tagName") != "IFRAME")
    assert any(released), "focus is not trapped"


def test_the_notebook_tells_its_theme(open_page):
    view = embedded(open_page, work(), color_scheme="light")
    theme = "document.documentElement.dataset.theme"
    assert {"type": "oprof-ready"} in view.page.evaluate("messages")
    tell = "theme => frames[0].postMessage({type: 'oprof-theme', theme}, '*')"
    view.page.evaluate(tell, "dark")
    view.settle()
    assert frame_of(view).evaluate(theme) == "dark"
    view.page.evaluate(tell, "auto")
    view.settle()
    assert frame_of(view).evaluate(theme) == "light"
    view.page.evaluate("frames[0].postMessage({type: 'oprof-theme', theme: '</style>'}, '*')")
    view.page.evaluate("frames[0].postMessage(null, '*')")
    view.settle()
    assert frame_of(view).evaluate(theme) == "light"
    view.button("Theme: as the notebook").click()
    view.page.evaluate(tell, "dark")
    view.settle()
    assert frame_of(view).evaluate(theme) == "light", "the reader chose"


def test_it_works_with_an_opaque_origin(open_page):
    view = embedded(open_page, threads())
    assert frame_of(view).evaluate("origin") == "null"
    view.tab("Sandwich")
    assert view.inside.locator(".rows .row").count() > 3
