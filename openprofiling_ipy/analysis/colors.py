"""
The colours of frames: the user's own code in the accent, every package in its own calm hue, the rest in greys.

A package's colour depends on its name alone, so it is the same in every picture. Colours are made in OKLCH, where equal
lightness looks equally light (Björn Ottosson, "A perceptual color space for image processing", 2020).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openprofiling_ipy.analysis.places import Place

__all__ = ["KIND_COLORS", "Colors", "color", "contrast", "package_colors"]


@dataclass(frozen=True, slots=True)
class Colors:
    """Fills and the colours of text on them, "#rrggbb", for the light and the dark theme."""

    light: str
    dark: str
    ink_light: str
    ink_dark: str


#: The accent's hue in degrees; packages keep away from it by `_GAP` on either side.
_ACCENT = 62.0
_GAP = 32.0

#: Packages met together in notebooks, spread over the wheel so that they never look alike.
_KNOWN = {
    "numpy": 255.0,
    "pandas": 305.0,
    "scipy": 225.0,
    "sklearn": 190.0,
    "matplotlib": 150.0,
    "torch": 350.0,
    "tensorflow": 8.0,
    "polars": 205.0,
    "pyarrow": 170.0,
    "dask": 328.0,
    "PIL": 130.0,
    "requests": 280.0,
    "sqlalchemy": 112.0,
    "IPython": 270.0,
}


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """OKLCH to linear sRGB, which may lie outside [0, 1]."""
    a = chroma * math.cos(math.radians(hue))
    b = chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _hex(lightness: float, chroma: float, hue: float) -> str:
    """Write an OKLCH colour as "#rrggbb", paler where sRGB cannot show it."""
    rgb = _linear(lightness, chroma, hue)
    while chroma > 0 and not all(-1e-4 <= channel <= 1 + 1e-4 for channel in rgb):
        chroma = max(0.0, chroma - 0.005)
        rgb = _linear(lightness, chroma, hue)
    gamma = (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in (max(0.0, x) for x in rgb))
    return "#" + "".join(f"{min(255, round(255 * channel)):02x}" for channel in gamma)


def _luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    """Return the contrast of two "#rrggbb" colours as WCAG 2 defines it: 1 to 21; text wants 4.5."""
    dark, light = sorted((_luminance(one), _luminance(two)))
    return (light + 0.05) / (dark + 0.05)


def _colors(hue: float, chroma: float, light: float, dark: float) -> Colors:
    ink = min(chroma, 0.05)
    return Colors(
        light=_hex(light, chroma, hue),
        dark=_hex(dark, chroma, hue),
        ink_light=_hex(0.24, ink, hue),
        ink_dark=_hex(0.97, ink / 4, hue),
    )


_OWN = _colors(_ACCENT, 0.135, 0.80, 0.50)

#: The colours of places that are no package, by `Place.kind`.
KIND_COLORS = {
    "cell": _OWN,
    "user": _OWN,
    "stdlib": _colors(260.0, 0.008, 0.87, 0.40),
    "builtin": _colors(260.0, 0.004, 0.92, 0.34),
    "native": _colors(25.0, 0.06, 0.78, 0.36),
}


def package_colors(packages: Iterable[str]) -> dict[str, Colors]:
    """Return the colours of packages by name, sorted; the same name always has the same."""
    return {name: _package(name) for name in sorted(set(packages))}


def _package(name: str) -> Colors:
    if name in _KNOWN:
        return _colors(_KNOWN[name], 0.07, 0.86, 0.42)
    digest = crc32(name.encode("utf-8", "surrogatepass"))
    hue = (_ACCENT + _GAP + digest % 37 * (360 - 2 * _GAP) / 36) % 360
    step = digest // 37 % 3 - 1
    return _colors(hue, 0.06, 0.86 + 0.025 * step, 0.42 + 0.03 * step)


def color(place: Place) -> Colors:
    """Return the colours of a frame in this place."""
    return _package(place.package) if place.kind == "package" else KIND_COLORS[place.kind]
