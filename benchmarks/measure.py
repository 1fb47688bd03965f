"""Medians with their spread: what every benchmark of this folder judges by."""

from __future__ import annotations

import platform
import random
import statistics
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROUNDS = 2_000


class Median(NamedTuple):
    """A median and the ends of its 95 % bootstrap interval (percentile method, Efron 1979)."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def median(values: Sequence[float], seed: int = 1) -> Median:
    """Return the median of `values` with its interval; the same values always give the same one."""
    chance = random.Random(seed)
    again = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(ROUNDS))
    return Median(statistics.median(values), again[round(ROUNDS * 0.025)], again[round(ROUNDS * 0.975) - 1])


def verdict(ratio: Median, bound: float, control: Median, pairs: int) -> str:
    """
    Say whether `ratio` keeps to `bound`: its upper end counts.

    Undecided where the interval spans the bound, where there are fewer than 20 pairs, or where the control (the same
    against the same) does not contain 1 or is wider than the bound's distance from 1.
    """
    noisy = not control.low <= 1 <= control.high or control.high - control.low > abs(bound - 1)
    if pairs < 20:
        return "undecided: fewer than 20 pairs"
    if ratio.low > bound:
        return f"over {bound}"
    if noisy:
        return f"undecided: the control is {control}"
    return f"within {bound}" if ratio.high <= bound else "undecided: the interval spans it"


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]], command: str) -> str:
    """Return a Markdown table under its title, with the machine and the command that makes it again."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    machine = f"CPython {platform.python_version()}, {platform.system()} {platform.machine()}"
    return "\n".join([f"### {title}", "", *text, "", f"{machine} · `{command}`", ""])
