"""What a delivery may take, and when it tries again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Bounds of a spool folder, of the memory that stands in for it, and of the waits between tries. Times in seconds.

    Waits grow twofold from `first_wait` to `longest_wait`, each drawn evenly between 0 and the bound ("full jitter":
    Brooker, "Exponential Backoff And Jitter", 2015), so that a fleet does not come back all at once.
    """

    spool_bytes: int = 512 << 20
    spool_entries: int = 10_000
    spool_age: float = 7 * 86_400.0
    memory_bytes: int = 64 << 20
    memory_entries: int = 1_000
    first_wait: float = 1.0
    longest_wait: float = 60.0
    #: What a destination has refused is tried again so rarely, and one complaint is repeated no more often.
    rare_wait: float = 3_600.0
    #: How often the folder is looked through for what dead processes left.
    look_wait: float = 60.0
    #: How long the exit of the interpreter may be held up by what nobody closed.
    exit_wait: float = 3.0

    def wait(self, failures: int, chance: Random) -> float:
        """Return how long to wait after so many failures in a row."""
        bound = min(self.longest_wait, self.first_wait * 2.0 ** min(failures - 1, 30))
        return chance.uniform(0.0, bound)

    def rarely(self, chance: Random) -> float:
        return self.rare_wait * chance.uniform(0.75, 1.25)
