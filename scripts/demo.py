"""
Run the quickstart notebook in a real kernel and show what it gives: scripts/demo.py

Writes `demo-output/`: the notebook with its results, the same as one HTML page that needs no network, and the exports
that the notebook makes. Prints the table below each profiled cell, as a terminal shows it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "01_quickstart.ipynb"
OUTPUT = ROOT / "demo-output"


def tables(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Give the text of every result: what a terminal would show in place of the picture."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "<iframe" in data.get("text/html", ""):
                yield data["text/plain"]


def page(notebook: nbformat.NotebookNode) -> str:
    """Return the executed notebook as HTML, without the scripts that nbconvert would fetch from elsewhere."""
    exporter = HTMLExporter(template_name="lab")
    exporter.require_js_url = ""
    exporter.mathjax_url = ""
    body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": "quickstart"}})
    return str(body).replace('<script src=""></script>', "")


def main() -> int:
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir()
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    print(f"Running {NOTEBOOK.relative_to(ROOT)} in a kernel ...", flush=True)
    # Errors only: newer kernels warn on loopback, too, that their messages are not encrypted.
    quiet = ["--Application.log_level=ERROR"]
    resources = {"metadata": {"path": str(OUTPUT)}}
    client = NotebookClient(notebook, timeout=600, extra_arguments=quiet, resources=resources)
    try:
        client.execute()
    except CellExecutionError as error:
        print(error, file=sys.stderr)
        return 1
    nbformat.write(notebook, OUTPUT / "quickstart.ipynb")
    (OUTPUT / "quickstart.html").write_text(page(notebook), encoding="utf-8")
    for table in tables(notebook):
        print(f"\n{table}")
    print("\nWritten:")
    for path in sorted(OUTPUT.iterdir()):
        print(f"  {path.relative_to(ROOT)!s:<60}{path.stat().st_size / 1024:>8,.0f} KB")
    print(f"\nOpen {(OUTPUT / 'quickstart.html').relative_to(ROOT)} in a browser to use the pictures.")
    print("Live in JupyterLab: make lab")
    return 0


if __name__ == "__main__":
    sys.exit(main())
