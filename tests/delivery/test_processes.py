"""Real processes: that fork, end, hang while they end, are killed, and find no room on the disk."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from openprofiling_ipy.delivery import Delivery, Limits, recovered
from tests.delivery.fakes import FakeExporter, parcel, until
from tests.delivery.test_spool import entries_of, inside

FAST = Limits(first_wait=0.01, longest_wait=0.05)

BEGIN = """
import atexit, os, resource, signal, sys, threading, time
from pathlib import Path
from openprofiling_ipy.delivery import Delivery, Limits
from openprofiling_ipy.exporters.file import FileExporter
from tests.delivery.fakes import FakeExporter, parcel
folder = Path(sys.argv[1])
FAST = Limits(first_wait=0.01, longest_wait=0.05)
"""


def script(root: Path, folder: Path, code: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a script; it must end by itself."""
    return subprocess.run(
        [sys.executable, "-X", "dev", "-c", BEGIN + code, folder],
        capture_output=True,
        text=True,
        cwd=root,
        timeout=seconds,
        check=False,
    )


def sent_by_the_next(folder: Path) -> list[str]:
    """Return what a next process with the same exporter sends."""
    exporter = FakeExporter()
    delivery = Delivery([exporter], spool=folder, limits=FAST)
    assert delivery.flush(60)
    delivery.close(0)
    return sorted(exporter.names())


def test_importing_and_making_one_starts_nothing(tmp_path, root):
    code = """
before = set(threading.enumerate())
delivery = Delivery([FakeExporter()], spool=folder / "state")
print(len(set(threading.enumerate()) - before), (folder / "state").exists())
print([name for name in ("numpy", "hashlib", "ssl") if name in sys.modules])
"""
    assert script(root, tmp_path, code).stdout == "0 False\n[]\n"


def test_a_script_that_ends_has_sent_what_it_took(tmp_path, root):
    code = """
delivery = Delivery([FileExporter(folder / "out")], spool=folder)
for number in range(20):
    delivery.submit(parcel(number))
"""
    done = script(root, tmp_path, code)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "out").iterdir())) == 20
    assert entries_of(tmp_path) == []


def test_what_is_taken_while_it_ends_is_sent(tmp_path, root):
    """A recording that the end of its program ends: from 3.12 on, no thread can be started then."""
    code = """
delivery = Delivery([FileExporter(folder / "out")], spool=folder)
def last():
    delivery.submit(parcel(1))
    delivery.close(30)
atexit.register(last)
"""
    done = script(root, tmp_path, code)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_one_that_its_program_has_forgotten_sends_in_the_end(tmp_path, root):
    (tmp_path / "file").write_text("")
    code = """
import gc
exporter = FileExporter(folder / "out")
exporter.send, send = (lambda *words: time.sleep(0.5) or send(*words)), exporter.send
Delivery([exporter], spool=folder / "file").submit(parcel(1))
gc.collect()
"""
    assert script(root, tmp_path, code).returncode == 0
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_without_a_folder_it_is_sent_in_the_end_too(tmp_path, root):
    (tmp_path / "file").write_text("")
    code = """
delivery = Delivery([FileExporter(folder / "out")], spool=folder / "file")
atexit.register(lambda: delivery.submit(parcel(1)))
"""
    # This handler was registered last, so runs first; what closes deliveries runs behind it.
    done = script(root, tmp_path, code)
    assert done.returncode == 0
    assert len(list((tmp_path / "out").iterdir())) == 1


@pytest.mark.parametrize("way", ["hang", "away"])
def test_a_backend_that_stays_away_does_not_hold_up_the_end(tmp_path, root, way):
    answer = "exporter.may_go.clear()" if way == "hang" else "exporter.answers = ['away'] * 10**6"
    code = f"""
exporter = FakeExporter()
{answer}
delivery = Delivery([exporter], spool=folder, limits=Limits(first_wait=0.01, longest_wait=0.05))
delivery.submit(parcel(1))
exporter.entered.wait()
print(time.time())
"""
    done = script(root, tmp_path, code, 50)
    ended = time.time()
    assert done.returncode == 0
    # It waits three seconds in all; the exporter itself would wait sixty, or for ever.
    assert ended - float(done.stdout) < 40
    assert sent_by_the_next(tmp_path) == [parcel(1).name]


def test_a_killed_process_leaves_all_it_took(tmp_path, root):
    code = """
exporter = FakeExporter()
exporter.may_go.clear()
delivery = Delivery([exporter], spool=folder)
tickets = [delivery.submit(parcel(number)) for number in range(10)]
assert all(ticket.on_disk for ticket in tickets)
delivery.checkpoint(parcel(10, status="running"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert script(root, tmp_path, code).returncode == -9
    assert [found.name for found in recovered(tmp_path)] == [parcel(10).name]
    assert sent_by_the_next(tmp_path) == sorted(parcel(number).name for number in range(11))
    assert recovered(tmp_path) == []


FORK = """
exporter = FakeExporter()
exporter.may_go.clear()
delivery = Delivery([exporter], spool=folder, limits=FAST)
delivery.submit(parcel(1))
delivery.checkpoint(parcel(9, status="running"))
exporter.entered.wait()
read, write = os.pipe()
pid = os.fork()
if pid == 0:
    exporter.may_go.set()
    exporter.tries = 0
    told = [len([t for t in threading.enumerate() if "delivery" in t.name]), delivery.status().waiting]
    told.append(delivery.flush(30))
    told.append(exporter.tries)
    told.append(delivery.submit(parcel(2)).wait(30))
    told += exporter.names()
    delivery.close(0)
    os.write(write, repr(told).encode())
    os._exit(0)
