"""One tiny capture for each exporter, so that what is missing is known by day."""

from __future__ import annotations

import dataclasses
import logging
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openprofiling_ipy.agent.options import Options
    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.exporters.base import Exporter

__all__ = ["Checked", "send"]

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """What became of the capture at one exporter: its final `place`, or the `error`."""

    exporter: str
    place: str
    error: str

    @property
    def ok(self) -> bool:
        return not self.error


def send(exporters: Iterable[Exporter], options: Options) -> tuple[Checked, ...]:
    """Send a capture of kind "check" to each exporter, without spool or second try."""
    capture = _capture(options)
    checked = []
    for exporter in exporters:
        try:
            checked.append(Checked(exporter.name, exporter.export(capture), ""))
        except Exception as error:  # noqa: BLE001  # whatever an exporter does, it is told, not raised
            # Of an ExportError the reason alone: nothing is kept of this capture.
            told = str(getattr(error, "reason", error)) or type(error).__name__
            checked.append(Checked(exporter.name, "", told))
            _log.warning("check: %s", checked[-1].error)
        else:
            _log.info("check: sent to %s", checked[-1].place)
    return tuple(checked)


def _capture(options: Options) -> Capture:
    from openprofiling_ipy import ledger, stamps
    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.model.builder import ProfileBuilder
    from openprofiling_ipy.model.profile import Thread, ValueType

    now = time.time_ns()
    facts = {"service": options.service, **options.attributes}
    capture = Capture("check", ledger.next_number(), f"pid {os.getpid()}", "", now, now, "done", facts)
    builder = ProfileBuilder([ValueType("samples", "count")])
    stack = builder.stack([builder.frame(builder.function("check"))])
    builder.sample(stack, builder.thread(Thread("check")), [1])
    document = stamps.stamped(builder.build(started_at=now), capture, "done")
    capture.read = lambda: document
    return capture
