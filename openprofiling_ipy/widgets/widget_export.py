"""Exports that a button began: each on a thread of its own, told step by step, with a clear end."""

from __future__ import annotations

import itertools
import logging
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from openprofiling_ipy.background import Background
from openprofiling_ipy.errors import InvalidOption, OpenProfilingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.widgets.widget import Action, Message

__all__ = ["ExportActions", "Job"]

_log = logging.getLogger(__name__)
#: What a front end may say about a connection: words of `exporters.registry.exporter`.
_CONNECTION = ("endpoint_url", "region", "access_key", "secret_key", "session_token", "profile")
#: Seconds between two reports of an upload.
_EVERY = 0.1


@dataclass
class Job:
    """
    One export as a front end is told of it; it holds no credentials.

    `phase` is "packing", "sending", "done" or "failed"; `sent` and `size` are bytes, 0 where not known; `place` is
    where it went, or what went wrong, in one line.
    """

    id: int
    number: int
    phase: str = "packing"
    sent: int = 0
    size: int = 0
    place: str = ""
    notes: list[str] = field(default_factory=list)


class ExportActions:
    """
    What the Export button of a widget does: tells the name first, then sends, on a thread of its own.

    `tell` sends a message to the views, `capture` finds the capture that a message is about.
    """

    def __init__(self, tell: Callable[..., None], capture: Callable[[Message], Capture]) -> None:
        self._tell = tell
        self._capture = capture
        self._ids = itertools.count(1)
        self.actions: dict[str, Action] = {"preview": self._preview, "export": self._export}

    def _preview(self, message: Message) -> Message:
        destination, format_name = _place(message)
        from openprofiling_ipy.exporters import registry

        return {"place": registry.preview(self._capture(message), destination, format_name)}

    def _export(self, message: Message) -> Message:
        capture, (destination, format_name) = self._capture(message), _place(message)
        words = {key: str(word).strip() for key, word in message.get("connection", {}).items()}
        unknown = set(words) - set(_CONNECTION)
        if unknown:
            raise InvalidOption("export", min(unknown), f"a connection has {', '.join(_CONNECTION)}")
        job = Job(next(self._ids), capture.number)
        given = {key: word for key, word in words.items() if word}
        work = (job, capture, destination, format_name, given)
        Background(self._run, "openprofiling-export", work).start()
        return {"job": asdict(job)}

    def _report(self, job: Job) -> None:
        self._tell("job", job=asdict(job))

    def _run(self, job: Job, capture: Capture, place: str, format_name: str | None, words: dict[str, str]) -> None:
        from openprofiling_ipy.exporters import registry

        try:
            progress = _Progress(job, self._report)
            job.place = registry.export(capture, place, format_name, progress, **words)
            job.phase, job.notes = "done", _notes(capture, job.place, format_name)
        except (OpenProfilingError, OSError) as error:
            job.phase, job.place = "failed", " ".join(str(error).split())
        except Exception as error:  # noqa: BLE001  # nobody else would hear of it
            _log.exception("an export failed")
            job.phase, job.place = "failed", f"{type(error).__name__}: {' '.join(str(error).split())}"
        self._report(job)


class _Progress:
    """Hears how far an upload is and passes it on, not too often."""

    def __init__(self, job: Job, tell: Callable[[Job], None]) -> None:
        self._job = job
        self._tell = tell
        self._next = 0.0

    def __call__(self, sent: int, size: int) -> None:
        self._job.phase, self._job.sent, self._job.size = "sending", sent, size
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _EVERY
            self._tell(self._job)


def _place(message: Message) -> tuple[str, str | None]:
    return str(message.get("destination", "")).strip(), message.get("format") or None


def _notes(capture: Capture, place: str, format_name: str | None) -> list[str]:
    """Return what the export leaves out, and what of the author it tells."""
    from openprofiling_ipy.formats import registry

    fmt = registry.for_path(place, format_name)
    lost, told = fmt.losses(capture.document), fmt.contents(capture.document)
    said = [f"{Path(place).name} cannot hold: {', '.join(lost)}"] if lost else []
    return said + ([f"Who gets it also gets: {', '.join(told)}"] if told else [])
