"""The canvas: exact colours, small files."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import pytest
from PIL import Image, ImageFont

from openprofiling_ipy.widgets import canvas
from openprofiling_ipy.widgets.canvas import Canvas, Typeface

WHITE = ("#ffffff", "#000000")


def opened(data):
    return Image.open(BytesIO(data)).convert("RGB")


def test_colours_are_exact():
    sheet = Canvas(20, 10, WHITE)
    sheet.box((2, 3, 8, 7), ("#336699", "#ffffff"))
    picture = opened(sheet.png())
    assert picture.size == (20, 10)
    assert picture.getpixel((0, 0)) == (255, 255, 255)
    assert [picture.getpixel(at) for at in ((2, 3), (7, 6))] == [(0x33, 0x66, 0x99)] * 2
    assert [picture.getpixel(at) for at in ((1, 3), (8, 6), (7, 7))] == [(255, 255, 255)] * 3


def test_text_has_the_ink_of_the_box_below_it():
    sheet = Canvas(60, 20, WHITE)
    sheet.box((0, 0, 60, 20), ("#336699", "#ffee00"))
    sheet.text(2, 10, "█████", Typeface(11))
    colors = {color for _, color in opened(sheet.png()).getcolors()}
    assert (0xFF, 0xEE, 0x00) in colors
    assert all(r >= 0x33 and b <= 0x99 for r, _, b in colors)


def test_faint_text_is_between_fill_and_ink():
    sheet = Canvas(60, 20, WHITE)
    sheet.text(2, 10, "████", Typeface(11), faint=True)
    darkest = min(color for _, color in opened(sheet.png()).getcolors())
    assert (40, 40, 40) < darkest < (140, 140, 140)


def test_the_top_can_be_left_out():
    sheet = Canvas(20, 10, WHITE)
    sheet.box((0, 0, 20, 6), ("#336699", "#ffffff"))
    picture = opened(sheet.png(6))
    assert picture.size == (20, 4)
    assert picture.getcolors() == [(80, (255, 255, 255))]


def test_hundreds_of_colours_are_bearable():
    sheet = Canvas(400, 20, WHITE)
    for number in range(400):
        sheet.box((number, 0, number + 1, 20), (f"#{number:06x}", "#ffffff"))
    sheet.text(2, 10, "still here", Typeface(11))
    assert opened(sheet.png()).size == (400, 20)


def test_widths_are_those_of_the_font():
    face = Typeface(11)
    assert face.width("DataFrame.merge") == sum(face.font.getlength(char) for char in "DataFrame.merge")
    assert Typeface(11, bold=True).width("merge") > face.width("merge")


def test_it_draws_where_matplotlib_has_no_fonts(monkeypatch):
    """Debian's matplotlib leaves them out; then the system's serve, or Pillow's own."""
    real = ImageFont.truetype

    def none(path, *args, **kwargs):
        if str(path).startswith("DejaVu"):
            raise OSError(path)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(canvas.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(ImageFont, "truetype", none)
    canvas._font.cache_clear()
    try:
        assert Typeface(11).width("merge") > 10
    finally:
        canvas._font.cache_clear()


@pytest.fixture
def others(monkeypatch):
    """Set which fonts stand in for what DejaVu lacks."""

    def chosen(*names):
        monkeypatch.setattr(canvas, "_OTHERS", names)
        canvas._others.cache_clear()

    yield chosen
    canvas._others.cache_clear()


def written(text):
    sheet = Canvas(120, 20, WHITE)
    end = sheet.text(2, 10, text, Typeface(11))
    assert end == pytest.approx(2 + Typeface(11).width(text))
    return sheet.png()


def test_what_no_font_has_is_written_out(others):
    others("no such font.ttf")
    assert written("中é🎉") == written(r"\u4e2dé\U0001f389")
    # The mark that asks for an emoji's colours says nothing by itself.
    assert written("x\U000e0100") == written("x")


def test_what_another_font_has_is_drawn_in_it(others):
    """A script g, which DejaVu lacks and a font beside it has."""
    others("no such font.ttf", str(Path(mpl.get_data_path(), "fonts", "ttf", "STIXGeneral.ttf")))
    letter = "\u210a"
    face = Typeface(11)
    (first, _, _), (second, drawn, _) = face.runs(f"a{letter}")
    assert first is face.font is not second
    assert drawn == letter
    assert written(letter) not in (written(r"\u210a"), written("\U0010ffff"))


@pytest.mark.parametrize("part", [0, 0.25, 1])
def test_mix(part):
    mixed = canvas.mix("#ff0040", "#0080c0", part)
    assert mixed == {0: "#0080c0", 0.25: "#4060a0", 1: "#ff0040"}[part]
