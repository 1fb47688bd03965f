"""The HTML page: nothing in it is markup but ours, nothing private leaves, and it opens again."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.analysis.privacy import private
from openprofiling_ipy.analysis.transforms import trim_sources
from openprofiling_ipy.analysis.weights import document_total
from openprofiling_ipy.errors import MalformedProfile
from openprofiling_ipy.formats import columns, html, registry
from openprofiling_ipy.model.attributes import PRIVATE, A
from tests.formats.examples import DATA, EXAMPLE, HOSTILE, damaged, profiles, stub_parts, survives
from tests.pictures import profile_of

GOLDEN = (DATA / "example.html").read_bytes()
REAL_PARTS = html._parts


@pytest.fixture(scope="module", autouse=True)
def _fast():
    """Pages by the hundred need no viewer either."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "_parts", stub_parts)
        yield


def content(page: bytes) -> dict:
    """The page's data, read without our own reader."""
    packed = re.search(rb'id="oprof-data">([^<]*)</script>', page)
    assert packed
    return json.loads(zlib.decompress(base64.b64decode(packed[1]), -15))


class Page(HTMLParser):
    """The elements of a page as a browser without scripts sees them, with their text."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data):
        self.texts.setdefault(self._open[-1] if self._open else "", []).append(data)


# The four ways.


def test_golden():
    """Its words and its data; their compression is the system's."""
    page = html.dumps(EXAMPLE)
    found, golden = content(page), content(GOLDEN)
    assert found["profile"] == golden["profile"]
    for key in golden["view"].keys() - {"height", "colors", "packages"}:  # matters of taste, told by others
        assert found["view"][key] == golden["view"][key]
    assert re.sub(rb'(id="oprof-data">)[^<]*', rb"\1", page) == re.sub(rb'(id="oprof-data">)[^<]*', rb"\1", GOLDEN)


def test_golden_without_its_name():
    assert registry.detect(GOLDEN) is html


def test_golden_is_read():
    assert html.loads(GOLDEN) == trim_sources(private(EXAMPLE))


@given(profiles())
def test_export_then_import_is_the_private_form(profile):
    assert html.loads(html.dumps(profile)) == trim_sources(private(profile))


@given(profiles())
def test_opting_in_keeps_everything(profile):
    assert html.loads(html.dumps(profile, private=False)) == profile


@given(profiles())
def test_a_second_export_is_equal(profile):
    page = html.dumps(profile)
    assert html.dumps(html.loads(page)) == page


# What must never be in it.


def test_names_are_inert():
    """In the title, the table and the data; with and without the private form, which changes such names itself."""
    profile = profile_of(
        f"1 {HOSTILE.replace(' ', '␣')} a\n1 </noscript><script>alert(1)</script>\n1 </title><b>",
        attributes={"label": HOSTILE, "name": "</title><script>", "kind": "<!--"},
        sources={"": "</script><!--"},
    )
    for page in (html.dumps(profile), html.dumps(profile, private=False)):
        seen = Page(page)
        assert sorted({tag for tag, _ in seen.tags}) == [
            *("div", "h1", "noscript", "p", "script", "style", "table", "tbody", "td", "th", "thead", "title", "tr")
        ]
        assert [attrs for tag, attrs in seen.tags if tag == "script"] == [
            {"type": "application/vnd.openprofiling", "id": "oprof-data"},
            {},
        ]
        assert all(set(attrs) <= {"align", "cellpadding", "style"} for tag, attrs in seen.tags if tag != "script")
        assert b"onerror=alert(1)>" not in page
    assert HOSTILE in "".join(seen.texts["td"])
    assert HOSTILE in "".join(seen.texts["title"])
    assert content(page)["profile"]["strings"][1] == HOSTILE


@given(profiles())
def test_nothing_private_is_in_a_default_page(profile):
    data = content(html.dumps(profile))
    assert not PRIVATE & data["profile"]["attributes"].keys()
    files = {data["profile"]["strings"][file] for file in data["profile"]["functions"]["file"]}
    assert not [file for file in files if file.startswith(("/", "C:"))]


def test_what_was_recorded_about_a_person_stays_here():
    profile = profile_of(
        "1 /home/joe/work/src/train.py|f /home/joe/.venv/lib/python3.11/site-packages/pandas/core/frame.py|g In[2]|<m>",
        attributes={A.HOST: "north", A.USER: "joe", A.PID: 4711, A.FOLDER: "/home/joe/work", A.LABEL: "In[2]"},
        sources={"In[2]": "f()", "In[1]": "password = 1"},
        duration=1,
    )
    page = html.dumps(profile)
    text = page.decode() + json.dumps(content(page))
    for secret in ("joe", "north", "4711", "/home", "password"):
        assert secret not in text
    assert "src/train.py" in text
    assert content(page)["profile"]["sources"] == {"In[2]": "f()"}
    assert html.losses(profile) == (
        "host name (left out to be private)",
        "user name (left out to be private)",
        "process id (left out to be private)",
        "absolute paths (left out to be private)",
    )
    assert html.contents(profile) == ("the source of In[2]",)


# What is in it.


