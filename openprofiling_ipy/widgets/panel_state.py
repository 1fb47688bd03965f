"""What the panel shows, as plain JSON: what can be recorded, what is being recorded, and the captures so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openprofiling_ipy import session
from openprofiling_ipy.errors import NotRunning

if TYPE_CHECKING:
    from openprofiling_ipy.capture import Capture

__all__ = ["captures", "choices", "formats", "running"]

#: How many captures the panel lists; `%oprof list` has them all.
_MOST = 100


def choices() -> dict[str, Any]:
    """Return the kinds with their options and defaults, and the formats, the default first."""
    from openprofiling_ipy.profilers import registry as profilers

    kinds = []
    for name in profilers.names():
        given = profilers.options(name)
        # What a button can set: numbers, switches and words with a default.
        options = {option: value for option, value in given.items() if isinstance(value, bool | int | float | str)}
        kinds.append({"name": name, "options": options})
    return {"kinds": kinds, "formats": formats()}


def formats() -> list[str]:
    """Return the formats that can be written, the default first."""
    from openprofiling_ipy.formats import registry

    first = registry.for_path("", None).name
    return [first, *(name for name in registry.names() if name != first)]


def running() -> list[dict[str, Any]]:
    """Return what is under way, the newest last; `elapsed` in ms, `cost` as a share of one core."""
    found = []
    for capture in session.running():
        try:
            numbers = session.numbers(capture)
        except NotRunning:
            continue
        found.append(
            _facts(capture)
            | {
                "elapsed": numbers.elapsed / 1e6,
                "samples": numbers.samples,
                "rate": numbers.rate,
                "asked": numbers.asked_rate,
                "cost": numbers.own_cpu / max(1, numbers.elapsed),
            }
        )
    return found


def captures() -> list[dict[str, Any]]:
    """Return the finished captures, the newest first; `took` in ms."""
    newest = list(reversed(session.captures))[:_MOST]
    return [
        _facts(capture) | {"took": (capture.ended_at - capture.started_at) / 1e6, "status": capture.status}
        for capture in newest
    ]


def _facts(capture: Capture) -> dict[str, Any]:
    return {
        "number": capture.number,
        "kind": capture.kind,
        "label": capture.label,
        "name": capture.name,
        "began": capture.started_at / 1e6,
    }
