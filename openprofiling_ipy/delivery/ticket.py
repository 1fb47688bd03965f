"""What became of one capture, destination by destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from threading import Condition

    from openprofiling_ipy.delivery.clock import Clock

__all__ = ["Fate", "Ticket"]

#: "spooled" and "in memory" wait to be sent, or to be sent by the next process; "refused" is kept and tried rarely.
Fate = Literal["spooled", "in memory", "sent", "refused", "dropped"]


class Ticket:
    """
    Tells what became of a capture; safe to ask from any thread.

    `accepted` says that it was taken: on disk, written and synced, or in bounded memory where there is none. `fates`
    has what became of it for each destination so far, `places` where it ended, `errors` what the last try said.
    """

    def __init__(self, name: str, condition: Condition, clock: Clock) -> None:
        self.name = name
        self.fates: dict[str, Fate] = {}
        self.places: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self._condition = condition
        self._clock = clock

    @property
    def accepted(self) -> bool:
        """False where it could be kept nowhere, for one destination at least."""
        return "dropped" not in self.fates.values()

    @property
    def on_disk(self) -> bool:
        """Whether it would survive the end of this process: spooled, or sent already."""
        return self.fates.keys() == {d for d, fate in self.fates.items() if fate in ("spooled", "refused", "sent")}

    @property
    def sent(self) -> bool:
        """Whether it has reached every destination."""
        return all(fate == "sent" for fate in self.fates.values())

    @property
    def settled(self) -> bool:
        """Whether nothing more will happen soon."""
        return not {"spooled", "in memory"} & set(self.fates.values())

    def wait(self, timeout: float) -> bool:
        """Wait until it is settled, at most so many seconds; return `sent`."""
        end = self._clock.now() + timeout
        with self._condition:
            while not self.settled and (left := end - self._clock.now()) > 0:
                self._clock.wait(self._condition, left)
        return self.sent

    def __repr__(self) -> str:
        told = ", ".join(f"{destination}: {fate}" for destination, fate in self.fates.items())
        return f"<ticket of {self.name}: {told or 'no destination'}>"
