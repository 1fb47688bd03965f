"""
Where code lives: a cell, the user's own file, a package, the standard library.

A place is read from a file as it was recorded ("/home/a/.venv/lib/python3.11/site-packages/pandas/core/frame.py") or in
the private form that saved pictures carry ("site-packages/pandas/core/frame.py"); both give the same place. What is
neither installed nor of the standard library is the user's own, wherever it lies: notebooks import from "../src".
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = [
    "ELSEWHERE",
    "FOLDED_FILE",
    "NATIVE",
    "Place",
    "PlaceKind",
    "label",
    "place",
    "places",
    "prefixes_of",
    "resolve",
]

PlaceKind = Literal["cell", "user", "package", "stdlib", "builtin", "native"]

#: What stands for the folders of a file that lies outside the working folder.
ELSEWHERE = "…"
#: The name of the function that stands for CPU time of no Python thread; its file is "".
NATIVE = "(native threads)"
#: The file of the function that stands for frames folded to fit a budget.
FOLDED_FILE = "<folded>"

_CELL = re.compile(r"In ?\[[^\]/\\]*\]")
_KERNEL_CELL = re.compile(r"(?:^|/)ipykernel(?:_\d+)?/(\d+)\.py$")
_TERMINAL_CELL = re.compile(r"<ipython-input-(\d+)-\w+>")
_PACKAGES = re.compile(r".*(?:^|/)(?:site|dist)-packages/(?=.)")
_ARCHIVE = re.compile(r"[^/]*\.(?:zip|whl|egg|pex)/(?=.)")
_LIBRARY = re.compile(
    r"(?:^|.*/lib(?:64)?/|^.*/Lib/)((?:python|pypy)3(?:\.\d+)?)t?/(?=.)"  # python3.11/, .../lib/python3.11/
    r"|.*(?:^|/)python3(\d+)t?(?:\.zip|/Lib)/(?=.)",  # python311.zip/, Python311/Lib/
    re.IGNORECASE,
)
_SHARED = re.compile(r"\.(?:so(?:\.\d+)*|dll|dylib|pyd)$", re.IGNORECASE)
_FROZEN = re.compile(r"<frozen ([\w.]+)>")
_DRIVE = re.compile(r"[A-Za-z]:/")
_SCHEME = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+:(?=/)", re.IGNORECASE)
#: Folders above everybody's home: paths below them begin with a person's name.
_SHARED_ROOT = re.compile(r"/?|/(?:home|users|root)|[a-z]:/?(?:users|documents and settings)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a file belongs.

    `package` is the importable top name ("pandas", "json"), "" for cells, the user's files and builtins. `short` is
    what a label shows: "In[5]", "pandas/core/frame.py", "src/train.py", "…/x.py", "" where there is nothing to say.
    """

    kind: PlaceKind
    package: str
    short: str


def _normal(file: str) -> str:
    r"""Return a path with forward slashes, without "file://", the prefix of long Windows paths, or inner ".."."""
    path = file.replace("\\", "/")
    if path[:7].lower() == "file://":
        path = unquote(path[7:]).removeprefix("localhost")
        # "/C:/x" is of a drive, "server/x" of another machine.
        path = path[1:] if _DRIVE.match(path[1:]) else path if path.startswith("/") else f"//{path}"
    elif _SCHEME.match(path):
        path = path.partition("?")[0].partition("#")[0]
    if path[:4] in ("//?/", "//./"):
        path = f"//{path[8:]}" if path[4:8].upper() == "UNC/" else path[4:]
    return posixpath.normpath(path) if "/" in path else path or "/"


@lru_cache(maxsize=64)
def _below(folder: str) -> str:
    """Return a folder as the prefix of what lies below it; "" where that would say nothing or tell a name."""
    path = _normal(folder)
    return "" if _SHARED_ROOT.fullmatch(path) else path + "/"


def _relative(path: str, folder: str) -> str | None:
    """Return `path` as seen from `folder`, None where it does not lie below it."""
    prefix = _below(folder)
    if not prefix:
        return None
    # Windows does not tell "C:" from "c:".
    same = path.startswith(prefix) or (_DRIVE.match(path) and path.lower().startswith(prefix.lower()))
    return path[len(prefix) :] if same else None


def place(file: str, folder: str = "", prefixes: tuple[str, ...] = ()) -> Place:
    """
    Return the place of a file, recorded or private.

    `folder` is the working folder, `prefixes` the folders of the standard library and of installed packages.
    """
    return resolve(file, folder, prefixes)[0]


def resolve(file: str, folder: str = "", prefixes: tuple[str, ...] = ()) -> tuple[Place, str]:
    """Return the place of a file and its private form; of that form, without any folder, it returns the same."""
    if named := _named(file):
        return named
    path = _normal(file)
    # "./" says that what follows lies below the working folder, whatever it looks like.
    inside = path if file.startswith("./") and not _outside(path) else None
    if inside is None or _PACKAGES.match(path):
        installed = _installed(path, prefixes)
        if installed:
            return installed
    if match := _KERNEL_CELL.search(path):
        short = f"ipykernel/{match[1]}.py"
        return Place("cell", "", short), short
    inside = inside or _relative(path, folder) or (None if _outside(path) or _absolute(path) else path)
    return _own(path, inside)


