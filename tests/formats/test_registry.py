"""Which format: by name, by suffix, by content; and what is refused."""

from __future__ import annotations

import importlib.metadata
import os
import resource
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest

from openprofiling_ipy.errors import MalformedProfile, UnknownFormat
from openprofiling_ipy.formats import cpuprofile, folded, html, naming, pprof, registry, speedscope
from tests.formats.examples import DATA, EXAMPLE

NAMES = ("speedscope", "html", "cpuprofile", "folded", "pprof")


@pytest.fixture
def guests(monkeypatch):
    """Pretend that other packages are installed: each name loads to a format, or raises."""

    def install(**points):
        def entry_points(*, group):
            assert group == "openprofiling_ipy.formats"
            return [SimpleNamespace(name=name, load=load) for name, load in points.items()]

        monkeypatch.setattr(registry, "entry_points", entry_points)
        registry._guests.cache_clear()

    yield install
    monkeypatch.undo()
    registry._guests.cache_clear()


def test_names():
    assert registry.names() == NAMES
    assert registry.DEFAULT is speedscope


@pytest.mark.parametrize(
    ("name", "fmt"),
    [
        ("speedscope", speedscope),
        ("SpeedScope ", speedscope),
        ("speedscope.json", speedscope),
        ("json", speedscope),
        (".htm", html),
        ("cpuprofile", cpuprofile),
        ("collapsed", folded),
        ("pb.gz", pprof),
    ],
)
def test_by_name(name, fmt):
    assert registry.by_name(name) is fmt


def test_a_wrong_name_is_one_line_that_names_the_right_one():
    with pytest.raises(UnknownFormat) as caught:
        registry.by_name("speedscop")
    assert str(caught.value) == (
        "unknown format 'speedscop': did you mean 'speedscope'? One of: speedscope, html, cpuprofile, folded, pprof"
    )
    assert caught.value.known == NAMES


@pytest.mark.parametrize(
    ("path", "name", "fmt"),
    [
        ("x.speedscope.json", None, speedscope),
        ("x.JSON", None, speedscope),
        ("x.HTML", None, html),
        ("a/x.cpuprofile", None, cpuprofile),
        ("x.folded.txt", None, folded),
        ("cpu.pb.gz", None, pprof),
        ("x.pprof", None, pprof),
        ("x.dat", None, speedscope),
        ("x", None, speedscope),
        ("", None, speedscope),
        ("x.html", "folded", folded),
    ],
)
def test_for_path(path, name, fmt):
    assert registry.for_path(path, name) is fmt


def test_content_counts_more_than_the_name():
    assert registry.detect((DATA / "example.folded").read_bytes(), "x.html") is folded


def test_the_name_decides_where_the_content_does_not():
    assert registry.detect(b"{}", "x.cpuprofile") is cpuprofile


def test_telling_keys_at_the_end_of_a_long_file_are_found():
    filler = b'{"zzz":"' + b"x" * 200_000 + b'",'
    assert registry.detect(filler + b'"$schema":"https://www.speedscope.app/file-format-schema.json"}') is speedscope
    assert registry.detect(filler + b'"nodes":[{"callFrame":{}}]}') is cpuprofile


def test_utf16_is_found_by_its_name():
    data = (DATA / "example.speedscope.json").read_text(encoding="utf-8").encode("utf-16")
    assert registry.detect(data, "x.speedscope.json").loads(data) == EXAMPLE


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x1f\x8b\x08\x00", "run.gz is packed by gzip: unpack it first"),
        (b"PK\x03\x04", "run.gz is packed by zip: unpack it first"),
        (b"\x28\xb5\x2f\xfd", "run.gz is packed by zstd: unpack it first"),
        (b"\x00\x01\x02", "run.gz is none of the known formats: speedscope, html, cpuprofile, folded, pprof"),
        (b"", "run.gz is none of the known formats: speedscope, html, cpuprofile, folded, pprof"),
    ],
)
def test_what_nobody_knows_is_one_line(data, said):
    with pytest.raises(UnknownFormat) as caught:
        registry.detect(data, "run.gz")
    assert str(caught.value) == said


# Files.


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.iterdir()))
def test_every_golden_is_loaded_whatever_it_is_called(name, tmp_path):
    anonymous = tmp_path / "x"
    anonymous.write_bytes((DATA / name).read_bytes())
    assert registry.load(anonymous) == registry.load(DATA / name)


def test_a_home_folder_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.folded").write_bytes(b"a 1\n")
    assert len(registry.load("~/x.folded").samples) == 1


