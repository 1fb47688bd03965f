"""Reads the viewer's modules as text: what they import, how long their functions are, whether they know a DOM."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.source import PACKAGE

FOLDER = PACKAGE / "widgets" / "js"

#: One token at a time: what may hide braces, or a character. A slash begins a regular expression where a value may stand.
TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<regex>(?<=[(,=:\[!&|?{};\n])[ ]*/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*)
      | (?P<template>`)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
#: A block after one of these is no function.
STATEMENTS = {"if", "for", "while", "switch", "catch", "with", "await"}


@dataclass(frozen=True)
class Script:
    """A module of the viewer."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def pure(self) -> bool:
        """Whether it promises to know no DOM: all but those that paint, show, style or start."""
        return not self.name.startswith(("ui", "paint", "main", "theme"))

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def code(self) -> str:
        """The text with comments and strings blanked out; every character keeps its place."""
        return _blank(self.text)

    def imports(self) -> list[str]:
        return re.findall(r"""(?:from|import)\s+["']\./([\w./]+)\.js["']""", self.text)

    def functions(self) -> Iterator[tuple[str, int]]:
        """Each function's name (or "=>") and its length in lines."""
        for opening in re.finditer(r"(?:=>|(\)))\s*\{", self.code):
            first = _open(self.code, opening.start(1)) if opening[1] else opening.start()
            word = re.search(r"([\w#$]*)\s*$", self.code[:first])
            name = word[1] if word and opening[1] else "=>"
            if name not in STATEMENTS:
                last = _close(self.code, opening.end() - 1)
                yield name, self.code.count("\n", first, last) + 1


def scripts() -> list[Script]:
    return [Script(path) for path in sorted(FOLDER.glob("*.js"))]


def _blank(text: str) -> str:
    parts: list[str] = []
    position = 0
    while position < len(text):
        token = TOKEN.match(text, position)
        assert token is not None
        end = _template_end(text, position) if token.lastgroup == "template" else token.end()
        piece = text[position:end]
        parts.append(piece if token.lastgroup == "other" else re.sub(r"[^\n]", " ", piece))
        position = end
    return "".join(parts)


def _template_end(text: str, start: int) -> int:
    """Return the place behind the template literal that begins at `start`, whatever stands in its `${}`."""
    position = start + 1
    while text[position] != "`":
        if text[position] == "\\":
            position += 2
        elif text.startswith("${", position):
            position = _expression_end(text, position + 2)
        else:
            position += 1
    return position + 1


def _expression_end(text: str, position: int) -> int:
    depth = 1
    while depth:
        token = TOKEN.match(text, position)
        assert token is not None
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        position = _template_end(text, position) if token.lastgroup == "template" else token.end()
    return position


def _close(code: str, start: int) -> int:
    """Return the place of the brace that closes the one at `start`."""
    depth = 0
    for position in range(start, len(code)):
        depth += {"{": 1, "}": -1}.get(code[position], 0)
        if depth == 0:
            return position
    raise AssertionError("unbalanced braces: the reader above misread a string or a regular expression")


def _open(code: str, end: int) -> int:
    """Return the place of the parenthesis that the one at `end` closes."""
    depth = 0
    for position in range(end, -1, -1):
        depth += {")": 1, "(": -1}.get(code[position], 0)
        if depth == 0:
            return position
    raise AssertionError("unbalanced parentheses: the reader above misread a string or a regular expression")
