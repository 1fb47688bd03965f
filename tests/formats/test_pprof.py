"""pprof: written and read again, and what is in it."""

from __future__ import annotations

import gzip
import threading
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

import openprofiling_ipy as op
from openprofiling_ipy.analysis.merge import merge
from openprofiling_ipy.errors import MalformedProfile
from openprofiling_ipy.formats import pprof, registry
from openprofiling_ipy.model import ProfileBuilder, Thread, ValueType
from tests.formats.examples import DATA, EXAMPLE, damaged, profiles, survives
from tests.pictures import profile_of
from tests.strategies import plain

GOLDEN = (DATA / "example.pb.gz").read_bytes()
GO = [(DATA / name).read_bytes() for name in ("go-cpu.pb.gz", "go-heap.pb.gz")]
FACTS = ("threads", "value_types", "started_at", "duration", "attributes", "sources")


def clean(text):
    return text.encode(errors="backslashreplace").decode()


def spelled(profile):
    """Every sample as it reads: frames, lane, values and time; expressions at leaves, where they are known."""
    return [
        (
            [
                frame._replace(
                    name=clean(frame.name),
                    file=clean(frame.file),
                    expression=clean(frame.expression) if depth == len(sample.stack) - 1 else "",
                )
                for depth, frame in enumerate(sample.stack)
            ],
            sample.lane,
            sample.values,
            sample.time,
        )
        for sample in plain(profile)
    ]


# The four ways.


def test_golden():
    # What is packed, not how: zlib's successors pack otherwise.
    assert gzip.decompress(pprof.dumps(EXAMPLE)) == gzip.decompress(GOLDEN)


def test_golden_without_its_name():
    for data in (GOLDEN, *GO):
        assert registry.detect(data) is pprof
        assert registry.detect(gzip.decompress(data)) is pprof


@given(profiles())
def test_export_then_import_is_equal(profile):
    found = pprof.loads(pprof.dumps(profile))
    assert spelled(found) == spelled(profile)
    assert [getattr(found, fact) for fact in FACTS] == [getattr(profile, fact) for fact in FACTS]


@given(profiles())
def test_a_second_export_is_equal(profile):
    data = pprof.dumps(profile)
    assert pprof.dumps(pprof.loads(data)) == data


# What is in it.


def test_the_same_profile_gives_the_same_bytes_with_no_time_in_them():
    data = pprof.dumps(EXAMPLE)
    assert pprof.dumps(replace(EXAMPLE)) == data
    assert data[4:8] == b"\0\0\0\0"


def test_functions_without_samples_are_left_out():
    builder = ProfileBuilder([ValueType("samples", "count")])
    lane = builder.thread(Thread("MainThread"))
    builder.stack([builder.frame(builder.function("unused_function", "unused.py"))])
    builder.sample(builder.stack([builder.frame(builder.function("used"))]), lane, (1,))
    message = gzip.decompress(pprof.dumps(builder.build()))
    assert b"used" in message
    assert b"unused" not in message


def test_lanes_that_look_the_same_stay_apart():
    builder = ProfileBuilder([ValueType("samples", "count")])
    frame = builder.stack([builder.frame(builder.function("f"))])
    lanes = [builder.thread(Thread("pool"), key) for key in range(3)]
    for lane in (2, 0, 1, 0):
        builder.sample(frame, lanes[lane], (lane + 1,))
    profile = builder.build()
    found = pprof.loads(pprof.dumps(profile))
    assert found.threads == profile.threads
    assert plain(found) == plain(profile)


def test_a_profile_of_other_tools_goes_out_and_in():
    for data in GO:
        profile = pprof.loads(data)
        again = pprof.loads(pprof.dumps(profile))
        assert plain(again) == plain(profile)
        assert again.attributes == profile.attributes


def test_merged_profiles_of_many_processes_stay_apart():
    """What two processes of a service wrote, as one file: lanes and times survive."""
    both = merge([EXAMPLE, replace(EXAMPLE, attributes={"pid": 4712})])
    assert spelled(pprof.loads(pprof.dumps(both))) == spelled(both)


