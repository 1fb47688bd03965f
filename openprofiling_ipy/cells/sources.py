"""
The notebook around a recording: which file names are cells, which code and which threads are the kernel's.

Works on whatever shell IPython has put in place, without importing IPython.
"""

from __future__ import annotations

import linecache
import os
import sys
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openprofiling_ipy.cells import marker, repeat
from openprofiling_ipy.profilers.base import Scope

__all__ = ["STATEMENT", "Cells", "cells_of", "current_shell", "identity", "place", "scope"]

#: The file name of a statement that a line magic runs: hidden, so that its time stands at the cell's line.
STATEMENT = "<oprof statement>"
#: What `%%time` compiles its body as, whatever the cell.
_TIMED = ("<timed exec>", "<timed eval>")
#: Packages whose frames between a cell and its code say nothing about the cell.
_KERNEL = ("IPython", "ipykernel", "traitlets", "tornado", "zmq", "jupyter_client", "comm")
#: What IPython does about an error.
_CLOSED = (("IPython", "core", "ultratb.py"),)
#: What of ours lies between a cell and the code that a magic runs.
_MAGICS = (("openprofiling_ipy", "magics.py"), ("openprofiling_ipy", "notebook", ""))
#: Threads are also the kernel's where the debugger beneath it started them.
_KERNEL_THREADS = (*_KERNEL, "debugpy", "_pydevd_bundle", "pydevd", "openprofiling_ipy")


@dataclass(frozen=True, slots=True)
class _Cell:
    label: str
    raw: str


class Cells:
    """
    A shell's cells by the file name that their code was compiled under: labels and sources as they ran.

    Implements `profilers.base.Sources`. Identical cells may share a file name: then the newest label is theirs.
    """

    def __init__(self, shell: Any) -> None:
        # The shell keeps this object, so a strong reference back would keep both.
        self._shell = weakref.ref(shell)
        self._cells: dict[str, _Cell] = {}
        self._owners: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def begin(self, info: Any, parent: str = "") -> str:
        """
        Note a cell that is about to run and return its label.

        `info` is IPython's ExecutionInfo, `parent` the label of the cell whose code runs this one. Only a cell that
        the history stores owns "In[5]"; others that would be called so become "In[5.2]", "In[5.3]".
        """
        shell: Any = self._shell()
        raw = info.raw_cell or ""
        stored = bool(info.store_history and not info.silent)
        number = shell.execution_count - (stored and _counts_first())
        filename = shell.compile.get_code_name(raw, _transformed(shell, info), number)
        label = self._take(parent or f"In[{number}]", filename, owns=stored and not parent)
        self._cells[filename] = _Cell(label, raw)
        timed = marker.body_of(raw, "time")
        if timed is not None:
            self._adopt(_TIMED, label, timed)
        return label

    def label(self, filename: str) -> str | None:
        """Return the cell's label as it ran, such as "In[5]"; None where the file is no cell."""
        found = self._find(filename)
        return found.label if found else None

    def text(self, filename: str) -> str | None:
        """Return the cell's source as it was typed, its lines where the code's line numbers say."""
        found = self._find(filename)
        if found is None:
            return None
        typed = found.raw.splitlines()
        while typed and not typed[0].strip():
            del typed[0]
        ran = [line.rstrip("\n") for line in linecache.getlines(filename)]
        # A magic over several lines is joined into one before it runs: then only what ran fits the numbers. A cell
        # magic's line is its cell's last, so what was typed fits up to there.
        fits = not ran or len(typed) == len(ran) or "run_cell_magic(" in ran[-1]
        lines = typed if fits else marker.restored(ran)
        return "\n".join(lines) + "\n"

    def adopt(self, filename: str, label: str, raw: str) -> str:
        """Note code of the cell `label` that a magic compiled under a name of its own; return its label."""
        if self.label(filename) is None:
            self._adopt((filename,), label, raw)
        return self._cells[filename].label

    def _adopt(self, filenames: tuple[str, ...], label: str, raw: str) -> None:
        taken = self._take(label, filenames[0], owns=False)
        for filename in filenames:
            self._cells[filename] = _Cell(taken, raw)

    def _take(self, label: str, filename: str, *, owns: bool) -> str:
        """Return `label` or, where another file has it, a free "In[5.2]"."""
        holder = self._owners.get(label)
        if holder in (None, filename) or owns:
            self._owners[label] = filename
            if holder not in (None, filename) and self._cells[str(holder)].label == label:
                moved = self._take(label, str(holder), owns=False)
                self._cells[str(holder)] = _Cell(moved, self._cells[str(holder)].raw)
            return label
        stem = label.rstrip("]").partition(".")[0]
        had = [known for known, file in self._owners.items() if file == filename and known.startswith(f"{stem}.")]
        if had:
            return had[-1]
        self._counts[stem] = self._counts.get(stem, 1) + 1
        return self._take(f"{stem}.{self._counts[stem]}]", filename, owns=False)

    def _find(self, filename: str) -> _Cell | None:
        if filename in self._cells:
            return self._cells[filename]
        shell = self._shell()
        # A cell that ran before this was loaded: IPython's compiler knows its number.
        known = shell and shell.compile.format_code_name(filename)
        if not known or known[0] != "Cell":
            return None
        label = self._take(known[1], filename, owns=False)
        self._cells[filename] = _Cell(label, "".join(linecache.getlines(filename)))
        return self._cells[filename]


