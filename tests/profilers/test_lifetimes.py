"""Objects of the program live as long as they do without a profiler."""

from __future__ import annotations

import gc
import time
import weakref

import pytest

import openprofiling_ipy as op


class Thing:
    """What a function holds in a variable."""


def hold() -> weakref.ref[Thing]:
    thing = Thing()
    end = time.perf_counter() + 0.002
    while time.perf_counter() < end:
        pass
    return weakref.ref(thing)


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_a_look_keeps_no_variable_of_a_function():
    """A frame that somebody keeps, keeps its variables; the collector may come by much later."""
    with op.profile("cpu", rate=500) as capture:
        held = [hold() for _ in range(300)]
    assert int(capture.document.samples.values[:, 2].sum()) > 20
    # The last look may still be under way.
    assert sum(ref() is not None for ref in held) <= 1
