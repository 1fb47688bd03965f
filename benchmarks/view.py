"""
How fast the picture is, beside speedscope: `python benchmarks/view.py [RUNS]`, by default 5.

Headless Chromium on generated profiles: 1,000,000 stacks, and 300,000 samples about 30 deep, which is what speedscope
(from npm) gets too, as a file. A picture is ready at the end of the frame that drew it; "columns in memory" leaves out
the reading of a file. A zoom or pan frame is the script time of an animation frame, median over 40 turns of the wheel.
Every run is a fresh page; numbers are medians of the runs, with the smallest and largest.
"""

from __future__ import annotations

import mimetypes
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Route, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[1]
SPEEDSCOPE = ROOT / "node_modules" / "speedscope" / "dist" / "release"
SITE = "http://bench.test/"
#: The viewer as the page carries it, without data or policy, and what measures it.
VIEWER = """<!DOCTYPE html><meta charset="utf-8">
<link rel="stylesheet" href="/openprofiling_ipy/widgets/static/viewer.css">
<main id="oprof"></main><script src="/openprofiling_ipy/widgets/static/viewer.js"></script>
<script type="module" src="/benchmarks/view_page.mjs"></script>"""

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
        route.fulfill(body=VIEWER, content_type="text/html")
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


def main_thread(page: Page) -> Callable[[], float]:
    """Return a clock of the CPU time of the page's main thread, ms: what a busy machine changes little."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def now() -> float:
        metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
        return float(metrics["ThreadTime"]) * 1000

    return now


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


def add(into: Numbers, name: str, milliseconds: float) -> None:
    into.setdefault(name, []).append(milliseconds)


def gestures(page: Page, x: float, y: float, order: str, into: Numbers) -> None:
    page.mouse.move(x, y)
    wheel(page, ZOOM[:10], control=True)
    add(into, f"a zoom frame, {order}", statistics.median(wheel(page, ZOOM, control=True)))
    add(into, f"a pan frame, {order}", statistics.median(wheel(page, PAN, control=False)))


def ours(browser: Browser, shape: dict[str, int], into: Numbers, file: Path | None = None) -> None:
    page = fresh(browser, "viewer.html")
    page.wait_for_function("window.oprofOpen && window.bench")
    page.evaluate("([shape, file]) => bench.prepare(shape, file)", [shape, file is not None])
    if file and not file.exists():
        with page.expect_download() as download:
            page.evaluate("bench.save()")
        download.value.save_as(file)
    cpu = main_thread(page)
    before = cpu()
    add(into, "columns in memory to left heavy", page.evaluate("bench.first(false)"))
    add(into, "  main thread's CPU time", cpu() - before)
    for order in ("left heavy", "time order"):
        if order == "time order":
            add(into, "switch to the other order", page.evaluate("bench.tab('Time')"))
        canvas = page.locator("canvas:visible").first
        box = canvas.bounding_box() or {"x": 0.0, "y": 0.0, "width": 0.0, "height": 0.0}
        x, y = box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.4
        # Until it has been clicked, the picture leaves the wheel to the page.
        page.mouse.click(x, y)
        gestures(page, x, y, order, into)
    page.close()
    page = fresh(browser, "viewer.html")
    page.wait_for_function("window.oprofOpen && window.bench")
    page.evaluate("([shape]) => bench.prepare(shape, false)", [shape])
    cpu = main_thread(page)
    before = cpu()
    add(into, "its own file to first picture", page.evaluate("bench.first(true)"))
    add(into, "  main thread's CPU time, from file", cpu() - before)
    page.close()


def speedscope(browser: Browser, file: Path, into: Numbers) -> None:
    page = fresh(browser, "speedscope/index.html")
    page.add_script_tag(url=f"{SITE}benchmarks/view_page.mjs", type="module")
    page.wait_for_function("window.bench")
    page.evaluate("bench.watch('Left Heavy')")
    cpu = main_thread(page)
    before = cpu()
    page.set_input_files("input[type=file]", file)
    page.wait_for_function("window.loaded_ms")
    add(into, "its own file to first picture", page.evaluate("window.loaded_ms"))
    add(into, "  main thread's CPU time, from file", cpu() - before)
    gestures(page, 400, 300, "time order", into)
    add(into, "switch to the other order", page.evaluate("bench.key('2')"))
    gestures(page, 400, 300, "left heavy", into)
    page.close()


def table(columns: dict[str, Numbers]) -> str:
    lines = [f"{'ms: median (smallest - largest)':<34}" + "".join(f"{title:>30}" for title in columns)]
    for name in next(iter(columns.values())):
        cells = (spread(found.get(name, [])) for found in columns.values())
        lines.append(f"{name:<34}" + "".join(f"{cell:>30}" for cell in cells))
    return "\n".join(lines)


def spread(numbers: list[float]) -> str:
    if not numbers:
        return "-"
    median, low, high = (
        f"{n:.0f}" if n >= 100 else f"{n:.1f}" for n in (statistics.median(numbers), min(numbers), max(numbers))
    )
    return f"{median} ({low} - {high})"


def loads() -> str:
    return ", ".join(f"{load:.1f}" for load in os.getloadavg()) + f" on {os.cpu_count()} cores"


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
    print("First picture: ours is left heavy, speedscope's time order. Load average: " + loads())


if __name__ == "__main__":
    main()
