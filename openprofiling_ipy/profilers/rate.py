"""How often a sampler looks. Apart from the engine, which an idle agent does not load."""

from __future__ import annotations

from openprofiling_ipy.errors import InvalidOption

__all__ = ["DEFAULT_RATE", "check_rate"]

DEFAULT_RATE = 100.0
"""Looks a second."""


def check_rate(rate: object) -> None:
    """Raise InvalidOption for what is no rate in Hz."""
    good = isinstance(rate, int | float) and not isinstance(rate, bool) and 0.1 <= rate <= 10_000
    if not good:
        raise InvalidOption("rate", rate, "give samples a second between 0.1 and 10000, such as 100")
