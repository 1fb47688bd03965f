"""
Draw the pictures of README and docs from the real thing: the quickstart in JupyterLab, in Chromium.

Writes `docs/*.png`, in a few colours each, so that they stay small. Run from the checkout: make screenshots
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import chromium_path  # noqa: E402
from tests.browser.front_end import FrontEnd, put  # noqa: E402
from tests.browser.jupyter import Server  # noqa: E402

#: Twice the pixels. Playwright's own emulation does not reach frames of another origin: theirs would be blurred.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--force-device-scale-factor=2", "--window-size=1080,1140")
#: Colours a picture may have, and bytes it may weigh.
COLORS = 96
MOST = 120_000


def keep(shown: Locator, name: str) -> None:
    """Write what an element shows to docs/NAME.png."""
    path = ROOT / "docs" / f"{name}.png"
    image = Image.open(io.BytesIO(shown.screenshot())).convert("RGB")
    image.quantize(COLORS, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}  {image.width} x {image.height}  {size / 1000:.0f} KB")
    if size > MOST:
        raise SystemExit(f"{path.name} is larger than {MOST // 1000} KB")


def draw(page: Page, server: Server) -> None:
    file = put(server, ROOT / "notebooks" / "01_quickstart.ipynb")
    front = FrontEnd("lab", server, page, file)
    front.open()
    page.evaluate("() => void window.jupyterapp.commands.execute('application:toggle-left-area')")
    front.run_all()
    frame = front.frame(0)
    cell = page.locator("[data-profiled='0']")
    page.mouse.move(5, 5)
    page.wait_for_timeout(500)
    keep(cell, "notebook")
    inside = frame.content_frame
    for name in ("Sandwich", "Lines"):
        inside.get_by_role("tab", name=name).click()
        page.mouse.move(5, 5)
        page.wait_for_timeout(500)
        keep(frame, name.lower())
    keep(front.frame(2), "waiting")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server.start("lab", Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        try:
            draw(browser.new_page(no_viewport=True), server)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
