"""Parcels: the same capture always the same one, its name its own in a fleet, and no secret in what is said of it."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.capture import Capture
from openprofiling_ipy.errors import NotRunning, UnknownFormat
from openprofiling_ipy.exporters import parcels
from openprofiling_ipy.formats import registry
from tests.exporters.conftest import FACTS, STARTED
from tests.pictures import profile_of

LEGAL = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*/)?[a-z0-9][A-Za-z0-9._-]*")


def of(**facts) -> Capture:
    profile = profile_of("cpu:ns\n5000 main work", started_at=STARTED, duration=7, attributes=facts)
    return Capture("cpu", 3, started_at=STARTED, status="done", read=lambda: profile)


def test_the_parcel_of_a_capture(capture):
    parcel = parcels.pack(capture)
    assert parcel.name == "shop/cpu-20261123T021530.123456789Z-web-1.example.org-4711-3.speedscope.json"
    assert registry.detect(parcel.data).loads(parcel.data) == capture.document
    assert parcel.content_type == "application/json"
    assert dict(parcel.metadata) == {
        "kind": "cpu",
        "start": "2026-11-23T02:15:30.123456789Z",
        "end": "2026-11-23T02:15:31.623456789Z",
        "duration": "1.500000",
        "status": "done",
        "host": "web-1.example.org",
        "pid": "4711",
        "service": "shop",
        "label": "GET /Straße",
        "format": "speedscope",
        "attributes": "region=eu&rolled+out=M%C3%A4rz+%26+more",
    }
    assert parse_qsl(parcel.metadata["attributes"]) == [("region", "eu"), ("rolled out", FACTS["rolled out"])]


def test_the_same_capture_is_the_same_parcel(capture):
    assert parcels.pack(capture, "folded") == parcels.pack(capture, "folded")


@pytest.mark.parametrize(
    ("format", "type_"),
    [("folded", "text/plain; charset=utf-8"), ("html", "text/html; charset=utf-8"), ("cpuprofile", "application/json")],
)
def test_what_a_browser_is_told_of_it(capture, format, type_):
    assert parcels.pack(capture, format).content_type == type_


def test_who_and_where_beyond_host_and_pid_is_not_told(capture):
    assert not [value for value in parcels.pack(capture).metadata.values() if "anna" in value]


def test_without_a_service_there_is_no_folder():
    assert parcels.pack(of(host="a", pid=1)).name == "cpu-20261123T021530.123456789Z-a-1-3.speedscope.json"


def test_the_name_is_known_before_the_parcel(capture):
    assert parcels.name(capture, "folded") == parcels.pack(capture, "folded").name


def test_what_is_so_far_has_the_name_of_the_whole(capture):
    """A checkpoint is replaced by what comes of it."""
    running = replace(capture, status="running")
    sofar = replace(capture.document, attributes={**FACTS, "status": "running"}, duration=5)
    parcel = parcels.pack(running, document=sofar)
    assert parcel.name == parcels.pack(capture).name
    assert parcel.metadata["status"] == "running"
    with pytest.raises(NotRunning):
        parcels.pack(running)


def test_an_unknown_format(capture):
    with pytest.raises(UnknownFormat):
        parcels.pack(capture, "foldet")


@pytest.mark.parametrize(
    "other",
    [{"host": "b"}, {"pid": 2}, {"number": 4}, {"service": "t"}],
    ids=lambda other: next(iter(other)),
)
def test_each_fact_tells_captures_apart(other):
    facts = {"host": "a", "pid": 1, "number": 3, "service": "s"}
    assert parcels.name(of(**facts)) != parcels.name(of(**facts | other))


def test_machines_from_one_image_are_told_apart_by_time():
    first = of(host="localhost", pid=1)
    second = Capture("cpu", 3, status="done", read=lambda: replace(first.document, started_at=STARTED + 1))
    assert parcels.name(first) != parcels.name(second)


def test_services_in_other_letters_are_told_apart():
    names = [parcels.name(of(service=service, host="a", pid=1)) for service in ("магазин", "商店", "..", "/")]
    assert len(set(names)) == 4
    assert all(LEGAL.fullmatch(name) for name in names)


@given(st.text(), st.text(), st.text(max_size=100))
def test_names_are_legal_everywhere(service, host, kind):
    name = parcels.name(of(service=service, host=host, kind=kind, pid=1))
    assert LEGAL.fullmatch(name), name
    assert len(name) < 300
    assert ".." not in name.split("/")


def test_a_file_of_another_tool_tells_no_time():
    foreign = Capture("wall", 2, status="loaded", read=lambda: profile_of("5 f"))
    assert re.fullmatch(r"wall-[\w.-]+-\d+-2\.speedscope\.json", parcels.name(foreign))
    assert "start" not in parcels.pack(foreign).metadata
