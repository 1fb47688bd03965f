"""What stands round the page in a notebook: the frame, its handle, its theme, and the still form where it is stripped."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import expect

from openprofiling_ipy.widgets import view
from tests.browser.front_end import FrontEnd, put
from tests.widgets.busy import busy_profile
from tests.widgets.sanitizers import GITHUB, LAB, sanitized


@pytest.fixture(scope="module")
def bundle():
    return view.bundle(busy_profile(seconds=6))


def notebook(data):
    output = nbformat.v4.new_output("display_data", data=data)
    cell = nbformat.v4.new_code_cell("%%oprof cpu\nwork()", outputs=[output], execution_count=5)
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    return nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_code_cell("1 + 1")], metadata=python)


def written(data):
    return json.loads(nbformat.writes(notebook(data)))


def document(body, attributes=""):
    return f"<!DOCTYPE html><html><body {attributes}>{body}</body></html>"


def test_the_frame_lives_and_hides_the_still_form(open_page, bundle, shots):
    page = open_page(document(bundle["text/html"]))
    expect(page.frame_locator("iframe").locator("canvas:visible").first).to_be_visible()
    expect(page.locator("details")).to_be_hidden()
    assert page.locator(".oprof-live").bounding_box()["height"] == 460
    shots(page, "output-live")


def test_its_lower_edge_drags(open_page, bundle):
    page = open_page(document(bundle["text/html"]))
    frame = page.locator("iframe")
    expect(page.frame_locator("iframe").locator("canvas:visible").first).to_be_visible()
    box = page.locator(".oprof-live").bounding_box()
    before = frame.bounding_box()["height"]
    corner = (box["x"] + box["width"] - 4, box["y"] + box["height"] - 4)
    page.mouse.move(*corner)
    page.mouse.down()
    page.mouse.move(corner[0], corner[1] + 60, steps=4)
    # Over the frame as well, which would swallow the pointer.
    page.mouse.move(corner[0] - 200, corner[1] - 100, steps=8)
    page.mouse.move(corner[0] - 200, corner[1] + 150, steps=8)
    page.mouse.up()
    assert frame.bounding_box()["height"] == pytest.approx(before + 150, abs=3)


@pytest.mark.parametrize(
    ("attributes", "theme"),
    [
        ('data-jp-theme-light="false"', "dark"),
        ('data-jp-theme-light="true"', "light"),
        ('data-vscode-theme-kind="vscode-dark"', "dark"),
        ('data-vscode-theme-kind="vscode-light"', "light"),
        ("", "light"),
    ],
)
def test_it_is_told_the_notebooks_theme(open_page, bundle, attributes, theme):
    system = "light" if attributes == "" else {"dark": "light", "light": "dark"}[theme]
    page = open_page(document(bundle["text/html"], attributes), color_scheme=system)
    expect(page.frame_locator("iframe").locator("html")).to_have_attribute("data-theme", theme)


def test_it_is_told_of_a_change_of_theme(open_page, bundle, shots):
    page = open_page(document(bundle["text/html"], 'data-jp-theme-light="true"'), color_scheme="light")
    inside = page.frame_locator("iframe").locator("html")
    expect(inside).to_have_attribute("data-theme", "light")
    page.evaluate("() => { document.body.dataset.jpThemeLight = 'false' }")
    expect(inside).to_have_attribute("data-theme", "dark")
    shots(page, "output-dark")


@pytest.mark.parametrize("policy", [LAB, GITHUB], ids=["lab", "github"])
def test_where_it_is_stripped_picture_and_table_stand_in(open_page, bundle, shots, policy):
    page = open_page(document(sanitized(bundle["text/html"], policy)))
    expect(page.locator("table")).to_be_visible()
    expect(page.locator("img")).to_be_visible()
    assert page.locator("img").evaluate("(image) => image.naturalWidth") == 800
    shots(page, f"output-stripped-{'lab' if policy is LAB else 'github'}")


def test_in_a_page_of_nbconvert_it_lives(open_page, bundle, tmp_path, shots):
    body, _ = HTMLExporter(embed_images=True).from_notebook_node(nbformat.reads(json.dumps(written(bundle)), 4))
    # Its own page asks a CDN for MathJax and RequireJS; the output needs neither.
    offline = body.replace("https://cdnjs.cloudflare.com", "http://127.0.0.1:9")
    page = open_page(offline, may_fail=True)
    expect(page.frame_locator("iframe").locator("canvas:visible").first).to_be_visible()
    expect(page.locator("details")).to_be_hidden()
    shots(page, "output-nbconvert")


@pytest.mark.slow
@pytest.mark.kernel
def test_in_an_untrusted_notebook_the_still_form_until_it_is_trusted(open_page, serve, bundle, shots):
    server = serve("lab")
    file = put(server, written(bundle), "untrusted.ipynb")
    front = FrontEnd("lab", server, open_page("about:blank", may_fail=True), file)
    front.open()
    still = front.page.locator(".jp-OutputArea details")
    expect(still.locator("img")).to_be_visible()
    expect(still.locator("table")).to_be_visible()
    assert still.locator("img").evaluate("(image) => image.naturalWidth") == 800
    expect(front.results()).to_have_count(0)
    shots(front.page, "lab-untrusted")
    front.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:trust')")
    front.page.locator(".jp-Dialog .jp-mod-accept").click()
    expect(front.results()).to_have_count(1)
    expect(front.result(0).locator("canvas:visible").first).to_be_visible()
    expect(still).to_be_hidden()
