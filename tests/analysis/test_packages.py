from __future__ import annotations

from hypothesis import given

from openprofiling_ipy.analysis.packages import fold_packages
from openprofiling_ipy.analysis.places import places
from tests.pictures import profile_of, stacks_of
from tests.strategies import plain, profiles

FILES = {
    "<cell>": "In[1]",
    "mine": "In[1]",
    "merge": "/v/site-packages/pandas/core/frame.py",
    "join": "/v/site-packages/pandas/core/join.py",
    "<module>": "/v/site-packages/pandas/__init__.py",
    "take": "/v/site-packages/numpy/core.py",
    "loads": "/usr/lib/python3.11/json/__init__.py",
    "scan": "/usr/lib/python3.11/json/scanner.py",
    "match": "/usr/lib/python3.11/re.py",
    "import_module": "/usr/lib/python3.11/importlib/__init__.py",
    "find": "<frozen importlib._bootstrap>",
    "read": "<frozen importlib._bootstrap_external>",
    "generated": "<string>",
    "attrs": "<attrs generated init x.Y>",
}


def folded(picture):
    return stacks_of(fold_packages(profile_of(picture, files=FILES)))


def test_one_frame_for_each_package_entered():
    assert folded("""
        1  <cell> merge join take take
        2  <cell> merge join mine merge
        4  <cell> merge join
        8  <cell> loads scan match
    """) == {
        "<cell> merge take": 1,
        "<cell> merge mine merge": 2,
        "<cell> merge": 4,
        "<cell> loads match": 8,
    }


def test_what_helps_a_package_joins_it():
    assert folded("""
        1  <cell> merge loads join match
        2  <cell> merge generated scan mine
        4  <cell> merge attrs take loads merge
        8  mine match mine generated
    """) == {
        "<cell> merge": 1,
        "<cell> merge mine": 2,
        "<cell> merge take merge": 4,
        "mine match mine generated": 8,
    }


def test_an_import_is_one_frame_a_package():
    assert folded("""
        1  <cell> find find read <module> find read join
        2  <cell> find read
        4  <cell> import_module find read <module> find match
        8  find read mine
    """) == {
        "<cell> <module>": 1,
        "<cell>": 2,
        "<cell> import_module <module>": 4,
        "find mine": 8,
    }


def test_small_frames_that_were_folded_may_be_anybodys():
    assert stacks_of(fold_packages(profile_of("1 In[1]|f /v/site-packages/p.py|g <folded>|(3␣small␣frames)"))) == {
        "f g (3 small frames)": 1
    }


@given(profiles())
def test_fold_packages_is_its_twin(profile):
    found = places(profile)

    def own(place):
        return place.kind in ("cell", "user")

    def joins(place, host):
        helps = place.kind in ("stdlib", "builtin") or (place.kind == "user" and place.short.startswith("<"))
        same = not own(place) and (place.kind, place.package) == (host.kind, host.package)
        return same or place.short.startswith("importlib._bootstrap") or (helps and host.kind == "package")

    def twin(stack):
        shown = list(stack[:1])
        for frame in stack[1:]:
            if not joins(found[frame.file], found[shown[-1].file]):
                shown.append(frame)
        return tuple(shown)

    assert plain(fold_packages(profile)) == [sample._replace(stack=twin(sample.stack)) for sample in plain(profile)]
