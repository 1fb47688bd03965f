"""Which complaints are worth a line in the log: never a flood of them, whatever goes wrong how often."""

from __future__ import annotations

from typing import Final

__all__ = ["Complaints"]

#: How many different causes are told apart.
_MOST: Final = 20


class Complaints:
    """Remembers what has been told; the same cause is told again after `again` seconds."""

    def __init__(self, again: float) -> None:
        self._again = again
        self._told: dict[str, float] = {}

    def is_news(self, cause: str, now: float) -> bool:
        """Tell whether a cause should be logged now; then it counts as told."""
        self._told = {each: time for each, time in self._told.items() if now - time < self._again}
        if cause in self._told or len(self._told) >= _MOST:
            return False
        self._told[cause] = now
        return True
