"""Nothing that was accepted is lost: a small run of `benchmarks/delivery_faults.py`."""

from __future__ import annotations

import pytest

from tests.delivery import faults


@pytest.mark.slow
def test_no_accepted_capture_is_lost(tmp_path):
    outcome = faults.run(captures=100, seed=4, spool=tmp_path, life=(5, 20))
    assert outcome.lost == set()
    assert outcome.wrong == set()
    assert outcome.left == 0
    # That it was hard: most were accepted, processes were killed, and the backend failed in each of its ways.
    assert len(outcome.accepted) > 60
    assert outcome.kills >= 5
    assert {"500", "reset"} <= outcome.seen.keys()


def test_the_comparison_sees_what_is_missing(tmp_path):
    """A run in which captures are thrown away behind the delivery's back must not look well."""
    backend = faults.Backend(1, {})
    service = faults.Service([0, 1, 2], backend.port, tmp_path, faults.random.Random(1), (9, 9))
    service.run()
    backend.stored.pop(faults.parcel(0).name)
    backend.stored[faults.parcel(1).name] = "0"
    backend.down()
    outcome = faults._compare([service], backend, 3, 0.0, 0)
    assert outcome.lost == service.accepted & {0}
    assert outcome.wrong == {1}
