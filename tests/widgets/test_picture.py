"""The still picture."""

from __future__ import annotations

import random
import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image

from openprofiling_ipy.analysis import colors, places
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.widgets import picture
from tests.pictures import profile_of
from tests.widgets.busy import busy_profile

FACTS = {A.KIND: "cpu", A.NUMBER: 3, A.LABEL: "In[5]"}
#: Ten times the same, for a profile of few samples is drawn pale.
SAMPLES = "cpu:ns\n" + 10 * (
    """
    50  In[5]|<cell>:1 In[3]|train:4 site-packages/pandas/core/frame.py|merge:9 site-packages/pandas/core/x.py|join:7
    30  In[5]|<cell>:2 In[3]|load:5 /usr/lib/python3.11/json/decoder.py|decode:1
    20  In[5]|<cell>:2
    """
)


def profile(text=SAMPLES, **changes):
    return profile_of(text, **{"attributes": FACTS, "duration": 10**9, **changes})


def opened(data):
    return Image.open(BytesIO(data)).convert("RGB")


def rgb(color):
    return tuple(bytes.fromhex(color[1:]))


def colours_at(data, xs, y):
    """The colours of the boxes of the row at `y`, looked at near their lower edge, where no text is."""
    image = opened(data)
    return [image.getpixel((x, y)) for x in xs]


def test_boxes_stand_where_their_weight_is():
    own, pandas, json = (
        rgb(colors.color(places.place(file)).light)
        for file in ("In[5]", "site-packages/pandas/x.py", "/usr/lib/python3.11/json/x.py")
    )
    data = picture.draw(profile())
    top = 30
    assert colours_at(data, [5, 390, 410, 780], top + 16) == [own] * 4  # the cell: all of it
    assert colours_at(data, [5, 390, 410, 630], top + 36) == [own] * 4  # train 50 %, load 30 %
    assert colours_at(data, [650, 790], top + 36) == [(255, 255, 255)] * 2  # the cell's own 20 %
    # "My code": what pandas calls within itself has no row of its own.
    assert colours_at(data, [5, 390, 410, 630], top + 56) == [pandas, pandas, json, json]
    assert colours_at(data, [5, 390], top + 76) != [pandas, pandas]


def test_all_frames_where_the_cell_is_all_there_is_of_the_users():
    lone = profile("cpu:ns\n" + 30 * "1 In[5]|<cell>:1 site-packages/a/x.py|f:1 site-packages/a/y.py|g:2\n")
    assert picture.Still(lone).rows == 3
    assert picture.Still(profile()).rows == 3


def test_dark_is_dark():
    image = opened(picture.draw(profile(), theme="dark"))
    assert image.getpixel((799, 0)) == rgb("#15171b")


def test_few_samples_are_pale():
    few = profile("cpu:ns\n50 In[5]|<cell>:1")
    own = colors.color(places.place("In[5]")).light
    fill = colours_at(picture.draw(few), [700], 30 + 20 + 16)[0]  # below a line of note
    assert fill != rgb(own)
    assert min(fill) > min(rgb(own))


def test_height_fits_the_content_up_to_a_limit():
    heights = [
        opened(picture.draw(profile("cpu:ns\n" + 30 * f"1 {' '.join(f'f{i}' for i in range(depth))}\n"))).height
        for depth in (1, 2, 3, 24, 25, 200)
    ]
    assert heights[1] - heights[0] == heights[2] - heights[1] == 20
    assert heights[3] == heights[4] == heights[5] < 560


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_busy_pictures_are_small(theme):
    assert len(picture.draw(busy_profile(), theme=theme)) <= 25_000


def test_crowded_pictures_are_small_too(monkeypatch):
    chance = random.Random(3)
    names = ["".join(chance.choices("abcdefghijklmnop", k=6)) for _ in range(24 * 18)]
    frames = [f"site-packages/p{chance.randrange(40)}/x.py|{name}" for name in names]
    paths = [" ".join(frames[start : start + 24]) for start in range(0, len(frames), 24)]
    crowded = profile("cpu:ns\n" + "\n".join(f"1 {path}" for path in paths))
    data = picture.draw(crowded)
    assert len(data) <= 25_000
    # Whatever is too large even so is drawn with fewer rows.
    monkeypatch.setattr(picture, "_LARGEST", 14_000)
    smaller = picture.draw(crowded)
    assert len(smaller) <= 14_000
    assert 150 < opened(smaller).height < opened(data).height


def test_same_profile_same_bytes():
    assert picture.draw(profile()) == picture.draw(profile())
    code = """if True:
        import sys
        from hashlib import sha256
        from openprofiling_ipy.widgets import picture
        before = [name for name in ("PIL", "matplotlib", "pandas") if name in sys.modules]
        from tests.widgets.test_picture import profile
        print(before, sha256(picture.draw(profile())).hexdigest())
    """
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
    assert runs.pop().startswith("[] ")


def test_any_name_can_be_drawn():
    names = ["数据处理", "🚀👩\u200d💻", "a\x1b[31m\x00\n", "אבג", "\u202eevil", "x" * 5000, "</script><img>", "\ud800"]
    odd = profile(
        "cpu:ns\n" + "\n".join(f"30 {name.replace(chr(10), chr(0x2028))}" for name in names if " " not in name)
    )
    assert opened(picture.draw(odd)).width == 800


@pytest.mark.parametrize("empty", ["cpu:ns", "cpu:ns wall:ns", "cpu:ns\n0 a", "samples:count\n5 -", "size:bytes\n1 a"])
def test_odd_profiles_have_a_picture(empty):
    assert opened(picture.draw(profile(empty))).width == 800


def test_a_long_header_takes_more_lines():
    long = profile(attributes={**FACTS, A.NAME: "n" * 90, A.ENGINE: "e" * 60, A.STATUS: "failed", A.ERROR: "x" * 400})
    assert opened(picture.draw(long)).height > opened(picture.draw(profile())).height + 30