os.waitpid(pid, 0)
print(os.read(read, 10000).decode())
exporter.may_go.set()
print(delivery.flush(30), exporter.names())
"""


def test_a_forked_child_begins_with_nothing_and_its_parent_goes_on(tmp_path, root):
    done = script(root, tmp_path, FORK)
    assert done.stdout.splitlines() == [
        f"[0, 0, True, 0, True, '{parcel(2).name}']",
        f"True ['{parcel(1).name}']",
    ]


def test_a_child_forked_while_the_delivery_was_busy_can_use_it(tmp_path, root):
    """Locks that other threads held when it was forked are not the child's."""
    code = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 on: that there are threads is the point
delivery = Delivery([FakeExporter()], spool=folder, limits=FAST)
def busy():
    number = 100
    while True:
        number += 1
        delivery.submit(parcel(number))
        delivery.checkpoint(parcel(99, status="running"))
for _ in range(3):
    threading.Thread(target=busy, daemon=True).start()
time.sleep(0.1)
for number in range(30):
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        delivery.checkpoint(parcel(number, status="running"))
        os._exit(0 if delivery.submit(parcel(number)).wait(50) else 1)
    assert os.waitpid(pid, 0)[1] == 0
os._exit(0)
"""
    done = script(root, tmp_path, code)
    assert (done.returncode, done.stderr) == (0, "")


FULL = """
delivery = Delivery([FakeExporter(*["away"] * 10**6)], spool=folder, limits=FAST)
first = delivery.submit(parcel(1, b"x" * 100_000))
second = delivery.submit(parcel(2, b"x" * 100_000))
tickets = [delivery.submit(parcel(number, b"x" * 100_000)) for number in range(3, 12)]
print(first.on_disk, all(ticket.accepted for ticket in tickets), all(ticket.on_disk for ticket in tickets))
print(delivery.status().in_memory > 0)
for entry in sorted((folder / f"spool-{os.geteuid()}").glob("*.parcel"))[:2]:
    entry.unlink()
before = delivery.status().in_memory
delivery.submit(parcel(12))
print(delivery.status().in_memory < before)
"""


def test_a_full_disk_is_no_loss_while_the_process_lives(tmp_path, root):
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be made by root only")
    try:
        done = script(root, place, FULL)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
    assert done.stdout.splitlines() == ["True True False", "True", "True"]
    assert "No space left on device" in done.stderr
    assert done.stderr.count("waits in memory") + done.stderr.count("wait in memory") == 1


def test_a_write_that_fails_in_the_middle_leaves_no_half_file(tmp_path, root):
    """The limit on the size of a file breaks a write off as a full disk does, and needs no rights."""
    code = """
delivery = Delivery([FakeExporter(*["away"] * 10**6)], spool=folder, limits=FAST)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
ticket = delivery.submit(parcel(1, b"x" * 100_000))
print(ticket.accepted, ticket.on_disk)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
delivery.submit(parcel(2))
print(ticket.on_disk)
"""
    done = script(root, tmp_path, code)
    assert done.stdout.splitlines() == ["True False", "True"]
    assert list(inside(tmp_path).glob(".new-*")) == []
    assert sent_by_the_next(tmp_path) == [parcel(1).name, parcel(2).name]


RECORD = """
import openprofiling_ipy
from openprofiling_ipy import ledger
from openprofiling_ipy.profilers.registry import create
capture = ledger.start(create("cpu"), name="night run")
delivery = Delivery(spool=folder)
def work():
    while True:
        sum(range(1000))
threading.Thread(target=work, daemon=True).start()
time.sleep(0.5)
print(delivery.checkpoint(capture), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_recording_leaves_its_profile(tmp_path, root):
    done = script(root, tmp_path, RECORD)
    assert done.stdout == "True\n", done.stderr
    (found,) = recovered(tmp_path)
    assert found.metadata["status"] == "recovered"
    assert found.metadata["name"] == "night run"
    from openprofiling_ipy.formats import registry

    profile = registry.by_name(found.metadata["format"]).loads(found.parcel().data)
    assert "work" in profile.strings


def test_a_recording_that_has_ended_takes_no_checkpoint(tmp_path):
    from openprofiling_ipy import ledger
    from openprofiling_ipy.exporters.memory import MemoryExporter
    from openprofiling_ipy.profilers.registry import create

    exporter = MemoryExporter()
    delivery = Delivery([exporter], spool=tmp_path)
    capture = ledger.start(create("wall"))
    until(lambda: ledger.numbers(capture).samples > 2)
    assert delivery.checkpoint(capture)
    (partial,) = entries_of(tmp_path)
    ledger.stop(capture)
    assert not delivery.checkpoint(capture)
    assert delivery.submit(capture).wait(60)
    assert entries_of(tmp_path) == []
    # What is recorded so far and what it becomes have one name, so that the whole takes the place of the part.
    (whole,) = exporter.parcels
    from openprofiling_ipy.delivery.entry import digest

    assert partial.key == digest(whole.name)
    delivery.close(0)


def test_two_deliveries_of_one_process_share_a_folder(tmp_path):
    hung, other = FakeExporter(), FakeExporter()
    hung.may_go.clear()
    first, second = (Delivery([exporter], spool=tmp_path, limits=FAST) for exporter in (hung, other))
    first.submit(parcel(1))
    assert second.submit(parcel(2)).wait(60)
    assert other.got == [parcel(2)]
    hung.may_go.set()
    assert first.flush(60)
    assert hung.got == [parcel(1)]
    for each in (first, second):
        each.close(0)
    until(lambda: not [thread for thread in threading.enumerate() if "delivery" in thread.name])
