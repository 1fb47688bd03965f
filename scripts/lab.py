"""Open a copy of the quickstart in JupyterLab, yours to change: scripts/lab.py [options of jupyter lab]"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "demo-output" / "live.ipynb"


def main() -> None:
    COPY.parent.mkdir(exist_ok=True)
    if not COPY.exists():
        shutil.copy(ROOT / "notebooks" / "01_quickstart.ipynb", COPY)
    # Root in a container has no other choice; everybody else never needs the option.
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    os.chdir(COPY.parent)
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", *as_root, *sys.argv[1:], COPY.name])  # noqa: S606


if __name__ == "__main__":
    main()
