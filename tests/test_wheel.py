"""The built wheel: what it carries, what it asks for, and that no Node was near when it was built."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

PACKAGE = "openprofiling_ipy"
STATIC = f"{PACKAGE}/widgets/static"


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    """The wheel under test: the one that `make wheels` installed, else one built here."""
    if given := os.environ.get("OPROF_WHEEL"):
        return Path(given)
    folder = tmp_path_factory.mktemp("wheel")
    stub = folder / "node"
    stub.write_text("#!/bin/sh\nexit 97\n")
    stub.chmod(0o755)
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", folder, root],
        check=True,
        capture_output=True,
        env={**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def files(wheel) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def metadata(files):
    return message_from_bytes(next(data for name, data in files.items() if name.endswith(".dist-info/METADATA")))


@pytest.fixture(scope="module")
def project(root) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


def test_it_carries_the_viewer(files):
    assert {f"{STATIC}/{name}" for name in ("viewer.js", "viewer.css", "page.html")} <= files.keys()
    assert all(files[name] for name in files if name.startswith(STATIC))


def test_viewer_and_page_stay_within_60_kb(files):
    # The panel is a widget's own script: it is in no result.
    shown = [name for name in files if name.startswith(STATIC) and "/panel." not in name]
    assert len(shown) >= 3
    assert sum(len(files[name]) for name in shown) <= 60_000


def test_it_is_typed_and_licensed(files, metadata):
    assert f"{PACKAGE}/py.typed" in files
    assert metadata["License-Expression"] == "Apache-2.0"
    assert any(name.endswith("/LICENSE") for name in files)


def test_it_carries_nothing_else(files):
    known = (".py", "/py.typed", ".js", ".css", ".html")
    strange = [name for name in files if ".dist-info/" not in name and not name.endswith(known)]
    assert strange == []
    assert all(name.startswith((f"{PACKAGE}/", f"{PACKAGE}-")) for name in files)
    # The sources of the viewer are for those who build it; its bundle is what runs.
    assert [name for name in files if name.startswith(f"{PACKAGE}/widgets/js/")] == []


def test_every_module_of_the_package_is_in_it(files, root):
    sources = root / PACKAGE
    if not sources.is_dir():
        pytest.skip("the tests run away from the sources")
    wanted = {path.relative_to(root).as_posix() for path in sources.rglob("*.py")}
    assert {name for name in files if name.endswith(".py")} == wanted


def test_its_metadata_are_those_of_the_project(metadata, project):
    assert metadata["Name"] == "openprofiling-ipy"
    assert metadata["Version"] == project["version"]
    assert metadata["Requires-Python"] == ">=3.11"
    asked = {line.split(">")[0].split(" ")[0] for line in metadata.get_all("Requires-Dist") if "extra ==" not in line}
    assert asked == {"numpy", "ipython", "ipywidgets", "anywidget", "yappi", "pandas", "matplotlib"}


def test_the_installed_version_is_the_only_one(project):
    import openprofiling_ipy

    assert openprofiling_ipy.__version__ == project["version"]


def test_it_is_pure_python(wheel):
    assert wheel.name.endswith("-py3-none-any.whl")