_known: weakref.WeakKeyDictionary[Any, Cells] = weakref.WeakKeyDictionary()


def current_shell() -> Any:
    """Return the running IPython shell, None outside of IPython."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None


def cells_of(shell: Any) -> Cells:
    """Return the shell's cells: the same object for the same shell."""
    if shell not in _known:
        _known[shell] = Cells(shell)
    return _known[shell]


def scope(home: int = 0) -> Scope:
    """
    Return what a recording here is about: in a shell its user's cells and threads, elsewhere the whole process.

    `home` is the ident of the thread that it is about, 0: the one that will start it.
    """
    shell = current_shell()
    if shell is None:
        return Scope(hidden_files=(_folder("openprofiling_ipy"),), home=home)
    kernel = tuple(filter(None, map(_folder, _KERNEL)))
    return Scope(
        sources=cells_of(shell),
        hidden_files=(_folder("openprofiling_ipy"), *kernel, STATEMENT),
        kernel_files=(*kernel, *(_file(package, *path) for package, *path in _MAGICS)),
        closed_files=tuple(_file(package, *path) for package, *path in _CLOSED if package in sys.modules),
        outer_files=frozenset({repeat.__file__}),
        hidden_threads=frozenset(_kernel_threads(home or threading.get_ident())),
        home=home,
    )


def place(filename: str, line: int) -> str:
    """Return a code position as labels show it: "In[5]" for a cell, else "train.py:12"."""
    shell = current_shell()
    label = cells_of(shell).label(filename) if shell is not None else None
    return label or f"{Path(filename).name}:{line}"


def identity(info: Any) -> str:
    """Return what tells a cell from others however often it is run: the front end's id, else its source's hash."""
    given = getattr(info, "cell_id", None)
    if given:
        return str(given)
    import hashlib

    return hashlib.sha1((info.raw_cell or "").encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:16]


def _counts_first() -> bool:
    """Tell whether IPython counts a cell before it runs it, as it does from 9.8 on."""
    return bool(sys.modules["IPython"].version_info[:2] >= (9, 8))


def _transformed(shell: Any, info: Any) -> str:
    """Return the Python that a cell becomes, which older versions of IPython do not tell."""
    told: str | None = getattr(info, "transformed_cell", None)
    if told is not None:
        return told
    try:
        return str(shell.transform_cell(info.raw_cell or ""))
    except Exception:  # noqa: BLE001  # whatever a transformer raises: IPython shows it, and nothing runs
        return info.raw_cell or ""


def _folder(package: str) -> str:
    """Return the folder of a loaded package as the prefix of its files, "" where it is not loaded."""
    file = getattr(sys.modules.get(package), "__file__", None)
    return f"{Path(file).parent}{os.sep}" if file else ""


def _file(package: str, *path: str) -> str:
    return str(Path(_folder(package), *path))


def _kernel_threads(home: int) -> list[int]:
    """Return the idents of the kernel's threads; never `home`, which may be a subshell's."""
    return [t.ident for t in threading.enumerate() if t.ident not in (None, home) and _is_kernels(t)]


def _is_kernels(thread: threading.Thread) -> bool:
    # A plain Thread is known by what it runs, which it keeps until it ends.
    target = getattr(thread, "_target", None)
    owners = (type(thread).__module__, getattr(target, "__module__", None) or "")
    return any(owner.partition(".")[0] in _KERNEL_THREADS for owner in owners)
