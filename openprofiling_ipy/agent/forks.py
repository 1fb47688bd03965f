"""Tells agents that their process was forked: the child's are started in the parent only."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openprofiling_ipy.agent.agent import ProfilingAgent

__all__ = ["know"]


class _Process:
    """The agents of this process, and its id as long as nothing was forked."""

    def __init__(self) -> None:
        self.agents: weakref.WeakSet[ProfilingAgent] = weakref.WeakSet()
        self.pid = os.getpid()

    def forked(self) -> None:
        parent, self.pid = self.pid, os.getpid()
        for agent in list(self.agents):
            agent.forked(parent)


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.forked)


def know(agent: ProfilingAgent) -> None:
    """Tell this agent when its process was forked."""
    _process.agents.add(agent)
