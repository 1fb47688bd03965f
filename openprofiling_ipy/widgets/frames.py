"""Tables as pandas DataFrames: functions, callers and callees, lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openprofiling_ipy.analysis import lines as line_analysis, sandwich, weights
from openprofiling_ipy.widgets.ranking import order, rank
from openprofiling_ipy.widgets.sources import find_file, main_file, source_lines

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from openprofiling_ipy.capture import Function
    from openprofiling_ipy.model import Profile

__all__ = ["callees", "callers", "lines", "table"]


def table(profile: Profile, value: str | None = None) -> pd.DataFrame:
    """
    Return a row a function, sorted by self, then by total, descending; index 0..n-1.

    Columns: function (qualified name), file ("In[5]" or the recorded path), line (int64, its first, 0 unknown), self
    and total (int64 in the value's unit; recursion counts once), self_share and total_share (float64, fractions of the
    document's total). "wall" is about the thread that was asked for and what it started, other values about all.

    `value` is one of `profile.value_kinds`, by default the first. Raises UnknownValue.
    """
    ranking = rank(profile, weights.value_index(profile, value))
    return _functions(profile, ranking.function, ranking.self_weight, ranking.total, ranking.whole)


def callers(profile: Profile, function: Function, value: str | None = None) -> pd.DataFrame:
    """
    Return who called `function`, with the self and total it had in those calls; the columns of `table`.

    Sorted by total descending: self is mostly nothing here. Shares are of the document's total. Raises UnknownFunction,
    AmbiguousFunction, UnknownValue.
    """
    column = weights.value_index(profile, value)
    return _neighbours(profile, sandwich.callers(profile, sandwich.find_function(profile, function), column), column)


def callees(profile: Profile, function: Function, value: str | None = None) -> pd.DataFrame:
    """
    Return what `function` called, with the self and total of each in those calls; the columns of `table`.

    Sorted by total descending. Shares are of the document's total. Raises UnknownFunction, AmbiguousFunction,
    UnknownValue.
    """
    column = weights.value_index(profile, value)
    return _neighbours(profile, sandwich.callees(profile, sandwich.find_function(profile, function), column), column)


def lines(profile: Profile, file: str | None = None, value: str | None = None) -> pd.DataFrame:
    """
    Return a row a line of `file`: line, self, total (int64; a line counts once a stack), source; by line, index 0..n-1.

    Every line where the source is known, else those with weight. `file` is one of the profile's files, or as labels
    show it ("pandas/core/frame.py"), or the end of a path that only one file has ("train.py"); by default the profiled
    cell, elsewhere the user's own file with most weight. A cell's source is as it ran, a file's as it is now, "" where
    it cannot be read. Raises UnknownFile, UnknownValue.
    """
    import pandas as pd

    column = weights.value_index(profile, value)
    chosen = main_file(profile, column) if file is None else find_file(profile, file)
    text = source_lines(profile, chosen)
    number, own, total = (found.tolist() for found in line_analysis.line_weights(profile, chosen, column))
    weight = dict(zip(number, zip(own, total, strict=True), strict=True))
    shown = sorted({*range(1, len(text) + 1), *number} - {0})
    columns = {
        "line": shown,
        "self": [weight.get(line, (0, 0))[0] for line in shown],
        "total": [weight.get(line, (0, 0))[1] for line in shown],
        "source": [text[line - 1] if line <= len(text) else "" for line in shown],
    }
    return pd.DataFrame(columns).astype({"line": "int64", "self": "int64", "total": "int64", "source": "str"})


def _neighbours(profile: Profile, found: tuple[NDArray[Any], ...], column: int) -> pd.DataFrame:
    function, own, total = (part.tolist() for part in found)
    by = order(profile, function, total, own)
    function, own, total = ([part[i] for i in by] for part in (function, own, total))
    return _functions(profile, function, own, total, weights.document_total(profile, column))


def _functions(profile: Profile, function: list[int], own: list[int], total: list[int], whole: int) -> pd.DataFrame:
    import pandas as pd

    first = profile.functions.first_line
    columns = {
        "function": [profile.function_name(which) for which in function],
        "file": [profile.function_file(which) for which in function],
        "line": [int(first[which]) for which in function],
        "self": own,
        "total": total,
        "self_share": [weight / max(whole, 1) for weight in own],
        "total_share": [weight / max(whole, 1) for weight in total],
    }
    types = {"function": "str", "file": "str", "line": "int64", "self": "int64", "total": "int64"}
    return pd.DataFrame(columns).astype({**types, "self_share": "float64", "total_share": "float64"})
