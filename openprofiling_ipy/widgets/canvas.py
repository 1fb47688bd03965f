"""
A canvas that becomes a small PNG: flat colours with smooth text on them, in one palette.

Fills and text are drawn as two grey images: which colour pair a pixel belongs to, and how much of its ink covers it.
Put together they are the palette's index, so that no colour is ever rounded and nothing has to be quantised. The same
calls give the same bytes. Pillow is imported when a canvas is made.
"""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import category

if TYPE_CHECKING:
    from PIL import ImageFont

    _Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

__all__ = ["Canvas", "Typeface", "mix"]

#: Entries of a palette, and the steps from a fill to its ink: fewer where many pairs share the entries.
_ENTRIES = 256
_STEPS = 8
#: Of zlib: the last step costs five times the time for a tenth of the size.
_LEVEL = 8
#: A picture of more pairs draws the rest in the last one's colours: text needs two entries of its pair at least.
_MOST_PAIRS = _ENTRIES // 2
#: Fonts that have what DejaVu lacks (Chinese, Japanese, Korean, emoji), as Linux, Windows and macOS name their files;
#: Pillow looks for them where each system keeps its fonts.
_OTHERS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "DroidSansFallback.ttf",
    "msyh.ttc",
    "msgothic.ttc",
    "malgun.ttf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "AppleSDGothicNeo.ttc",
    "Arial Unicode.ttf",
    "NotoEmoji-Regular.ttf",
    "Symbola.ttf",
    "seguiemj.ttf",
)
#: No font has a glyph for it.
_NO_CHARACTER = "\U0010ffff"
#: Marks and joiners: where they cannot be drawn, what they belong to is enough.
_UNSEEN = frozenset({"Mn", "Me", "Cf"})
#: Of the ink, how much secondary text gets.
_FAINT = 0.68


class Typeface:
    r"""
    A font at a size, with the widths of its characters. Kerning is left out, so that a width is a sum.

    What the font has no glyph for is drawn in one of the system's that has it, else written out: "\u4e2d", never a box.
    """

    def __init__(self, size: int, *, bold: bool = False) -> None:
        self.font = _font("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf", size)
        self._size = size
        self._known: dict[str, tuple[_Font, str, float]] = {}

    def width(self, text: str) -> float:
        """Return the width of `text` in px."""
        return sum(self._drawn(char)[2] for char in text)

    def runs(self, text: str) -> list[tuple[_Font, str, float]]:
        """Return what to draw, from left to right: a font, a text in it, and its width in px."""
        drawn = map(self._drawn, text)
        return [
            (font, "".join(piece[1] for piece in same), sum(piece[2] for piece in same))
            for font, run in groupby(drawn, itemgetter(0))
            for same in (list(run),)
        ]

    def _drawn(self, char: str) -> tuple[_Font, str, float]:
        if char not in self._known:
            font, text = self._choice(char)
            self._known[char] = font, text, font.getlength(text)
        return self._known[char]

    def _choice(self, char: str) -> tuple[_Font, str]:
        if char.isascii() or _has(self.font, char):
            return self.font, char
        if category(char) in _UNSEEN:
            return self.font, ""
        other = next((font for font in _others(self._size) if _has(font, char)), None)
        return (other, char) if other else (self.font, char.encode("unicode_escape").decode("ascii"))


def _has(font: _Font, char: str) -> bool:
    """Tell whether a font has a glyph for `char`: one that differs from what stands for those it has not."""
    try:
        one, missing = (font.getmask(text) for text in (char, _NO_CHARACTER))
    except UnicodeEncodeError:  # Pillow's own without FreeType: Latin alone
        return False
    return one.size != missing.size or bytes(one) != bytes(missing)


@lru_cache(maxsize=8)
def _others(size: int) -> tuple[ImageFont.FreeTypeFont, ...]:
    """Return those of `_OTHERS` that this system has."""
    from PIL import ImageFont

    found = []
    for name in _OTHERS:
        # A font may be broken, or of bitmaps that have no such size.
        with suppress(OSError):
            found.append(ImageFont.truetype(name, size, layout_engine=ImageFont.Layout.BASIC))
    return tuple(found)


@lru_cache(maxsize=8)
def _font(name: str, size: int) -> _Font:
    """Return a font that matplotlib ships, found without importing it; else the system's; else Pillow's own."""
    from PIL import ImageFont

    spec = importlib.util.find_spec("matplotlib")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        path = Path(folder, "mpl-data", "fonts", "ttf", name)
        if path.is_file():
            return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    try:
        return ImageFont.truetype(name, size, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return ImageFont.load_default(size)


class Canvas:
    """
    Rectangles and text in pairs of a fill and its ink ("#rrggbb"); the first pair is the ground. Coordinates are px
    from the top left.

    Text takes the ink of the fill it stands on, wherever that was drawn.
    """

    def __init__(self, width: int, height: int, pair: tuple[str, str]) -> None:
        from PIL import Image, ImageDraw

        self._pairs: dict[tuple[str, str], int] = {pair: 0}
        self._fills = Image.new("L", (width, height), 0)
        self._inks = Image.new("L", (width, height), 0)
        self._fill_draw = ImageDraw.Draw(self._fills)
        self._ink_draw = ImageDraw.Draw(self._inks)

    def box(self, area: tuple[int, int, int, int], pair: tuple[str, str], radius: int = 0) -> None:
        """Fill `area` (left, top, right, bottom; the last two are outside) with the fill of `pair`."""
        number = min(self._pairs.setdefault(pair, len(self._pairs)), _MOST_PAIRS - 1)
        left, top, right, bottom = area
        inside = (left, top, right - 1, bottom - 1)
        if right - left > 2 * radius > 0:
            self._fill_draw.rounded_rectangle(inside, radius, fill=number)
        else:
            self._fill_draw.rectangle(inside, fill=number)

    def text(self, left: float, middle: float, text: str, face: Typeface, *, faint: bool = False) -> float:
        """Write `text` from `left` around the height `middle`; return where it ends."""
        strength = round(255 * (_FAINT if faint else 1))
        for font, run, width in face.runs(text):
            self._ink_draw.text((left, middle), run, fill=strength, font=font, anchor="lm")
            left += width
        return left

    def png(self, top: int = 0) -> bytes:
        """Return the picture from the height `top` on."""
        from PIL import Image, ImageChops

        pairs = list(self._pairs)[:_MOST_PAIRS]
        steps = min(_STEPS, _ENTRIES // len(pairs))
        spread = self._fills.point([min(i * steps, _ENTRIES - steps) for i in range(256)])
        cover = self._inks.point([round(i / 255 * (steps - 1)) for i in range(256)])
        # Nothing may lie below `top`, but a PNG has at least one row.
        top = min(top, self._fills.height - 1)
        index = ImageChops.add(spread, cover).crop((0, top, *self._fills.size))
        picture = Image.frombytes("P", index.size, index.tobytes())
        shades = [mix(ink, fill, step / (steps - 1)) for fill, ink in pairs for step in range(steps)]
        picture.putpalette(bytes.fromhex("".join(shade[1:] for shade in shades)))
        buffer = BytesIO()
        picture.save(buffer, "PNG", compress_level=_LEVEL)
        return buffer.getvalue()


def mix(one: str, other: str, part: float) -> str:
    """Return the colour that is `part` of `one` and the rest of `other`, all "#rrggbb"."""
    pairs = [(int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * part + b * (1 - part)):02x}" for a, b in pairs)
