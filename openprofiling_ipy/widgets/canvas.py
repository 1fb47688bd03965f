"""
A canvas that becomes a small PNG: flat colours with smooth text on them, in one palette.

Fills and text are drawn as two grey images: which colour pair a pixel belongs to, and how much of its ink covers it.
Put together they are the palette's index, so that no colour is ever rounded and nothing has to be quantised. The same
calls give the same bytes. Pillow is imported when a canvas is made.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageFont

__all__ = ["Canvas", "Typeface", "mix"]

#: Entries of a palette, and the steps from a fill to its ink: fewer where many pairs share the entries.
_ENTRIES = 256
_STEPS = 8
#: Of zlib: the last step costs five times the time for a tenth of the size.
_LEVEL = 8
#: A picture of more pairs draws the rest in the last one's colours: text needs two entries of its pair at least.
_MOST_PAIRS = _ENTRIES // 2
#: Of the ink, how much secondary text gets.
_FAINT = 0.68


class Typeface:
    """A font at a size, with the widths of its characters. Kerning is left out, so that a width is a sum."""

    def __init__(self, size: int, *, bold: bool = False) -> None:
        self.font = _font("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf", size)
        self._widths: dict[str, float] = {}

    def width(self, text: str) -> float:
        """Return the width of `text` in px."""
        known = self._widths
        for char in text:
            if char not in known:
                known[char] = self.font.getlength(char)
        return sum(known[char] for char in text)


@lru_cache(maxsize=8)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
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
        self._ink_draw.text((left, middle), text, fill=strength, font=face.font, anchor="lm")
        return left + face.width(text)

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
