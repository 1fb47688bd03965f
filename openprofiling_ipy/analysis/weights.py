"""
Self and total: how much weight stands on a stack, a function or the whole document.

A value is given by its column in `samples.values`, lanes by a mask over `threads`; `None` is what is shown at first
(`default_lanes`). All results are int64 in the value's own unit, so sums are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from openprofiling_ipy.errors import UnknownValue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from openprofiling_ipy.model import Profile, StackTable

__all__ = [
    "default_lanes",
    "depths",
    "document_total",
    "function_weights",
    "outermost",
    "path_sums",
    "stable_order",
    "stack_functions",
    "stack_self",
    "stack_total",
    "sums",
    "value_index",
]


def value_index(profile: Profile, kind: str | None = None) -> int:
    """Return the column of the value called `kind`, by default the profile's own. Raises UnknownValue."""
    if kind is None:
        return 0
    try:
        return profile.value_kinds.index(kind)
    except ValueError:
        raise UnknownValue(kind, profile.value_kinds) from None


def default_lanes(profile: Profile, value: int) -> NDArray[np.bool_]:
    """
    Return which lanes [T] are shown at first: for "wall" those that are `home`, for every other value all of them.

    Elapsed time passes on every idle thread, so a sum over all threads of a process would say nothing. Where no lane is
    home, all are shown.
    """
    home = np.array([thread.home for thread in profile.threads], dtype=np.bool_)
    if profile.value_types[value].kind == "wall" and home.any():
        return home
    return np.ones(len(profile.threads), dtype=np.bool_)


def sums(index: NDArray[np.integer[Any]], weight: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Add up `weight` by `index` into int64 [count]; exact, where `np.bincount` would go through floats."""
    out = np.zeros(count, dtype=np.int64)
    np.add.at(out, index, weight)
    return out


def _chosen(profile: Profile, value: int, lanes: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """Return the weights [S] of the samples, 0 outside the lanes."""
    weight = profile.samples.values[:, value]
    chosen = default_lanes(profile, value) if lanes is None else np.asarray(lanes, dtype=np.bool_)
    return weight if chosen.all() else np.where(chosen[profile.samples.thread], weight, 0)


def stack_self(profile: Profile, value: int, lanes: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Return the weight [N] of the samples that ended in each stack."""
    weight = _chosen(profile, value, lanes)
    # One place more: the empty stack (-1) falls into the last one and is cut off.
    return sums(profile.samples.stack, weight, len(profile.stacks) + 1)[:-1]


def stack_total(stacks: StackTable, self_weight: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the weight [N] of each stack with all its continuations: preorder makes it one cumulative sum."""
    before = np.zeros(len(stacks) + 1, dtype=np.int64)
    np.cumsum(self_weight, out=before[1:])
    return before[stacks.end] - before[:-1]


def path_sums(stacks: StackTable, amount: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sum [N] of `amount` [N] over each stack and its ancestors: in preorder, one cumulative sum as well."""
    change = np.zeros(len(stacks) + 1, dtype=np.int64)
    change[:-1] = amount
    np.subtract.at(change, stacks.end, amount)
    return np.cumsum(change)[:-1]


def depths(stacks: StackTable) -> NDArray[np.int32]:
    """Return the depth [N] of each stack, 0 for a root."""
    return (path_sums(stacks, np.ones(len(stacks), dtype=np.int64)) - 1).astype(np.int32)


def stack_functions(profile: Profile) -> NDArray[np.int32]:
    """Return the function [N] each stack ends in."""
    return profile.frames.function[profile.stacks.frame]


def outermost(stacks: StackTable, key: NDArray[np.int32]) -> NDArray[np.bool_]:
    """
    Tell which stacks [N] have no ancestor of the same `key` [N].

    Among the stacks of one key, in preorder, the subtrees are nested or apart: a stack has such an ancestor exactly
    where the furthest `end` before it lies behind it.
    """
    count = len(stacks)
    if not count:
        return np.zeros(0, dtype=np.bool_)
    order = stable_order(key)
    group = np.cumsum(np.diff(key[order], prepend=key[order[0]]) != 0) * (count + 1)
    furthest = np.maximum.accumulate(stacks.end[order] + group)
    before = np.concatenate(([-1], furthest[:-1]))
    result = np.empty(count, dtype=np.bool_)
    result[order] = before <= order + group
    return result


def stable_order(key: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Sort stably: numpy does it by radix for keys of 16 bits, ten times faster than for wider ones."""
    narrow = len(key) and int(key.min()) >= 0 and int(key.max()) < 2**16
    return np.argsort(key.astype(np.uint16) if narrow else key, kind="stable")


def function_weights(
    profile: Profile, value: int, lanes: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return self [U] and total [U] of every function; a recursive function counts once."""
    count = len(profile.functions)
    functions = stack_functions(profile)
    own = stack_self(profile, value, lanes)
    first = outermost(profile.stacks, functions)
    total = sums(functions[first], stack_total(profile.stacks, own)[first], count)
    return sums(functions, own, count), total


def document_total(profile: Profile, value: int, lanes: NDArray[np.bool_] | None = None) -> int:
    """Return the weight of all samples, those with an empty stack included."""
    return int(_chosen(profile, value, lanes).sum())
