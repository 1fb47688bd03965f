"""Files: whole or not at all, never over another, one clear line for what a disk refuses."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import pytest

from openprofiling_ipy.capture import Capture
from openprofiling_ipy.errors import ExportError, NotRunning, UnknownFormat, UnsupportedDocument
from openprofiling_ipy.exporters import file, naming
from openprofiling_ipy.exporters.base import Exporter
from openprofiling_ipy.formats import registry
from tests.pictures import profile_of

STARTED = 1_795_400_130_123_456_789
NAME = "cpu-20261123T021530.123Z.speedscope.json"
PROFILE = profile_of("cpu:ns\n5000 main work", started_at=STARTED)


@pytest.fixture
def capture():
    return Capture(
        "cpu", 3, label="In[5]", started_at=STARTED, ended_at=STARTED + 5000, status="done", read=lambda: PROFILE
    )


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


# Where it goes.


@pytest.mark.parametrize(
    ("destination", "place"),
    [
        (".", NAME),
        ("there", f"there/{NAME}"),
        ("there/", f"there/{NAME}"),
        ("new/deep/", f"new/deep/{NAME}"),
        ("new/run.json", "new/run.json"),
        ("run.speedscope.json", "run.speedscope.json"),
        ("run.html", "run.html"),
        ("run", "run.speedscope.json"),
        ("run.v1", "run.v1.speedscope.json"),
        ("./x/../run.folded", "run.folded"),
        ("~/run.folded", "home/run.folded"),
        ("~", f"home/{NAME}"),
    ],
)
def test_destinations(capture, here, monkeypatch, destination, place):
    (here / "there").mkdir()
    (here / "x").mkdir()
    (here / "home").mkdir()
    monkeypatch.setenv("HOME", str(here / "home"))
    assert capture.export(destination) == str(here / place)
    assert listing(here) == [place]
    assert registry.load(here / place).value_types


def test_a_capture_of_unknown_time_is_named_by_now(here, monkeypatch):
    """Files of other tools do not say when they began."""
    monkeypatch.setattr("time.time_ns", lambda: STARTED)
    capture = Capture("wall", 1, status="loaded", read=lambda: PROFILE)
    assert capture.export(here) == str(here / NAME.replace("cpu", "wall"))


def test_paths_are_welcome(capture, here):
    assert capture.export(here / "run.folded") == str(here / "run.folded")
    assert capture.save(Path("run2.folded")) == Path("run2.folded")


@pytest.mark.parametrize(
    ("destination", "name", "place"),
    [
        ("run", "folded", "run.folded"),
        ("run.v1", "folded", "run.v1.folded"),
        (".", "cpuprofile", "cpu-20261123T021530.123Z.cpuprofile"),
        ("run.json", "cpuprofile", "run.json"),
        ("run.html", "folded", "run.html"),
    ],
)
def test_a_format_that_is_asked_for_is_written(capture, here, destination, name, place):
    assert capture.export(destination, name) == str(here / place)
    assert registry.detect((here / place).read_bytes()).name == name


def test_save_takes_the_path_at_its_word(capture, here):
    assert capture.save("run.v1") == Path("run.v1")
    assert capture.save(here) == here / NAME
    assert listing(here) == [NAME, "run.v1"]


def test_without_a_place_it_goes_to_the_temporary_folder(capture, here, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(here))
    assert capture.export() == str(here / NAME)


def test_a_notebook_names_another_default(capture, here):
    naming.set_default_folder(Path.cwd)
    try:
        assert capture.export() == str(here / NAME)
    finally:
        naming.set_default_folder(None)
    assert naming.default_folder() == Path(tempfile.gettempdir())


def test_what_is_written_is_the_document(capture, here):
    assert registry.load(capture.export("a.json")) == PROFILE


def test_a_file_is_its_owners_alone(capture, here):
    old = os.umask(0)
    try:
        place = capture.export("a.json")
    finally:
        os.umask(old)
    assert stat.S_IMODE(Path(place).stat().st_mode) == 0o600


# Never over another.


def test_a_default_name_that_is_taken_gets_a_number(capture, here):
    places = [capture.export(here) for _ in range(3)]
    assert [Path(place).name for place in places] == [
        NAME,
        "cpu-20261123T021530.123Z-2.speedscope.json",
        "cpu-20261123T021530.123Z-3.speedscope.json",
    ]


@pytest.mark.parametrize("send", [file.save, file.export])
def test_a_name_of_the_users_that_is_taken_is_refused(capture, here, send):
    (here / "run.json").write_text("precious")
    with pytest.raises(ExportError, match=r"to run.json failed: a file of that name is there already: choose another"):
        send(capture, "run.json")
    assert (here / "run.json").read_text() == "precious"
    assert listing(here) == ["run.json"]


def test_a_link_to_nowhere_is_not_written_through(capture, here):
    (here / "run.json").symlink_to(here / "elsewhere")
    with pytest.raises(ExportError, match="there already"):
        capture.export("run.json")
    assert not (here / "elsewhere").exists()


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_of_many_writers_each_gets_a_file_of_its_own(capture, here, monkeypatch, links):
    if not links:
        _forbid_links(monkeypatch)
    places: list[str] = []
    start = threading.Barrier(8)

    def write():
        start.wait()
        places.extend(capture.export(here) for _ in range(5))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(places)) == 40
    assert len(listing(here)) == 40
    assert all(registry.load(place) == PROFILE for place in places)


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_one_of_many_writers_gets_the_name_they_all_want(capture, here, monkeypatch, links):
    if not links:
        _forbid_links(monkeypatch)
    done: list[str] = []
    start = threading.Barrier(8)

    def write():
        start.wait()
        try:
            done.append(capture.export("run.json"))
        except ExportError as error:
            done.append(error.reason)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == sorted(
        [str(here / "run.json")] + ["a file of that name is there already: choose another name"] * 7
    )
    assert listing(here) == ["run.json"]


def _forbid_links(monkeypatch):
    """A disk such as FAT."""

    def link(*_args, **_options):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)


# What a disk refuses.


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        ("x" * 300, "the name is too long: choose a shorter one"),
        ("taken/run.json", "a part of the path is a file, not a folder: choose another folder"),
        ("taken/", "a part of the path is a file, not a folder: choose another folder"),
        ("taken/deep/", "a part of the path is a file, not a folder: choose another folder"),
        ("s3://bucket/x", "it is an address: give a file, or .export() it"),
        ("~no_such_user/x", "there is no such home folder: write the path without ~"),
        ("a\0b", "no file can have that name: choose another one"),
        ("\ud800", "no file can have that name: choose another one"),
        ("loop/x", "a part of the path is a file, not a folder: choose another folder"),
    ],
)
def test_one_clear_line(capture, here, destination, said):
    (here / "taken").write_text("")
    (here / "loop").symlink_to("loop")
    for send in (file.save, file.export):
        with pytest.raises(ExportError) as caught:
            send(capture, destination)
        assert caught.value.reason == said
        assert "\n" not in str(caught.value)
        assert str(caught.value).endswith("(the capture is kept)")
    assert listing(here) == ["loop", "taken"]
    assert capture.document == PROFILE


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "the disk is full: free some room or choose another folder"),
        (errno.EDQUOT, "your share of the disk is used up: free some room or choose another folder"),
        (errno.EROFS, "that disk is read-only: choose another folder"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_nothing_is_left_behind(capture, here, code, said):
    def fail(*_args, **_options):
        raise OSError(code, os.strerror(code))

    for calls in (["fsync"], ["link", "replace"]):
        with pytest.MonkeyPatch.context() as patch:
            for call in calls:
                patch.setattr(os, call, fail)
            with pytest.raises(ExportError) as caught:
                capture.export("run.json")
        assert caught.value.reason == said
        assert listing(here) == []


def test_an_interrupt_leaves_nothing_behind(capture, here, monkeypatch):
    def interrupt(_handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        capture.export("run.json")
    assert listing(here) == []


def test_a_removed_working_folder(capture, here, monkeypatch):
    gone = here / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    naming.set_default_folder(Path.cwd)
    try:
        with pytest.raises(ExportError, match="the folder is gone or takes no files: choose another one"):
            capture.export()
    finally:
        naming.set_default_folder(None)
        monkeypatch.chdir(here)


REAL_DISK = """
    import os, resource, signal, sys
    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.errors import ExportError
    from openprofiling_ipy.exporters import registry as exporters
    from openprofiling_ipy.formats import registry
    from tests.pictures import profile_of

    profile = profile_of("5 f\\n" * 5000)
    capture = Capture("cpu", 1, status="done", read=lambda: profile)
    {limit}
    for destination in {destinations!r}:
        try:
            print(capture.export(destination, "speedscope"))
        except ExportError as error:
            print(error.reason)
