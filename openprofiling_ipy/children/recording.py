"""A profiler whose recordings have the processes in them that the program starts meanwhile."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.errors import AlreadyRunning, FormatError, ProfilerUnavailable

if TYPE_CHECKING:
    from openprofiling_ipy.children.crew import Crew, Delivered
    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.profilers.base import Profiler, Recording, Sources, Status

__all__ = ["WithChildren"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WithChildren:
    """
    Records what `profiler` records, and the same in child processes.

    `options` are the profiler's own, for the children; `sources` know the cells whose code they may run.
    """

    profiler: Profiler
    options: dict[str, Any] = field(default_factory=dict)
    sources: Sources | None = None

    @property
    def name(self) -> str:
        return self.profiler.name

    def start(self) -> Recording:
        """Begin. Raises AlreadyRunning where children are being recorded already, or ProfilerUnavailable."""
        # What documents are made with is loaded once, here: forked children find it.
        from openprofiling_ipy.children.crew import crew
        from openprofiling_ipy.formats import pprof  # noqa: F401

        try:
            found = crew()
            begun = found.begin(self.name, self.options)
        except (OSError, TypeError) as error:  # no room for its folder, or options that cannot be handed on
            remedy = "set TMPDIR to a folder with some room, or leave the children out"
            raise ProfilerUnavailable(f"{self.name} of child processes", str(error), remedy) from error
        if not begun:
            raise AlreadyRunning("child process", "stop the one that was started with --children first")
        try:
            return _Recording(self.profiler.start(), found, self.sources)
        except BaseException:
            found.end()
            raise


class _Recording:
    """Implements `Recording`."""

    def __init__(self, own: Recording, crew: Crew, sources: Sources | None) -> None:
        self._own = own
        self._crew = crew
        self._sources = sources
        self._document: Profile | None = None

    def peek(self) -> Profile:
        """Return what is recorded so far of this process; its children hand theirs in at the end."""
        return self._document or self._own.peek()

    def status(self) -> Status:
        return self._own.status()

    def halt(self) -> None:
        """End the recording at this moment, as far as the profiler can, and the children's."""
        end = getattr(self._own, "halt", None)
        if end is not None:
            end()
        self._crew.halt()

    def stop(self) -> Profile:
        if self._document is None:
            self.halt()
            own = self._own.stop()
            delivered = self._crew.end()
            self._document = self._joined(own, delivered)
        return self._document

    def _joined(self, own: Profile, delivered: Delivered) -> Profile:
        from openprofiling_ipy.analysis.processes import Child, joined
        from openprofiling_ipy.formats import pprof

        children, lost = [], delivered.lost
        for found in delivered.profiles:
            try:
                children.append(Child(f"{found.name} (pid {found.pid})", pprof.loads(found.data), found.cpu))
            except FormatError:
                _log.exception("the profile of process %d cannot be read", found.pid)
                lost += 1
        label, text = (self._sources.label, self._sources.text) if self._sources is not None else (None, None)
        return joined(own, children, lost, label=label, text=text)
