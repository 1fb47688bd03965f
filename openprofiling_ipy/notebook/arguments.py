"""What stands behind `%oprof` and `%%oprof`, as values: times, sizes, words and options."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any

from openprofiling_ipy.errors import InvalidOption, QueryError

__all__ = ["BUDGET", "VERBS", "Options", "rate", "seconds", "size", "taken", "unquoted"]

VERBS = ("start", "stop", "list", "show", "export", "load", "forget", "panel", "auto", "arm", "disarm")
#: Bytes that a cell's output may take.
BUDGET = 300_000

_TIME = {
    "": 1.0,
    "s": 1.0,
    "sec": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
_SIZE = {"": 1, "b": 1, "k": 1000, "kb": 1000, "kib": 1024, "m": 10**6, "mb": 10**6, "mib": 1 << 20}
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-zµ]*)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Options:
    """
    How to record and to show: the words behind `%%oprof`.

    `rate` in Hz, `repeat` and `every` in seconds (0: not at all), `budget` in bytes (None: none), `export` a
    destination ("" is the default place, None: do not export), `output` a variable's name. A `widget` is a live one.
    """

    kind: str = "cpu"
    rate: float | None = None
    name: str = ""
    threads: bool = False
    children: bool = False
    repeat: float = 0.0
    every: float = 0.0
    export: str | None = None
    format: str | None = None
    budget: int | None = BUDGET
    quiet: bool = False
    widget: bool = False
    output: str = ""

    def __post_init__(self) -> None:
        if self.format is not None and self.export is None:
            raise InvalidOption("--format", self.format, "it says how to export, so it needs --export DEST")
        if self.export:
            from openprofiling_ipy.exporters import registry

            # An address that means nothing, or a missing package, is said before the cell runs.
            registry.check(self.export)
        if self.output and (not self.output.isidentifier() or iskeyword(self.output)):
            raise InvalidOption("-o", self.output, "give the name of a variable")

    def for_profiler(self) -> dict[str, Any]:
        """Return the options that the profiler itself takes; those not given are left to it."""
        given: dict[str, Any] = {} if self.rate is None else {"rate": self.rate}
        wanted = {"all_threads": self.threads, "children": self.children}
        return given | {option: True for option, asked in wanted.items() if asked}


def seconds(option: str, text: str) -> float:
    """Read "2s", "500 ms", "1.5min" or "2" (seconds). Raises InvalidOption."""
    value = _amount(text, _TIME)
    if value is None or not 0 < value < math.inf:
        raise InvalidOption(option, text, "give a time such as 2s, 500ms or 1min")
    return value


def size(option: str, text: str) -> int | None:
    """Read "300 KB", "1MiB", "250000" (bytes), or "off" for no limit. Raises InvalidOption."""
    if text.strip().lower() == "off":
        return None
    value = _amount(text, _SIZE)
    if value is None or value < 1:
        raise InvalidOption(option, text, "give a size such as 300KB or 1MB, or off")
    return round(value)


def rate(text: str) -> float:
    """Read samples a second: "200", "200Hz", "1kHz". Raises InvalidOption."""
    value = _amount(text, {"": 1.0, "hz": 1.0, "khz": 1e3})
    if value is None:
        raise InvalidOption("--rate", text, "give samples a second, such as 100")
    return value


def unquoted(word: str) -> str:
    """Return a word without the quotes around it, which IPython leaves in place."""
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word


def taken(words: list[str], option: str) -> tuple[list[str], str | None]:
    """Return the words without an option, and its value."""
    for at, word in enumerate(words):
        if word.startswith(f"{option}="):
            return words[:at] + words[at + 1 :], word.partition("=")[2]
        if word == option:
            if at + 1 == len(words):
                raise QueryError(f"{option} needs a value")
            return words[:at] + words[at + 2 :], words[at + 1]
    return words, None


def _amount(text: str, units: dict[str, Any]) -> float | None:
    match = _AMOUNT.fullmatch(text)
    if match is None or match[2].lower() not in units:
        return None
    return float(match[1]) * float(units[match[2].lower()])
