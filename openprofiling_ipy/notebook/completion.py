"""What can stand next behind `%oprof` and `%%oprof`: kinds, verbs, options, captures and formats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from openprofiling_ipy import session
from openprofiling_ipy.notebook.arguments import VERBS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ARM", "ARMED", "AUTO", "FLAGS", "LIST", "START", "VALUED", "complete", "kinds", "split_statement"]

#: Options with a value and without, in the order in which they are offered.
VALUED = ("--rate", "--name", "--for", "--every", "--export", "--format", "--budget", "-o")
FLAGS = ("--threads", "--children", "--quiet", "--widget")
#: The options of `%oprof start`.
START = ("--rate", "--name", "--threads", "--children")
#: The options of `%oprof list`.
LIST = ("--since",)
#: The options of `%oprof arm` and `%oprof auto`.
ARM = ("--export",)
AUTO = ("--over", "--rate")
#: What can be armed: these, and any other signal that is free.
ARMED = ("SIGUSR2", "SIGUSR1", "http")

_LINE = re.compile(r"\s*(?:[\w.]+\s*=\s*)?%(?P<cell>%?)oprof\s+(?P<rest>.*)", re.DOTALL)
_WORD = re.compile(r"(?:\"[^\"]*\"|'[^']*'|\S)+")


def kinds() -> tuple[str, ...]:
    from openprofiling_ipy.profilers import registry

    return registry.names()


def split_statement(text: str) -> tuple[list[str], str]:
    """Split what stands behind a kind into its options and the statement: "--rate 50 f(x)"; "--" ends the options."""
    words: list[str] = []
    at = 0
    while (match := _WORD.search(text, at)) and match[0].startswith("-"):
        at = match.end()
        if match[0] == "--":
            break
        words.append(match[0])
        if match[0] in VALUED and (value := _WORD.search(text, at)):
            words.append(value[0])
            at = value.end()
    return words, text[at:].strip()


def complete(line: str) -> tuple[str, list[str]] | None:
    """
    Return (the word being typed, what it may become) for a line up to the cursor; None where it is not ours.

    No words means that nothing of ours fits there, so that others may answer: a path, a statement.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    words = match["rest"].split()
    typed = "" if not words or match["rest"][-1].isspace() else words.pop()
    offered = _after_cell(words) if match["cell"] else _after_line(words)
    if offered is None:
        return None
    return typed, [word for word in offered if word.startswith(typed)]


def _after_cell(words: list[str]) -> Iterable[str] | None:
    if words and words[-1] in VALUED:
        return _formats() if words[-1] == "--format" else None
    rest = [word for word in (*VALUED, *FLAGS) if word not in words]
    return rest if words else [*kinds(), *rest]


def _after_line(words: list[str]) -> Iterable[str] | None:
    if not words:
        return [*kinds(), *VERBS]
    first, rest = words[0], words[1:]
    if first in kinds():
        return None if split_statement(" ".join(rest))[1] else _after_cell(words)
    if first == "start":
        taken = rest[1:] if rest and rest[0] in kinds() else rest
        left = [word for word in START if word not in taken]
        return None if rest and rest[-1] in VALUED else [*(kinds() if not rest else ()), *left]
    if first == "export":
        return _formats() if rest and rest[-1] == "--format" else [*(() if rest else _captures()), "--format"]
    if first in ("arm", "disarm", "auto", "list"):
        return _after_choice(first, rest)
    named = first in ("show", "stop", "forget") and not rest
    return [*_captures(), *(["--all"] if first == "forget" else [])] if named else None


def _after_choice(verb: str, rest: list[str]) -> Iterable[str] | None:
    if verb == "list":
        return [word for word in LIST if word not in rest] if rest and rest[-1] not in LIST else None
    if verb == "disarm":
        return None if rest else ARMED
    options = ARM if verb == "arm" else AUTO
    if rest and rest[-1] in options:
        return None
    left = [word for word in options if word not in rest]
    if not rest:
        return ARMED if verb == "arm" else [*kinds(), "off", *left]
    return [*(kinds() if verb == "arm" and rest[0] != "http" and rest[-1] not in kinds() else ()), *left]


def _captures() -> list[str]:
    """Return what captures can be called by, the newest first."""
    known = [*reversed(session.running()), *reversed(session.captures)]
    names = [c.name for c in known if c.name and " " not in c.name]
    cells = [c.label for c in known if c.label.startswith("In[")]
    return list(dict.fromkeys([f"#{c.number}" for c in known] + names + cells))


def _formats() -> tuple[str, ...]:
    from openprofiling_ipy.formats import registry

    return registry.names()
