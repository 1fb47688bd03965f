"""What stands on a box."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.analysis.places import places
from openprofiling_ipy.widgets import labels
from tests.pictures import profile_of


@pytest.mark.parametrize(
    ("frame", "forms"),
    [
        ("In[3]|Model.train=12:14", ["Model.train · In[3]:12", "Model.train", "train"]),
        (
            "site-packages/pandas/core/frame.py|DataFrame.merge=9",
            ["DataFrame.merge · pandas", "DataFrame.merge", "merge"],
        ),
        ("/usr/lib/python3.11/json/decoder.py|decode=1", ["decode · json", "decode", "decode"]),
        ("(native␣threads)", ["(native threads)", "(native threads)", "(native threads)"]),
    ],
)
def test_forms(frame, forms):
    profile = profile_of(f"1 {frame}")
    assert labels.forms(profile, 0, places(profile)) == forms


@given(st.text(min_size=1), st.floats(0, 30))
def test_fit_never_exceeds_its_room(text, room):
    fitting = labels.fit([text + " · place", text, text[-3:]], len, room)
    assert len(fitting) <= room
    assert fitting == "" or fitting.endswith("…") or fitting in (text + " · place", text, text[-3:])


def test_fit_takes_the_longest_form():
    forms = ["Model.train · In[3]:12", "Model.train", "train"]
    assert [labels.fit(forms, len, room) for room in (30, 20, 10, 4, 2)] == [*forms, "tra…", ""]
