"""The folder that processes share: real files, real rights, real processes."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from openprofiling_ipy.delivery import folder as files
from openprofiling_ipy.delivery.clock import MachineClock
from openprofiling_ipy.delivery.entry import DamagedEntry, Entry
from openprofiling_ipy.delivery.limits import Limits
from openprofiling_ipy.delivery.spool import Spool
from tests.delivery.fakes import FakeClock, parcel

PLACE = "s3://bucket"


def spool(folder: Path, clock: FakeClock | None = None, **limits: float) -> Spool:
    return Spool(folder, Limits(**limits), clock or MachineClock())


def inside(folder: Path) -> Path:
    return folder / f"spool-{os.geteuid()}"


def entries_of(folder: Path) -> list[Entry]:
    return sorted(found.entry for found in spool(folder).found())


def test_what_is_put_can_be_read_and_removed(tmp_path):
    here = spool(tmp_path)
    entry = here.put(parcel(), PLACE)
    assert here.read(entry) == (PLACE, parcel())
    assert here.remove(entry)
    assert not here.remove(entry)
    with pytest.raises(FileNotFoundError):
        here.read(entry)


def test_only_its_user_can_read_it(tmp_path):
    mask = os.umask(0)
    try:
        spool(tmp_path / "new").put(parcel(), PLACE)
    finally:
        os.umask(mask)
    place = inside(tmp_path / "new")
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in place.iterdir()} == {0o600}


def test_a_folder_with_wider_rights_is_narrowed_and_its_parent_left_alone(tmp_path):
    inside(tmp_path).mkdir()
    inside(tmp_path).chmod(0o777)
    tmp_path.chmod(0o755)
    spool(tmp_path).put(parcel(), PLACE)
    assert stat.S_IMODE(inside(tmp_path).stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_link_in_its_place_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    inside(tmp_path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        spool(tmp_path).put(parcel(), PLACE)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(tmp_path):
    inside(tmp_path).mkdir()
    os.chown(inside(tmp_path), 12345, 12345)
    with pytest.raises(PermissionError):
        spool(tmp_path).put(parcel(), PLACE)


def test_it_is_on_the_disk_before_it_has_its_name_and_its_name_before_it_is_accepted(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, Path.replace

    def synced(handle: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def named(self: Path, target: Path) -> Path:
        steps.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", named)
    spool(tmp_path).put(parcel(), PLACE)
    assert steps == ["file", "name", "folder"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_nothing_behind(tmp_path, monkeypatch, step):
    here = spool(tmp_path)
    here.put(parcel(1), PLACE)
    before = sorted(inside(tmp_path).iterdir())

    def fail(*words: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    with pytest.raises(OSError, match="No space"):
        here.put(parcel(2), PLACE)
    assert sorted(inside(tmp_path).iterdir()) == before


def test_a_folder_that_somebody_removed_is_made_again(tmp_path):
    here = spool(tmp_path / "state")
    entry = here.put(parcel(1), PLACE)
    for file in inside(tmp_path / "state").iterdir():
        file.unlink()
    inside(tmp_path / "state").rmdir()
    (tmp_path / "state").rmdir()
    second = here.put(parcel(2), PLACE)
    assert here.read(second) == (PLACE, parcel(2))
    assert not here.remove(entry)
    # Its hold was made again too: nobody takes it from the living.
    assert spool(tmp_path / "state").adopt([PLACE]) == []


def test_the_oldest_go_when_it_is_full(tmp_path):
    here = spool(tmp_path, spool_bytes=10_000)
    kept = []
    for number in range(6):
        dropped = here.make_room(3000)
        kept.append(here.put(parcel(number, b"x" * 2800), PLACE))
        assert dropped == ([kept[number - 3]] if number >= 3 else [])
        assert sum(found.size for found in here.found()) <= 10_000
    assert entries_of(tmp_path) == kept[3:]


def test_nothing_is_dropped_for_what_another_process_has_sent_meanwhile(tmp_path):
    here, other = spool(tmp_path, FakeClock(), spool_entries=4), spool(tmp_path)
    mine = [here.put(parcel(number), PLACE) for number in (1, 2)]
    theirs = [other.put(parcel(number), PLACE) for number in (3, 4)]
    assert here.make_room() == []
    for entry in theirs:
        other.remove(entry)
    assert here.make_room(1) == []
    assert entries_of(tmp_path) == sorted(mine)


def test_it_holds_so_many_entries(tmp_path):
    here = spool(tmp_path, spool_entries=3)
    kept = []
    for number in range(5):
        here.make_room(1)
        kept.append(here.put(parcel(number), PLACE))
    assert entries_of(tmp_path) == kept[2:]


def test_what_is_too_old_goes_whoever_left_it(tmp_path):
    clock = FakeClock()
    left = spool(tmp_path).put(parcel(1), PLACE)
    here = spool(tmp_path, clock, spool_age=3600)
    mine = here.put(parcel(2), PLACE)
    os.utime(inside(tmp_path) / mine.file, ns=(clock.unix() + 10**12, clock.unix() + 10**12))
    clock.advance(3000)
    assert here.make_room() == []
    clock.advance(1000)
    assert here.make_room() == [left]
    assert entries_of(tmp_path) == [mine]


def test_one_larger_than_the_whole_spool_drops_nothing(tmp_path):
    here = spool(tmp_path, spool_bytes=1000)
    small = here.put(parcel(1), PLACE)
    with pytest.raises(OSError, match="larger than the spool"):
        here.put(parcel(2, b"x" * 2000), PLACE)
    assert entries_of(tmp_path) == [small]


def left_by_the_dead(folder: Path, *numbers: int) -> list[Entry]:
    """Put entries whose owner is gone."""
    dead = spool(folder)
    left = [dead.put(parcel(number), PLACE) for number in numbers]
    dead.release()
    return left


def test_what_the_dead_leave_is_taken_over_once(tmp_path):
    left = left_by_the_dead(tmp_path, 1, 2)
    here, other = spool(tmp_path), spool(tmp_path)
    taken = here.adopt([PLACE])
    assert [(f.entry.time, f.entry.key) for f in taken] == [(each.time, each.key) for each in left]
    assert [here.read(f.entry) for f in taken] == [(PLACE, parcel(1)), (PLACE, parcel(2))]
    assert other.adopt([PLACE]) == []
    here.release()
    assert len(other.adopt([PLACE])) == 2


def test_only_for_ones_own_destinations(tmp_path):
    left_by_the_dead(tmp_path, 1)
    here = spool(tmp_path)
    assert here.adopt(["gs://other"]) == []
    assert len(here.adopt(["gs://other", PLACE])) == 1


def test_the_living_keep_what_is_theirs(tmp_path):
    living = spool(tmp_path)
    living.put(parcel(), PLACE)
    assert spool(tmp_path).adopt([PLACE]) == []


TAKE = """
import sys
from pathlib import Path
from tests.delivery.test_spool import PLACE, spool
here = spool(Path(sys.argv[1]))
sys.stdin.readline()
for _ in range(5):
    for found in here.adopt([PLACE]):
        print(here.read(found.entry)[1].name, flush=True)
