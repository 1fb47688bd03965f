"""
Profiles made of profiles. None changes its argument; attributes go along as they are, for they tell of the recording.

Ids of strings, functions, frames and stacks are those of the result, not of the argument.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from openprofiling_ipy.analysis.budget import fit, fold_small
from openprofiling_ipy.analysis.merge import merge
from openprofiling_ipy.analysis.packages import fold_packages
from openprofiling_ipy.analysis.privacy import private
from openprofiling_ipy.analysis.reshape import compact, join, select_samples
from openprofiling_ipy.analysis.thinning import thin_samples
from openprofiling_ipy.analysis.weights import outermost, stack_functions, stack_total, sums
from openprofiling_ipy.model import FrameTable, Profile, StackTable
from openprofiling_ipy.model.builder import preorder

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "by_function",
    "collapse_recursion",
    "compact",
    "fit",
    "focus",
    "fold_packages",
    "fold_small",
    "invert",
    "keep_lanes",
    "merge",
    "private",
    "thin_samples",
    "trim_sources",
]


def by_function(profile: Profile) -> Profile:
    """Merge the lines and expressions of a function: one frame a function, with line 0."""
    nothing = np.zeros(len(profile.functions), dtype=np.int32)
    frames = FrameTable(np.arange(len(profile.functions), dtype=np.int32), nothing, nothing)
    return join(profile, stack_functions(profile), frames=frames)


def collapse_recursion(profile: Profile) -> Profile:
    """
    Let a function that calls itself directly be one frame: what its inner calls did joins the outermost.

    Self and total of every function stay as they are. Functions that call themselves by way of others stay apart.
    """
    functions = stack_functions(profile)
    return join(profile, profile.stacks.frame, _differs_from_parent(profile.stacks, functions))


def _differs_from_parent(stacks: StackTable, key: NDArray[np.int32]) -> NDArray[np.bool_]:
    return np.asarray((stacks.parent < 0) | (key != np.append(key, 0)[stacks.parent]))


def focus(profile: Profile, function: int) -> Profile:
    """Keep only the samples in which `function` (an id) runs; stacks begin at its outermost occurrence."""
    functions = stack_functions(profile)
    root = np.flatnonzero(outermost(profile.stacks, functions) & (functions == function))
    change = np.zeros(len(profile.stacks) + 1, dtype=np.int64)
    change[root] += 1
    np.subtract.at(change, profile.stacks.end[root], 1)
    inside = np.cumsum(change)[:-1] > 0
    chosen = np.append(inside, False)[profile.samples.stack]
    kept = replace(profile, samples=select_samples(profile.samples, chosen))
    return compact(join(kept, profile.stacks.frame, inside))


def invert(profile: Profile) -> Profile:
    """Turn every stack round, the leaf first: what is called stands above its callers. Lines stay with their frames."""
    stacks = profile.stacks
    ends = sums(profile.samples.stack, np.ones(len(profile.samples), dtype=np.int64), len(stacks) + 1)[:-1]
    leaf = np.flatnonzero(ends)
    reached = np.full(len(stacks) + 1, -1, dtype=np.int64)
    parents, frames, filled = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)], 0
    at, node = leaf, np.full(len(leaf), -1, dtype=np.int64)
    while len(at):
        pairs = (node + 1) * len(profile.frames) + stacks.frame[at]
        distinct, inverse = np.unique(pairs, return_inverse=True)
        parents.append(distinct // len(profile.frames) - 1)
        frames.append(distinct % len(profile.frames))
        node = inverse + filled
        filled += len(distinct)
        reached[leaf] = node
        above = stacks.parent[at]
        leaf, at, node = leaf[above >= 0], above[above >= 0].astype(np.int64), node[above >= 0]
    position, parent, end = preorder(np.concatenate(parents).astype(np.int32))
    frame = np.empty(filled, dtype=np.int32)
    frame[position] = np.concatenate(frames)
    moved = np.append(position, -1)[reached]
    samples = replace(profile.samples, stack=moved[profile.samples.stack])
    return replace(profile, stacks=StackTable(parent, frame, end), samples=samples)


def keep_lanes(profile: Profile, lanes: NDArray[np.bool_]) -> Profile:
    """Keep only the lanes of the mask [T], and what was sampled in them."""
    mask = np.asarray(lanes, dtype=np.bool_)
    samples = select_samples(profile.samples, mask[profile.samples.thread])
    renumbered = (np.cumsum(mask) - 1)[samples.thread] if len(samples) else samples.thread
    threads = tuple(thread for thread, kept in zip(profile.threads, mask.tolist(), strict=True) if kept)
    return compact(replace(profile, threads=threads, samples=replace(samples, thread=renumbered)))


def trim_sources(profile: Profile) -> Profile:
    """Keep only the sources of files that some sample ran through."""
    if not profile.sources:
        return profile
    stacks = profile.stacks
    ends = sums(profile.samples.stack, np.ones(len(profile.samples), dtype=np.int64), len(stacks) + 1)[:-1]
    functions = stack_functions(profile)[stack_total(stacks, ends) > 0]
    seen = {profile.strings[i] for i in np.unique(profile.functions.file[functions]).tolist()}
    return replace(profile, sources={file: text for file, text in profile.sources.items() if file in seen})
