"""From bytecode offsets to lines and source text. Used when a document is built, never while sampling."""

from __future__ import annotations

import linecache
import opcode
import tokenize
from typing import TYPE_CHECKING

from openprofiling_ipy.profilers.sampling.trie import UNKNOWN

if TYPE_CHECKING:
    from types import CodeType

    from openprofiling_ipy.profilers.base import Sources

__all__ = ["Positions"]

#: Longer expressions are cut: a hover card has one line for them.
_LONGEST = 120

#: Instructions that evaluate nothing: a thread seen at one was between two statements. (From 3.12 on the map also has
#: pseudo-instructions of the compiler, beyond a byte.)
_CONTROL = frozenset(
    bytes([code]) for name, code in opcode.opmap.items() if code < 256 and name.startswith(("JUMP", "RESUME"))
)

#: Line, last line, column, last column, as `co_positions` gives them: 1-based lines, columns in bytes of UTF-8.
_Position = tuple[int | None, int | None, int | None, int | None]


class Positions:
    """Remembers what it looked up; keeps no more of the user's files than the lines of the hottest expressions."""

    def __init__(self, sources: Sources | None) -> None:
        self._sources = sources
        self._of_code: dict[int, tuple[CodeType, list[_Position]]] = {}
        self._lines: dict[str, list[str]] = {}

    def _position(self, code: CodeType, offset: int) -> _Position:
        known = self._of_code.get(id(code))
        if known is None:
            known = self._of_code[id(code)] = (code, list(code.co_positions()))
        index = offset // 2  # one entry for every 2-byte unit
        # An offset of -1 is a frame that has not begun: it stands at its first line.
        return known[1][index] if 0 <= index < len(known[1]) else (code.co_firstlineno, None, None, None)

    def line(self, code: CodeType, offset: int) -> int:
        """Return the 1-based line, 0 where the code does not tell and for the offset UNKNOWN."""
        return 0 if offset == UNKNOWN else max(0, self._position(code, offset)[0] or 0)

    def expression(self, code: CodeType, offset: int) -> str:
        """Return the source text that is evaluated there, on one line and cut; "" where it cannot be known."""
        if offset == UNKNOWN or code.co_code[offset : offset + 1] in _CONTROL:
            return ""
        first, last, start, end = self._position(code, offset)
        if first is None or last is None or start is None or end is None:
            return ""
        lines = self._source(code.co_filename)
        if not 1 <= first <= last <= len(lines):
            return ""
        # Columns count bytes.
        taken = [line.encode("utf-8", "replace") for line in lines[first - 1 : last]]
        taken[-1] = taken[-1][:end]
        taken[0] = taken[0][start:]
        text = " ".join(b" ".join(taken).decode("utf-8", "replace").split())
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

    def _source(self, file: str) -> list[str]:
        lines = self._lines.get(file)
        if lines is None:
            text = self._sources.text(file) if self._sources is not None else None
            lines = self._lines[file] = text.splitlines() if text is not None else _read(file)
        return lines


def _read(file: str) -> list[str]:
    """Return the lines of a source file. Only reads what linecache has already, not to fill its cache for good."""
    if file in linecache.cache:
        return [line.rstrip("\n") for line in linecache.getlines(file)]
    try:
        with tokenize.open(file) as opened:
            return opened.read().splitlines()
    except (OSError, SyntaxError, UnicodeDecodeError, ValueError):
        return []
