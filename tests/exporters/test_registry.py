"""Exporters by destination; what is missing is said before anything is recorded."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from openprofiling_ipy import exporters
from openprofiling_ipy.errors import ExportError, FetchError, MissingDependency, QueryError
from openprofiling_ipy.exporters import FileExporter, GCSExporter, MemoryExporter, S3Exporter, parcels, registry
from openprofiling_ipy.formats import registry as formats


@pytest.mark.parametrize(
    ("destination", "kind", "described"),
    [
        ("runs", FileExporter, str(Path("runs").resolve())),
        (Path("runs"), FileExporter, str(Path("runs").resolve())),
        ("memory:", MemoryExporter, "memory:"),
        ("s3://bucket", S3Exporter, "s3://bucket"),
        ("s3://bucket/a/b/", S3Exporter, "s3://bucket/a/b"),
        ("gs://bucket/a", GCSExporter, "gs://bucket/a"),
    ],
)
def test_destinations(destination, kind, described, monkeypatch):
    monkeypatch.setattr("openprofiling_ipy.exporters.objects.has_module", lambda _: True)
    exporter = registry.exporter(destination, "folded")
    assert type(exporter) is kind
    assert exporter.format == "folded"
    assert exporter.describe() == described


def test_the_room_gives_its_classes():
    assert all(getattr(exporters, name) is not None for name in exporters.__all__)
    with pytest.raises(AttributeError):
        exporters.NoExporter  # noqa: B018


def test_an_unknown_scheme():
    with pytest.raises(QueryError, match="nothing exports to 's4': one of: s3, gs, memory"):
        registry.exporter("s4://bucket")
    with pytest.raises(QueryError, match="nothing reads from 'memory'"):
        registry.fetch("memory:")
    with pytest.raises(FetchError, match=r"it names no object: %oprof list s3://bucket"):
        registry.fetch("s3://bucket")


@pytest.mark.parametrize(
    ("destination", "package", "extra"), [("s3://b/x", "boto3", "s3"), ("gs://b", "google.cloud.storage", "gcs")]
)
def test_a_missing_package_is_named(destination, package, extra, monkeypatch, capture):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    for use in (registry.exporter, registry.check, capture.export):
        with pytest.raises(MissingDependency, match=rf"pip install openprofiling-ipy\[{extra}\]"):
            use(destination)


def test_memory_alone_keeps_nothing(capture):
    for use in (registry.check, capture.export):
        with pytest.raises(ExportError, match="make a MemoryExporter and keep it"):
            use("memory:")


def test_what_a_check_has_nothing_against(tmp_path):
    registry.check(tmp_path)
    registry.check("new/folder/")
    assert not Path("new").exists()


class Guest:
    """An exporter of another package."""

    name = "guest"

    def __init__(self, destination: str, format: str | None = None) -> None:
        self.destination, self.format = destination, format

    def export(self, capture, /) -> str:
        return f"{self.destination}/{capture.kind}"

    def close(self) -> None:
        self.closed = True


def test_other_packages_add_theirs(monkeypatch, capture):
    point = EntryPoint("guest", f"{__name__}:Guest", registry.GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda _: Guest)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == registry.GROUP else [])
    assert registry.schemes() == ("s3", "gs", "memory", "guest")
    assert registry.exporter("guest://there", "folded").format == "folded"
    assert capture.export("guest://there") == "guest://there/cpu"


def test_what_others_raise_is_one_line(monkeypatch, capture):
    def broken(*_args, **_options):
        raise RuntimeError("no\nluck")

    point = EntryPoint("guest", "guests:Guest", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == registry.GROUP else [])
    with pytest.raises(QueryError, match=r"the exporter for 'guest' \(guests:Guest\) will not do: ModuleNotFoundError"):
        capture.export("guest://there")
    monkeypatch.setattr(EntryPoint, "load", lambda _: Guest)
    monkeypatch.setattr(Guest, "export", broken)
    with pytest.raises(ExportError, match=r"guest export to guest:\.\.\. failed: RuntimeError: no luck"):
        capture.export("guest://there")


def test_a_preview_is_what_comes_of_it(capture, tmp_path):
    for destination in (tmp_path, tmp_path / "run.folded", f"{tmp_path}/new/"):
        expected = registry.preview(capture, destination)
        assert capture.export(destination) == expected


# Memory.


def test_memory_keeps_parcels(capture):
    exporter = MemoryExporter(format="folded")
    assert exporter.export(capture) == f"memory:{parcels.name(capture, 'folded')}"
    (parcel,) = exporter.parcels
    assert parcel == parcels.pack(capture, "folded")
    (document,) = exporter.documents()
    assert document == formats.by_name("folded").loads(parcel.data)


def test_memory_is_bounded(parcel):
    from dataclasses import replace

    exporter = MemoryExporter(most=3, most_bytes=100)
    for number in range(5):
        exporter.send(replace(parcel, name=str(number), data=b"x" * 10))
    assert [kept.name for kept in exporter.parcels] == ["2", "3", "4"]
    exporter.send(replace(parcel, name="large", data=b"x" * 95))
    assert [kept.name for kept in exporter.parcels] == ["large"]
    exporter.send(replace(parcel, name="larger", data=b"x" * 200))
    assert [kept.name for kept in exporter.parcels] == ["larger"]
    assert exporter.dropped == 6


def test_memory_takes_the_same_parcel_once(parcel):
    exporter = MemoryExporter()
    exporter.send(parcel)
    exporter.send(parcel)
    assert exporter.parcels == [parcel]
    assert repr(exporter) == "<MemoryExporter: 1 parcels>"
    exporter.close()
    with pytest.raises(ExportError, match="closed"):
        exporter.send(parcel)
    assert exporter.parcels == [parcel]


# Files, as parcels.


def test_a_parcel_is_written_under_its_own_name(parcel, tmp_path):
    exporter = FileExporter(tmp_path / "new")
    heard = []
    place = exporter.send(parcel, lambda *told: heard.append(told))
    assert place == str(tmp_path / "new" / parcel.name.partition("/")[2])
    assert Path(place).read_bytes() == parcel.data
    assert Path(place).stat().st_mode & 0o777 == 0o600
    assert heard == [(len(parcel.data), len(parcel.data))]


def test_a_parcel_that_is_sent_again_takes_its_place(parcel, tmp_path):
    from dataclasses import replace

    exporter = FileExporter(tmp_path)
    first = exporter.send(parcel)
    assert exporter.send(replace(parcel, data=b"newer")) == first
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"newer"]


def test_a_full_disk_may_have_room_again(parcel, tmp_path, monkeypatch):
    import errno
    import os

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="the disk is full") as caught:
        FileExporter(tmp_path).send(parcel)
    assert caught.value.retry
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ExportError) as caught:
        FileExporter(tmp_path / ("x" * 300)).send(parcel)
    assert not caught.value.retry