def test_a_file_over_a_gibibyte_is_not_read(tmp_path):
    file = tmp_path / "x.folded"
    with file.open("wb") as stream:
        stream.truncate(registry.MAX_BYTES + 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnknownFormat, match=r"x.folded is larger than 1 GiB: it is not read"):
        registry.load(file)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x")
    with pytest.raises(UnknownFormat, match="x is not a plain file"):
        registry.load(tmp_path / "x")


def test_a_folder_is_called_a_folder(tmp_path):
    with pytest.raises(UnknownFormat, match="is a folder"):
        registry.load(tmp_path)


def test_a_missing_file_is_the_systems_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        registry.load(tmp_path / "x")


BOMBS = """
    import base64, gzip, resource, zlib
    from openprofiling_ipy.errors import MalformedProfile
    from openprofiling_ipy.formats import registry

    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join(squeezer.compress(b" " * (1 << 20)) for _ in range(4096)) + squeezer.flush()
    page = b'<!DOCTYPE html><script type="application/vnd.openprofiling" id="oprof-data">'
    bombs = [
        page + base64.b64encode(bomb) + b"</script>",
        b"[" * 10_000_000,
        b'{"shared":{"frames":' + b"[" * 1_000_000,
        b'{"nodes":' + b'{"callFrame":' * 1_000_000,
        b'{"shared":{"frames":[{"name":"f"}]},"profiles":[{"type":"sampled","unit":"none","samples":[[0]],"weights":['
        + b"9" * 1_000_000 + b"]}]}",
        gzip.compress(bytes(64 << 20)),
        # The same few bytes again and again: samples, strings, one sample's locations, labels and values.
        *(gzip.compress(head + part * (60_000_000 // len(part))) for head, part in [
            (b"\\x0a\\x00\\x32\\x00", b"\\x12\\x02\\x10\\x01"),
            (b"\\x0a\\x00\\x32\\x00", b"\\x32\\x00"),
            (b"\\x0a\\x00\\x32\\x00\\x22\\x02\\x08\\x01\\x12\\x80\\xf2\\xcd\\x1c", b"\\x08\\x01"),
            (b"\\x0a\\x00\\x32\\x00\\x12\\x80\\x8e\\xce\\x1c", b"\\x1a\\x00"),
            (b"\\x0a\\x00\\x32\\x00\\x12\\x80\\x8e\\xce\\x1c", b"\\x10\\x01"),
            (b"\\x32\\x00", b"\\x0a\\x00"),
        ]),
    ]
    for data in bombs:
        for fmt in registry.FORMATS:
            try:
                fmt.loads(data)
            except MalformedProfile as error:
                assert len(str(error)) < 300
            else:
                raise SystemExit("read a bomb")
    print("survived")
"""


def test_bombs_stay_within_two_gibibytes():
    """4 GiB packed into 4 MB, nesting millions deep, a number of a million digits."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(BOMBS)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "survived", done.stderr[-2000:]


# Formats of other packages.


class Guest:
    name = "guest"
    suffixes = (".guest",)
    document = "Profile"

    def sniff(self, head):
        return head.startswith(b"GUEST")

    def loads(self, data):
        raise MalformedProfile(self.name, "just a guest")


def test_guests_are_asked_after_ours(guests):
    guest = Guest()
    guests(guest=lambda: guest)
    assert registry.by_name("guest") is guest
    assert registry.detect(b"GUEST 1") is folded
    assert registry.detect(b"GUEST\0") is guest
    assert registry.for_path("x.guest") is guest
    assert registry.names() == (*NAMES, "guest")


def test_a_guest_that_does_not_load_breaks_nothing(guests):
    def broken():
        raise ImportError("no such module")

    guests(broken=broken)
    assert registry.names() == NAMES


def test_guests_are_not_looked_for_where_ours_answer(guests):
    def watched():
        raise AssertionError("asked")

    guests(watched=watched)
    assert registry.detect((DATA / "example.folded").read_bytes()) is folded
    assert registry._guests.cache_info().currsize == 0


def test_the_entry_point_group_is_the_documented_one():
    assert not importlib.metadata.entry_points(group="openprofiling_ipy.formats")


# Names of files.


@pytest.mark.parametrize(
    ("kind", "started_at", "stem"),
    [
        ("cpu", 1_795_400_130_123_999_999, "cpu-20261123T021530.123Z"),
        ("wall", 1, "wall-19700101T000000.000Z"),
        ("CPU", 0, "cpu"),
        ("CPU", -5, "cpu"),
        ("a/b: c", 999_999, "a-b-c-19700101T000000.000Z"),
        ("../..", 1_000_000, "profile-19700101T000000.001Z"),
        ("x" * 99, 2**63 - 1, "x" * 40 + "-22620411T234716.854Z"),
        ("cpu", 10**30, "cpu-99991231T235959.999Z"),
    ],
)
def test_stems(kind, started_at, stem):
    assert naming.stem(kind, started_at) == stem