def _named(file: str) -> tuple[Place, str] | None:
    """Return place and private form of what is a name rather than a path."""
    if file in ("", "~", "built-in"):
        return Place("builtin", "", ""), file
    if _CELL.fullmatch(file):
        return Place("cell", "", file), file
    return _bracketed(file) if file.startswith("<") and file.endswith(">") else None


def _bracketed(file: str) -> tuple[Place, str]:
    if match := _TERMINAL_CELL.fullmatch(file):
        return Place("cell", "", f"In[{match[1]}]"), file
    if match := _FROZEN.fullmatch(file):
        return Place("stdlib", match[1].partition(".")[0], match[1]), file
    if file in ("<string>", "<stdin>", "<input>", "<unknown>"):
        return Place("user", "", file), file
    if file == "<__array_function__ internals>":
        return Place("package", "numpy", file), file
    if file == FOLDED_FILE:
        return Place("builtin", "", ""), file
    clean = f"{file.split(maxsplit=1)[0].rstrip('>')} {ELSEWHERE}>" if "/" in file or "\\" in file else file
    clean = clean if "/" not in clean and "\\" not in clean else f"<{ELSEWHERE}>"
    return Place("builtin", "", clean), clean


def _installed(path: str, prefixes: tuple[str, ...]) -> tuple[Place, str] | None:
    """Return place and private form of a package's or the standard library's file, else None."""
    if match := _PACKAGES.match(path):
        return _package(path[match.end() :])
    if match := _LIBRARY.match(path):
        version = match[1].lower() if match[1] else f"python3.{match[2]}"
        return _library(version, path[match.end() :])
    for prefix in sorted(prefixes, key=len, reverse=True):
        rest = _relative(path, prefix)
        if rest:
            return _package(rest) if prefix.rstrip("/\\").endswith("-packages") else _library("python3", rest)
    return None


def _package(rest: str) -> tuple[Place, str]:
    while match := _ARCHIVE.match(rest):
        rest = rest[match.end() :]
    return Place("package", _top(rest), rest), f"site-packages/{rest}"


def _library(version: str, rest: str) -> tuple[Place, str]:
    return Place("stdlib", _top(rest), rest), f"{version}/{rest}"


def _top(rest: str) -> str:
    return rest.partition("/")[0].partition(".")[0] or rest


def _own(path: str, inside: str | None) -> tuple[Place, str]:
    """Return place and private form of a file that is not installed; `inside` is its path below the working folder."""
    base = path.rstrip("/").rpartition("/")[2]
    short = f"{ELSEWHERE}/{ELSEWHERE if base in ('', '.', '..') else base}"
    if inside is not None:
        misread = _named(inside) or _LIBRARY.match(inside) or _absolute(inside)
        short = f"./{inside}" if misread else inside
    if _SHARED.search(base):
        return Place("native", base.partition(".")[0], short), short
    return Place("user", "", short), short


def _outside(path: str) -> bool:
    return path in (".", "..") or path.startswith("../")


def _absolute(path: str) -> bool:
    return path.startswith(("/", "~")) or bool(_DRIVE.match(path) or _SCHEME.match(path))


def prefixes_of(profile: Profile) -> tuple[str, ...]:
    """Return the folders of the standard library and of installed packages, as the profile has them."""
    return tuple(filter(None, str(profile.attributes.get(A.PREFIXES, "")).split("\n")))


def places(profile: Profile) -> dict[str, Place]:
    """Return the place of every file in the profile's functions, in the order of the functions."""
    folder, prefixes = str(profile.attributes.get(A.FOLDER, "")), prefixes_of(profile)
    found: dict[str, Place] = {}
    for file_id in dict.fromkeys(profile.functions.file.tolist()):
        file = profile.strings[file_id]
        found[file] = place(file, folder, prefixes)
    names = zip(profile.functions.file.tolist(), profile.functions.name.tolist(), strict=True)
    if any(file == 0 and profile.strings[name] == NATIVE for file, name in names):
        found[""] = Place("native", "", "")
    return found


def label(profile: Profile, function: int) -> str:
    """Return the text of this function's frames: "train · In[3]:12", "DataFrame.merge · pandas/core/frame.py:9"."""
    name = profile.function_name(function) or "(anonymous)"
    folder, prefixes = str(profile.attributes.get(A.FOLDER, "")), prefixes_of(profile)
    short = place(profile.function_file(function), folder, prefixes).short
    line = int(profile.functions.first_line[function])
    where = f"{short}:{line}" if short and line else short
    return f"{name} · {where}" if where else name
