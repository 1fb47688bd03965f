"""A capture as a notebook's output."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from io import BytesIO

import nbformat
import pytest
from nbconvert import HTMLExporter
from PIL import Image

from openprofiling_ipy.analysis import summary, transforms
from openprofiling_ipy.capture import Capture
from openprofiling_ipy.formats import html
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.widgets import text, view
from tests.pictures import profile_of
from tests.widgets.busy import FOLDER, busy_profile
from tests.widgets.sanitizers import GITHUB, LAB, sanitized

HOSTILE = "</script></iframe><img/src=x/onerror=alert(1)>'\"&quot;$x$\\(y\\)"
PICTURE = "cpu:ns\n" + 12 * (
    f"30 In[5]|<cell>=1:1 {FOLDER}/src/train.py|train=4:5 /usr/lib/python3.11/json/decoder.py|decode=1:2\n"
    f"20 In[5]|<cell>=1:2 In[5]|{HOSTILE}:2\n"
)
FACTS = {A.KIND: "cpu", A.NUMBER: 3, A.LABEL: "In[5]", A.STATUS: "done"}
SECRET = {A.HOST: "mars", A.USER: "anna", A.PID: 41733, A.FOLDER: FOLDER, A.PREFIXES: "/usr/lib/python3.11"}
SOURCE = "x = train()  # </iframe><script>alert(2)</script>\nif x:\n    y()"


def profile(picture=PICTURE, **changes):
    arguments = {"attributes": {**FACTS, **SECRET}, "duration": 10**9, "sources": {"In[5]": SOURCE}, **changes}
    return profile_of(picture, **arguments)


def capture(document, status="done"):
    return Capture("cpu", 3, label="In[5]", status=status, read=lambda: document)


def size(made):
    return len(json.dumps(made, ensure_ascii=False).encode())


class Elements(HTMLParser):
    """The elements of an output with their attributes, and its text."""

    def __init__(self, source):
        super().__init__()
        self.found = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def made():
    return view.Result(capture(profile()))._repr_mimebundle_()


def test_every_front_end_finds_its_form(made):
    assert list(made) == ["text/html", "image/png", "text/plain"]
    assert base64.b64decode(made["image/png"]).startswith(b"\x89PNG")
    assert made["text/plain"].startswith("#3 CPU In[5]")
    json.dumps(made)


def test_the_frame_is_sandboxed_and_holds_the_page(made):
    (frame,) = Elements(made["text/html"]).all("iframe")
    assert frame["sandbox"] == "allow-scripts allow-downloads"
    page = frame["srcdoc"].encode()
    loaded = html.loads(page)
    assert loaded.samples.values.sum() == profile().samples.values.sum()
    assert page == html.dumps(profile())


def test_the_still_form_is_hidden_only_beside_a_frame(made):
    assert "iframe~details{display:none}" in made["text/html"]
    for policy in (LAB, GITHUB):
        left = Elements(sanitized(made["text/html"], policy))
        assert [details.keys() >= {"open"} for details in left.all("details")] == [True]
        (image,) = left.all("img")
        assert image["src"].startswith("data:image/png;base64,")
        assert image["alt"] == "Flame graph: #3 CPU In[5]"
        assert len(left.all("tr")) > 3
        assert "train · src/train.py:4" in left.text
        assert "oprof" not in left.text  # neither style nor script is left as text
        assert not {"iframe", "style", "script"} & {tag for tag, _ in left.found}
        said = summary.summary(profile())
        assert " · ".join([said.title, *said.facts]) in left.text


def test_no_byte_is_stored_twice(made):
    inside = re.search(r'src="data:image/png;base64,([^"]+)"', made["text/html"])[1]
    assert inside != made["image/png"]
    outer, inner = (Image.open(BytesIO(base64.b64decode(data))) for data in (made["image/png"], inside))
    assert inner.width == outer.width == 800
    # The header stands in the HTML as text, and in the lone picture only there.
    assert inner.height == outer.height - 30


def test_same_capture_same_bytes(made):
    again = view.Result(capture(profile()))._repr_mimebundle_()
    assert again == made


def test_names_are_inert(made):
    cut = transforms.private(profile())  # what looks like a path in a name is cut
    (hostile,) = [string for string in cut.strings if "onerror" in string]
    for source in (made["text/html"], sanitized(made["text/html"], GITHUB)):
        elements = Elements(source)
        assert len(elements.all("img")) == 1
        assert not elements.all("script")
        assert not [attributes for tag, attributes in elements.found if "onerror" in attributes]
        assert hostile in elements.text
        assert "alert(2)" in elements.text
    # No delimiters of formulas in one piece: MathJax reads what a notebook shows.
    assert not re.search(r"\$x\$|\\\(y", made["text/html"].split("</iframe>")[1])
    assert "\x1b" not in made["text/plain"]


@pytest.mark.parametrize("secret", ["mars", "anna", "41733", "/home/", "/usr/lib", FOLDER])
def test_nothing_private_is_in_it(made, secret):
    page = Elements(made["text/html"]).all("iframe")[0]["srcdoc"]
    loaded = html.loads(page.encode())
    assert all(secret not in data for data in made.values())
    assert not [string for string in (*loaded.strings, *map(str, loaded.attributes.values())) if secret in string]


def test_opting_in_keeps_it():
    kept = view.Result(capture(profile()), private=False)._repr_mimebundle_()
    loaded = html.loads(Elements(kept["text/html"]).all("iframe")[0]["srcdoc"].encode())
    assert loaded == profile()


def test_only_sources_with_samples():
    two = profile(sources={"In[5]": SOURCE, "In[4]": "password = 'x'"})
    shown = view.bundle(two)
    page = html.loads(Elements(shown["text/html"]).all("iframe")[0]["srcdoc"].encode())
    assert set(page.sources) == {"In[5]"}


def test_a_long_recording_fits_the_budget_and_says_so():
    busy = busy_profile()
    assert len(busy.samples) == 24_000
    shown = view.Result(capture(busy))._repr_mimebundle_()
    assert size(shown) <= 300_000
    page = html.loads(Elements(shown["text/html"]).all("iframe")[0]["srcdoc"].encode())
    assert page.attributes[A.FOLDED] > 0
    assert any("folded" in note.text for note in summary.summary(page).notes)
    assert page.samples.values.sum(0).tolist() == busy.samples.values.sum(0).tolist()


def test_a_budget_below_the_viewer_leaves_the_still_form():
    shown = view.bundle(profile(), budget=30_000)
    assert size(shown) <= 30_000
    assert not Elements(shown["text/html"]).all("iframe")
    assert "does not fit" in shown["text/html"]


def test_without_a_budget_all_is_kept():
    busy = busy_profile(seconds=4)
    shown = view.bundle(busy, budget=None)
    page = html.loads(Elements(shown["text/html"]).all("iframe")[0]["srcdoc"].encode())
    assert A.FOLDED not in page.attributes
    assert len(page.stacks) == len(busy.stacks)


def test_quiet_is_the_header_alone():
    shown = view.Result(capture(profile()), quiet=True)._repr_mimebundle_()
    assert list(shown) == ["text/html", "text/plain"]
    assert shown["text/plain"] == text.header(profile())
    assert not Elements(shown["text/html"]).all("iframe")
    assert size(shown) < 1000


@pytest.mark.parametrize(
    ("picture", "changes"),
    [
        ("cpu:ns wall:ns", {"duration": 3 * 10**6}),
        ("cpu:ns\n5 a b", {"attributes": {**FACTS, A.STATUS: "interrupted"}}),
        ("cpu:ns\n5 a b", {"attributes": {**FACTS, A.STATUS: "failed", A.ERROR: f"ValueError: {HOSTILE}"}}),
        ("samples:count\n7 -", {"attributes": {}}),
        ("size:bytes\n99 a", {"attributes": {}, "duration": 0}),
    ],
)
def test_odd_captures_have_a_decent_result(picture, changes):
    odd = profile(picture, sources={}, **changes)
    shown = view.Result(capture(odd))._repr_mimebundle_()
    assert list(shown) == ["text/html", "image/png", "text/plain"]
    said = summary.summary(odd)
    for note in said.notes:
        assert note.text[:20] in Elements(shown["text/html"]).text
    assert "<table></table>" not in shown["text/html"]


def test_a_running_capture_shows_what_it_has():
    running = capture(profile(attributes={**FACTS, A.STATUS: "running"}), status="running")
    assert "still running" in view.Result(running)._repr_mimebundle_()["text/plain"]


def test_height_follows_the_rows():
    heights = []
    for depth in (1, 8, 12, 100):
        path = " ".join(f"In[5]|f{i}:1" for i in range(depth))
        shown = view.bundle(profile("cpu:ns\n" + 30 * f"1 {path}\n"))["text/html"]
        heights.append(int(re.search(r"--oprof-height:(\d+)px", shown)[1]))
    assert heights == [260, 292, 372, 460]


def test_include_and_exclude():
    result = view.Result(capture(profile()))
    assert list(result._repr_mimebundle_(include={"text/plain"})) == ["text/plain"]
    assert list(result._repr_mimebundle_(exclude={"image/png"})) == ["text/html", "text/plain"]


class Terminal:
    """A standard output that is one."""

    def __init__(self, encoding):
        self.encoding = encoding

    def isatty(self):
        return True


@pytest.mark.parametrize(("environment", "color"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_a_terminal_gets_text_alone(monkeypatch, environment, color):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"COLUMNS": "80", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", Terminal("utf-8"))
    shown = view.Result(capture(profile()))._repr_mimebundle_()
    assert list(shown) == ["text/plain"]
    assert ("\x1b[" in shown["text/plain"]) is color
    assert max(len(line) for line in re.sub(r"\x1b\[\d+m", "", shown["text/plain"]).splitlines()) <= 80


def test_a_terminal_without_blocks_gets_ascii(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal("ascii"))
    assert repr(view.Result(capture(profile()))).isascii()


def test_a_page_of_nbconvert_holds_it_whole(made):
    """Its template neither strips nor breaks the frame, and prefers it to the picture."""
    output = nbformat.v4.new_output("display_data", data=made)
    cell = nbformat.v4.new_code_cell("%%oprof cpu", outputs=[output], execution_count=5)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    body, _ = HTMLExporter().from_notebook_node(nbformat.reads(nbformat.writes(notebook), as_version=4))
    frames = Elements(body).all("iframe")
    assert [html.loads(frame["srcdoc"].encode()) for frame in frames] == [html.loads(html.dumps(profile()))]
    assert made["image/png"] not in body


def test_nothing_heavy_is_loaded_with_the_modules():
    heavy = ("pandas", "matplotlib", "PIL", "ipywidgets", "anywidget", "IPython")
    code = f"""if True:
        import sys
        from openprofiling_ipy.widgets import fallback, figure, frames, picture, text, view
        print([name for name in {heavy!r} if name in sys.modules])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
