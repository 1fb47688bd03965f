"""The seam between an agent or a session and whatever collects data. Imports nothing heavy: an idle agent loads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = ["Profiler", "Recording", "Scope", "Sources", "Status"]


@dataclass(frozen=True, slots=True)
class Status:
    """Live numbers of a recording: `elapsed` and `own_cpu` in ns, `rate` and `asked_rate` in Hz."""

    elapsed: int
    samples: int
    rate: float
    asked_rate: float
    own_cpu: int


class Sources(Protocol):
    """Knows the notebook's cells by the file name their code was compiled under."""

    def label(self, filename: str) -> str | None:
        """Return the cell's label as it ran, such as "In[5]"; None where the file is no cell."""
        ...

    def text(self, filename: str) -> str | None:
        """Return the cell's source as it ran."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """
    What of the process a recording is about. The default is all of it.

    `hidden_files` are path prefixes (a folder ends with a separator) whose frames never show; where `sources` is given,
    everything older than the first cell frame of a stack is left out too. `kernel_files` are those among them whose
    frames hide what they call of the standard library, `closed_files` are path prefixes whose frames hide all they
    call. `outer_files` are files whose frames hide all that is older than them, a cell's too: code that runs a cell
    again. `hidden_threads` are idents of threads that are not the user's. `everyone` makes every thread and task one of
    those shown at first, also those that were there before: there is no caller's own. `home` is the ident of the thread
    that the recording is about, 0: the one that starts it. A button's click comes on another thread than the cell's.
    """

    sources: Sources | None = None
    hidden_files: tuple[str, ...] = ()
    kernel_files: tuple[str, ...] = ()
    closed_files: tuple[str, ...] = ()
    outer_files: frozenset[str] = frozenset()
    hidden_threads: frozenset[int] = field(default_factory=frozenset)
    everyone: bool = False
    home: int = 0


class Recording(Protocol):
    """One run of a profiler; owns all its state."""

    def peek(self) -> Profile:
        """Return what is recorded so far; the recording goes on."""
        ...

    def stop(self) -> Profile:
        """End the recording and return its document; again: the same document."""
        ...

    def status(self) -> Status: ...


class Profiler(Protocol):
    """Knows how to collect one kind of data; `name` is what users call it."""

    @property
    def name(self) -> str: ...

    def start(self) -> Recording:
        """Begin. Raises ProfilerUnavailable where it cannot run here."""
        ...
