"""What a delivery promises, seen from outside: with threads, a real folder, and a clock that the test moves."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from openprofiling_ipy.delivery import Delivery, Limits, recovered
from openprofiling_ipy.delivery.spool import Spool
from tests.delivery.fakes import FakeClock, FakeExporter, Highest, parcel, until
from tests.delivery.test_spool import entries_of, inside, left_by_the_dead

LIMITS = Limits(first_wait=1, longest_wait=60)
LOG = "openprofiling_ipy.delivery"

Make = Callable[..., Delivery]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make(tmp_path, clock) -> Iterator[Make]:
    """Make deliveries that are closed in the end."""
    made = []

    def delivery(*exporters: FakeExporter, spool: Path = tmp_path, limits: Limits = LIMITS) -> Delivery:
        made.append(Delivery(exporters, spool=spool, limits=limits, clock=clock, chance=Highest()))
        return made[-1]

    yield delivery
    for each in made:
        each.close(0)
    until(lambda: not workers())


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("openprofiling-delivery")]


def told(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == LOG and r.levelno >= level]


def no_folder(tmp_path: Path) -> Path:
    """A place where no folder can be made, whoever tries."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file"


def test_it_is_on_the_disk_before_it_is_sent_and_gone_afterwards(make, tmp_path):
    exporter = FakeExporter()
    seen = []
    exporter.before = lambda parcel: seen.append(len(entries_of(tmp_path)))
    ticket = make(exporter).submit(parcel())
    assert ticket.accepted
    assert ticket.wait(30)
    assert (seen, exporter.got, entries_of(tmp_path)) == ([1], [parcel()], [])
    assert ticket.places == {"fake://place": "fake://place/service/cpu-1.profile"}


def test_an_idle_one_has_no_thread(make):
    delivery = make(FakeExporter())
    assert workers() == []
    for number in range(3):
        delivery.submit(parcel(number)).wait(30)
        until(lambda: not workers())
    assert delivery.status().sent == 3


def test_it_tries_again_until_it_has_arrived(make, clock):
    exporter = FakeExporter("away", "away", "away")
    ticket = make(exporter).submit(parcel())
    for tries, wait in ((1, 1), (2, 2), (3, 4)):
        until(lambda tries=tries: exporter.tries == tries and clock.sleepers())
        assert (ticket.fates, ticket.errors) == ({"fake://place": "spooled"}, {"fake://place": "away"})
        clock.advance(wait - 0.001)
        assert exporter.tries == tries
        clock.advance(0.001)
    assert ticket.wait(30)
    assert ticket.errors == {}


def test_a_bad_exporter_does_not_delay_another(make):
    hung, failing, good = (FakeExporter(name=name) for name in ("hung", "failing", "good"))
    hung.may_go.clear()
    failing.answers = ["away"] * 1000
    delivery = make(hung, failing, good)
    tickets = [delivery.submit(parcel(number)) for number in range(5)]
    until(lambda: all(ticket.fates["good://place"] == "sent" for ticket in tickets))
    assert hung.got == failing.got == []
    hung.may_go.set()


def test_what_is_refused_is_kept_told_once_and_tried_rarely(make, clock, caplog, tmp_path):
    exporter = FakeExporter(*["refused: wrong key"] * 5)
    delivery = make(exporter)
    tickets = [delivery.submit(parcel(number)) for number in range(5)]
    for ticket in tickets:
        assert not ticket.wait(30)
        assert ticket.settled
        assert ticket.accepted
    assert len(told(caplog)) == 1
    assert "wrong key" in told(caplog)[0]
    assert len(entries_of(tmp_path)) == 5
    assert (delivery.status().failed, delivery.status().waiting) == (5, 0)
    until(clock.sleepers)
    clock.advance(1800)
    assert exporter.tries == 5
    clock.advance(3600)
    until(lambda: delivery.status().sent == 5)
    assert delivery.status().failed == 0


def test_what_is_refused_is_tried_by_the_next_process(make):
    first = make(FakeExporter("refused: wrong key"))
    first.submit(parcel()).wait(30)
    first.close(0)
    second = FakeExporter()
    make(second)
    until(lambda: second.got == [parcel()])


