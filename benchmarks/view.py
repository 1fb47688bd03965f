"""
How fast the picture is, beside speedscope: `python benchmarks/view.py [RUNS]`, by default 5.

Headless Chromium on generated profiles: 1,000,000 stacks, and 300,000 samples about 30 deep, which is also what
speedscope gets (from npm, as a file). "First picture" begins with the columns in memory and ends with the frame that
drew it; a zoom or pan frame is the script time of one `requestAnimationFrame`, over 40 turns of the wheel.
Every run is a fresh page; numbers are medians with the smallest and largest.
"""

from __future__ import annotations

import mimetypes
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Route, sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "openprofiling_ipy" / "widgets" / "static"
SPEEDSCOPE = ROOT / "node_modules" / "speedscope" / "dist" / "release"
SITE = "http://bench.test/"

MILLION = {"stacks": 1_000_000, "samples": 1_000_000, "depth": 24}
SAMPLED = {"stacks": 300_000, "samples": 300_000, "depth": 24}

#: Sums up the script time of each frame, whoever asked for it.
FRAMES = """
(() => {
  const ask = window.requestAnimationFrame.bind(window);
  window.frames_ms = new Map();
  window.requestAnimationFrame = (callback) => ask((now) => {
    const start = performance.now();
    callback(now);
    window.frames_ms.set(now, (window.frames_ms.get(now) ?? 0) + performance.now() - start);
  });
})()
"""

Numbers = dict[str, list[float]]


def serve(route: Route) -> None:
    """Answer from the disk: no server, no network."""
    path = route.request.url.removeprefix(SITE).partition("?")[0].partition("#")[0]
    if path == "viewer.html":
        style, script = (f"<{tag} src='/{STATIC.relative_to(ROOT)}/viewer.js'></{tag}>" for tag in ("i", "script"))
        style = f"<link rel='stylesheet' href='/{STATIC.relative_to(ROOT)}/viewer.css'>"
        bench = "<script type='module' src='/benchmarks/view_page.mjs'></script>"
        body = f"<!DOCTYPE html><meta charset='utf-8'>{style}<main id='oprof'></main>{script}{bench}"
        route.fulfill(body=body, content_type="text/html")
        return
    folder = SPEEDSCOPE if path.startswith("speedscope/") else ROOT
    file = folder / path.removeprefix("speedscope/")
    if not file.is_file():
        route.fulfill(status=404, body="")
        return
    kind = "text/javascript" if file.suffix in (".js", ".mjs") else mimetypes.guess_type(file.name)[0]
    route.fulfill(body=file.read_bytes(), content_type=kind or "application/octet-stream")


def fresh(browser: Browser, path: str) -> Page:
    page = browser.new_page(viewport={"width": 1000, "height": 700}, reduced_motion="reduce")
    page.set_default_timeout(120_000)
    page.route(f"{SITE}**", serve)
    page.add_init_script(FRAMES)
    page.goto(SITE + path)
    return page


def wheel(page: Page, turns: list[tuple[int, int]], *, control: bool) -> list[float]:
    """Turn the wheel and return the script time of each frame that drew something."""
    if control:
        page.keyboard.down("Control")
    times = []
    for dx, dy in turns:
        page.evaluate("window.frames_ms.clear()")
        page.mouse.wheel(dx, dy)
        page.wait_for_function("window.frames_ms.size > 0")
        times.append(float(page.evaluate("Math.max(...window.frames_ms.values())")))
    if control:
        page.keyboard.up("Control")
    return times


ZOOM = [(0, -30)] * 20 + [(0, 30)] * 20
PAN = [(15, 0)] * 20 + [(-15, 0)] * 20


def gestures(page: Page, x: float, y: float, into: Numbers, add: Callable[[Numbers, str, float], None]) -> None:
    page.mouse.move(x, y)
    wheel(page, ZOOM[:10], control=True)
    add(into, "a zoom frame, script", statistics.median(wheel(page, ZOOM, control=True)))
    add(into, "a pan frame, script", statistics.median(wheel(page, PAN, control=False)))


