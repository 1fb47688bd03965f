"""Profiles to look at, and a page that shows one: where its boxes lie, what it says."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from playwright.sync_api import Frame, FrameLocator, Locator, Page

from openprofiling_ipy.formats import html
from openprofiling_ipy.model import Profile
from tests.pictures import profile_of

#: Height of a row of boxes, in px.
ROW = 20
AXIS = 20

CELL = """import json

def load(n):
    rows = [{"key": i} for i in range(n)]  # made here
    return json.loads(json.dumps(rows))

def train(rows):
    return np.linalg.svd(rows)

train(load(9))
"""

FILES = {
    "<cell>": "In[5]",
    "load": "In[5]",
    "train": "In[5]",
    "fib": "In[5]",
    "dumps": "/usr/lib/python3.11/json/__init__.py",
    "svd": "/venv/lib/python3.11/site-packages/numpy/linalg/_linalg.py",
    "_wrap": "/venv/lib/python3.11/site-packages/numpy/core/fromnumeric.py",
    "merge": "/venv/lib/python3.11/site-packages/pandas/core/frame.py",
}


def work(**attributes: Any) -> Profile:
    """
    A cell of 100 samples, 10 ms each: CPU 800 ms of 1 s, in `load` 40 %, in `train` 60 %.

    Left heavy: `<cell>` · `train` .6, `load` .4 · `svd` .5 (of all), `fib` .1, `dumps` .3 · `_wrap` .25.
    """
    kinds = [
        ("<cell>:10 load=3:5 dumps=9:200{json.dumps(rows)}", 30),
        ("<cell>:10 load=3:4", 10),
        ("<cell>:10 train=7:8 svd=50:60{gufunc(a)} _wrap=7:9", 25),
        ("<cell>:10 train=7:8{np.linalg.svd(rows)} svd=50:61", 25),
        ("<cell>:10 train=7:8 fib=1:2 fib=1:2 fib=1:2", 10),
    ]
    lines, time = ["cpu:ns wall:ns samples:count", "@MainThread"], 0
    for stack, count in kinds:
        for _ in range(count):
            time += 10_000_000
            lines.append(f"t={time} 8000000 10000000 1 {stack}")
    facts = {"kind": "cpu", "number": 3, "label": "In[5]", "status": "done", "rate": 100.0, "engine": "python sampler"}
    return profile_of(
        "\n".join(lines), files=FILES, duration=time, attributes=facts | attributes, sources={"In[5]": CELL}
    )


def threads() -> Profile:
    """The cell's thread waits; a worker burns; a task and a thread of somebody else's are there, too."""
    lines = ["cpu:ns wall:ns samples:count", "@MainThread"]
    lines += [f"t={i * 10_000_000} 1000000 10000000 1 <cell>:10 load=3:5" for i in range(1, 51)]
    lines += ["@worker"]
    lines += [f"t={i * 10_000_000} 9000000 10000000 1 train=7:8 svd=50:60" for i in range(26, 51)]
    lines += ["@task fetch"]
    lines += [f"t={i * 10_000_000} 0 10000000 1 <cell>:10 merge=3:4" for i in range(1, 51)]
    lines += ["~@other"]
    lines += [f"t={i * 10_000_000} 0 10000000 1 _wrap=7:9" for i in range(1, 51)]
    return profile_of(
        "\n".join(lines), files=FILES, duration=500_000_000, attributes={"kind": "cpu"}, sources={"In[5]": CELL}
    )


@dataclass
class Viewer:
    """The viewer in a page or in a frame of one."""

    page: Page
    inside: Page | FrameLocator

    def canvas(self, nth: int = 0) -> Locator:
        return self.inside.locator(".view canvas:visible").nth(nth)

    def at(self, share: float, row: int, *, head: int = 0, nth: int = 0) -> tuple[float, float]:
        """The point of the page at a share of the width of a canvas, in the middle of a row."""
        box = self.canvas(nth).bounding_box()
        assert box is not None
        return box["x"] + share * box["width"], box["y"] + head + row * ROW + ROW / 2

    def click(self, share: float, row: int, **where: int) -> None:
        self.page.mouse.click(*self.at(share, row, **where))
        self.settle()

    def hover(self, share: float, row: int, **where: int) -> None:
        self.page.mouse.move(*self.at(share, row, **where))
        self.settle()

    def wheel(self, share: float, row: int, dy: float, *keys: str) -> None:
        self.page.mouse.move(*self.at(share, row))
        for key in keys:
            self.page.keyboard.down(key)
        self.page.mouse.wheel(0, dy)
        self.settle()
        for key in keys:
            self.page.keyboard.up(key)

    def key(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def settle(self) -> None:
        """Wait for a move of 150 ms to end."""
        self.page.wait_for_timeout(260)

    def tab(self, name: str) -> None:
        self.inside.get_by_role("tab", name=name, exact=True).click()
        self.settle()

    def status(self) -> str:
        return self.text("footer")

    def text(self, selector: str) -> str:
        return self.inside.locator(selector).first.inner_text().replace("\n", " ")

    def crumbs(self) -> list[str]:
        return self.inside.locator(".crumbs:visible li").all_inner_texts()

    def button(self, name: str) -> Locator:
        return self.inside.get_by_role("button", name=name, exact=True)

    def menu(self, button: str, item: str) -> None:
        self.button(button).click()
        self.inside.locator(".sheet").get_by_text(item, exact=True).click()
        self.settle()


def viewer(open_page: Any, profile: Profile | bytes, **options: Any) -> Viewer:
    """Open a profile's page as a file of its own."""
    options.setdefault("viewport", {"width": 900, "height": 460})
    page = open_page(profile if isinstance(profile, bytes) else html.dumps(profile), **options)
    page.locator(".status").wait_for()
    # Drawn, not only laid out: on a busy machine the first frame comes late. Where words stand, nothing is drawn.
    page.wait_for_function("performance.getEntriesByName('oprof:frame').length || document.querySelector('.empty')")
    made = Viewer(page, page)
    made.settle()
    return made


def embedded(open_page: Any, profile: Profile, **options: Any) -> Viewer:
    """Open a page that holds a profile's page as a notebook does: in a frame of opaque origin, among other things."""
    quoted = escape(html.dumps(profile).decode())
    frame = (
        f'<iframe sandbox="allow-scripts allow-downloads" style="width:900px;height:400px" srcdoc="{quoted}"></iframe>'
    )
    listen = """<script>
      window.keys = []; window.messages = [];
      addEventListener("keydown", (event) => keys.push(event.key));
      addEventListener("message", (event) => messages.push(event.data));
    </script>"""
    page = open_page(
        f'<!doctype html>{listen}<textarea id="cell">x = 1</textarea><p>above{frame}<p style="height:3000px">below',
        **options,
    )
    inside = page.frame_locator("iframe")
    inside.locator(".status").wait_for()
    made = Viewer(page, inside)
    made.settle()
    return made


def frame_of(view: Viewer) -> Frame:
    """The frame itself, for asking what its document holds."""
    return view.page.frames[1]
