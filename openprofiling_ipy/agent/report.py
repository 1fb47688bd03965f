"""What an agent tells of itself."""

from __future__ import annotations

import dataclasses
import os
import time
from typing import TYPE_CHECKING, Any

from openprofiling_ipy import ledger
from openprofiling_ipy.agent import ending
from openprofiling_ipy.errors import OpenProfilingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openprofiling_ipy.agent.options import Options
    from openprofiling_ipy.agent.recorder import Recorder
    from openprofiling_ipy.agent.runs import Run
    from openprofiling_ipy.profilers.base import Profiler
    from openprofiling_ipy.triggers.base import Trigger

__all__ = ["status"]


def status(
    options: Options, registered: Iterable[tuple[Trigger, Profiler]], recorder: Recorder | None, parent: int
) -> dict[str, Any]:
    """
    Return plain values that JSON can hold, no credentials; times in seconds.

    `recorder` is None where the agent is not started, `parent` the process it was forked from where it is started in
    that one only.
    """
    pairs = list(registered)
    triggers = {id(trigger): trigger for trigger, _ in pairs}
    told: dict[str, Any] = {
        "started": recorder is not None,
        "pid": os.getpid(),
        "service": options.service,
        "triggers": [trigger.describe() for trigger in triggers.values()],
        "profilers": sorted({profiler.name for _, profiler in pairs}),
    }
    if parent:
        told["forked_from"] = parent
    if recorder is not None:
        told |= recorder.counts
        told["running"] = [_running(run) for run in recorder.running]
        told["recent"] = list(recorder.recent)
        told["ends_with_process"] = ending.describe()
        told["delivery"] = dataclasses.asdict(recorder.delivery.status())
    return told


def _running(run: Run) -> dict[str, Any]:
    told: dict[str, Any] = {
        "kind": run.capture.kind,
        "number": run.capture.number,
        "ends_in": round(max(0.0, run.ends_at - time.monotonic()), 3),
    }
    try:
        numbers = ledger.numbers(run.capture)
    except OpenProfilingError:  # it has just ended
        return told
    live = {"samples": numbers.samples, "rate": round(numbers.rate, 2), "asked_rate": numbers.asked_rate}
    return told | {"seconds": round(numbers.elapsed / 1e9, 3), "own_cpu": round(numbers.own_cpu / 1e9, 6)} | live