def test_a_flapping_backend_is_no_flood_of_words(make, clock, caplog):
    exporter = FakeExporter(*["HTTP 500", ""] * 60)
    delivery = make(exporter)
    for number in range(60):
        ticket = delivery.submit(parcel(number))
        until(lambda number=number: exporter.tries == 2 * number + 1)
        until(clock.sleepers)
        clock.advance(1)
        assert ticket.wait(30)
    assert len(told(caplog)) == 1


@pytest.mark.parametrize("error", [ValueError("https://user:secret@host/ is odd"), SystemExit(3), MemoryError()])
def test_whatever_an_exporter_raises_nothing_is_lost(make, clock, caplog, error):
    exporter = FakeExporter(error)
    delivery = make(exporter)
    delivery.submit(parcel())
    until(lambda: delivery.status().lanes[0].last_error)
    assert delivery.flush(30)
    assert exporter.got == [parcel()]
    assert type(error).__name__ in told(caplog)[0]
    assert "secret" not in caplog.text


def test_flush_tries_at_once_what_waits_for_later(make, clock):
    exporter = FakeExporter("refused: no", "away")
    delivery = make(exporter)
    for number in (1, 2):
        delivery.submit(parcel(number))
        until(lambda number=number: exporter.tries == number and clock.sleepers())
    assert exporter.got == []
    assert delivery.flush(1000)
    assert (clock.now(), sorted(exporter.names())) == (0, [parcel(1).name, parcel(2).name])


def test_flush_does_not_wait_for_what_is_refused(make, clock):
    delivery = make(FakeExporter(*["refused: no"] * 5))
    delivery.submit(parcel()).wait(30)
    assert not delivery.flush(1000)
    assert (clock.now(), delivery.status().failed) == (0, 1)


def test_flush_waits_no_longer_than_it_may(make, clock):
    exporter = FakeExporter()
    exporter.may_go.clear()
    delivery = make(exporter)
    delivery.submit(parcel())
    done = []
    flushing = threading.Thread(target=lambda: done.append(delivery.flush(10)))
    flushing.start()
    until(clock.sleepers)
    clock.advance(9.9)
    assert done == []
    clock.advance(0.2)
    flushing.join(30)
    assert done == [False]
    exporter.may_go.set()


def test_close_leaves_the_rest_to_the_next_process(make, tmp_path):
    away = FakeExporter(*["away"] * 1000)
    first = make(away)
    ticket = first.submit(parcel())
    first.close(0)
    first.close(0)
    assert ticket.fates == {"fake://place": "spooled"}
    until(lambda: not workers())
    second = FakeExporter()
    make(second)
    until(lambda: second.got == [parcel()])
    until(lambda: entries_of(tmp_path) == [])


def test_what_comes_after_close_is_kept_for_the_next_process(make):
    first = make(FakeExporter())
    first.close(0)
    assert first.submit(parcel()).on_disk
    assert workers() == []
    second = FakeExporter()
    make(second)
    until(lambda: second.got == [parcel()])


def test_a_hung_exporter_does_not_hold_up_close(make, clock):
    exporter = FakeExporter()
    exporter.may_go.clear()
    delivery = make(exporter)
    delivery.submit(parcel())
    closing = threading.Thread(target=delivery.close, args=(10,))
    closing.start()
    until(clock.sleepers)
    clock.advance(11)
    closing.join(30)
    assert not closing.is_alive()
    exporter.may_go.set()


def test_without_a_folder_it_waits_in_memory_and_says_so_once(make, clock, tmp_path, caplog):
    exporter = FakeExporter("away")
    delivery = make(exporter, spool=no_folder(tmp_path))
    tickets = [delivery.submit(parcel(number)) for number in range(3)]
    assert all(ticket.accepted and not ticket.on_disk for ticket in tickets)
    (said,) = [line for line in told(caplog) if "memory" in line]
    assert f"{tmp_path / 'file'}: Not a directory" in said
    assert delivery.status().in_memory == 3
    until(clock.sleepers)
    assert exporter.tries == 1
    clock.advance(60)
    assert delivery.flush(30)
    assert sorted(exporter.names()) == [parcel(number).name for number in range(3)]
    assert delivery.status().in_memory == 0


