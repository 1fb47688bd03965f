"""The guides in `notebooks/` run as they stand, and what their words say of the results is so."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.kernel

#: Asked of the kernel when the guide is through.
SHARES = """
rows = op.captures[-1].table().set_index("function")
print(op.captures[-1].document.attributes["service"], rows.total_share["vat"])
"""


def test_a_service_is_found_slow_by_a_signal_and_over_http(root):
    notebook = nbformat.read(root / "notebooks" / "02_production.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(SHARES))
    resources = {"metadata": {"path": str(root / "notebooks")}}
    NotebookClient(
        notebook, timeout=120, resources=resources, extra_arguments=["--Application.log_level=ERROR"]
    ).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    results = [[output.get("data", {}) for output in cell.outputs] for cell in code]
    assert any("<iframe" in data.get("text/html", "") for cell in results for data in cell)
    service, share = code[-1].outputs[0]["text"].split()
    assert service == "shop"
    # "Reading a table of four numbers from JSON for every order is what it does most."
    assert float(share) > 0.5
