"""Units, and how their numbers are written for people: three significant digits, the unit once."""

from __future__ import annotations

from typing import Literal

__all__ = ["Unit", "format_count", "format_percent", "format_value"]

Unit = Literal["ns", "bytes", "count"]

_TIME = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
_BYTES = ((1024.0**4, "TiB"), (1024.0**3, "GiB"), (1024.0**2, "MiB"), (1024.0, "KiB"), (1.0, "B"))


def _significant(number: float) -> str:
    """Write `number` (0 <= number < 1e15) with three significant digits and no exponent."""
    if number >= 99.95:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"


def format_value(value: float, unit: Unit) -> str:
    """
    Write a value with its unit: 1240000000 ns is "1.24 s", 1536 bytes "1.50 KiB", 12 count "12".

    Minutes and hours come as "12 min 4 s" and "2 h 5 min". A negative value keeps its sign.
    """
    sign, size = ("-", -value) if value < 0 else ("", value)
    if unit == "count":
        return sign + format_count(round(size))
    if unit == "ns" and size >= 59.95e9:
        return sign + _long_time(round(size / 1e9))
    scales = _TIME if unit == "ns" else _BYTES
    if size == 0:
        return "0 s" if unit == "ns" else "0 B"
    # 999.6 µs must become "1.00 ms", not "1000 µs": the scale is chosen by the rounded number.
    for scale, name in scales:
        if size / scale >= 0.9995 or scale == 1.0:
            whole = scale == 1.0
            return f"{sign}{round(size) if whole else _significant(size / scale)} {name}"
    raise AssertionError(unit)


def _long_time(seconds: int) -> str:
    if seconds < 3600:
        minutes, rest = divmod(seconds, 60)
        return f"{minutes} min {rest} s"
    hours, rest = divmod(round(seconds / 60), 60)
    return f"{hours} h {rest} min"


def format_count(number: int) -> str:
    """Write a count with thousands separated: 1234567 is "1,234,567"."""
    return f"{number:,}"


def format_percent(share: float) -> str:
    """Write a share between 0 and 1 as a percentage: 0.362 is "36.2 %", 1 is "100 %"."""
    percent = share * 100
    if percent == 0:
        return "0 %"
    if 0 < percent < 0.1:
        return "<0.1 %"
    return f"{percent:.0f} %" if percent >= 99.95 else f"{percent:.1f} %"
