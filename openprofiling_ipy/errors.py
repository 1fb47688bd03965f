"""
Every error this package raises.

    OpenProfilingError
    ├── FormatError
    │   ├── UnknownFormat           (name, known)
    │   ├── MalformedProfile        (format, offset, reason)
    │   └── UnsupportedDocument     (format, document)
    ├── AgentError
    │   ├── AlreadyRunning          (kind)
    │   ├── NotRunning
    │   ├── ProfilerUnavailable     (reason, remedy)
    │   └── TriggerUnavailable      (reason, remedy)
    ├── ExportError                 (exporter, destination, reason, retry)
    ├── FetchError                  (exporter, source, reason)
    ├── QueryError
    │   ├── InvalidOption           (option, value, remedy)
    │   ├── UnknownCapture          (name)
    │   ├── UnknownFunction         (name)
    │   ├── AmbiguousFunction       (name, candidates)
    │   ├── UnknownFile             (name, known)
    │   └── UnknownValue            (name, known)
    └── MissingDependency           (extra)

Facts are attributes; the message is one line that says what happened and what to do next.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "AgentError",
    "AlreadyRunning",
    "AmbiguousFunction",
    "ExportError",
    "FetchError",
    "FormatError",
    "InvalidOption",
    "MalformedProfile",
    "MissingDependency",
    "NotRunning",
    "OpenProfilingError",
    "ProfilerUnavailable",
    "QueryError",
    "TriggerUnavailable",
    "UnknownCapture",
    "UnknownFile",
    "UnknownFormat",
    "UnknownFunction",
    "UnknownValue",
    "UnsupportedDocument",
    "choices",
]


def choices(given: object, known: Iterable[str]) -> str:
    """Return the tail of a message about a wrong word: the nearest right one first, then all of them."""
    words = list(known)
    near = get_close_matches(str(given), words, n=1)
    listed = ", ".join(words) if words else "none"
    return f"did you mean {near[0]!r}? One of: {listed}" if near else f"one of: {listed}"


class OpenProfilingError(Exception):
    """The root of all errors of this package."""


class FormatError(OpenProfilingError):
    """A file or a document does not fit a format."""


class UnknownFormat(FormatError):
    """No format has this name, or none recognises the file."""

    def __init__(self, name: str, known: Sequence[str], message: str | None = None) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(message or f"unknown format {name!r}: {choices(name, known)}")


class MalformedProfile(FormatError):
    """A file is not what its format asks for. `offset` is in bytes, -1 where it is not known."""

    def __init__(self, format_name: str, reason: str, offset: int = -1) -> None:
        self.format = format_name
        self.offset = offset
        self.reason = reason
        where = f" at byte {offset}" if offset >= 0 else ""
        super().__init__(f"not a readable {format_name} file{where}: {reason}")


class UnsupportedDocument(FormatError):
    """A format cannot hold a document of this type."""

    def __init__(self, format_name: str, document: str, known: Sequence[str]) -> None:
        self.format = format_name
        self.document = document
        super().__init__(f"{format_name} cannot hold a {document}; use {choices('', known)}")


class AgentError(OpenProfilingError):
    """A recording cannot be started or stopped."""


class AlreadyRunning(AgentError):
    """A recording of this kind is under way in this process."""

    def __init__(self, kind: str, remedy: str = "stop it first") -> None:
        self.kind = kind
        super().__init__(f"a {kind} recording is already running: {remedy}")


class NotRunning(AgentError):
    """There is no such recording, or it has not ended yet."""


class ProfilerUnavailable(AgentError):
    """This profiler cannot run here; the program itself can go on without it."""

    def __init__(self, kind: str, reason: str, remedy: str) -> None:
        self.kind = kind
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{kind} cannot run here: {reason}; {remedy}")


class TriggerUnavailable(AgentError):
    """This trigger cannot be armed here; the program itself can go on without it."""

    def __init__(self, trigger: str, reason: str, remedy: str) -> None:
        self.trigger = trigger
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{trigger} cannot be a trigger here: {reason}; {remedy}")


class ExportError(OpenProfilingError):
    """
    A capture could not be sent. The capture itself is kept.

    `retry` tells whether the same may work later (no connection, a busy server, a full disk) or not before somebody
    has changed something (a wrong key, a missing bucket).
    """

    def __init__(self, exporter: str, destination: str, reason: str, *, retry: bool = False) -> None:
        self.exporter = exporter
        self.destination = destination
        self.reason = reason
        self.retry = retry
        super().__init__(f"{exporter} export to {destination} failed: {reason} (the capture is kept)")


class FetchError(OpenProfilingError):
    """A place of captures could not be read. `source` is its address."""

    def __init__(self, exporter: str, source: str, reason: str) -> None:
        self.exporter = exporter
        self.source = source
        self.reason = reason
        super().__init__(f"{source} cannot be read: {reason}")


class QueryError(OpenProfilingError, ValueError):
    """A name or an option that the caller gave means nothing here."""


class InvalidOption(QueryError):
    """An option has a value it cannot have."""

    def __init__(self, option: str, value: object, remedy: str) -> None:
        self.option = option
        self.value = value
        self.remedy = remedy
        super().__init__(f"{option}: {value!r} will not do: {remedy}")


class UnknownCapture(QueryError):
    """No capture is called so."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        # No number is nearly another.
        near = f"the newest are {', '.join(known)}" if name.startswith("#") else choices(name, known)
        listed = near if known else "there is none yet: start a cell with %%oprof cpu"
        super().__init__(f"no capture {name!r}: {listed}" if name else f"no capture: {listed}")


class UnknownFunction(QueryError):
    """The profile holds no such function."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        near = get_close_matches(name, known, n=3)
        hint = f"did you mean {', '.join(map(repr, near))}?" if near else "see .table() for those it has"
        super().__init__(f"no function {name!r} in this profile: {hint}")


class AmbiguousFunction(QueryError):
    """Several functions have this name. `candidates` are (name, file) pairs."""

    def __init__(self, name: str, candidates: Sequence[tuple[str, str]]) -> None:
        self.name = name
        self.candidates = tuple(candidates)
        listed = ", ".join(repr(pair) for pair in self.candidates[:5])
        super().__init__(f"{len(self.candidates)} functions are called {name!r}: give one of {listed}")


class UnknownFile(QueryError):
    """The profile holds no such file, or several that end so: `known` are those it could be."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"no single file {name!r} in this profile: {choices(name, known)}")


class UnknownValue(QueryError):
    """The profile has no such value column."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        super().__init__(f"this profile has no value {name!r}: {choices(name, known)}")


class MissingDependency(OpenProfilingError):
    """An optional package is not installed."""

    def __init__(self, extra: str, purpose: str) -> None:
        self.extra = extra
        super().__init__(f"{purpose} needs an optional package: pip install openprofiling-ipy[{extra}]")
