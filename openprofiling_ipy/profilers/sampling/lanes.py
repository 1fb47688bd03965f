"""Threads as lanes of samples: who is shown, under which name, and what is known of each from look to look."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.profilers.sampling.process import Process

__all__ = ["MAX_LANES", "SAMPLERS", "Lane", "LaneNames", "ThreadState", "Threads", "pattern"]

MAX_LANES = 64
"""Threads that get a lane of their own. Further ones take over the lane of an ended thread of the same kind of name."""

#: The idents of the threads of all recordings in this process: none of them shows itself.
SAMPLERS: set[int] = set()

_NUMBERED = re.compile(r"\d+")


class Lane:
    """What a lane is called. `Threads` reuses lanes: a thousand short threads do not make a thousand of them."""

    __slots__ = ("home", "index", "kind", "name")

    def __init__(self, index: int, name: str, kind: Literal["thread", "task", "native"], *, home: bool) -> None:
        self.index = index
        self.name = name
        self.kind = kind
        self.home = home


class LaneNames:
    """All lanes of a recording, in order of first use."""

    def __init__(self) -> None:
        self.all: list[Lane] = []

    def add(self, name: str, kind: Literal["thread", "task", "native"], *, home: bool) -> Lane:
        lane = Lane(len(self.all), name, kind, home=home)
        self.all.append(lane)
        return lane


class ThreadState:
    """A living thread from look to look."""

    __slots__ = (
        "asleep",
        "clock",
        "cpu",
        "hidden",
        "identity",
        "lane",
        "name",
        "node",
        "outside",
        "ran",
        "row",
        "unplaced",
    )

    def __init__(self, identity: object, name: str, clock: int, cpu: int, *, hidden: bool) -> None:
        self.identity = identity
        self.name = name
        self.clock = clock
        self.cpu = cpu  # its CPU clock when last read, ns
        self.hidden = hidden
        self.lane: Lane | None = None
        self.node = -1  # its own stack when last seen
        self.row = -1  # its last sample; -1: none that may still be extended
        self.ran = -1  # the last one of them with CPU time
        self.asleep = False  # whether it slept when last seen
        self.outside = False  # whether it was about other things than the recording when last seen
        self.unplaced = 0  # CPU time, ns, that it used and no sample has got; negative: one has got it in advance

    @property
    def ran_last(self) -> int:
        """The row of what it did when it last used CPU time, as far as known; -1 for none."""
        return self.ran if self.asleep and self.ran >= 0 else self.row

    def rename(self, name: str) -> None:
        self.name = name
        if self.lane is not None:
            self.lane.name = name


class Threads:
    """The threads that live now, by ident."""

    def __init__(
        self, process: Process, lanes: LaneNames, home: int, hidden: Callable[[int], bool], *, everyone: bool = False
    ) -> None:
        self.living: dict[int, ThreadState] = {}
        self.hidden_seen = 0
        self._process = process
        self._lanes = lanes
        self._home = home
        self._hidden = hidden
        self._everyone = everyone
        #: Threads gone since somebody last emptied this list: the last slice of their CPU time is still to be placed.
        self.ended: list[ThreadState] = []
        #: CPU time (ns) of ended threads that were never seen at work, by the pattern of their names.
        self.unseen: Counter[str] = Counter()
        self._free: dict[tuple[str, bool], list[Lane]] = {}
        self._count = 0

    def begin(self) -> None:
        """Take note of the threads that are there when the recording starts; the home thread's lane is the first."""
        idents = sorted(self._process.frames(), key=lambda ident: ident != self._home)
        for ident in idents:
            self.meet(ident, before=True)

    def meet(self, ident: int, *, before: bool = False) -> ThreadState:
        """Return a state for a new thread. All its CPU time so far counts, unless it was there `before`."""
        name, clock = self._process.facts(ident)
        identity = self._process.identity(ident)
        old = self.living.get(ident)
        if old is not None:
            # `threading` learns about a thread after it has begun, and forgets it before it is gone.
            if old.clock == clock and (old.identity is None or identity is None):
                old.identity = identity
                if identity is not None:
                    old.rename(name)
                return old
            self.part(ident)
        cpu = 0
        if before:
            try:
                cpu = self._process.thread_cpu(clock)
            except OSError:
                cpu = 0
        hidden = ident in SAMPLERS or self._hidden(ident)
        self.hidden_seen += hidden and ident not in SAMPLERS
        state = ThreadState(identity, name, clock, cpu, hidden=hidden)
        if not hidden:
            state.lane = self._lane(name, home=self._everyone or not before or ident == self._home)
        self.living[ident] = state
        return state

    def _lane(self, name: str, *, home: bool) -> Lane:
        kind = pattern(name)
        free = self._free.get((kind, home))
        if self._count >= MAX_LANES and free:
            lane = free.pop()
            lane.name = kind
            return lane
        self._count += 1
        return self._lanes.add(name, "thread", home=home)

    def part(self, ident: int) -> None:
        """Move a thread that is gone to `ended`; its lane may be taken over."""
        state = self.living.pop(ident)
        self.ended.append(state)
        if state.lane is not None:
            self._free.setdefault((pattern(state.name), state.lane.home), []).append(state.lane)


def pattern(name: str) -> str:
    """Return what names of threads of one kind share: "Thread-12 (work)" is "Thread-* (work)"."""
    return _NUMBERED.sub("*", name)
