"""The picture of "my code": a package is one frame, whatever goes on inside it; `js/tree.js` does the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openprofiling_ipy.analysis.places import FOLDED_FILE, places
from openprofiling_ipy.analysis.reshape import join
from openprofiling_ipy.analysis.weights import depths, stable_order, stack_functions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from openprofiling_ipy.analysis.places import Place
    from openprofiling_ipy.model import Profile, StackTable

__all__ = ["fold_packages"]

_STAYS, _HELPS, _IMPORTS = range(3)


def fold_packages(profile: Profile) -> Profile:
    """
    Show the user's own code: one frame for each package entered, that of the function by which it was entered.

    - Frames of one package that follow each other join the first of them, and so do modules of the standard library.
    - What helps a package joins it: the standard library, built-ins and generated code below one of its frames.
    - The machinery of imports joins whoever imports, as Python's tracebacks leave it out.

    Where a library calls back into the user's code, that stands below it, and a package that is left for the user's
    code or for another package, and entered again, has a frame again.
    """
    found = places(profile)
    groups: dict[tuple[str, str], int] = {}
    count = len(profile.functions)
    group, joins = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int8)
    hosts = np.empty(count, dtype=np.bool_)
    for function, file in enumerate(profile.functions.file.tolist()):
        text = profile.strings[file]
        place = found[text]
        own = place.kind in ("cell", "user")
        group[function] = -1 if own else groups.setdefault((place.kind, place.package), len(groups))
        joins[function] = _STAYS if text == FOLDED_FILE else _joins(place)
        hosts[function] = place.kind == "package"
    return join(profile, profile.stacks.frame, _kept(profile.stacks, stack_functions(profile), group, joins, hosts))


def _joins(place: Place) -> int:
    """Tell what frames of a place join besides their own kind; small frames that were folded may be anybody's."""
    if place.kind == "stdlib":
        return _IMPORTS if place.short.startswith("importlib._bootstrap") else _HELPS
    generated = place.kind == "user" and place.short.startswith("<")
    return _HELPS if place.kind == "builtin" or generated else _STAYS


def _kept(
    stacks: StackTable,
    functions: NDArray[np.int32],
    group: NDArray[np.int32],
    joins: NDArray[np.int8],
    hosts: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Tell which stacks [N] stay, from the roots down: what one joins is the nearest above it that stays."""
    kept = np.ones(len(stacks), dtype=np.bool_)
    # The function that each stack is shown as.
    shown = functions.copy()
    depth = depths(stacks)
    order = stable_order(depth)
    for ids in np.split(order, np.flatnonzero(np.diff(depth[order])) + 1)[1:]:
        own, above = functions[ids], shown[stacks.parent[ids]]
        same = (group[own] >= 0) & (group[own] == group[above])
        absorbed = same | ((joins[own] == _HELPS) & hosts[above]) | (joins[own] == _IMPORTS)
        kept[ids] = ~absorbed
        shown[ids] = np.where(absorbed, above, own)
    return kept
