"""JSON as every format here reads and writes it: bounded, strict, and byte for byte what `JSON.stringify` writes."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from openprofiling_ipy.errors import MalformedProfile

__all__ = ["parse", "write"]

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def write(value: object) -> bytes:
    """
    Return `value` as UTF-8 JSON without spaces.

    Half of a surrogate pair, which a file name can hold, is escaped as JavaScript does: UTF-8 has no place for it.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()


def parse(data: bytes, format_name: str) -> dict[str, Any]:
    """Return the JSON object in `data`. Raises MalformedProfile, whatever the bytes."""
    try:
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        raise MalformedProfile(format_name, "it is not text", error.start) from None
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        offset = len(text[: error.pos].encode(errors="surrogatepass"))
        raise MalformedProfile(format_name, f"it is not JSON: {error.msg}", offset) from None
    except RecursionError:
        raise MalformedProfile(format_name, "it is nested too deeply") from None
    except ValueError as error:  # NaN, or a number of thousands of digits
        raise MalformedProfile(format_name, str(error).partition(";")[0]) from None
    if not isinstance(value, dict):
        raise MalformedProfile(format_name, "it is not a JSON object", 0)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
