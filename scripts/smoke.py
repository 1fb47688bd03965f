"""
The shortest honest use of an installed package: record, look, save, load again. Needs nothing but its requirements.

It fails where the package comes from a checkout instead of an installation.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import openprofiling_ipy as op

HEAVY = {"IPython", "pandas", "matplotlib", "ipywidgets", "numpy"}


def burn(seconds: float) -> float:
    """Use CPU for so long."""
    end = time.process_time() + seconds
    total = 0.0
    while time.process_time() < end:
        total += sum(json.loads("[1, 2, 3]"))
    return total


def main() -> None:
    place = Path(str(op.__file__)).resolve()
    assert place.is_relative_to(Path(sys.prefix).resolve()), f"imported from {place}, not from an installation"
    loaded = HEAVY & sys.modules.keys()
    assert not loaded, f"import openprofiling_ipy pulled in {sorted(loaded)}"
    with op.profile("cpu", name="smoke") as capture:
        burn(0.5)
    table = capture.table()
    assert "burn" in set(table["function"]), table
    with tempfile.TemporaryDirectory() as folder:
        for name in ("smoke.speedscope.json", "smoke.html", "smoke.cpuprofile", "smoke.folded.txt", "smoke.pb.gz"):
            saved = capture.save(Path(folder) / name)
            again = op.load(saved).document
            assert len(again.samples) > 0, name
        speedscope = op.load(Path(folder) / "smoke.speedscope.json").document
        assert speedscope == capture.document, "speedscope must be lossless"
    bundle = capture.show()._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert {"text/html", "text/plain", "image/png"} <= data.keys(), sorted(data)
    version = sys.version.split()[0]
    print(f"openprofiling_ipy {op.__version__} on CPython {version}: {len(capture.document.samples)} samples")


if __name__ == "__main__":
    main()
