"""Make a profile small enough for a page: what is too small to see is folded, and it is said how much."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from openprofiling_ipy.analysis.places import FOLDED_FILE, places
from openprofiling_ipy.analysis.reshape import compact, join, regroup
from openprofiling_ipy.analysis.thinning import thin_samples
from openprofiling_ipy.analysis.weights import (
    default_lanes,
    path_sums,
    stack_functions,
    stack_self,
    stack_total,
    sums,
)
from openprofiling_ipy.model import FrameTable, FunctionTable, Profile, StackTable
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from openprofiling_ipy.model.profile import Attribute

__all__ = ["fit", "fold_small", "library_lines"]

_FOLDED = re.compile(r"\((\d+) small frames\)")
#: The steps of `fit`: the share below which frames fold, and the samples kept; each keeps about half of the one before.
_STEPS = [(1e-5 * 2**step, 200 + 2**18 // 2**step) for step in range(16)]


def fit(profile: Profile, budget: int, size: Callable[[Profile], int]) -> Profile:
    """
    Return the profile, or as much of it as keeps `size(profile)` within `budget`; the smallest form where nothing does.

    First go the executed lines of libraries, which no picture shows, then small frames and the times of samples, step
    by step. Weights stay: see `fold_small` and `thin_samples`. `size` must not grow where a profile shrinks.
    """
    if _may_fit(profile, budget) and size(profile) <= budget:
        return profile
    plain = library_lines(profile)
    if _may_fit(plain, budget) and size(plain) <= budget:
        return plain
    # What folds at a step folds at every later one: each begins with what the last one that was too large has left.
    base = fold_small(plain, _STEPS[0][0])
    low, high, best = 0, len(_STEPS) - 1, None
    while low < high:
        middle = (low + high) // 2
        folded = fold_small(base, _STEPS[middle][0])
        made = thin_samples(folded, _STEPS[middle][1])
        if _may_fit(made, budget) and size(made) <= budget:
            high, best = middle, made
        else:
            low, base = middle + 1, folded
    return best or thin_samples(fold_small(base, _STEPS[high][0]), _STEPS[high][1])


def _may_fit(profile: Profile, budget: int) -> bool:
    """Tell whether it is worth while to measure the size: no compression writes a stack or a sample in half a byte."""
    return len(profile.stacks) + len(profile.samples) <= 2 * budget


def library_lines(profile: Profile) -> Profile:
    """Forget the executed lines and the expressions of code that is not the user's own."""
    found = places(profile)
    own_files = [found[profile.strings[i]].kind in ("cell", "user") for i in profile.functions.file.tolist()]
    frames = profile.frames
    own = np.array(own_files, dtype=np.bool_)[frames.function]
    alike = np.where(own, len(profile.functions) + np.arange(len(frames)), frames.function)
    _, kept, which = np.unique(alike, return_index=True, return_inverse=True)
    known = own[kept]
    fewer = FrameTable(
        frames.function[kept], np.where(known, frames.line[kept], 0), np.where(known, frames.expression[kept], 0)
    )
    return compact(join(profile, which[profile.stacks.frame], frames=fewer))


