"""Recordings that run long are kept while they run, and no longer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from openprofiling_ipy import ledger
from openprofiling_ipy.capture import Capture
from openprofiling_ipy.delivery import Delivery, Keeper, recovered
from openprofiling_ipy.profilers.registry import create
from tests.delivery.fakes import FakeClock, FakeExporter, until
from tests.delivery.test_spool import entries_of


@dataclass
class Kept:
    keeper: Keeper
    clock: FakeClock
    folder: Path
    made: list[Delivery]

    def states(self) -> list[str]:
        return [entry.state for entry in entries_of(self.folder)]


@pytest.fixture
def kept(tmp_path) -> Iterator[Kept]:
    clock, made = FakeClock(), []

    def make() -> Delivery:
        made.append(Delivery(spool=tmp_path))
        return made[-1]

    keeper = Keeper(lambda capture: "trigger" not in capture.attributes, make, clock)
    end = ledger.subscribe(keeper)
    yield Kept(keeper, clock, tmp_path, made)
    end()
    keeper.close()
    until(lambda: not threads())


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "openprofiling-keeper"]


def started(**attributes: str) -> Capture:
    capture = ledger.start(create("wall"), attributes=attributes)
    until(lambda: ledger.numbers(capture).samples > 2)
    return capture


def test_a_short_one_leaves_no_trace(kept):
    ledger.stop(started())
    assert len(threads()) == 1
    assert (kept.made, kept.states()) == ([], [])


def test_a_long_one_is_kept_once_a_minute_until_it_ends(kept):
    capture = started()
    until(kept.clock.sleepers)
    kept.clock.advance(59.9)
    assert kept.states() == []
    kept.clock.advance(0.1)
    until(lambda: kept.states() == ["partial"])
    until(kept.clock.sleepers)
    (first,) = kept.folder.glob("*/*.partial")
    before = first.stat().st_mtime_ns
    kept.clock.advance(60)
    until(lambda: first.stat().st_mtime_ns > before)
    assert kept.states() == ["partial"]
    assert recovered(kept.folder) == []
    ledger.stop(capture)
    assert kept.states() == []


def test_an_agents_own_are_left_to_it(kept):
    capture = started(trigger="SIGUSR2")
    until(kept.clock.sleepers)
    kept.clock.advance(61)
    until(kept.clock.sleepers)
    ledger.stop(capture)
    assert (kept.made, kept.states()) == ([], [])


def test_what_runs_on_when_it_is_closed_is_not_taken_for_a_dead_ones(kept):
    capture = started()
    until(kept.clock.sleepers)
    kept.clock.advance(60)
    until(lambda: kept.states() == ["partial"])
    kept.keeper.close()
    assert kept.states() == []
    assert recovered(kept.folder) == []
    ledger.stop(capture)


def test_one_that_ends_without_a_document_leaves_what_was_kept(kept, monkeypatch):
    capture = started()
    until(kept.clock.sleepers)
    kept.clock.advance(60)
    until(lambda: kept.states() == ["partial"])
    until(kept.clock.sleepers)
    with monkeypatch.context() as patch:
        patch.setattr("openprofiling_ipy.stamps.stamped", lambda *words: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ledger.stop(capture)
    assert kept.states() == ["recovered"]
    (found,) = recovered(kept.folder)
    assert found.metadata["status"] == "recovered"


def test_what_is_given_up_is_sent(tmp_path):
    exporter = FakeExporter()
    delivery = Delivery([exporter], spool=tmp_path)
    capture = started()
    assert delivery.checkpoint(capture)
    ledger.stop(capture)
    assert delivery.give_up(capture) == 1
    assert delivery.flush(60)
    assert [each.metadata["status"] for each in exporter.got] == ["recovered"]
    assert delivery.give_up(capture) == 0
    delivery.close(0)
