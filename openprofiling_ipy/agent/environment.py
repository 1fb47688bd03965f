"""An agent from environment variables, so that a program needs no change to have one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.errors import InvalidOption

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openprofiling_ipy.profilers.base import Profiler
    from openprofiling_ipy.triggers.base import Trigger

__all__ = ["Environment", "read"]

_PREFIX = "OPENPROFILING_"


@dataclass(frozen=True)
class Environment:
    """What the variables say; `spool` None and no `destinations` where they say nothing."""

    triggers: list[Trigger]
    profilers: list[Profiler]
    destinations: list[str]
    service: str
    spool: str | None


def read(environ: Mapping[str, str]) -> Environment:
    """Read OPENPROFILING_TRIGGER, _PROFILER, _EXPORT, _SERVICE, _SPOOL, _TOKEN. Raises QueryError or AgentError."""
    token = environ.get(f"{_PREFIX}TOKEN") or None
    return Environment(
        triggers=[_trigger(word, token) for word in _words(environ, "TRIGGER", "SIGUSR2")],
        profilers=[_profiler(word) for word in _words(environ, "PROFILER", "cpu")],
        destinations=_words(environ, "EXPORT", ""),
        service=environ.get(f"{_PREFIX}SERVICE", "").strip(),
        spool=environ.get(f"{_PREFIX}SPOOL", "").strip() or None,
    )


def _words(environ: Mapping[str, str], name: str, usual: str) -> list[str]:
    given = environ.get(_PREFIX + name, "").strip() or usual
    return [word.strip() for word in given.split(",") if word.strip()]


def _trigger(word: str, token: str | None) -> Trigger:
    """Read "SIGUSR2", "SIGUSR1/SIGUSR2", "SIGUSR2:30" (seconds), "http", "http:8080" or "http://127.0.0.1:8080"."""
    if word.lower().partition(":")[0] == "http":
        return _http(word, token)
    from openprofiling_ipy.triggers.signal import SignalTrigger

    names, _, seconds = word.partition(":")
    start, _, stop = names.partition("/")
    duration = _number("TRIGGER", word, seconds) if seconds else None
    return SignalTrigger(_signal(start), duration=duration, stop=_signal(stop) if stop else None)


def _signal(word: str) -> str | int:
    return int(word) if word.strip().isdecimal() else word


def _http(word: str, token: str | None) -> Trigger:
    from openprofiling_ipy.triggers.http import HttpTrigger

    place = word[len("http:") :].strip("/")
    host, _, port = place.rpartition(":")
    try:
        number = int(port) if port else 0
    except ValueError:
        raise _wrong("TRIGGER", word, 'give "http:" and a port, such as http:8080') from None
    return HttpTrigger(host.strip("[]") or "127.0.0.1", number, token)


def _profiler(word: str) -> Profiler:
    """Read "cpu", or "cpu:rate=50" with further options behind further colons."""
    from openprofiling_ipy.profilers import registry

    kind, *options = word.split(":")
    given: dict[str, Any] = {}
    for option in options:
        name, separator, value = option.partition("=")
        if not separator:
            raise _wrong("PROFILER", word, "give options as name=value, such as cpu:rate=50")
        flags = {"true": True, "false": False}
        given[name.strip()] = flags[value] if value in flags else _number("PROFILER", word, value)
    return registry.create(kind.strip(), **given)


def _number(name: str, word: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _wrong(name, word, f"{text!r} is no number") from None


def _wrong(name: str, word: str, remedy: str) -> InvalidOption:
    return InvalidOption(_PREFIX + name, word, remedy)
