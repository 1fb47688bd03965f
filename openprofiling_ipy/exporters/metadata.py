"""
A parcel's metadata as headers of an object: printable ASCII, bounded, and the same again when read.

S3 allows 2 KB of names and values together, and headers know no letters beyond ASCII. What does not fit is left out
from the end, where the least important stands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MOST", "from_headers", "to_headers"]

#: Bytes of all names and values together; S3's own limit is 2,048.
MOST: Final = 1900
#: Bytes of one value.
_LONGEST: Final = 512
#: What stands for itself. The percent sign begins what does not; "=?" would begin a word of RFC 2047.
_PLAIN: Final = "".join(map(chr, range(0x20, 0x7F))).replace("%", "").replace("?", "")


def to_headers(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata as pairs of ASCII text; names are lower case."""
    headers: dict[str, str] = {}
    left = MOST
    for key, value in metadata.items():
        name = re.sub(r"[^a-z0-9-]+", "-", key.lower()).strip("-")
        text = _quoted(value, min(_LONGEST, left - len(name)), pairs=key == "attributes")
        if name and text and name not in headers:
            headers[name] = text
            left -= len(name) + len(text)
    return headers


def from_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what `to_headers` was given, as far as it had room; names in the case of headers are lower again."""
    return {key.lower(): unquote(value) for key, value in headers.items()}


def _quoted(value: str, most: int, *, pairs: bool) -> str:
    """Return as much of a value as `most` bytes hold, cut between characters, or between `pairs` joined by "&"."""
    whole = "&" if pairs else ""
    pieces = value.split(whole) if pairs else list(value)
    text = ""
    for piece in pieces:
        # Spaces at an end, or several in a row, do not survive in a header.
        plain = "" if piece == " " and text[-1:] in ("", " ") else _PLAIN
        longer = text + (whole if text else "") + quote(piece, safe=plain, errors="replace")
        if len(longer) > most:
            break
        text = longer
    return text[:-1] + "%20" if text.endswith(" ") and len(text) + 2 <= most else text.rstrip(" ")