def add(into: Numbers, name: str, milliseconds: float) -> None:
    into.setdefault(name, []).append(milliseconds)


def ours(browser: Browser, shape: dict[str, int], into: Numbers, file: Path | None = None) -> None:
    page = fresh(browser, "viewer.html")
    page.wait_for_function("window.oprofOpen && window.bench")
    page.evaluate("([shape, file]) => bench.prepare(shape, file)", [shape, file is not None])
    if file and not file.exists():
        with page.expect_download() as download:
            page.evaluate(
                "() => { const a = document.createElement('a'); a.download = 'x.json';"
                " a.href = URL.createObjectURL(bench.speedscope()); a.click(); }"
            )
        download.value.save_as(file)
    add(into, "first picture, left heavy", page.evaluate("bench.first(false)"))
    canvas = page.locator("canvas").first.bounding_box()
    assert canvas
    page.locator("canvas").first.focus()
    page.mouse.click(canvas["x"] + canvas["width"] * 0.4, canvas["y"] + 10)
    gestures(page, canvas["x"] + canvas["width"] * 0.4, canvas["y"] + 60, into, add)
    add(into, "the other order", page.evaluate("bench.tab('Time')"))
    page.close()
    page = fresh(browser, "viewer.html")
    page.wait_for_function("window.oprofOpen && window.bench")
    page.evaluate("([shape]) => bench.prepare(shape, false)", [shape])
    add(into, "the same from its file", page.evaluate("bench.first(true)"))
    page.close()


def speedscope(browser: Browser, file: Path, into: Numbers) -> None:
    page = fresh(browser, "speedscope/index.html")
    page.add_script_tag(url=f"{SITE}benchmarks/view_page.mjs", type="module")
    page.wait_for_function("window.bench")
    page.evaluate(
        "() => document.addEventListener('change', () => {"
        " const start = performance.now();"
        " bench.until(() => document.body.innerText.includes('Left Heavy'))"
        " .then((end) => { window.loaded_ms = end - start; }); }, true)"
    )
    page.set_input_files("input[type=file]", file)
    page.wait_for_function("window.loaded_ms")
    add(into, "the same from its file", page.evaluate("window.loaded_ms"))
    add(into, "first picture, left heavy", page.evaluate("bench.key('2')"))
    gestures(page, 400, 300, into, add)
    add(into, "the other order", page.evaluate("bench.key('1')"))
    page.close()


def table(columns: dict[str, Numbers]) -> str:
    names = list(next(iter(columns.values())))
    lines = [f"{'ms: median (smallest-largest)':<30}" + "".join(f"{title:>30}" for title in columns)]
    for name in names:
        cells = (
            f"{statistics.median(found[name]):.3g} ({min(found[name]):.3g}-{max(found[name]):.3g})"
            for found in columns.values()
        )
        lines.append(f"{name:<30}" + "".join(f"{cell:>30}" for cell in cells))
    return "\n".join(lines)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    columns: dict[str, Numbers] = {
        "ours, 1,000,000 stacks": {},
        "ours, 300,000 samples": {},
        "speedscope, 300,000 samples": {},
    }
    million, sampled, theirs = columns.values()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        file = Path(folder) / "same.speedscope.json"
        for _ in range(runs):
            ours(browser, MILLION, million)
            ours(browser, SAMPLED, sampled, file)
            speedscope(browser, file, theirs)
        size = file.stat().st_size / 1e6
        version = browser.version
        browser.close()
    print(table(columns))
    print(f"\nChromium {version}, {runs} runs each, fresh pages; the speedscope file is {size:.0f} MB.")
    print("speedscope opens in time order: its 'from its file' ends there, its left heavy comes on top.")


if __name__ == "__main__":
    main()