@pytest.mark.parametrize("limits", [Limits(memory_bytes=3000), Limits(memory_entries=3)])
def test_memory_is_bounded_the_oldest_goes_and_is_counted(make, tmp_path, caplog, limits):
    exporter = FakeExporter()
    exporter.may_go.clear()
    delivery = make(exporter, spool=no_folder(tmp_path), limits=limits)
    tickets = [delivery.submit(parcel(0, b"x" * 1000))]
    exporter.entered.wait(30)
    tickets += [delivery.submit(parcel(number, b"x" * 1000)) for number in range(1, 10)]
    assert [ticket.fates["fake://place"] for ticket in tickets] == ["dropped"] * 7 + ["in memory"] * 3
    assert delivery.status().dropped == 7
    assert len([line for line in told(caplog) if "dropped" in line]) == 1
    exporter.may_go.set()
    until(lambda: not workers())
    # The first was on its way already, and arrived although it had been given up.
    assert (delivery.status().dropped, delivery.status().sent) == (6, 4)


def test_what_memory_holds_in_the_end_is_counted_as_lost(make, tmp_path, caplog):
    delivery = make(FakeExporter(*["away"] * 1000), spool=no_folder(tmp_path))
    ticket = delivery.submit(parcel())
    delivery.close(0)
    assert ticket.fates == {"fake://place": "dropped"}
    assert delivery.status().dropped == 1
    assert "the process ended" in told(caplog)[-1]


def test_what_waits_in_memory_goes_to_the_disk_when_it_can(make, tmp_path):
    folder = no_folder(tmp_path)
    delivery = make(FakeExporter(*["away"] * 1000), spool=folder)
    first = delivery.submit(parcel(1))
    assert not first.on_disk
    folder.unlink()
    second = delivery.submit(parcel(2))
    assert first.on_disk
    assert second.on_disk
    assert delivery.status().in_memory == 0
    assert len(entries_of(folder)) == 2


def test_a_full_spool_drops_the_oldest_counts_and_says_so(make, tmp_path, caplog):
    exporter = FakeExporter(*["away"] * 1000)
    delivery = make(exporter, limits=Limits(spool_bytes=20_000))
    tickets = [delivery.submit(parcel(number, b"x" * 5000)) for number in range(10)]
    fates = [ticket.fates["fake://place"] for ticket in tickets]
    assert fates == ["dropped"] * 7 + ["spooled"] * 3
    assert delivery.status().dropped == 7
    assert delivery.status().waiting == 3
    assert delivery.status().spool_bytes <= 20_000
    assert len([line for line in told(caplog) if "dropped" in line]) == 1
    exporter.answers.clear()
    assert delivery.flush(30)
    assert len(exporter.got) == 3


def test_a_damaged_file_is_set_aside_and_the_others_go_on(make, tmp_path, caplog):
    bad, _ = left_by_the_dead(tmp_path, 1, 2)
    (inside(tmp_path) / bad.file).write_bytes(b"nonsense")
    # `left_by_the_dead` keeps for a place that this one answers to.
    exporter = FakeExporter()
    exporter.describe = lambda: "s3://bucket"
    delivery = make(exporter)
    until(lambda: exporter.got == [parcel(2)])
    until(lambda: not workers())
    assert delivery.status().dropped == 1
    assert [each.state for each in entries_of(tmp_path)] == ["damaged"]
    assert "damaged" in told(caplog)[0]
    delivery.close(0)
    again = FakeExporter()
    again.describe = exporter.describe
    make(again).flush(30)
    assert again.tries == 0


def test_an_entry_that_somebody_removed_is_counted(make, tmp_path):
    exporter = FakeExporter()
    exporter.may_go.clear()
    delivery = make(exporter)
    first = delivery.submit(parcel(1))
    exporter.entered.wait(30)
    second = delivery.submit(parcel(2))
    for entry in entries_of(tmp_path):
        (inside(tmp_path) / entry.file).unlink()
    exporter.may_go.set()
    assert first.wait(30)
    assert not second.wait(30)
    assert second.fates == {"fake://place": "dropped"}
    assert delivery.status().dropped == 1


def test_one_capture_goes_to_those_it_is_for(make):
    one, two, three = (FakeExporter(name=name) for name in ("one", "two", "three"))
    delivery = make(one, two)
    ticket = delivery.submit(parcel(), [two, three])
    assert ticket.wait(30)
    assert (one.got, two.got, three.got) == ([], [parcel()], [parcel()])