"""


def _child(limit: str, *destinations: str) -> list[str]:
    code = textwrap.dedent(REAL_DISK).format(limit=limit, destinations=destinations)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_real_folder_that_may_not_be_written():
    with tempfile.TemporaryDirectory() as above:
        closed = Path(above) / "closed"
        closed.mkdir(mode=0o500)
        Path(above).chmod(0o755)
        # Root may write everywhere: as root, go on as nobody.
        limit = "os.geteuid() or os.seteuid(65534)"
        places = [str(closed), str(closed / "x.json"), f"{closed}/new/"]
        assert _child(limit, *places) == ["no permission to write there: choose another folder"] * 3
        assert listing(closed) == []


def test_a_real_file_that_outgrows_its_disk(tmp_path):
    limit = "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"
    assert _child(limit, str(tmp_path)) == ["the file is larger than that disk takes: choose another folder"]
    assert listing(tmp_path) == []


# What cannot be written at all.


def test_a_capture_that_runs_is_not_written(here):
    capture = Capture("cpu", 1, read=lambda: PROFILE)
    for send in (file.save, file.export):
        with pytest.raises(NotRunning):
            send(capture, "new/run.json")
    assert list(here.iterdir()) == []


def test_an_unknown_format_is_said_before_anything_is_made(capture, here):
    with pytest.raises(UnknownFormat, match="did you mean 'folded'"):
        capture.export("new/run", "foldet")
    assert list(here.iterdir()) == []


def test_a_document_that_the_format_cannot_hold(here):
    counts = profile_of("5 f")
    capture = Capture("cpu", 1, status="done", read=lambda: counts)
    with pytest.raises(UnsupportedDocument):
        capture.export("new/run.cpuprofile")
    assert list(here.iterdir()) == []


# As an exporter.


def test_the_exporter_writes_each_capture_into_its_folder(capture, here):
    exporter: Exporter = file.FileExporter(here / "runs", "folded")
    first, second = exporter.export(capture), exporter.export(capture)
    assert listing(here) == [
        "runs/cpu-20261123T021530.123Z-2.folded",
        "runs/cpu-20261123T021530.123Z.folded",
    ]
    assert [first, second] == [str(here / place) for place in reversed(listing(here))]


def test_an_exporter_without_a_folder_uses_the_default(capture, here, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(here))
    assert file.FileExporter().export(capture) == str(here / NAME)


def test_a_closed_exporter_takes_no_more(capture, here):
    exporter = file.FileExporter(here)
    exporter.close()
    exporter.close()
    with pytest.raises(ExportError, match="closed"):
        exporter.export(capture)