def test_what_is_lost_is_said():
    assert pprof.losses(EXAMPLE) == ()
    assert pprof.losses(profile_of("1 f\udc80")) == ("the exact bytes of names that are no Unicode",)


def test_what_it_tells_is_said():
    assert pprof.contents(EXAMPLE) == ("host name", "process id", "absolute paths", "the source of In[5], In[4]")


def test_a_recording_is_opened_as_well_as_ours(tmp_path):
    with op.profile("wall", name="sums") as capture:
        threading.Thread(target=sorted, args=(range(10**6),), name="sorter").start()
        sum(i * i for i in range(10**6))
    packed, plainly = (op.load(capture.save(tmp_path / name)).document for name in ("run.pb.gz", "run.json"))
    assert spelled(packed) == spelled(plainly)
    assert [getattr(packed, fact) for fact in FACTS] == [getattr(plainly, fact) for fact in FACTS]
    assert len(packed.samples) > 0
    op.load(tmp_path / "run.pb.gz").table()


def test_process_ids_of_children_are_told():
    assert pprof.contents(profile_of("1 f", attributes={"processes": 2})) == ("process ids of children",)


# Damage.


@pytest.mark.parametrize("source", [GOLDEN, *GO], ids=["ours", "cpu", "heap"])
@settings(max_examples=60)
@given(data=st.data())
def test_damaged_files(source, data):
    survives(pprof, data.draw(damaged(source)))


@pytest.mark.parametrize("source", [GOLDEN, *GO], ids=["ours", "cpu", "heap"])
@settings(max_examples=150)
@given(data=st.data())
def test_damaged_messages(source, data):
    message = data.draw(damaged(gzip.decompress(source)))
    profile = survives(pprof, data.draw(damaged(message)))
    if profile is not None:
        again = pprof.loads(pprof.dumps(profile))
        assert plain(again) == plain(profile)
        assert again.attributes == profile.attributes


@given(st.binary(max_size=60))
def test_any_bytes(data):
    survives(pprof, data)
    survives(pprof, b"\x0a\x00\x32\x00" + data)


@pytest.mark.parametrize(
    ("data", "said", "offset"),
    [
        (b"", "0 types of values", -1),
        (GOLDEN[:-9], "cut off", len(GOLDEN) - 9),
        (GOLDEN[:50] + bytes(20) + GOLDEN[70:], "damaged", 0),
        (GOLDEN + b"more", "something else follows", len(GOLDEN)),
        (b"\x1f\x8b", "cut off", 2),
        (gzip.compress(b"\x0a\x05\x08", mtime=0), "cut off .counted in what it unpacks to.", 3),
        (b"\x0a\x05\x08", "cut off", 3),
    ],
)
def test_where_it_is_broken_is_named(data, said, offset):
    with pytest.raises(MalformedProfile, match=said) as caught:
        pprof.loads(data)
    assert caught.value.offset == offset


def test_several_packed_pieces_are_one_file():
    message = gzip.decompress(GOLDEN)
    assert pprof.loads(
        gzip.compress(message[:99], mtime=0) + gzip.compress(message[99:], mtime=0) + bytes(8)
    ) == pprof.loads(GOLDEN)


def test_what_unpacks_to_too_much_is_refused():
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(squeezer.compress(bytes(1 << 20)) for _ in range(70)) + squeezer.flush()
    with pytest.raises(MalformedProfile, match="unpack to more than 64 MiB"):
        pprof.loads(bomb)


@pytest.mark.parametrize("data", [b"", b"\n", b"\n\n", b"{}", b"a;b 1\n", b"\x0a\x03abc", b"\x0a\x02\x18\x01", b"\x00"])
def test_what_is_none_is_not_taken_for_one(data):
    assert not pprof.sniff(data)
    assert not pprof.sniff(gzip.compress(data, mtime=0))
