"""Samples as columns while they are taken, and their aggregation when they grow too many."""

from __future__ import annotations

from array import array

__all__ = ["MAX_SAMPLES", "Samples"]

MAX_SAMPLES = 400_000
"""Rows kept apart, 44 bytes each: over an hour of one busy thread at 100 Hz."""


class Samples:
    """
    A row is a stack of a lane, seen `count` times, that ends at `time` and stands for `cpu` and `wall` (all ns); `held`
    is how much of the CPU time was one long call that kept the GIL.

    Columns only grow and cells only change in place, by one thread, so another may copy them at any moment: `count`
    grows last and tells how many rows are whole.
    """

    __slots__ = ("count", "cpu", "held", "lane", "node", "time", "wall")

    def __init__(self) -> None:
        self.node = array("i")
        self.lane = array("i")
        self.time = array("q")
        self.cpu = array("q")
        self.wall = array("q")
        self.held = array("q")
        self.count = array("i")

    def __len__(self) -> int:
        return len(self.count)

    def add(  # noqa: PLR0917  # the columns, many times a second
        self, node: int, lane: int, time: int, cpu: int, wall: int, count: int = 1
    ) -> int:
        """Append a row and return its number."""
        self.node.append(node)
        self.lane.append(lane)
        self.time.append(time)
        self.cpu.append(cpu)
        self.wall.append(wall)
        self.held.append(0)
        self.count.append(count)
        return len(self.count) - 1

    def place(self, row: int, cpu: int, little: int) -> None:
        """
        Place the CPU time of a thread (ns, may be negative) that no look has accounted for; `row` is its last one.

        A `little` goes there. More is what looks have missed, at random: it is spread over all of its lane by weight.
        """
        lane = self.lane[row]
        rows = [other for other in range(len(self)) if self.lane[other] == lane] if abs(cpu) > little else []
        total = sum(self.cpu[other] for other in rows)
        if total <= 0 or total + cpu < 0:
            self.cpu[row] = max(0, self.cpu[row] + cpu)
            return
        placed = 0
        for other in rows:
            share = self.cpu[other] * cpu // total
            self.cpu[other] += share
            placed += share
        self.cpu[row] += max(-self.cpu[row], cpu - placed)

    def spread(self, lanes: frozenset[int], cpu: int) -> None:
        """Spread CPU time (ns) over these lanes by weight, or evenly where nothing has any."""
        rows = [row for row in range(len(self)) if self.lane[row] in lanes]
        worked = [row for row in rows if self.cpu[row] > 0]
        weights = {row: self.cpu[row] for row in worked} or dict.fromkeys(rows, 1)
        left, whole = cpu, sum(weights.values())
        for row, weight in weights.items():
            share = left * weight // whole
            self.cpu[row] += share
            left, whole = left - share, whole - weight

    def copy(self) -> Samples:
        """Return a copy that no longer changes."""
        rows = len(self.count)
        copied = Samples()
        for name in self.__slots__:
            setattr(copied, name, getattr(self, name)[:rows])
        return copied

    def aggregated(self, rows: int) -> tuple[Samples, int]:
        """
        Return these samples with the first `rows` joined into one a lane and stack, and the time up to which they are.

        Within a lane the joined rows follow each other without a gap in order of first appearance: what they stand for
        is kept, when it was is not.
        """
        sums: dict[tuple[int, int], list[int]] = {}
        ends: dict[int, int] = {}
        until = 0
        for row in range(rows):
            entry = sums.setdefault((self.lane[row], self.node[row]), [0, 0, 0, 0])
            entry[0] += self.cpu[row]
            entry[1] += self.wall[row]
            entry[2] += self.count[row]
            entry[3] += self.held[row]
            ends.setdefault(self.lane[row], self.time[row] - self.wall[row])
            until = max(until, self.time[row])
        joined = Samples()
        for (lane, node), (cpu, wall, count, held) in sums.items():
            ends[lane] = min(ends[lane] + wall, until)
            joined.held[joined.add(node, lane, ends[lane], cpu, wall, count)] = held
        for name in self.__slots__:
            getattr(joined, name).extend(getattr(self, name)[rows:])
        return joined, until
