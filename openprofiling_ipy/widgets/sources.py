"""Which file of a profile a person means, and its text."""

from __future__ import annotations

import linecache
from pathlib import Path
from typing import TYPE_CHECKING

from openprofiling_ipy.analysis import places, weights
from openprofiling_ipy.errors import UnknownFile
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = ["find_file", "main_file", "source_lines"]


def find_file(profile: Profile, name: str) -> str:
    """
    Return the file called `name`: as recorded, as labels show it, or the end of a path that only one file has.

    Raises UnknownFile.
    """
    # Builtins have no place to show, so nobody can mean them.
    files = {file: place.short for file, place in places.places(profile).items() if place.short}
    files |= {file: file for file in profile.sources}
    if name in files:
        return name
    same = [file for file, short in files.items() if short == name]
    ends = [file for file in files if file.replace("\\", "/").endswith(f"/{name}")]
    for candidates in (same, ends):
        if len(candidates) == 1:
            return candidates[0]
    raise UnknownFile(name, same or ends or sorted(set(files.values())))


def main_file(profile: Profile, value: int) -> str:
    """Return the profiled cell's file, else the user's own with most weight, "" where there is none."""
    label = str(profile.attributes.get(A.LABEL, ""))
    files = [profile.function_file(which) for which in range(len(profile.functions))]
    if label in files or label in profile.sources:
        return label
    own = {file for file, place in places.places(profile).items() if place.kind in ("cell", "user")}
    _, total = weights.function_weights(profile, value)
    weighed = zip(total.tolist(), files, strict=True)
    return max((pair for pair in weighed if pair[1] in own), default=(0, ""))[1]


def source_lines(profile: Profile, file: str) -> list[str]:
    """
    Return the lines of a file: as it ran where the profile has it, else as it is now, [] where it cannot be read.

    A relative path is not read: it comes from a saved profile and names a folder of another time or machine.
    """
    text = profile.sources.get(file)
    if text is None:
        read = linecache.getlines(file) if Path(file).is_absolute() else []
        return [line.rstrip("\r\n") for line in read]
    # Not splitlines(): Python does not end a line at a form feed.
    lines = [line.rstrip("\r") for line in text.split("\n")]
    return lines if lines[-1] else lines[:-1]
