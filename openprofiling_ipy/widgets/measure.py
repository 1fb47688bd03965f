"""How many columns of a terminal a text takes, and how it is cut, padded and made harmless."""

from __future__ import annotations

from unicodedata import category, east_asian_width

__all__ = ["bar", "clip", "harmless", "pad", "shorten", "width"]

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_SKIN_TONES = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def harmless(text: str) -> str:
    r"""
    Return `text` with everything that steers a terminal, an editor or a parser written out: an escape becomes "\x1b".

    That is controls, direction marks (which could swap what stands beside them), line separators and lone surrogates.
    The joiner of emoji stays.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) for char in text)


def _escaped(char: str) -> str:
    if char == _JOINER or category(char) not in _ESCAPED:
        return char
    return char.encode("unicode_escape").decode("ascii")


def width(text: str) -> int:
    """Return the columns that `text` takes: 2 for wide characters and emoji, 0 for marks that combine."""
    return len(text) if text.isascii() else sum(_widths(text))


def clip(text: str, columns: int, ellipsis: str = "…") -> str:
    """Cut `text` to at most `columns`, the ellipsis included; a character is never halved."""
    if width(text) <= columns:
        return text
    room = columns - len(ellipsis)
    if room < 0:
        return ""
    used = 0
    for position, size in enumerate(_widths(text)):
        used += size
        if used > room:
            return text[:position].rstrip() + ellipsis
    return text


def bar(share: float, columns: int, steps: str = "▏▎▍▌▋▊▉█") -> str:
    """Draw a share as a bar of at most `columns`; `steps` are the parts of its last one, the thinnest first."""
    full, part = divmod(round(min(share, 1.0) * columns * len(steps)), len(steps))
    return steps[-1] * full + (steps[part - 1] if part else "")


def pad(text: str, columns: int) -> str:
    """Fill `text` up to `columns` with spaces at its right."""
    return text + " " * (columns - width(text))


def shorten(path: str, columns: int, ellipsis: str = "…") -> str:
    """Cut a path to at most `columns` from its left, by whole folders while it can: "…/core/frame.py:10832"."""
    if width(path) <= columns:
        return path
    parts = path.split("/")
    for first in range(1, len(parts)):
        shorter = "/".join([ellipsis, *parts[first:]])
        if width(shorter) <= columns:
            return shorter
    tail = parts[-1]
    while tail and len(ellipsis) + width(tail) > columns:
        tail = tail[1:]
    return ellipsis + tail if tail else ""


def _widths(text: str) -> list[int]:
    """Return the columns each character adds: a sequence joined to one emoji is as wide as its first."""
    sizes: list[int] = []
    before = ""
    for char in text:
        narrow = east_asian_width(char) not in "WF"
        if char == _EMOJI_STYLE and category(before or " ") == "So" and east_asian_width(before) not in "WF":
            sizes.append(1)  # a heart or an arrow is narrow by itself, and wide in emoji style
        elif _JOINER in (before, char) or char in _SKIN_TONES or category(char) in ("Mn", "Me"):
            sizes.append(0)
        else:
            sizes.append(1 if narrow else 2)
        before = char
    return sizes
