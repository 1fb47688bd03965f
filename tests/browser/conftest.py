"""
Chromium, pages that may talk to this machine only, and real Jupyter servers.

    def test_zoom(open_page, shots):
        page = open_page(html)          # a string or bytes of HTML, a Path, or a loopback URL
        page.locator("canvas").click()
        shots(page, "zoomed")           # screenshots/zoomed.png, to look at

At the end of a test every page it opened must have asked for loopback addresses only and raised no error.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.jupyter import Server

LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}
LOCAL_SCHEMES = {"about", "blob", "data", "file"}
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know at their end whether the test failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


def chromium_path() -> str | None:
    """The browser to use: $OPROF_CHROMIUM, else the system's; None for the one that Playwright itself installed."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("OPROF_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def leaves_machine(url: str) -> bool:
    """Tell whether a request for `url` would go to another machine."""
    parts = urlsplit(url)
    return parts.scheme not in LOCAL_SCHEMES and parts.hostname not in LOOPBACK


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for all tests of a worker."""
    with sync_playwright() as playwright:
        path = chromium_path()
        if path is None and not Path(playwright.chromium.executable_path).exists():
            pytest.fail("no Chromium here: run `make setup`, or set OPROF_CHROMIUM to one")
        # No sandbox: CI runs as root in a container. Software drawing is the same everywhere.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(
    chromium: Browser, tmp_path: Path, shots: Callable[[Page, str], Path], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """
    Open HTML (text or bytes), a file or a URL in a page of its own, and return the page.

    Keywords go to Playwright's `new_context` (color_scheme, viewport, reduced_motion...). `may_fail=True` lets the
    page raise errors of its own (Jupyter's front ends do). What a failed test saw is kept among the screenshots.
    """
    contexts: list[BrowserContext] = []
    asked: list[str] = []
    errors: list[str] = []

    def opened(what: str | bytes | Path, *, may_fail: bool = False, **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = chromium.new_context(accept_downloads=True, **options)
        contexts.append(context)
        context.set_default_timeout(20_000)
        context.on("request", lambda sent: asked.append(sent.url))
        page = context.new_page()
        if not may_fail:
            page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(_url(what, tmp_path / f"page{len(contexts)}.html"))
        return page

    yield opened
    for number, context in enumerate(contexts):
        if request.node.stash.get(FAILED, False):
            shots(context.pages[0], f"failed-{request.path.stem}-{request.node.name}-{number}")
        context.close()
    assert [url for url in asked if leaves_machine(url)] == []
    assert errors == []


def _url(what: str | bytes | Path, file: Path) -> str:
    if isinstance(what, Path):
        return what.resolve().as_uri()
    if isinstance(what, str) and urlsplit(what).scheme in {"about", "file", "http"}:
        return what
    file.write_bytes(what if isinstance(what, bytes) else what.encode())
    return file.as_uri()


@pytest.fixture(scope="session")
def shots(root: Path) -> Callable[[Page, str], Path]:
    """Take a screenshot into `screenshots/`, a folder to look at that is never committed."""
    folder = root / "screenshots"
    folder.mkdir(exist_ok=True)

    def shot(page: Page, name: str) -> Path:
        path = folder / f"{name}.png"
        page.screenshot(path=path)
        return path

    return shot


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start real Jupyter servers (`serve("lab")`, `serve("notebook")`) on a folder of their own; stopped at the end."""
    servers: list[Server] = []

    def started(app: str) -> Server:
        server = Server.start(app, tmp_path / f"{app}{len(servers)}")
        servers.append(server)
        return server

    yield started
    for server in servers:
        server.stop()
