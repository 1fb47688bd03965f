from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.analysis.colors import KIND_COLORS, color, contrast, package_colors
from openprofiling_ipy.analysis.places import Place

HEX = re.compile(r"#[0-9a-f]{6}")
KNOWN = ["numpy", "pandas", "scipy", "sklearn", "matplotlib", "torch", "polars", "pyarrow", "requests"]


def assert_readable(colors):
    for fill, ink in ((colors.light, colors.ink_light), (colors.dark, colors.ink_dark)):
        assert HEX.fullmatch(fill)
        assert HEX.fullmatch(ink)
        assert contrast(fill, ink) >= 4.5


@given(st.text())
def test_text_on_every_package_can_be_read(name):
    assert_readable(package_colors([name])[name])


def test_text_on_every_other_place_can_be_read():
    for colors in KIND_COLORS.values():
        assert_readable(colors)


@given(st.lists(st.text(max_size=3)))
def test_a_package_has_the_same_colour_in_any_company(names):
    together = package_colors(names)
    assert list(together) == sorted(set(names))
    assert all(package_colors([name])[name] == found for name, found in together.items())


def test_own_code_stands_out():
    own = KIND_COLORS["user"]
    assert KIND_COLORS["cell"] == own
    others = [c for kind, c in KIND_COLORS.items() if kind not in ("cell", "user")] + list(
        package_colors(KNOWN).values()
    )
    # More colourful than anything else, in both themes.
    for theme in ("light", "dark"):
        assert all(colourful(getattr(own, theme)) > colourful(getattr(other, theme)) for other in others)


def colourful(fill):
    channels = [int(fill[i : i + 2], 16) for i in (1, 3, 5)]
    return max(channels) - min(channels)


def test_the_standard_library_is_grey():
    for kind in ("stdlib", "builtin"):
        assert colourful(KIND_COLORS[kind].light) < 16
        assert colourful(KIND_COLORS[kind].dark) < 16


def test_well_known_packages_differ():
    fills = [colors.light for colors in package_colors(KNOWN).values()]
    assert len(set(fills)) == len(fills)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


def test_color_of_a_place():
    assert color(Place("package", "numpy", "")) == package_colors(["numpy"])["numpy"]
    assert color(Place("stdlib", "json", "")) == KIND_COLORS["stdlib"]
