"""`wall`: where elapsed time goes, waiting included."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from openprofiling_ipy.profilers.base import Scope
from openprofiling_ipy.profilers.rate import DEFAULT_RATE, check_budget, check_rate

if TYPE_CHECKING:
    from openprofiling_ipy.profilers.sampling.recording import Sampling

__all__ = ["WallProfiler"]


@dataclass(frozen=True)
class WallProfiler:
    """
    Samples all threads `rate` times a second and weighs each sample by the time that passed.

    CPU time is recorded beside it. `all_threads` shows hidden threads too. `budget` is the share of one
    core that it may cost, by default what its rate needs: where it costs more, it looks less often. Raises
    InvalidOption for a bad rate or budget.
    """

    rate: float = DEFAULT_RATE
    scope: Scope = field(default_factory=Scope)
    all_threads: bool = False
    budget: float | None = None
    name: ClassVar[str] = "wall"

    def __post_init__(self) -> None:
        check_rate(self.rate)
        check_budget(self.budget)

    def start(self) -> Sampling:
        """Begin, on the thread and task that the recording is about. Raises ProfilerUnavailable."""
        from openprofiling_ipy.profilers.sampling.recording import Sampling

        return Sampling("wall", self.rate, self.scope, all_threads=self.all_threads, budget=self.budget).start()
