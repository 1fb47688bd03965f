"""The icicle of matplotlib."""

from __future__ import annotations

import subprocess
import sys

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from openprofiling_ipy.errors import UnknownValue
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.widgets import figure
from tests.pictures import profile_of
from tests.widgets.busy import busy_profile

PICTURE = """
    cpu:ns wall:ns
    2000000000 2000000000  In[5]|<cell>:1 In[5]|train:4 site-packages/pandas/frame.py|DataFrame.merge:9
    1000000000 4000000000  In[5]|<cell>:2 In[5]|load:5
"""


@pytest.fixture
def profile():
    return profile_of(PICTURE, attributes={A.KIND: "cpu", A.NUMBER: 3, A.LABEL: "In[5]"}, duration=6 * 10**9)


def test_axes_hold_the_picture(profile):
    axes = figure.plot(profile)
    assert isinstance(axes, Axes)
    boxes = [path.get_extents().bounds for path in axes.collections[0].get_paths()]
    assert boxes == [(0, 0, 3, 1), (0, 1, 2, 1), (2, 1, 1, 1), (0, 2, 2, 1)]
    assert [text.get_text() for text in axes.texts] == [
        "<cell> · In[5]",
        "train · In[5]",
        "load · In[5]",
        "DataFrame.merge · pandas",
    ]
    assert axes.get_xlabel() == "cpu (s)"
    assert axes.get_ylim() == (3, 0)  # root on top
    assert axes.get_title(loc="left").startswith("#3 CPU In[5] · 6.00 s")


def test_a_value_can_be_chosen(profile):
    axes = figure.plot(profile, "wall")
    assert axes.get_xlim() == (0, 6)
    assert axes.get_xlabel() == "wall (s)"
    with pytest.raises(UnknownValue):
        figure.plot(profile, "heap")


def test_it_draws_into_given_axes(profile):
    ours = Figure().add_subplot()
    assert figure.plot(profile, ax=ours) is ours
    assert len(ours.collections) == 1


def test_a_notebook_shows_it_by_itself(profile):
    axes = figure.plot(profile)
    assert axes._repr_png_().startswith(b"\x89PNG")


def test_names_are_no_formulas():
    axes = figure.plot(profile_of("3 $\\frac{1}{0$:1\n1 a\x1b[0m$b$"))
    FigureCanvasAgg(axes.figure).draw()
    assert [text.get_text() for text in axes.texts] == ["$\\frac{1}{0$", r"a\x1b[0m$b$"]


def test_settings_stay_as_they_are(profile):
    before = dict(mpl.rcParams)
    figure.plot(profile)._repr_png_()
    assert dict(mpl.rcParams) == before


def test_pyplot_and_its_figures_are_left_alone(root):
    code = """if True:
        import sys
        import matplotlib
        from openprofiling_ipy.widgets import figure
        from tests.pictures import profile_of
        figure.plot(profile_of("3 a b"))._repr_png_()
        chosen = matplotlib.rcParams._get("backend") is not matplotlib.rcsetup._auto_backend_sentinel
        print("matplotlib.pyplot" in sys.modules, chosen)
    """
    environment = {"PATH": "", "MPLCONFIGDIR": mpl.get_configdir()}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=root
    )
    assert done.stdout.split() == ["False", "False"]


def test_odd_profiles():
    for picture in ("cpu:ns", "samples:count\n5 -", "size:bytes\n5000000 a", "cpu:ns\n1 a"):
        FigureCanvasAgg(figure.plot(profile_of(picture)).figure).draw()
    busy = figure.plot(busy_profile(seconds=1))
    assert len(busy._repr_png_()) > 1000
