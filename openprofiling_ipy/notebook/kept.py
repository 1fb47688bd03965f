"""Recordings that outlive their kernel: kept on disk once a minute, and among the captures of the next kernel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from openprofiling_ipy import ledger, session
from openprofiling_ipy.capture import Capture
from openprofiling_ipy.delivery import Keeper, recovered
from openprofiling_ipy.errors import OpenProfilingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.delivery import Recovered
    from openprofiling_ipy.model import Profile

__all__ = ["begin", "forget", "join"]

#: What has joined the captures of this process, by their numbers.
_joined: dict[int, Recovered] = {}


def begin() -> Callable[[], None]:
    """From now on a killed kernel leaves its recordings; returns what ends that."""
    # What an agent began is sent where it is meant to go, by its own.
    keeper = Keeper(lambda capture: "trigger" not in capture.attributes)
    unsubscribe = ledger.subscribe(keeper)

    def end() -> None:
        unsubscribe()
        keeper.close()

    return end


def join() -> None:
    """Let what recordings of killed processes have left join the captures, each once."""
    known = {found.name for found in _joined.values()}
    for found in recovered():
        if found.name in known:
            continue
        try:
            capture, document = _read(found)
        except (OSError, ValueError, OpenProfilingError):  # it is damaged, or has been sent meanwhile
            continue
        session.captures.add(capture, document)
        _joined[capture.number] = found


def forget(capture: Capture) -> None:
    """Take what has joined off the disk when its capture is forgotten, unless it is still to be sent."""
    found = _joined.get(capture.number)
    if found is not None and not found.destination:
        found.forget()


def _read(found: Recovered) -> tuple[Capture, Profile]:
    from openprofiling_ipy.formats import registry
    from openprofiling_ipy.model.attributes import A

    data = found.parcel().data
    document = registry.detect(data, found.name).loads(data)
    facts = document.attributes
    capture = Capture(
        kind=str(facts.get(A.KIND) or document.value_types[0].kind),
        number=ledger.next_number(),
        label=str(facts.get(A.LABEL, "")),
        name=str(facts.get(A.NAME, "")),
        started_at=document.started_at,
        ended_at=document.started_at + document.duration,
        status="recovered",
    )
    return capture, replace(document, attributes={**facts, A.STATUS: "recovered"})
