"""What the HTML page says about a profile: the facts its script shows, and a table for where no script runs."""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from openprofiling_ipy.analysis.colors import KIND_COLORS, package_colors
from openprofiling_ipy.analysis.places import label, places
from openprofiling_ipy.analysis.scale import measure
from openprofiling_ipy.analysis.weights import depths, document_total, function_weights
from openprofiling_ipy.formats import naming
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.model.units import format_percent, format_value

if TYPE_CHECKING:
    from openprofiling_ipy.analysis.summary import Summary
    from openprofiling_ipy.model import Profile

__all__ = ["table", "view"]

_ROWS: Final = 15
#: Heights in px: what stands round the picture, a line for notes, a frame, and the bounds of the whole.
_ROUND, _NOTE, _FRAME, _LOWEST, _HIGHEST = 128, 28, 20, 300, 460

#: The viewer's own style leaves no room behind its empty window.
_STILL: Final = "position:fixed;inset:0;overflow:auto;padding:8px 16px;background:Canvas;color:CanvasText"


def view(profile: Profile, words: Summary, value: int) -> dict[str, Any]:
    """Return the `view` member of the page's data: everything the script would else have to find out itself."""
    found = places(profile)
    facts = profile.attributes
    distinct = list(dict.fromkeys(found.values()))
    numbers = {place: number for number, place in enumerate(distinct)}
    files = sorted(set(profile.functions.file.tolist()))
    cell = str(facts.get(A.LABEL, ""))
    number = f"#{facts[A.NUMBER]} " if A.NUMBER in facts else ""
    kind = str(facts.get(A.KIND) or profile.value_types[0].kind)
    colors = package_colors(place.package for place in distinct if place.kind == "package")
    return {
        "title": words.title,
        "facts": list(words.facts),
        "notes": [asdict(note) for note in words.notes],
        "value": profile.value_types[value].kind,
        "few": measure(profile).few,
        "cell": cell if cell in profile.sources else "",
        "places": [asdict(place) for place in distinct],
        "file_place": {str(file): numbers[found[profile.strings[file]]] for file in files},
        "packages": {package: asdict(pair) for package, pair in colors.items()},
        "kinds": {kind: asdict(pair) for kind, pair in KIND_COLORS.items()},
        "export": f"%oprof export {number}DEST",
        "filename": naming.stem(kind, profile.started_at),
        "height": _height(profile, noted=bool(words.notes)),
    }


def _height(profile: Profile, *, noted: bool) -> int:
    """Return what shows every frame, within bounds; tabs and menus need some room even where the stacks are flat."""
    deepest = int(depths(profile.stacks).max()) + 1 if len(profile.stacks) else 0
    return min(max(_ROUND + _NOTE * noted + _FRAME * deepest, _LOWEST), _HIGHEST)


def table(profile: Profile, words: Summary, value: int) -> str:
    """Return what a page without scripts shows: the functions with the most self weight. All text in it is escaped."""
    own, total = function_weights(profile, value)
    whole = document_total(profile, value)
    value_type = profile.value_types[value]
    order = np.lexsort((np.arange(len(own)), -total, -own))[:_ROWS]

    def cell(number: int) -> str:
        share = f" ({format_percent(number / whole)})" if whole else ""
        return f'<td align="right">{escape(format_value(number, value_type.unit) + share)}</td>'

    rows = "".join(
        f"<tr><td>{escape(label(profile, function))}</td>{cell(int(own[function]))}{cell(int(total[function]))}</tr>"
        for function in order.tolist()
        if total[function] > 0
    )
    kind = escape(value_type.kind)
    head = f'<tr><th align="left">function</th><th align="right">self {kind}</th><th align="right">total</th></tr>'
    said = "".join(f"<p>{escape(text)}</p>" for text in (" · ".join(words.facts), *(note.text for note in words.notes)))
    grid = f'<table cellpadding="4"><thead>{head}</thead><tbody>{rows}</tbody></table>'
    return f'<div style="{_STILL}"><h1>{escape(words.title)}</h1>{said}{grid}</div>'
