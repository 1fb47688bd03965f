"""What a process holds: the recordings under way, one of each kind at most, and the captures so far. No IPython."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openprofiling_ipy import cells
from openprofiling_ipy.capture import Capture
from openprofiling_ipy.errors import AlreadyRunning, InvalidOption, NotRunning, UnknownCapture
from openprofiling_ipy.shelf import Shelf

if TYPE_CHECKING:
    from openprofiling_ipy.capture import Status
    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.model.profile import Attribute
    from openprofiling_ipy.profilers.base import Profiler, Recording, Scope, Status as Numbers

__all__ = [
    "captures",
    "ending",
    "find",
    "forget",
    "load",
    "numbers",
    "profiler",
    "running",
    "start",
    "stop",
]


#: How many names of captures an error lists.
_MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class _Running:
    capture: Capture
    recording: Recording


class _Ledger:
    """Which recordings are under way, and the numbers given out."""

    def __init__(self) -> None:
        self.by_kind: dict[str, _Running] = {}
        self.count = 0
        self.lock = threading.RLock()

    def after_fork(self) -> None:
        """In a forked child nothing is under way: threads that sample do not survive a fork."""
        self.lock = threading.RLock()
        self.by_kind.clear()

    def next_number(self) -> int:
        with self.lock:
            self.count += 1
            return self.count


captures = Shelf()
_ledger = _Ledger()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ledger.after_fork)
    os.register_at_fork(after_in_child=captures.after_fork)


def profiler(kind: str, scope: Scope | None = None, **options: Any) -> Profiler:
    """Return a profiler that has not begun. Raises QueryError for an unknown kind or option, or a bad value."""
    from openprofiling_ipy.profilers import registry

    if not isinstance(kind, str):
        raise InvalidOption("kind", kind, f"give the name of a profiler: {', '.join(registry.names())}")
    if scope is not None:
        options["scope"] = scope
    return registry.create(kind, **options)


def start(kind: str, *, name: str = "", label: str = "", scope: Scope | None = None, **options: Any) -> Capture:
    """
    Begin a recording that is about the thread (and asyncio task) it is called on.

    `scope` is by default what `cells.scope` says: a notebook's own code and threads, or all of a plain process.
    Raises QueryError for a wrong kind or option, AlreadyRunning, or ProfilerUnavailable.
    """
    chosen = profiler(kind, scope or cells.scope(), **options)
    with _ledger.lock:
        if chosen.name in _ledger.by_kind:
            other = _ledger.by_kind[chosen.name].capture
            raise AlreadyRunning(chosen.name, f"stop #{other.number}{_of(other)} first")
        recording = chosen.start()
        capture = Capture(chosen.name, _ledger.next_number(), label, name, time.time_ns())
        capture.read = partial(_peek, capture, recording)
        _ledger.by_kind[chosen.name] = _Running(capture, recording)
    return capture


def stop(capture: Capture, status: Status = "done", error: str = "", *, cell: str = "", runs: int = 1) -> Capture:
    """
    End a capture's recording and put it on the shelf.

    `error` is the first line of the exception that ended it, `cell` identifies the cell it was about, `runs` is how
    often its code ran. Raises NotRunning.
    """
    with _ledger.lock:
        entry = _ledger.by_kind.get(capture.kind)
        if entry is None or entry.capture is not capture:
            raise NotRunning(f"#{capture.number} is not running")
        del _ledger.by_kind[capture.kind]
    # Making the document takes time that is not the recording's.
    capture.ended_at = time.time_ns()
    try:
        document = entry.recording.stop()
        capture.started_at, capture.ended_at = document.started_at, document.started_at + document.duration
        captures.add(capture, _stamped(document, capture, status, error=error, cell=cell, runs=runs))
    except BaseException:
        capture.status = "failed"
        raise
    capture.status = status
    return capture


def numbers(capture: Capture) -> Numbers:
    """Return the live numbers of a capture under way. Raises NotRunning."""
    entry = _ledger.by_kind.get(capture.kind)
    if entry is None or entry.capture is not capture:
        raise NotRunning(f"#{capture.number} is not running")
    return entry.recording.status()


def running() -> tuple[Capture, ...]:
    """Return the captures under way, the newest last."""
    with _ledger.lock:
        return tuple(sorted((entry.capture for entry in _ledger.by_kind.values()), key=lambda c: c.number))


def find(name: str = "") -> Capture:
    """
    Return the capture called "#3", "In[5]" (the newest of that cell) or by its name; "" is the newest.

    One under way is found too. Raises UnknownCapture.
    """
    wanted = name.strip()
    newest = [*reversed(running()), *reversed(captures)]
    if not wanted:
        # The newest with a result; one under way only where there is no other.
        matches = [*reversed(captures), *reversed(running())]
    else:
        matches = [c for c in newest if wanted in (f"#{c.number}", c.name)]
        matches = matches or [c for c in newest if c.label == wanted]
        # Code that a cell ran by another magic is labelled "In[5.2]".
        matches = matches or [c for c in newest if wanted.endswith("]") and c.label.startswith(f"{wanted[:-1]}.")]
    if not matches:
        raise UnknownCapture(wanted, _words(newest))
    return matches[0]


def _words(newest: list[Capture]) -> list[str]:
    """Return what captures can be called by, the newest first, as far as a line takes it."""
    words = [word for c in newest for word in (f"#{c.number}", c.name, c.label) if word]
    return list(dict.fromkeys(words))[:_MOST_WORDS]


def forget(capture: Capture) -> None:
    """Drop a finished capture. Raises UnknownCapture."""
    captures.forget(capture)


def load(path: str | os.PathLike[str]) -> Capture:
    """
    Read a saved profile of any known format; it joins the captures.

    Raises UnknownFormat, MalformedProfile, or OSError where the file cannot be read.
    """
    from openprofiling_ipy.formats import registry
    from openprofiling_ipy.model.attributes import A

    document = registry.load(path)
    facts = document.attributes
    capture = Capture(
        kind=str(facts.get(A.KIND) or document.value_types[0].kind),
        number=_ledger.next_number(),
        label=str(facts.get(A.LABEL) or Path(path).name),
        name=str(facts.get(A.NAME, "")),
        started_at=document.started_at,
        ended_at=document.started_at + document.duration,
        status="loaded",
    )
    captures.add(capture, document)
    return capture


def ending(error: BaseException | None) -> tuple[Status, str]:
    """Return how a recording ended whose code raised `error`: its status, and the error's first line."""
    asyncio = sys.modules.get("asyncio")
    cancelled = asyncio is not None and isinstance(error, asyncio.CancelledError)
    if error is None or isinstance(error, GeneratorExit) or (isinstance(error, SystemExit) and not error.code):
        return "done", ""
    if cancelled or isinstance(error, KeyboardInterrupt):
        return "interrupted", ""
    try:
        said = str(error).strip().partition("\n")[0]
    except Exception:  # noqa: BLE001  # a stranger's __str__
        said = ""
    return "failed", f"{type(error).__name__}: {said}".rstrip(": ")


