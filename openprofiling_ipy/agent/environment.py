"""An agent from environment variables, so that a program needs no change to have one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.errors import InvalidOption, choices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openprofiling_ipy.profilers.base import Profiler
    from openprofiling_ipy.triggers.base import Trigger

__all__ = ["Environment", "read"]

_PREFIX = "OPENPROFILING_"
_LONGEST_NUMBER = 10
_FLAGS = {"true": True, "false": False}


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

    names, timed, seconds = word.partition(":")
    start, two, stop = names.partition("/")
    if (timed and not seconds.strip()) or (two and not stop.strip()):
        raise _wrong("TRIGGER", word, "give SIGUSR2, SIGUSR1/SIGUSR2 to start and stop, or SIGUSR2:30 for 30 seconds")
    duration = _number("TRIGGER", word, seconds) if timed else None
    return SignalTrigger(_signal(start), duration=duration, stop=_signal(stop) if two else None)


def _signal(word: str) -> str | int:
    return int(word) if word.strip().isdecimal() and len(word) < _LONGEST_NUMBER else word


def _http(word: str, token: str | None) -> Trigger:
    from openprofiling_ipy.triggers.http import HttpTrigger

    place = word[len("http:") :].strip("/")
    if "@" in place:
        raise _wrong("TRIGGER", "http:…@…", f"give no password: {_PREFIX}TOKEN holds the token")
    host, _, port = place.rpartition(":")
    if "//" in word and not host and not port.isdecimal():
        host, port = port, ""
    try:
        number = int(port or 0)
    except ValueError:
        raise _wrong("TRIGGER", word, 'give "http:" and a port, such as http:8080') from None
    return HttpTrigger(host.strip("[]") or "127.0.0.1", number, token)


def _profiler(word: str) -> Profiler:
    """Read "cpu", or "cpu:rate=50" with further options behind further colons."""
    from openprofiling_ipy.profilers import registry

    kind, *options = [part.strip() for part in word.split(":")]
    known = registry.options(kind)
    given: dict[str, Any] = {}
    for option in options:
        name, separator, value = (part.strip() for part in option.partition("="))
        if not separator or name in given:
            raise _wrong("PROFILER", word, "give options as name=value, such as cpu:rate=50")
        if name not in known:
            raise _wrong("PROFILER", word, choices(name, known))
        if isinstance(known[name], bool):
            if value not in _FLAGS:
                raise _wrong("PROFILER", word, f"give {name}=true or {name}=false")
            given[name] = _FLAGS[value]
        else:
            given[name] = _number("PROFILER", word, value)
    return registry.create(kind, **given)


def _number(name: str, word: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _wrong(name, word, f"{text!r} is no number") from None


def _wrong(name: str, word: str, remedy: str) -> InvalidOption:
    return InvalidOption(_PREFIX + name, word, remedy)
