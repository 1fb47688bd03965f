"""Who, when and where: the facts that every capture's document carries."""

from __future__ import annotations

import os
import platform
import site
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.model.profile import Attribute

__all__ = ["stamped"]


def stamped(document: Profile, capture: Capture, status: str, error: str = "") -> Profile:
    """Return the document with what is known of its capture and of this process in its attributes."""
    facts: dict[str, Attribute] = {
        A.NUMBER: capture.number,
        A.KIND: capture.kind,
        A.NAME: capture.name,
        A.LABEL: capture.label,
        A.STATUS: status,
        A.ERROR: error,
        A.HOST: platform.node(),
        A.PID: os.getpid(),
        A.PYTHON: platform.python_version(),
        A.PLATFORM: sys.platform,
        A.FOLDER: _working_folder(),
        A.PREFIXES: "\n".join(_prefixes()),
        **capture.attributes,
    }
    told = {key: value for key, value in facts.items() if value != ""}
    return replace(document, attributes={**document.attributes, **told})


def _working_folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it has been removed
        return ""


def _prefixes() -> list[str]:
    """Return the folders of the standard library and of installed packages, the longest first."""
    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib") if key in paths}
    folders |= {*site.getsitepackages(), site.getusersitepackages()}
    return sorted(folders, key=lambda folder: (-len(folder), folder))
