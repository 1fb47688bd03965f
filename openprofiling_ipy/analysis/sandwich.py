"""
One function between its callers and its callees.

Where a function calls itself, its outermost occurrence in a stack is the one that counts: every sample is counted once,
so the callers' totals add up to the function's own (less what ran without a caller).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openprofiling_ipy.analysis.weights import outermost, stack_functions, stack_self, stack_total, sums
from openprofiling_ipy.errors import AmbiguousFunction, InvalidOption, UnknownFunction

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from openprofiling_ipy.model import Profile

__all__ = ["callees", "callers", "find_function"]

#: Functions [K], and the self [K] and total [K] of the calls between them and the function asked about.
_Edges = tuple["NDArray[np.int32]", "NDArray[np.int64]", "NDArray[np.int64]"]


def _pair(function: object) -> tuple[str, str | None]:
    """Return the name and the file, None for any, of what a user may have written."""
    match function:
        case str(name):
            return name, None
        case (str(name), str(file)):
            return name, file
    raise InvalidOption("function", function, "give a name, or a pair of a name and a file")


def find_function(profile: Profile, function: str | tuple[str, str]) -> int:
    """
    Return the function called `function`: a qualified name, or a (name, file) pair where several share one.

    Where none has the whole name, the last part will do ("merge" for "DataFrame.merge"); a file may be the end of its
    path, with the first line behind a colon where even that is not enough ("In[5]:12"). Raises UnknownFunction and
    AmbiguousFunction.
    """
    name, file = _pair(function)
    names = [profile.strings[i] for i in profile.functions.name.tolist()]
    found = _first(
        [i for i, known in enumerate(names) if known == name],
        lambda: [i for i, known in enumerate(names) if known.rpartition(".")[2] == name],
    )
    if file is not None:
        found = _in_file(profile, found, file)
    if not found:
        raise UnknownFunction(name if file is None else f"{name} in {file}", sorted(set(names)))
    if len(found) > 1:
        raise AmbiguousFunction(name, _candidates(profile, found))
    return found[0]


def _first(found: list[int], otherwise: Callable[[], list[int]]) -> list[int]:
    return found or otherwise()


def _in_file(profile: Profile, functions: list[int], file: str) -> list[int]:
    """Return those of `functions` that stand in `file`: the whole path, else its end, else either with a line."""
    wanted = file.replace("\\", "/")
    exact = [i for i in functions if profile.function_file(i) == file]
    paths = {i: profile.function_file(i).replace("\\", "/") for i in functions}
    found = _first(exact, lambda: [i for i in functions if paths[i].endswith("/" + wanted)])
    head, _, line = file.rpartition(":")
    if found or not head or not line.isdecimal():
        return found
    return [i for i in _in_file(profile, functions, head) if int(profile.functions.first_line[i]) == int(line)]


def _candidates(profile: Profile, functions: list[int]) -> list[tuple[str, str]]:
    pairs = [(profile.function_name(i), profile.function_file(i)) for i in functions]
    lines = [int(profile.functions.first_line[i]) for i in functions]
    twice = len(set(pairs)) < len(pairs)
    return [(name, f"{file}:{line}" if twice else file) for (name, file), line in zip(pairs, lines, strict=True)]


def callers(profile: Profile, function: int, value: int, lanes: NDArray[np.bool_] | None = None) -> _Edges:
    """
    Return who called `function`: callers [K] by id, with the self and total of `function` below each of them.

    What ran without a caller is left out.
    """
    functions = stack_functions(profile)
    own = stack_self(profile, value, lanes)
    root = np.flatnonzero(outermost(profile.stacks, functions) & (functions == function))
    above = profile.stacks.parent[root]
    caller = np.where(above >= 0, functions[above], -1)
    inside = np.where(functions == function, own, 0)
    return _edges(profile, caller, stack_total(profile.stacks, inside)[root], stack_total(profile.stacks, own)[root])


def callees(profile: Profile, function: int, value: int, lanes: NDArray[np.bool_] | None = None) -> _Edges:
    """
    Return what `function` called: callees [K] by id, with the self and total of each in those calls.

    A function that calls itself is its own callee; what that inner call does counts there.
    """
    functions = stack_functions(profile)
    own = stack_self(profile, value, lanes)
    parent = profile.stacks.parent
    root = outermost(profile.stacks, functions) & (functions == function)
    called = np.flatnonzero((parent >= 0) & root[parent])
    # Every stack below a callee, and the callee it lies below: their subtrees are apart.
    size = profile.stacks.end[called] - called
    owner = np.repeat(functions[called], size)
    below = np.repeat(called - np.cumsum(size) + size, size) + np.arange(size.sum())
    same = functions[below] == owner
    count = len(profile.functions)
    self_weight = sums(owner[same], own[below[same]], count)
    found = np.unique(functions[called])
    total = sums(functions[called], stack_total(profile.stacks, own)[called], count)
    return _weighty(found, self_weight[found], total[found])


def _edges(profile: Profile, function: NDArray[np.int32], own: NDArray[np.int64], total: NDArray[np.int64]) -> _Edges:
    count = len(profile.functions)
    known = function >= 0
    found = np.unique(function[known])
    self_sums = sums(function[known], own[known], count)
    return _weighty(found, self_sums[found], sums(function[known], total[known], count)[found])


def _weighty(function: NDArray[np.int32], own: NDArray[np.int64], total: NDArray[np.int64]) -> _Edges:
    """Leave out calls that weigh nothing in the value and lanes asked for."""
    some = total > 0
    return function[some].astype(np.int32), own[some], total[some]