def fold_small(profile: Profile, share: float) -> Profile:
    """
    Fold frames below `share` of every value into one child of their caller, "(12 small frames)".

    A frame is what a picture shows: the lines of a function on one path are weighed together. Where there is but one
    small frame below a caller it stays, for folding would save nothing. The document's totals stay exact, and so do
    those of every frame still shown; a function loses what it did inside folded frames. Sets FOLDED, the number of
    folded frames, and FOLDED_SHARE, the largest share of one.
    """
    used = compact(profile)
    node, tree = regroup(used.stacks, stack_functions(used))
    counts = _frame_counts(used)
    frames_of = np.ones(len(tree), dtype=np.int64)
    frames_of[node] = counts[stack_functions(used)]
    fresh = np.ones(len(tree), dtype=np.bool_)
    fresh[node] = counts[stack_functions(used)] == 1
    # What was folded before takes in what folds beside it, however large it is.
    part = np.where(fresh, _shares(used, node, tree), 0.0)
    top = (part < share) & (np.append(part, np.inf)[tree.parent] >= share)
    several = sums(tree.parent[top], (tree.end - np.arange(len(tree)))[top], len(tree) + 1) > 1
    top &= several[tree.parent]
    if not top.any():
        return profile
    # How many frames fold below each caller; the last place is that of the roots.
    number = sums(tree.parent[top], stack_total(tree, frames_of)[top], len(tree) + 1)
    hidden = path_sums(tree, top.astype(np.int64)) > 0
    facts = dict(profile.attributes)
    facts[A.FOLDED] = int(facts.get(A.FOLDED, 0)) + int((hidden & fresh).sum())
    facts[A.FOLDED_SHARE] = max(float(facts.get(A.FOLDED_SHARE, 0.0)), float(part[top].max()))
    widened, frame_of = _with_folded_frames(used, number[tree.parent[top]], facts)
    key = np.where(top[node], frame_of[np.where(top, number[tree.parent], 0)[node]], used.stacks.frame)
    return compact(join(widened, key, (top | ~hidden)[node]))


def _shares(profile: Profile, node: NDArray[np.int64], tree: StackTable) -> NDArray[np.float64]:
    """Return the largest share [nodes] each node of the display tree has of any value, of all lanes or those shown."""
    part = np.zeros(len(tree), dtype=np.float64)
    everywhere = np.ones(len(profile.threads), dtype=np.bool_)
    for value in range(len(profile.value_types)):
        for lanes in (everywhere, default_lanes(profile, value)):
            total = stack_total(tree, sums(node, stack_self(profile, value, lanes), len(tree)))
            whole = int(np.where(lanes[profile.samples.thread], profile.samples.values[:, value], 0).sum())
            if whole:
                np.maximum(part, total / whole, out=part)
    return part


def _frame_counts(profile: Profile) -> NDArray[np.int64]:
    """Return how many frames each function [U] stands for: 1, but more where it was made by folding."""
    counts = np.ones(len(profile.functions), dtype=np.int64)
    columns = profile.functions.name.tolist(), profile.functions.file.tolist()
    for function, (name, file) in enumerate(zip(*columns, strict=True)):
        match = _FOLDED.fullmatch(profile.strings[name])
        if match and profile.strings[file] == FOLDED_FILE:
            counts[function] = int(match[1])
    return counts


def _with_folded_frames(
    profile: Profile, numbers: NDArray[np.int64], facts: dict[str, Attribute]
) -> tuple[Profile, NDArray[np.int64]]:
    """Return the profile with `facts` and a frame for each of `numbers`, and which frame it is by number."""
    functions, frames = profile.functions, profile.frames
    columns = functions.name.tolist(), functions.file.tolist()
    known = {(profile.strings[n], profile.strings[f]): i for i, (n, f) in enumerate(zip(*columns, strict=True))}
    strings = [*profile.strings]
    if FOLDED_FILE not in strings:
        strings.append(FOLDED_FILE)
    distinct = np.unique(numbers)
    names: list[int] = []
    of_frame = []
    for number in distinct.tolist():
        key = (f"({number} small frames)", FOLDED_FILE)
        if key not in known:
            known[key] = len(functions) + len(names)
            names.append(len(strings))
            strings.append(key[0])
        of_frame.append(known[key])
    frame_of = np.zeros(int(distinct.max()) + 1, dtype=np.int64)
    frame_of[distinct] = len(frames) + np.arange(len(distinct))
    name = np.array(names, dtype=np.int32)
    nothing = np.zeros(len(distinct), dtype=np.int32)
    widened = replace(
        profile,
        strings=tuple(strings),
        attributes=facts,
        functions=FunctionTable(
            np.append(functions.name, name),
            np.append(functions.file, np.full_like(name, strings.index(FOLDED_FILE))),
            np.append(functions.first_line, np.zeros_like(name)),
        ),
        frames=FrameTable(
            np.append(frames.function, of_frame), np.append(frames.line, nothing), np.append(frames.expression, nothing)
        ),
    )
    return widened, frame_of
