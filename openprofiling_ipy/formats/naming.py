"""The name of a capture's file without its ending: sorted by name is sorted by time, and legal on every system."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["stem"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 253_402_300_799_999_999_999  # the end of the year 9999, in ns


def stem(kind: str, started_at: int) -> str:
    """Return such as "cpu-20261123T021530.123Z" for a kind and a time in unix ns; "cpu" where no time is known (0)."""
    word = re.sub(r"[^a-z0-9_-]+", "-", kind.lower())[:40].strip("-") or "profile"
    if started_at <= 0:
        return word
    moment = _EPOCH + timedelta(milliseconds=min(started_at, _LATEST) // 1_000_000)
    return f"{word}-{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d}Z"
