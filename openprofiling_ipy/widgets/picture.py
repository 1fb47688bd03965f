"""
The still picture: what GitHub, a PDF or an untrusted notebook shows, drawn like the live one.

Root on top, left heavy, "my code" where the live picture begins with it. Sizes and colours are those of `js/paint.js`
and `js/theme.js`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from openprofiling_ipy.analysis import colors, layout, places, scale, summary, transforms, weights
from openprofiling_ipy.model.units import format_value
from openprofiling_ipy.widgets import labels
from openprofiling_ipy.widgets.canvas import Canvas, Typeface, mix
from openprofiling_ipy.widgets.measure import harmless

if TYPE_CHECKING:
    from openprofiling_ipy.analysis.places import Place
    from openprofiling_ipy.model import Profile

__all__ = ["Drawn", "Still", "Theme", "draw", "shown_tree"]

Theme = Literal["light", "dark"]

_ROW = 20
_RADIUS = 2
_INSET = 6
#: Text in less room says nothing.
_LEAST_ROOM = 12
#: Rows beyond are counted instead of drawn: a picture in a notebook is no poster. The next number is tried where the
#: picture has more than so many bytes.
_MOST_ROWS = (24, 16, 10, 6)
_LARGEST = 25_000
_MOST_NOTES = 3
#: Where there are too few samples boxes are pale, and keep so much of their colour.
_PALE = 0.28
_MARGIN = 10
_LINE = 20
_FOOT = 24

_OWN = ("cell", "user")
_WORDS = {"stdlib": "standard library", "builtin": "built in", "native": "native threads"}


@dataclass(frozen=True, slots=True)
class _Paper:
    """A fill and its ink, and those of a warning."""

    plain: tuple[str, str]
    warning: tuple[str, str]


_PAPERS = {
    "light": _Paper(("#ffffff", "#1c2026"), ("#fff5dc", "#6b4700")),
    "dark": _Paper(("#15171b", "#e7eaee"), ("#352a10", "#f4d58b")),
}


def draw(profile: Profile, width: int = 800, theme: Theme = "light") -> bytes:
    """
    Return the picture as a PNG of `width` px, its height as the content asks for.

    Above the boxes stand title, facts and notes; below them what a width means and whose the colours are. The same
    profile always gives the same bytes.
    """
    return Still(profile).draw(width, theme).png


def shown_tree(profile: Profile, found: dict[str, Place]) -> Profile:
    """Fold a profile as the live picture does at first: "my code" where there is more of it than the cell itself."""
    own = sum(found[profile.function_file(which)].kind in _OWN for which in range(len(profile.functions)))
    tree = transforms.by_function(profile)
    return transforms.fold_packages(tree) if own > 1 else tree


class Still:
    """
    A picture before it is drawn: its words, the tree and its boxes, which every size and theme shares.

    `rows` counts those the live picture begins with; what is too deep for a still one is among them.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.said = summary.summary(profile)
        self.found = places.places(profile)
        self.value = summary.shown_value(profile)
        self.tree = shown_tree(profile, self.found)
        self.boxes = layout.left_heavy(self.tree, self.value)
        self.rows = int(self.boxes.depth.max()) + 1 if len(self.boxes) else 0

    def draw(self, width: int = 800, theme: Theme = "light") -> Drawn:
        """Draw it, with fewer rows where it would be too large."""
        lines = _wrapped(self.said, width - 2 * _MARGIN)
        shades = _Shades(self, theme)
        for rows in _MOST_ROWS:
            drawn = _drawn(_Plan(self, shades, width, _LINE * len(lines) + _LINE // 2, min(self.rows, rows)), lines)
            if len(drawn.png) <= _LARGEST:
                break
        return drawn


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as a PNG, and without its header for where title and notes stand beside it as text."""

    png: bytes
    _canvas: Canvas
    _top: int

    def below_header(self) -> bytes:
        return self._canvas.png(self._top)


class _Shades:
    """The colours of one picture: fill and ink by place."""

    def __init__(self, still: Still, theme: Theme) -> None:
        self.paper = _PAPERS[theme]
        self._dark = theme == "dark"
        self._pale = scale.measure(still.profile).few
        self._known: dict[Place, tuple[str, str]] = {}

    def of(self, place: Place) -> tuple[str, str]:
        if place not in self._known:
            self._known[place] = self._mixed(place)
        return self._known[place]

    def _mixed(self, place: Place) -> tuple[str, str]:
        chosen = colors.color(place)
        fill, ink = (chosen.dark, chosen.ink_dark) if self._dark else (chosen.light, chosen.ink_light)
        return (mix(fill, self.paper.plain[0], _PALE), self.paper.plain[1]) if self._pale else (fill, ink)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where and how much of it is drawn: the first `rows` rows in `width` px, from `top` on."""

    still: Still
    shades: _Shades
    width: int
    top: int
    rows: int

    @property
    def bottom(self) -> int:
        return self.top + _ROW * self.rows


def _drawn(plan: _Plan, lines: list[_Line]) -> Drawn:
    canvas = Canvas(plan.width, plan.bottom + (_FOOT if plan.rows else 0), plan.shades.paper.plain)
    for number, line in enumerate(lines):
        _write(canvas, line, number * _LINE + _LINE // 4, plan.width, plan.shades.paper)
    if plan.rows:
        _boxes(canvas, plan)
        _legend(canvas, plan)
    return Drawn(canvas.png(), canvas, plan.top)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line above the boxes; `bold` stands in front of `text`."""

    bold: str
    text: str
    warning: bool = False


def _wrapped(said: summary.Summary, room: int) -> list[_Line]:
    """Return the header's lines: facts stay whole, notes are clipped."""
    title, body = Typeface(13, bold=True), Typeface(12)
    lines = [_Line(labels.clip(harmless(said.title), title.width, room), "")]
    for fact in map(harmless, said.facts):
        longer = f"{lines[-1].text}  ·  {fact}" if lines[-1].bold or lines[-1].text else fact
        if title.width(lines[-1].bold) + body.width(longer) <= room:
            lines[-1] = _Line(lines[-1].bold, longer)
        else:
            lines.append(_Line("", labels.clip(fact, body.width, room)))
    notes = said.notes[:_MOST_NOTES]
    return lines + [
        _Line("", labels.clip(harmless(note.text), body.width, room), note.level == "warn") for note in notes
    ]


def _write(canvas: Canvas, line: _Line, top: int, width: int, paper: _Paper) -> None:
    if line.warning:
        canvas.box((0, top, width, top + _LINE), paper.warning)
    middle = top + _LINE / 2
    end = canvas.text(_MARGIN, middle, line.bold, Typeface(13, bold=True)) if line.bold else _MARGIN
    canvas.text(end, middle, line.text, Typeface(12), faint=not line.warning)


def _boxes(canvas: Canvas, plan: _Plan) -> None:
    tree, boxes, found = plan.still.tree, plan.still.boxes, plan.still.found
    face = Typeface(11)
    per_px = max(int(boxes.x1.max()), 1) / plan.width
    seen = (boxes.x1 - boxes.x0 >= per_px) & (boxes.depth < plan.rows)
    functions = weights.stack_functions(tree)[boxes.stack[seen]].tolist()
    columns = (boxes.depth[seen].tolist(), (boxes.x0[seen] / per_px).tolist(), (boxes.x1[seen] / per_px).tolist())
    styles: dict[int, tuple[tuple[str, str], list[str]]] = {}
    for function, depth, x0, x1 in zip(functions, *columns, strict=True):
        if function not in styles:
            pair = plan.shades.of(found[tree.function_file(function)])
            styles[function] = pair, labels.forms(tree, function, found)
        pair, forms = styles[function]
        left, right = round(x0), round(x1)
        # Boxes wide enough leave a gap to the next.
        right -= right - left >= 4
        y = plan.top + depth * _ROW
        canvas.box((left, y, right, y + _ROW - 1), pair, radius=_RADIUS if right - left >= 8 else 0)
        room = right - left - 2 * _INSET + 2
        if room > _LEAST_ROOM:
            canvas.text(left + _INSET, y + _ROW / 2 - 0.5, labels.fit(forms, face.width, room), face)


def _legend(canvas: Canvas, plan: _Plan) -> None:
    """Say below the boxes what the whole width is, what is not drawn, and whose the colours are."""
    face = Typeface(11)
    middle = plan.bottom + _FOOT / 2
    still = plan.still
    chosen = still.tree.value_types[still.value]
    said = f"width: {chosen.kind} {format_value(weights.document_total(still.tree, still.value), chosen.unit)}"
    if still.rows > plan.rows:
        said += f"  ·  {still.rows - plan.rows} deeper rows not drawn"
    left = canvas.text(_MARGIN, middle, said, face, faint=True) + 2 * _MARGIN
    for word, pair in _owners(plan):
        end = left + 14 + face.width(word)
        if end > plan.width - _MARGIN:
            return
        top = round(middle) - 4
        canvas.box((round(left), top, round(left) + 9, top + 9), pair, radius=_RADIUS)
        canvas.text(left + 14, middle, word, face, faint=True)
        left = end + _MARGIN + 4


def _owners(plan: _Plan) -> list[tuple[str, tuple[str, str]]]:
    """Return whose code the time was spent in, with its colours: the user's own first, the rest by weight."""
    tree = plan.still.tree
    own, _ = weights.function_weights(tree, plan.still.value)
    spent: dict[tuple[str, tuple[str, str]], int] = {}
    for function, weight in enumerate(own.tolist()):
        place = plan.still.found[tree.function_file(function)]
        word = "your code" if place.kind in _OWN else _WORDS.get(place.kind) or place.package
        key = (harmless(word), plan.shades.of(place))
        spent[key] = spent.get(key, 0) + weight
    return sorted(spent, key=lambda key: (key[0] != "your code", -spent[key], key[0]))
