"""CPU time of child processes: not shown as stacks, but counted."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

__all__ = ["Children"]


class _Reading(NamedTuple):
    """`ended` is the CPU time (ns) of children waited for, `living` that of each living child and its own children."""

    ended: int
    living: dict[int, int]


class Children:
    """
    Reads the kernel's accounts of this process's children. Linux tells all; elsewhere only ended ones are known.

    A child that is born and waited for between two readings adds its CPU time but not itself to the count, so the
    count is a lower bound (at least 1 where there is CPU time).
    """

    def __init__(self) -> None:
        self._begin = _Reading(0, {})
        self._seen: dict[int, int] = {}

    def begin(self) -> None:
        self._begin = _read()

    def look(self) -> None:
        """Take note of the children that live now; worth a call a second."""
        self._seen.update(_living())

    def result(self) -> tuple[int, int]:
        """Return how many children used CPU since the beginning, and how much (ns)."""
        now = _read()
        before = self._begin
        spent = now.ended + sum(now.living.values()) - before.ended - sum(before.living.values())
        seen = {**self._seen, **now.living}
        used = sum(cpu > before.living.get(pid, 0) for pid, cpu in seen.items())
        return (max(used, 1), spent) if spent > 0 else (0, 0)


def _read() -> _Reading:
    if sys.platform == "win32":
        return _Reading(0, {})
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return _Reading(round((usage.ru_utime + usage.ru_stime) * 1e9), _living())


def _living() -> dict[int, int]:
    """Return the CPU time (ns) of every living child with all its descendants, by pid."""
    if sys.platform != "linux":
        return {}
    return {pid: _tree_cpu(pid, 0) for pid in _children_of("self")}


def _tree_cpu(pid: int, depth: int) -> int:
    below = _children_of(str(pid)) if depth < 8 else []  # deeper families are summed when they end
    return _cpu(pid) + sum(_tree_cpu(child, depth + 1) for child in below)


def _children_of(pid: str) -> list[int]:
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  # light
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:  # noqa: PTH123  # light
                found += map(int, file.read().split())
    except OSError:
        pass
    return found


def _cpu(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123  # light
            # The name stands in parentheses and may hold anything; behind it, user and system time of the process
            # and of the children it has waited for are fields 14 to 17 of the whole.
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15])) * (1_000_000_000 // os.sysconf("SC_CLK_TCK"))