def _of(capture: Capture) -> str:
    what = capture.label or capture.name
    return f" ({what})" if what else ""


def _peek(capture: Capture, recording: Recording) -> Profile:
    return _stamped(recording.peek(), capture, "running")


def _stamped(
    document: Profile, capture: Capture, status: str, *, error: str = "", cell: str = "", runs: int = 1
) -> Profile:
    """Return the document with who, when and where in its attributes."""
    import platform

    from openprofiling_ipy.model.attributes import A

    stamps: dict[str, Attribute] = {
        A.NUMBER: capture.number,
        A.KIND: capture.kind,
        A.NAME: capture.name,
        A.LABEL: capture.label,
        A.STATUS: status,
        A.ERROR: error,
        A.CELL: cell,
        A.RUNS: runs if runs > 1 else "",
        A.HOST: platform.node(),
        A.PID: os.getpid(),
        A.PYTHON: platform.python_version(),
        A.PLATFORM: sys.platform,
        A.FOLDER: _working_folder(),
        A.PREFIXES: "\n".join(_prefixes()),
    }
    told = {key: value for key, value in stamps.items() if value != ""}
    return replace(document, attributes={**document.attributes, **told})


def _working_folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it has been removed
        return ""


def _prefixes() -> list[str]:
    """Return the folders of the standard library and of installed packages, the longest first."""
    import site
    import sysconfig

    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib") if key in paths}
    folders |= {*site.getsitepackages(), site.getusersitepackages()}
    return sorted(folders, key=lambda folder: (-len(folder), folder))
