"""How often a sampler looks. Apart from the engine, which an idle agent does not load."""

from __future__ import annotations

from openprofiling_ipy.errors import InvalidOption

__all__ = ["DEFAULT_RATE", "check_budget", "check_rate"]

DEFAULT_RATE = 100.0
"""Looks a second."""


def check_rate(rate: object) -> None:
    """Raise InvalidOption for what is no rate in Hz."""
    good = isinstance(rate, int | float) and not isinstance(rate, bool) and 0.1 <= rate <= 10_000
    if not good:
        raise InvalidOption("rate", rate, "give samples a second between 0.1 and 10000, such as 100")


def check_budget(budget: object) -> None:
    """Raise InvalidOption for what is no share of one core; None is what the rate needs."""
    good = isinstance(budget, int | float) and not isinstance(budget, bool) and 0 < budget <= 1
    if not good and budget is not None:
        raise InvalidOption("budget", budget, "give a share of one core, such as 0.05")