def test_a_newer_exporter_of_a_place_takes_over(make):
    """Such as one with the right key, after one with a wrong one."""
    wrong, right = FakeExporter(*["refused: wrong key"] * 10), FakeExporter()
    delivery = make(wrong)
    delivery.submit(parcel(1)).wait(30)
    assert delivery.submit(parcel(2), [right]).wait(30)
    until(lambda: delivery.status().sent == 2)
    assert delivery.status().failed == 0


def test_without_exporters_there_is_nothing_to_do(make, tmp_path):
    ticket = make().submit(parcel())
    assert ticket.sent
    assert ticket.settled
    assert entries_of(tmp_path) == []


def test_the_spool_holds_no_credentials(make, tmp_path):
    exporter = FakeExporter(*["away"] * 10)
    exporter.describe = lambda: "https://user:geheim@host/captures?X-Amz-Signature=geheim"
    delivery = make(exporter)
    delivery.submit(parcel())
    text = b"".join(file.read_bytes() + file.name.encode() for file in inside(tmp_path).iterdir())
    assert b"https://host/captures" in text
    assert b"geheim" not in text
    assert "geheim" not in repr(delivery.status())


def test_a_checkpoint_goes_when_the_capture_comes(make, tmp_path):
    delivery = make(FakeExporter())
    assert delivery.checkpoint(parcel(1, b"half", "running"))
    assert delivery.checkpoint(parcel(1, b"more", "running"))
    assert [each.state for each in entries_of(tmp_path)] == ["partial"]
    assert delivery.submit(parcel(1, b"whole")).wait(30)
    assert entries_of(tmp_path) == []


def test_a_checkpoint_is_off_the_disk_before_the_whole_is_sent(make, tmp_path):
    exporter = FakeExporter()
    seen = []
    exporter.before = lambda parcel: seen.extend(each.state for each in entries_of(tmp_path))
    delivery = make(exporter)
    delivery.checkpoint(parcel(1, b"half", "running"))
    assert delivery.submit(parcel(1, b"whole")).wait(30)
    assert seen == ["parcel"]


def test_a_forgotten_checkpoint_is_gone(make, tmp_path):
    delivery = make()
    assert delivery.checkpoint(parcel(1, status="running"))
    assert len(entries_of(tmp_path)) == 1
    delivery.forget(parcel(1))
    delivery.forget(parcel(2))
    assert entries_of(tmp_path) == []


def test_a_checkpoint_without_a_disk_says_so_once(make, tmp_path, caplog):
    delivery = make(FakeExporter(), spool=no_folder(tmp_path))
    assert [delivery.checkpoint(parcel(1)) for _ in range(3)] == [False] * 3
    assert len(told(caplog)) == 1


def test_the_dead_ones_checkpoint_is_listed_then_sent_as_recovered(make, tmp_path):
    dead = Spool(tmp_path, LIMITS, FakeClock())
    dead.checkpoint(parcel(1, b"so far", "running"), "fake://place", None)
    assert recovered(tmp_path) == []  # it is alive
    dead.release()
    (found,) = recovered(tmp_path)
    assert (found.name, found.size, found.destination) == (parcel(1).name, 6, "fake://place")
    assert found.metadata == {"kind": "cpu", "status": "recovered"}
    assert found.parcel() == parcel(1, b"so far", "recovered")
    exporter = FakeExporter()
    delivery = make(exporter)
    assert delivery.flush(30)
    assert exporter.got == [parcel(1, b"so far", "recovered")]
    assert recovered(tmp_path) == []
    with pytest.raises(FileNotFoundError):
        found.parcel()


def test_one_that_nobody_sends_stays_until_it_is_forgotten(make, tmp_path):
    dead = make()
    dead.checkpoint(parcel(1, status="running"))
    dead.close(0)
    make(FakeExporter()).flush(30)
    (found,) = recovered(tmp_path)
    assert found.destination == ""
    assert found.forget()
    assert not found.forget()
    assert recovered(tmp_path) == []


def test_a_damaged_checkpoint_is_not_listed(make, tmp_path):
    dead = make()
    dead.checkpoint(parcel(1, status="running"))
    dead.close(0)
    (entry,) = entries_of(tmp_path)
    (inside(tmp_path) / entry.file).write_bytes(b"")
    assert recovered(tmp_path) == []
