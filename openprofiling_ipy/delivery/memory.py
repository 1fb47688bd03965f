"""Parcels in memory, where no disk takes them: as many as the limits say, the oldest dropped first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openprofiling_ipy.delivery.lane import Item
    from openprofiling_ipy.delivery.limits import Limits

__all__ = ["Memory"]


class Memory:
    """Whoever calls it holds the delivery's condition."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._items: dict[Item, str] = {}
        self.size = 0

    def add(self, item: Item, destination: str) -> list[Item]:
        """Hold an item and return what had to go for it: the oldest, or itself where it is too large."""
        if item.size > self._limits.memory_bytes:
            return [item]
        self._items[item] = destination
        self.size += item.size
        dropped = []
        while self.size > self._limits.memory_bytes or len(self._items) > self._limits.memory_entries:
            oldest = next(iter(self._items))
            self.remove(oldest)
            dropped.append(oldest)
        return dropped

    def remove(self, item: Item) -> None:
        """Let an item go; nothing happens where it was not held."""
        if item in self._items:
            del self._items[item]
            self.size -= item.size

    def items(self) -> list[tuple[Item, str]]:
        """Return each item with its destination, the oldest first."""
        return list(self._items.items())

    def __contains__(self, item: Item) -> bool:
        return item in self._items

    def __len__(self) -> int:
        return len(self._items)