sys.stdin.readline()
"""


def test_of_many_processes_each_entry_goes_to_one(tmp_path, root):
    left_by_the_dead(tmp_path, *range(150))
    command = [sys.executable, "-c", TAKE, str(tmp_path)]
    takers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) for _ in range(4)
    ]
    for taker in takers:  # all at once
        taker.stdin.write("go\n")
        taker.stdin.flush()
    taken: Counter[str] = Counter()
    while taken.total() < 150:
        for taker in takers:
            os.set_blocking(taker.stdout.fileno(), False)
            taken.update(line for line in iter(taker.stdout.readline, "") if line)
        assert all(taker.poll() is None for taker in takers)
        time.sleep(0.02)
    for taker in takers:
        taker.communicate("end\n")
    assert (len(taken), max(taken.values())) == (150, 1)


def test_a_checkpoint_replaces_the_one_before(tmp_path):
    here = spool(tmp_path)
    first = here.checkpoint(parcel(1, b"so far", "running"), PLACE, None)
    again = here.checkpoint(parcel(1, b"so far and on", "running"), PLACE, first)
    assert (again, entries_of(tmp_path)) == (first, [first])
    assert here.read(first)[1].data == b"so far and on"
    assert spool(tmp_path).left() == []


def test_a_checkpoint_is_recovered_when_its_process_is_dead(tmp_path):
    dead = spool(tmp_path)
    entry = dead.checkpoint(parcel(1, status="running"), PLACE, None)
    dead.release()
    here = spool(tmp_path)
    assert [found.entry for found in here.left()] == [entry]
    (taken,) = here.adopt([PLACE])
    assert taken.entry.state == "recovered"
    assert here.read(taken.entry)[1].metadata["status"] == "recovered"
    assert [found.entry for found in spool(tmp_path).left()] == [taken.entry]


def test_a_checkpoint_gives_way_to_the_whole(tmp_path):
    dead = spool(tmp_path)
    dead.checkpoint(parcel(1, b"half", "running"), PLACE, None)
    dead.put(parcel(1, b"whole"), PLACE)
    dead.release()
    here = spool(tmp_path)
    assert here.left() == []
    (taken,) = here.adopt([PLACE])
    assert here.read(taken.entry)[1].data == b"whole"
    assert len(entries_of(tmp_path)) == 1


def test_a_damaged_entry_is_set_aside(tmp_path):
    here = spool(tmp_path)
    entry = here.put(parcel(), PLACE)
    (inside(tmp_path) / entry.file).write_bytes(b"")
    with pytest.raises(DamagedEntry):
        here.read(entry)
    here.set_aside(entry)
    here.release()
    assert spool(tmp_path).adopt([PLACE]) == []
    assert [each.state for each in entries_of(tmp_path)] == ["damaged"]


def test_damaged_ones_make_room_first(tmp_path):
    here = spool(tmp_path, spool_entries=2)
    good, bad = here.put(parcel(1), PLACE), here.put(parcel(2), PLACE)
    here.set_aside(bad)
    assert here.make_room(1) == []
    assert entries_of(tmp_path) == [good]


def test_foreign_files_are_left_alone(tmp_path):
    left_by_the_dead(tmp_path, 1)
    place = inside(tmp_path)
    (place / "notes.txt").write_text("mine")
    (place / "folder.parcel").mkdir()
    os.mkfifo(place / f"{'1' * 20}-{'0' * 16}-{'0' * 16}.1-00000000.parcel")
    (place / f"{'2' * 20}-{'0' * 16}-{'0' * 16}.1-00000000.parcel").symlink_to("/etc/passwd")
    before = {file.name for file in place.iterdir() if not file.name.endswith(("owner", "parcel"))}
    here = spool(tmp_path, spool_bytes=1)
    assert len(here.adopt([PLACE])) == 1
    here.make_room(1)
    assert before <= {file.name for file in place.iterdir()}
    assert len(list(here.found())) == 0


def test_a_link_among_the_entries_is_not_followed(tmp_path):
    here = spool(tmp_path)
    entry = here.put(parcel(), PLACE)
    file = inside(tmp_path) / entry.file
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        here.read(entry)


def test_what_the_dead_never_finished_goes_after_an_hour(tmp_path):
    left_by_the_dead(tmp_path, 1)
    unfinished = inside(tmp_path) / f"{files.HIDDEN}4711-00"
    unfinished.write_bytes(b"half")
    here = spool(tmp_path)
    here.adopt([PLACE])
    assert unfinished.exists()
    os.utime(unfinished, (0, 0))
    here.adopt([PLACE])
    assert not unfinished.exists()


def test_the_hold_of_a_killed_process_does_not_stay(tmp_path):
    hold = "import sys, os\nfrom pathlib import Path\nfrom tests.delivery.test_spool import *\n"
    hold += "here = spool(Path(sys.argv[1])); here.put(parcel(), PLACE); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", hold, tmp_path], check=False)
    assert len(list(inside(tmp_path).glob("*.owner"))) == 1
    here = spool(tmp_path)
    assert len(here.adopt([PLACE])) == 1
    here.release()
    assert list(inside(tmp_path).glob("*.owner")) == []


def test_asking_makes_no_folder(tmp_path):
    here = spool(tmp_path / "state")
    assert (list(here.found()), here.left(), here.adopt([PLACE]), here.make_room(5)) == ([], [], [], [])
    here.release()
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"OPENPROFILING_SPOOL": "{}/given", "XDG_STATE_HOME": "{}/x"}, "{}/given"),
        ({"OPENPROFILING_SPOOL": "~/given"}, "{}/home/given"),
        ({"XDG_STATE_HOME": "{}/x"}, "{}/x/openprofiling"),
        ({"XDG_STATE_HOME": "relative"}, "{}/home/.local/state/openprofiling"),
        ({}, "{}/home/.local/state/openprofiling"),
        ({"HOME": "{}/nowhere", "TMPDIR": "{}/tmp"}, "{}/tmp/openprofiling-" + str(os.geteuid())),
    ],
)
def test_where_it_is(tmp_path, root, environment, folder):
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    code = "from openprofiling_ipy.delivery import default_folder; print(default_folder())"
    told = {"HOME": "{}/home", "PATH": "/usr/bin:/bin"} | environment
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={key: value.format(tmp_path) for key, value in told.items()},
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
    )
    assert done.stdout.strip() == folder.format(tmp_path)
