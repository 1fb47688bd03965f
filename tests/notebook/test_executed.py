"""A notebook executed as papermill, nbclient and CI do it: what is saved is what a reader sees."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tests.notebook.conftest import BURN
from tests.notebook.kernel import EXTENSION, PICTURE

pytestmark = pytest.mark.kernel

CELLS = [
    EXTENSION,
    BURN,
    "%%oprof cpu\nprint('work')\nburn(.3)",
    "%%oprof wall\nimport asyncio\nasync def fetch():\n    await asyncio.sleep(.3)\nawait asyncio.gather(fetch(), fetch());",
    "%%oprof cpu\n1/0",
    "from openprofiling_ipy.notebook import live\nlive.AFTER = .2",
    "%%oprof wall\ntime.sleep(.6);",
    "%%oprof cpu --export . --quiet\nburn(.1);",
    "%oprof list",
]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("executed")
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    client = NotebookClient(
        notebook,
        timeout=60,
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],
    )
    client.execute()
    nbformat.write(notebook, folder / "executed.ipynb")
    return nbformat.read(folder / "executed.ipynb", as_version=4), folder


def outputs(executed, cell: int) -> list[str]:
    """What a cell's outputs are, in order."""
    found = []
    for output in executed[0].cells[cell].outputs:
        picture = PICTURE in output.get("data", {}).get("text/html", "")
        found.append("picture" if picture else output.output_type)
    return found


def test_outputs_stand_in_order(executed):
    assert outputs(executed, 0) == []
    assert outputs(executed, 2) == ["stream", "execute_result", "picture"]
    assert outputs(executed, 3) == ["picture"]
    assert outputs(executed, 4) == ["error", "picture"]


def test_the_live_line_is_not_saved(executed):
    assert outputs(executed, 6) == ["picture"]
    assert "recording" not in str(executed[0].cells[6].outputs[0].data)


def test_the_export_is_a_link_to_a_file_beside_the_notebook(executed):
    notebook, folder = executed
    (file,) = folder.glob("cpu-*.speedscope.json")
    quiet, link = notebook.cells[7].outputs
    assert "<iframe" not in quiet.data["text/html"]
    assert f'<a href="{file.name}"' in link.data["text/html"]
    assert str(file) in link.data["text/plain"]


def test_a_small_table(executed):
    (table,) = executed[0].cells[8].outputs
    assert table.data["text/html"].count("<tr>") == 6
    assert "failed" in table.data["text/plain"]


def test_pictures_are_private(executed):
    import getpass
    import platform
    from pathlib import Path

    for cell in executed[0].cells:
        for output in cell.outputs:
            if PICTURE in output.get("data", {}).get("text/html", ""):
                saved = str(output.data)
                assert str(Path.home()) not in saved or Path.home() == Path("/")
                assert str(executed[1]) not in saved
                assert f'"{platform.node()}"' not in saved
                assert f"/{getpass.getuser()}/" not in saved
