"""
The line `%%oprof ...` in a cell's text, and the call that takes its place.

A cell magic gets its cell as a string and has to run it itself: top-level `await`, the last expression, line numbers
and error replies suffer. So the line is turned into one call instead, on the same line, and the rest of the cell stays
IPython's own business. Pure text, no state: IPython transforms a cell as often as it likes.
"""

from __future__ import annotations

import ast
import io
import re
import shlex
import tokenize
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["NAME", "body_of", "is_call", "mark", "restored"]

NAME = "oprof"
_HEADER = re.compile(rf"%%{NAME}(?:[ \t]+(?P<line>.*?))?[ \t]*\r?\n?")
_MAGIC = re.compile(r"%%(?P<name>\w+)(?!\?)")
_CALL = re.compile(
    rf"(?P<behind>; )?(?:await )?get_ipython\(\)\.run_cell_magic\('{NAME}', (?P<line>'.*?'|\".*?\"), None\)"
)
_SKIPPED = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING)


def mark(
    lines: list[str], transform: Callable[[list[str]], list[str]], awaits: Callable[[list[str]], bool]
) -> list[str]:
    """
    Return the cell with its leading `%%oprof` line, if there is one, turned into a call.

    `transform` is the shell's own for a cell magic, `awaits` tells whether a piece of a cell needs an event loop.
    """
    index = _first(lines)
    match = _HEADER.fullmatch(lines[index]) if index < len(lines) else None
    if match is None:
        return lines
    line, rest = match["line"] or "", lines[index + 1 :]
    if not any(text.strip() for text in rest):
        return [*lines[:index], _call(line, "''") + "\n"]
    inner = _first(rest)
    under_magic = inner < len(rest) and _MAGIC.match(rest[inner]) is not None
    if under_magic and not _HEADER.fullmatch(rest[inner]):
        rest = [*rest[:inner], *transform(rest[inner:])]
    else:
        # The call answers with an error that names the second line.
        line = " ".join([line, *_headers(rest)])
    # Only a repeated cell makes the call wait for something.
    call = ("await " if _repeats(line) and awaits(rest) else "") + _call(line)
    return [*lines[:index], *_placed(match[0], call, rest)]


def restored(lines: Iterable[str]) -> list[str]:
    """Return a marked cell's lines as people shall see them: the call as a comment, so that they stay valid Python."""
    return [_CALL.sub(_shown, text) for text in lines]


def is_call(node: ast.AST) -> bool:
    """Tell whether a statement is the call that `mark` puts in."""
    return isinstance(node, ast.Expr) and _CALL.fullmatch(ast.unparse(node)) is not None


def body_of(raw: str, magic: str) -> str | None:
    """Return what stands below the line `%%magic` where that line is among a cell's leading magics."""
    lines = raw.splitlines(keepends=True)
    while (index := _first(lines)) < len(lines) and (match := _MAGIC.match(lines[index])):
        lines = lines[index + 1 :]
        if match["name"] == magic:
            return "".join(lines)
    return None


def _first(lines: list[str]) -> int:
    """Return the index of the first line that is neither blank nor a comment."""
    return next((i for i, text in enumerate(lines) if text.strip() and not text.lstrip().startswith("#")), len(lines))


def _repeats(line: str) -> bool:
    """Tell whether `--for` is one of the words, and not a part of another or of what is quoted."""
    try:
        words = shlex.split(line)
    except ValueError:  # a quote that is not closed: an error that the call will name
        return False
    return any(word.partition("=")[0] == "--for" for word in words)


def _call(line: str, cell: str = "None") -> str:
    return f"get_ipython().run_cell_magic({NAME!r}, {line!r}, {cell})"


def _shown(call: re.Match[str]) -> str:
    return "" if call["behind"] else f"# %%{NAME} {ast.literal_eval(call['line'])}".rstrip()


def _placed(header: str, call: str, rest: list[str]) -> list[str]:
    """Return the call and the rest of the cell; behind `from __future__` imports, which must come first."""
    place = _behind_future(rest) if any("__future__" in text for text in rest) else None
    if place is None:
        return [call + "\n", *rest]
    row, column = place
    text = rest[row]
    return [f"# {header.rstrip()}\n", *rest[:row], f"{text[:column]}; {call}{text[column:]}", *rest[row + 1 :]]


def _behind_future(lines: list[str]) -> tuple[int, int] | None:
    """Return (index of the line, column) behind the last leading `from __future__` import, None without one."""
    place, statement, count = None, [], 0
    for token in _tokens(lines):
        if token.type in _SKIPPED:
            continue
        if token.type != tokenize.NEWLINE and token.string != ";":
            statement.append(token)
            continue
        if [t.string for t in statement[:3]] == ["from", "__future__", "import"]:
            place = statement[-1].end[0] - 1, statement[-1].end[1]
        elif statement and (count or any(t.type != tokenize.STRING for t in statement)):
            break  # neither that nor a docstring in front
        count += bool(statement)
        statement = []
    return place


def _headers(lines: list[str]) -> list[str]:
    """Return the `%%oprof` lines among these that do not stand in a string."""
    found = {row: text.strip() for row, text in enumerate(lines) if _HEADER.fullmatch(text)}
    if not found:
        return []
    code = {token.start[0] - 1 for token in _tokens(lines) if token.string == "%" and token.start[1] == 0}
    return [text for row, text in found.items() if row in code]


def _tokens(lines: list[str]) -> Iterable[tokenize.TokenInfo]:
    """Yield the tokens of these lines up to the first thing that is not Python."""
    try:
        yield from tokenize.generate_tokens(io.StringIO("".join(lines)).readline)
    except (tokenize.TokenError, SyntaxError):
        return
