"""What a person's process holds: the recordings under way and the captures so far, by name. No IPython."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openprofiling_ipy import ledger
from openprofiling_ipy.capture import Capture
from openprofiling_ipy.cells import sources
from openprofiling_ipy.errors import InvalidOption, UnknownCapture
from openprofiling_ipy.ledger import numbers, running
from openprofiling_ipy.shelf import Shelf

if TYPE_CHECKING:
    from openprofiling_ipy.capture import Status
    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.profilers.base import Profiler, Scope

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


captures = Shelf()
ledger.subscribe(captures)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=captures.after_fork)


def profiler(kind: str, scope: Scope | None = None, **options: Any) -> Profiler:
    """
    Return a profiler that has not begun; with `children=True` one that records child processes, too.

    Raises QueryError for an unknown kind or option, or a bad value.
    """
    from openprofiling_ipy.profilers import registry

    if not isinstance(kind, str):
        raise InvalidOption("kind", kind, f"give the name of a profiler: {', '.join(registry.names())}")
    children = options.pop("children", False)
    if not isinstance(children, bool):
        raise InvalidOption("children", children, "give True or False")
    own = registry.create(kind, **(options if scope is None else {**options, "scope": scope}))
    if not children:
        return own
    from openprofiling_ipy.children.recording import WithChildren

    return WithChildren(own, options, scope.sources if scope is not None else None)


def start(kind: str, *, name: str = "", label: str = "", scope: Scope | None = None, **options: Any) -> Capture:
    """
    Begin a recording that is about the thread (and asyncio task) it is called on.

    `scope` is by default what `sources.scope` says: a notebook's own code and threads, or all of a plain process.
    Raises QueryError for a wrong kind or option, AlreadyRunning, or ProfilerUnavailable.
    """
    return ledger.start(profiler(kind, scope or sources.scope(), **options), name=name, label=label)


def stop(capture: Capture, status: Status = "done", error: str = "", *, cell: str = "", runs: int = 1) -> Capture:
    """
    End a capture's recording and put it on the shelf.

    `error` is the first line of the exception that ended it, `cell` identifies the cell it was about, `runs` is how
    often its code ran. Raises NotRunning.
    """
    # Importing the names of attributes would load numpy, and the recording goes on until it is stopped.
    return ledger.stop(capture, status, error, {"cell": cell, "runs": runs if runs > 1 else ""})


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
    Read a saved profile of any known format, from a file or an address ("s3://bucket/name"); it joins the captures.

    Raises UnknownFormat, MalformedProfile, FetchError for an address, or OSError where the file cannot be read.
    """
    from openprofiling_ipy.exporters import address
    from openprofiling_ipy.formats import registry
    from openprofiling_ipy.model.attributes import A

    document = _fetched(os.fspath(path)) if address.is_address(path) else registry.load(path)
    facts = document.attributes
    capture = Capture(
        kind=str(facts.get(A.KIND) or document.value_types[0].kind),
        number=ledger.next_number(),
        label=str(facts.get(A.LABEL) or Path(path).name),
        name=str(facts.get(A.NAME, "")),
        started_at=document.started_at,
        ended_at=document.started_at + document.duration,
        status="loaded",
    )
    captures.add(capture, document)
    return capture


def _fetched(source: str) -> Profile:
    from openprofiling_ipy.exporters import registry as exporters
    from openprofiling_ipy.formats import registry

    name, data = exporters.fetch(source)
    return registry.detect(data, name).loads(data)


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
