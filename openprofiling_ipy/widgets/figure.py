"""
An icicle drawn with matplotlib, to be put beside other plots or saved as PDF.

pyplot is never imported: it would choose a backend and keep every figure. Without `ax` the Axes stand in a figure of
their own and know how a notebook shows them; for a window, hand over those of `plt.subplots()`.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from openprofiling_ipy.analysis import colors, layout, places, summary, weights
from openprofiling_ipy.widgets import labels
from openprofiling_ipy.widgets.measure import harmless
from openprofiling_ipy.widgets.picture import shown_tree

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from openprofiling_ipy.model import Profile

__all__ = ["plot"]

#: In inches: the width of a figure of ours, the height of a row and of title and axis.
_WIDTH, _ROW, _FRAME = 10.0, 0.24, 0.9
_FONT = 7.5
#: Boxes narrower than this share of the whole are left out: a third of a pixel in a figure of this width.
_NARROWEST = 1 / 3000
#: A letter is so many times as wide as its font is high, on average and a little more.
_LETTER = 0.6
#: Names are no formulas: a "$" in one stands for itself.
_TEXT: dict[str, Any] = {"fontsize": _FONT, "va": "center", "clip_on": True, "parse_math": False, "usetex": False}
_SCALES = {"ns": ((1e9, "s"), (1e6, "ms"), (1e3, "µs")), "bytes": ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))}


def plot(profile: Profile, value: str | None = None, ax: Axes | None = None) -> Axes:
    """
    Draw an icicle, root on top and left heavy, folded to "my code" as the live picture is, and return its Axes.

    Widths are `value` ("cpu", "wall", "samples"; by default the profile's own). Backend and rcParams stay as they are.
    Without `ax` a new figure is made, shown by a notebook where this is a cell's last expression and saved by
    `plot().figure.savefig(path)`. Raises UnknownValue.
    """
    column = weights.value_index(profile, value)
    found = places.places(profile)
    tree = shown_tree(profile, found)
    boxes = layout.left_heavy(tree, column)
    rows = int(boxes.depth.max()) + 1 if len(boxes) else 1
    whole = int(boxes.x1.max()) if len(boxes) else 1
    kind, unit = tree.value_types[column].kind, tree.value_types[column].unit
    scale, shown = next(((s, u) for s, u in _SCALES.get(unit, ()) if whole >= s), (1, "" if unit == "count" else unit))
    axes = _new_axes(rows) if ax is None else ax
    _draw(axes, tree, boxes, whole, scale)
    axes.set_xlim(0, whole / scale)
    axes.set_ylim(max(rows, 1), 0)
    axes.set_yticks([])
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.set_xlabel(f"{kind} ({shown})" if shown else kind)
    said = summary.summary(profile)
    title = " · ".join(map(harmless, [said.title, *said.facts[:2]]))
    axes.set_title(title, loc="left", fontsize="medium", parse_math=False, usetex=False)
    return axes


def _draw(axes: Axes, tree: Profile, boxes: layout.Boxes, whole: int, scale: float) -> None:
    from matplotlib.collections import PolyCollection

    found = places.places(tree)
    seen = boxes.x1 - boxes.x0 >= whole * _NARROWEST
    functions = weights.stack_functions(tree)[boxes.stack[seen]].tolist()
    edges = [column[seen].tolist() for column in (boxes.depth, boxes.x0, boxes.x1)]
    corners, fills = [], []
    inches = cast("Figure", axes.figure).get_figwidth() * axes.get_position().width
    letter = _FONT / 72 * _LETTER
    for function, row, x0, x1 in zip(functions, *edges, strict=True):
        left, right = x0 / scale, x1 / scale
        corners.append([(left, row), (right, row), (right, row + 1), (left, row + 1)])
        colour = colors.color(found[tree.function_file(function)])
        fills.append(colour.light)
        room = (x1 - x0) / whole * inches / letter - 1
        text = labels.fit(labels.forms(tree, function, found), len, room)
        if text:
            indent = letter / 2 * whole / scale / inches
            axes.text(left + indent, row + 0.5, text, color=colour.ink_light, **_TEXT)
    axes.add_collection(PolyCollection(corners, facecolors=fills, edgecolors="white", linewidths=0.6))


def _new_axes(rows: int) -> Axes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, _FRAME + _ROW * rows), layout="constrained")
    return figure.add_subplot(axes_class=_shown_axes())


@lru_cache(maxsize=1)
def _shown_axes() -> type[Axes]:
    """Return Axes that a notebook shows as their figure; made at the first call, for it needs matplotlib."""
    from matplotlib.axes import Axes

    class Icicle(Axes):
        def _repr_png_(self) -> bytes:
            buffer = BytesIO()
            cast("Figure", self.figure).savefig(buffer, format="png")
            return buffer.getvalue()

    return Icicle
