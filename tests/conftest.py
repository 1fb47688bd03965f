"""What every test shares: no trace in the user's home, reproducible examples, browser tests at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.notebook.kernel import Kernel

# How fast examples are made says more about a busy machine than about them.
_UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("here", **_UNHURRIED)
settings.register_profile("ci", **_UNHURRIED, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

_HOME = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep IPython, Jupyter and matplotlib out of the user's folders: in this process and in those it starts."""
    home = Path(tempfile.mkdtemp(prefix="oprof-tests-"))
    config.stash[_HOME] = home
    os.environ.update(
        IPYTHONDIR=str(home / "ipython"),
        JUPYTER_CONFIG_DIR=str(home / "jupyter-config"),
        JUPYTER_DATA_DIR=str(home / "jupyter-data"),
        JUPYTER_RUNTIME_DIR=str(home / "jupyter-runtime"),
        JUPYTER_PLATFORM_DIRS="1",
        MPLCONFIGDIR=str(home / "matplotlib"),
        MPLBACKEND="agg",
        OPENPROFILING_SPOOL=str(home / "spool"),
    )
    for name in ("ipython", "jupyter-config", "jupyter-data", "jupyter-runtime", "matplotlib"):
        (home / name).mkdir()


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[_HOME], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Mark what lies in `browser/` and run it last.

    Playwright's own loop stays running in the thread that started it: no test behind it could call `asyncio.run`.
    """
    browser = Path(__file__).parent / "browser"
    for item in items:
        if item.path.is_relative_to(browser):
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout (or the copy of it) that these tests belong to."""
    return Path(__file__).parent.parent


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """One kernel for a file's tests, with the extension and `burn`."""
    # Most tests need no kernel, and these bring IPython.
    from tests.notebook.conftest import BURN
    from tests.notebook.kernel import EXTENSION, Kernel

    kernel = Kernel("--InteractiveShell.colors=nocolor", "--log-level=ERROR")
    try:
        kernel.run(EXTENSION)
        kernel.run(BURN)
        yield kernel
    finally:
        kernel.close()