def test_the_view_says_what_the_script_need_not_find_out():
    view = content(html.dumps(EXAMPLE))["view"]
    assert view["title"].startswith("#3 CPU In[5]")
    assert view["value"] == "cpu"
    assert view["cell"] == "In[5]"
    assert view["export"] == "%oprof export #3 DEST"
    assert view["filename"] == "cpu-20261123T021320.123Z"
    assert 200 <= view["height"] <= 460
    data = content(html.dumps(EXAMPLE))["profile"]
    kinds = {data["strings"][int(file)]: view["places"][place]["kind"] for file, place in view["file_place"].items()}
    assert kinds == {
        "In[5]": "cell",
        "…/a.py": "user",
        "python3.11/json/decoder.py": "stdlib",
        "": "native",
    }


def test_packages_bring_their_colours():
    view = content(html.dumps(profile_of("1 /x/site-packages/pandas/a.py|f")))["view"]
    assert set(view["packages"]) == {"pandas"}
    assert set(view["packages"]["pandas"]) == {"light", "dark", "ink_light", "ink_dark"}


def test_a_cell_without_source_is_not_promised():
    assert content(html.dumps(profile_of("1 f", attributes={"label": "In[5]"})))["view"]["cell"] == ""


def test_the_table_has_the_functions_with_most_self_time():
    profile = profile_of("cpu:ns\n" + "\n".join(f"{i * 1000} main f{i:02d}" for i in range(1, 30)))
    cells = Page(html.dumps(profile)).texts["td"]
    assert cells[:3] == ["f29", "29.0 µs (6.7 %)", "29.0 µs (6.7 %)"]
    assert cells[::3] == [f"f{i}" for i in range(29, 14, -1)]


def test_a_file_name_that_utf8_cannot_write_does_no_harm():
    profile = profile_of("1 f\udc80", attributes={"label": "x\ud800"})
    assert html.loads(html.dumps(profile, private=False)) == profile


def test_the_same_profile_gives_the_same_bytes():
    assert html.dumps(EXAMPLE) == html.dumps(columns.decode(columns.encode(EXAMPLE)))


# The budget.


@pytest.fixture(scope="module")
def broad():
    """Many small frames: far more than fits into a few KB."""
    lines = [f"t={i} {1 + i % 7 * 100} {1} main:1 f{i % 40}:{i % 9} g{i % 700}:{i % 50} h{i % 11}" for i in range(6000)]
    return profile_of("cpu:ns samples:count\n" + "\n".join(lines), duration=6000)


@pytest.mark.parametrize("budget", [200_000, 40_000, 12_000, 6_000])
def test_a_page_keeps_within_its_budget_and_says_what_it_folded(broad, budget):
    page = html.dumps(broad, budget=budget)
    assert len(page) <= budget
    assert (page == html.dumps(broad)) == (budget >= 40_000)
    data = content(page)
    profile = html.loads(page)
    for value in range(2):
        assert document_total(profile, value) == document_total(broad, value)
    if profile.attributes.get(A.FOLDED):
        assert any("small frames folded" in note["text"] for note in data["view"]["notes"])
    # How much was recorded is said of the recording, not of what is left of it.
    assert any(fact.startswith("6,000 samples") for fact in data["view"]["facts"])


def test_a_budget_that_suffices_changes_nothing(broad):
    whole = html.dumps(broad)
    assert html.dumps(broad, budget=len(whole)) == whole


def test_an_impossible_budget_gives_the_smallest_page(broad):
    page = html.dumps(broad, budget=10)
    assert len(page) < 6_000
    assert document_total(html.loads(page), 0) == document_total(broad, 0)


# What is no such page.


def _page(data: bytes) -> bytes:
    return b'<!DOCTYPE html><script type="application/vnd.openprofiling" id="oprof-data">' + data + b"</script>"


def _packed(text: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(squeezer.compress(text) + squeezer.flush())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<!DOCTYPE html><p>hello", "not a page written by openprofiling_ipy"),
        (b"", "not a page written by openprofiling_ipy"),
        (_page(b"")[:-9], "cut off"),
        (_page(b""), "cut off"),
        (_page(b"!!!!"), "damaged"),
        (_page(b"////"), "damaged"),
        (_page("é".encode()), "damaged"),
        (_page(_packed(b"x" * 1000)[:-8]), "cut off|damaged"),
        (_page(_packed(b"[1]")), "not a JSON object"),
        (_page(_packed(b"{}")), "must be an object"),
        (_page(_packed(b"[" * 1_000_000)), "too deeply"),
        (_page(_packed(b" " * (html._UNPACKED + 1))), "more than 64 MiB"),
    ],
)
def test_the_reason_is_named(data, said):
    with pytest.raises(MalformedProfile, match=said):
        html.loads(data)


@given(st.data())
def test_damaged_pages(data):
    survives(html, data.draw(damaged(GOLDEN)))


# The page as it ships.


def test_the_policy_lets_our_script_run_and_nothing_else():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "_parts", REAL_PARTS)
        page = html.dumps(EXAMPLE).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    script = page[page.rindex("<script>") + len("<script>") : page.rindex("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules["default-src"] == "'none'"
    # The viewer unpacks itself into a blob; markup cannot make one.
    assert rules["script-src"] == f"'sha256-{digest}' blob:"
    assert rules["img-src"] == "data: blob:"
    assert "http" not in policy[1]
    # Nothing in the style or the viewer ends its element early.
    assert page.count("</style") == 1
    assert page.count("<script") == page.count("</script") == 2
