"""The page as a whole: what it says, that it is inert, self-contained, readable at any width and in both themes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from openprofiling_ipy.analysis.colors import KIND_COLORS, contrast, package_colors
from openprofiling_ipy.formats import html
from tests.browser.pages import ROW, threads, viewer, work
from tests.pictures import profile_of

EVIL = "</script><img src=x onerror=alert(1)>"


def test_header_tells_what_was_recorded(open_page):
    view = viewer(open_page, work())
    assert view.text("h1") == "#3 CPU In[5]"
    assert "100 samples" in view.text(".facts")
    assert view.page.title() == "#3 CPU In[5]"


def test_what_does_not_fit_into_the_header_opens_on_a_click(open_page):
    view = viewer(open_page, work(children=8, children_cpu=38_000_000_000), viewport={"width": 400, "height": 460})
    view.inside.locator(".facts").click()
    dialog = view.inside.get_by_role("dialog", name="About this recording")
    expect(dialog).to_contain_text("python sampler")
    expect(dialog).to_contain_text("8 child processes used 38.0 s, not shown")
    view.key("Escape")
    expect(dialog).to_have_count(0)
    expect(view.inside.locator(".facts")).to_be_focused()


def test_notes_stand_below_the_header_the_gravest_first(open_page):
    view = viewer(open_page, work(children=8, children_cpu=38_000_000_000, slowed=50.0))
    assert view.text(".note") == "8 child processes used 38.0 s, not shown +1 more"
    assert view.inside.locator(".note").get_attribute("data-level") == "warn"


def test_names_of_functions_are_text_and_nothing_else(open_page, shots):
    cell = {"In[1]": f"# {EVIL}\nx = 1\n"}
    profile = profile_of(
        "cpu:ns\n100 A:1 A:2\n50 A:1{B}\n".replace("A", f"In[1]|{EVIL}".replace(" ", "␣")).replace(
            "B", EVIL.replace(" ", "␣")
        ),
        sources=cell,
        attributes={"label": EVIL, "name": f"{EVIL} «'\"&amp;\xa0»"},
    )
    view = viewer(open_page, profile)
    dialogs: list[str] = []
    view.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    view.hover(0.2, 0)
    view.click(0.2, 0)
    for name in ("Time", "Sandwich", "Lines", "Flame"):
        view.tab(name)
    view.inside.locator(".facts").click()
    markup = "<img src=x onerror=alert(1)>"
    assert markup in view.status()
    assert markup in view.text("h1")
    assert view.inside.locator("img").count() == 0
    assert dialogs == []
    shots(view.page, "page-inert")


def test_letters_that_would_turn_or_hide_a_name_are_shown_as_unknown(open_page):
    view = viewer(open_page, profile_of("samples:count\n30 evil\u202ename\u200b\n"))
    view.click(0.5, 0)
    assert "evil\ufffdname\ufffd" in view.status()


def test_a_profile_without_samples_says_so_in_words(open_page, shots):
    profile = profile_of("cpu:ns wall:ns\n", duration=3_000_000, attributes={"kind": "cpu"})
    view = viewer(open_page, profile)
    assert "too short to sample" in view.text(".empty .big")
    assert "%%oprof cpu --for 2s" in view.text(".empty")
    shots(view.page, "page-empty")


def test_a_value_that_is_zero_offers_the_one_that_is_not(open_page):
    view = viewer(open_page, profile_of("cpu:ns wall:ns\n0 1000000000 sleep\n0 1000000000 sleep\n", duration=2 * 10**9))
    view.inside.get_by_role("radio", name="CPU").click()
    view.settle()
    assert view.text(".empty .big") == "No CPU was used"
    view.button("Show Wall").click()
    view.settle()
    expect(view.inside.locator(".empty")).to_have_count(0)
    assert view.crumbs() == ["All · Wall 2.00 s"]


def test_few_samples_are_drawn_pale(open_page, shots):
    few, many = (
        viewer(open_page, profile_of("cpu:ns samples:count\n" + "10000000 1 In[1]|f\n" * count, duration=count * 10**7))
        for count in (7, 30)
    )
    assert "only 7 samples: shares are ±19 points" in few.text(".note")
    assert _light(few) > _light(many) + 20
    shots(few.page, "page-few")


def _light(view) -> float:
    """The mean of red, green and blue near the right end of the first box."""
    return view.canvas().evaluate(
        "c => c.getContext('2d').getImageData(c.width * .9, 10, 1, 1).data.slice(0, 3).reduce((a, b) => a + b) / 3"
    )


@pytest.mark.parametrize("width", [320, 400, 620, 760, 900, 1400])
def test_no_width_makes_the_page_scroll_or_the_header_wrap(open_page, width):
    view = viewer(open_page, threads(), viewport={"width": width, "height": 460})
    for name in ("Flame", "Time", "Sandwich", "Lines"):
        view.tab(name)
        assert view.page.evaluate("document.documentElement.scrollWidth") <= width
        outside = "es => es.map(e => e.getBoundingClientRect()).filter(r => r.width && r.right > innerWidth + 1).length"
        assert view.inside.locator("header *:visible, .tools *:visible, footer *:visible").evaluate_all(outside) == 0
        assert view.inside.locator(".head").bounding_box()["height"] == 36
        assert view.inside.locator(".tools").bounding_box()["height"] == 34


def test_narrow_pages_keep_every_choice_in_the_menu(open_page):
    view = viewer(open_page, threads(), viewport={"width": 400, "height": 460})
    assert not view.inside.locator(".mine").is_visible()
    view.button("What is shown").click()
    for choice in ("My code: fold each package", "Root at the bottom", "Wall", "collapse repeats", "worker"):
        expect(view.inside.locator(".sheet").get_by_text(choice, exact=True)).to_be_visible()


def test_theme_follows_the_system_and_the_button_overrides(open_page, shots):
    view = viewer(open_page, work(), color_scheme="dark")
    theme = "document.documentElement.dataset.theme"
    assert view.page.evaluate(theme) == "dark"
    shots(view.page, "page-dark")
    view.page.emulate_media(color_scheme="light")
    view.settle()
    assert view.page.evaluate(theme) == "light"
    view.button("Theme: as the notebook").click()
    view.button("Theme: light").click()
    assert view.page.evaluate(theme) == "dark"
    view.button("Theme: dark").click()
    assert view.page.evaluate(theme) == "light"
    shots(view.page, "page-light")


def test_canvas_is_repainted_in_the_colours_of_the_theme(open_page):
    view = viewer(open_page, work(), color_scheme="light")
    light = _light(view)
    view.page.emulate_media(color_scheme="dark")
    view.settle()
    assert _light(view) < light - 40


def test_text_can_be_read_on_what_it_stands_on(root):
    """At least 4.5:1, both themes: every pair of ink and ground in the style sheet."""
    style = (root / "openprofiling_ipy/widgets/js/style.css").read_text(encoding="utf-8")
    blocks = {
        "light": style.partition('[data-theme="dark"]')[0],
        "dark": style.partition('[data-theme="dark"]')[2].partition("}")[0],
    }
    inks = ["ink", "muted", "code-keyword", "code-string", "code-number", "code-comment"]
    pairs = [(ink, ground) for ink in inks for ground in ("bg", "raised", "soft", "accent-soft")]
    pairs += [("ink", "soft-2"), ("muted", "soft-2"), ("accent", "accent-soft"), ("warn-ink", "warn-bg")]
    for theme, block in blocks.items():
        names = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))
        names = {
            name: "#" + "".join(c * 2 for c in value[1:]) if len(value) == 4 else value for name, value in names.items()
        }
        for ink, ground in pairs:
            assert contrast(names[ink], names[ground]) >= 4.5, (theme, ink, ground)


def test_the_canvas_has_the_colours_of_the_style_sheet(root):
    folder = root / "openprofiling_ipy/widgets/js"
    style = (folder / "style.css").read_text(encoding="utf-8")
    theme = (folder / "theme.js").read_text(encoding="utf-8")
    for scheme, block in (
        ("light", style.partition('[data-theme="dark"]')[0]),
        ("dark", style.partition('[data-theme="dark"]')[2].partition("}")[0]),
    ):
        canvas = dict(re.findall(r"(\w+): \"(#\w+)\"", theme.partition(f"{scheme}: {{")[2].partition("}")[0]))
        sheet = dict(re.findall(r"--([\w-]+): (#\w+);", block))
        for name in ("bg", "soft", "line", "ink", "muted", "accent"):
            assert canvas[name] in (sheet[name], "#" + "".join(c * 2 for c in sheet[name][1:])), (scheme, name)


def _mixed(one: str, other: str, part: float) -> str:
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a * part + b * (1 - part)):02x}" for a, b in pairs)


def test_labels_can_be_read_on_every_fill(root):
    """The place behind a name, a label that recedes, and one on a pale box: at least 4.5:1 for any package."""
    folder = root / "openprofiling_ipy/widgets/js"
    code = (folder / "paint_colors.js").read_text(encoding="utf-8")
    theme = (folder / "theme.js").read_text(encoding="utf-8")
    pale = float(re.findall(r"PALE = ([\d.]+)", code)[0])
    every = [*package_colors(f"package{number}" for number in range(300)).values(), *KIND_COLORS.values()]
    for scheme in ("light", "dark"):
        soft = float(re.findall(rf"{scheme}: ([\d.]+)", code)[0])
        canvas = dict(re.findall(r"(\w+): \"(#\w+)\"", theme.partition(f"{scheme}: {{")[2].partition("}")[0]))
        for colors in every:
            fill, ink = getattr(colors, scheme), getattr(colors, f"ink_{scheme}")
            assert contrast(_mixed(ink, fill, soft), fill) >= 4.5, (scheme, fill)
            receding = _mixed(fill, canvas["bg"], pale)
            assert contrast(canvas["muted"], receding) >= 4.5, (scheme, fill)


def test_pale_boxes_can_be_read_too(open_page):
    """What a search leaves behind recedes, but stays readable: ink on fill at least 4.5:1 for every kind of place."""
    for scheme in ("light", "dark"):
        view = viewer(open_page, work(), color_scheme=scheme)
        view.inside.get_by_label("Search functions and places").fill("no such")
        view.settle()
        for share, row in ((0.9, 0), (0.4, 2), (0.8, 2)):
            assert contrast(*_box_colors(view, share, row)) >= 4.5, (scheme, share, row)


def _box_colors(view, share: float, row: int) -> tuple[str, str]:
    """The fill of a box and, of its text, the pixel that differs most from it."""
    pixels = view.canvas().evaluate(
        """(c, [share, row, height]) => {
            const d = c.getContext('2d').getImageData(0, row * height, c.width, height).data, at = Math.round(share * c.width);
            const rgb = (x, y) => [...d.slice((y * c.width + x) * 4, (y * c.width + x) * 4 + 3)];
            const fill = rgb(at, 3), far = (a) => a.reduce((s, v, i) => s + Math.abs(v - fill[i]), 0);
            let ink = fill;
            for (let x = 0; x < at; x++) for (let y = 6; y < 15; y++) {
                if (rgb(x, 3).join() === fill.join() && far(rgb(x, y)) > far(ink)) ink = rgb(x, y);
            }
            return [fill, ink];
        }""",
        [share, row, ROW],
    )
    one, two = ("#" + "".join(f"{v:02x}" for v in pixel) for pixel in pixels)
    return one, two


def test_a_sharp_screen_gets_a_sharp_canvas(open_page):
    view = viewer(open_page, work(), device_scale_factor=2)
    ratio = view.canvas().evaluate("c => c.width / c.getBoundingClientRect().width")
    assert ratio == pytest.approx(2, rel=0.01)


def test_broken_data_are_reported_in_the_page(open_page):
    page = html.dumps(work())
    start = page.index(b'id="oprof-data">') + len(b'id="oprof-data">')
    view = open_page(page[:start] + b"AAAA" + page[start + 4 :])
    expect(view.locator(".empty")).to_contain_text("cannot be shown")


def test_everything_has_a_name_for_those_who_listen(open_page):
    view = viewer(open_page, threads())
    for name in ("Flame", "Time", "Sandwich", "Lines"):
        view.tab(name)
        nameless = """es => es.filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.title)).map(e => e.outerHTML)"""
        assert (
            view.inside.locator("button:visible, input:visible, select:visible, canvas:visible").evaluate_all(nameless)
            == []
        )
    assert view.inside.get_by_role("tabpanel", name="Lines").count() == 1


def test_another_profile_takes_the_place_of_the_first(open_page):
    """What benchmarks do: nothing of the first viewer still answers."""
    view = viewer(open_page, work())
    again = """async () => {
        const packed = Uint8Array.from(atob(document.getElementById('oprof-data').textContent), (c) => c.charCodeAt(0));
        const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
        oprofOpen(document.getElementById('oprof'), await new Response(stream).json());
    }"""
    view.page.evaluate(again)
    view.settle()
    view.click(0.3, 1)
    assert view.crumbs()[-1] == "train"
    view.key("?")
    assert view.inside.get_by_role("dialog").count() == 1
    view.key("Escape")
    view.key("Escape")
    assert len(view.crumbs()) == 1
