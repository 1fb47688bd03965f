"""The quickstart in real JupyterLab 4: run, use, save, lose the kernel, reopen, use again; the same page by nbconvert."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.browser import scenarios

pytestmark = [pytest.mark.slow, pytest.mark.kernel]

ADDRESS = re.compile(r"""(?:src|href)\s*=\s*["'](https?://[^"']+)""")


def test_quickstart_lives_on(serve, open_page, shots, root):
    scenarios.quickstart_lives_on("lab", serve, open_page, shots, root)


def test_quickstart_as_html(serve, open_page, shots, root, tmp_path):
    file = scenarios.executed_quickstart(root, tmp_path)
    page = html(file)
    empty = tmp_path / "empty.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), empty)
    theirs = set(ADDRESS.findall(html(empty)))
    assert set(ADDRESS.findall(page)) <= theirs, "the results ask for something on the network"
    for address in theirs:
        page = page.replace(address, "http://127.0.0.1:9/")
    opened = open_page(page, may_fail=True)
    frame = opened.locator("iframe[srcdoc]").first
    frame.scroll_into_view_if_needed()
    scenarios.picture_answers(frame.content_frame)
    shots(opened, "nbconvert")


def html(notebook: Path) -> str:
    """Return what `jupyter nbconvert --to html` writes."""
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--stdout", "--log-level", "ERROR", notebook]
    return subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout
