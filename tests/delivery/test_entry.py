"""One file of a spool: what goes in comes out, and what was touched since is never sent."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.delivery import entry as entries
from openprofiling_ipy.delivery.entry import DamagedEntry, Entry
from openprofiling_ipy.exporters.base import Parcel
from openprofiling_ipy.exporters.file import FileExporter

PARCEL = Parcel("svc/cpu-1.pprof", b"\x00\x01data\n", "application/octet-stream", {"kind": "cpu", "host": "h\u00f6st"})


def written(parcel: Parcel = PARCEL) -> bytes:
    return b"".join(entries.dumps(parcel, "s3://bucket/prefix"))


@given(
    st.builds(
        Parcel,
        name=st.text(),
        data=st.binary(max_size=2000),
        content_type=st.text(max_size=20),
        metadata=st.dictionaries(st.text(), st.text(), max_size=5),
    ),
    st.text(),
)
def test_a_parcel_comes_back_as_it_was(parcel, destination):
    data = b"".join(entries.dumps(parcel, destination))
    assert entries.loads(io.BytesIO(data)) == (destination, parcel)
    head = entries.head(io.BytesIO(data))
    assert (head.name, head.size, head.metadata) == (parcel.name, len(parcel.data), parcel.metadata)


def test_a_changed_byte_is_seen():
    for place in range(len(written())):
        data = bytearray(written())
        data[place] ^= 0x01
        with pytest.raises(DamagedEntry):
            entries.loads(io.BytesIO(bytes(data)))


def test_a_cut_file_is_seen():
    for length in range(len(written())):
        with pytest.raises(DamagedEntry):
            entries.loads(io.BytesIO(written()[:length]))


def test_a_longer_file_is_seen():
    with pytest.raises(DamagedEntry):
        entries.loads(io.BytesIO(written() + b"more"))


@given(st.binary(max_size=300))
def test_whatever_it_is_it_is_told(data):
    for text in (data, b"openprofiling-spool 1 00000000 5\n" + data, b"openprofiling-spool 1 00000000 0\n[" * 9999):
        with pytest.raises(DamagedEntry):
            entries.loads(io.BytesIO(text))


def test_a_name_tells_what_a_look_at_the_folder_needs():
    entry = Entry(1795458980285293923, "535f5e0c0fa559d0", "c6a632f927abc179", "25758-5fcf4ff2", "partial")
    assert Entry.parse(entry.file) == entry
    assert entry.moved("1-00000000", "recovered").file.endswith("-c6a632f927abc179.1-00000000.recovered")


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "25758-5fcf4ff2.owner",
        ".new-25758-00",
        "01795458980285293923-535f5e0c0fa559d0-c6a632f927abc179.25758-5fcf4ff2.tmp",
        "1795458980285293923-535f5e0c0fa559d0-c6a632f927abc179.25758-5fcf4ff2.parcel",
        "01795458980285293923-535f5e0c0fa559d0-c6a632f927abc179.25758-5fcf4ff2.parcel\n",
    ],
)
def test_other_files_are_none_of_ours(name):
    assert Entry.parse(name) is None


@pytest.mark.parametrize(
    ("text", "digits"), [("", "cbf29ce484222325"), ("a", "af63dc4c8601ec8c"), ("foobar", "85944171f73967e8")]
)
def test_digits_that_stand_for_a_text(text, digits):
    """The vectors of the algorithm's authors."""
    assert entries.digest(text) == digits


def test_entries_sort_by_age():
    old, new = (Entry(time, "f" * 16, "0" * 16, "1-00000000", "parcel") for time in (9, 10))
    assert sorted([new, old]) == [old, new]
    assert old.file < new.file


class Quiet:
    """An outsider's exporter that says nothing of itself."""

    name = "quiet"


class Failing:
    name = "failing"

    def describe(self) -> str:
        raise RuntimeError("no")


class Plain:
    """One that has a repr only."""

    name = "plain"

    def __repr__(self) -> str:
        return "Plain('tcp://user:pw@host:1/x?token=abc')"


def test_a_destination_has_one_name_in_every_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert entries.describe(FileExporter("out")) == f"folder {tmp_path}/out"
    assert entries.describe(Quiet()) == "quiet"
    assert entries.describe(Failing()) == "failing"


def test_a_destination_shows_no_credentials():
    assert entries.describe(Plain()) == "Plain('tcp://host:1/x"
    assert (
        entries.without_secrets("PUT https://key:secret@host/a?X-Amz-Signature=1 failed") == "PUT https://host/a failed"
    )
