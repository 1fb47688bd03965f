"""
The end of the process: what runs is ended and delivered, within a stated time, and then the process goes its own way.

At the exit of the interpreter, and on SIGTERM. Where the program has no handler for SIGTERM, the process would be gone
at once: so it waits for the captures to be sent, at most as long as the agents' `grace`, and then dies of the very
signal. Where the program has one, that is called as soon as captures are safe in the spool; sending them goes on.
Where it has set its own since, that comes first, and captures are made safe beside it; should it call the one that it
found, ours, they are safe when that returns. A second SIGTERM waits for nothing. With nothing to lose, nothing waits.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from openprofiling_ipy.triggers import sigaction, wakeup
from openprofiling_ipy.triggers.handlers import Handler, can_install

if TYPE_CHECKING:
    from openprofiling_ipy.agent.agent import ProfilingAgent

__all__ = ["add", "describe", "discard", "precede"]

_log = logging.getLogger(__name__)

#: The main thread gets so long (s) to come to its handler before the signal is obeyed without it.
_HANDLER: Final = 0.2


class _Ending(Handler):
    """The handler of SIGTERM, one a process, while agents are started."""

    def __init__(self) -> None:
        super().__init__(signal.SIGTERM, lambda: None)
        self.agents: list[ProfilingAgent] = []
        self.lock = threading.RLock()
        self.waited: list[tuple[threading.Event, threading.Event]] | None = None
        self._handled = False

    def arm(self) -> None:
        """Take SIGTERM, unless the program ignores it or a handler in C has it, or this is not the main thread."""
        known = signal.getsignal(signal.SIGTERM)
        if self.active or known is None or known is signal.SIG_IGN or not can_install():
            return
        before = sigaction.get(signal.SIGTERM)
        if known is signal.SIG_DFL and before is not None and before.is_code:
            return
        try:
            wakeup.begin()
        except (OSError, RuntimeError) as error:
            _log.warning("captures that run when the process is terminated will be lost: %s", error)
            return
        try:
            self.install()
        except (OSError, ValueError) as error:
            wakeup.end()
            _log.warning("captures that run when the process is terminated will be lost: %s", error)
            return
        self._told = True  # a successor is nothing to complain of: see `seen`
        wakeup.watch(signal.SIGTERM, self.seen)

    def disarm(self) -> None:
        if self.active:
            self.remove()
            wakeup.unwatch(signal.SIGTERM)
            wakeup.end()

    def remove(self) -> bool:
        """
        Put back what was there before; off the main thread as far as that can be.

        There the signal itself cannot be used to ask the main thread for it: it might end the process.
        """
        if can_install() or not self.active:
            return super().remove()
        self.active = False
        if not self.replaced():
            sigaction.put(self.signum, self.system_before)
        return True

    def __call__(self, signum: int, frame: Any) -> None:
        """On the main thread, which stands still meanwhile: after SIGTERM it would not have run on either."""
        # A handler that came later calls this one: what would have happened without us is what it does itself.
        mine = signal.getsignal(signum) is self
        if not self.here:
            if self.previous is signal.SIG_DFL and mine:
                _die()
            self.chain(signum, frame)
            return
        again, self._handled = self._handled, True
        deadline = time.monotonic() + self.grace()
        waited = self._finish()
        if self.previous is signal.SIG_DFL and mine:
            if not again:
                _wait([over for _, over in waited], deadline)
            self._forget_tokens()
            _die()
        elif not again:
            _wait([accepted for accepted, _ in waited], deadline)
        self._handled = False
        self.waited = None
        self.chain(signum, frame)

    def seen(self) -> None:
        """
        SIGTERM has arrived. Called on the thread that hears of signals first, also where another handler came later.

        The main thread may be in C code for long, and without an agent the process would not have waited for that.
        """
        if not self.active:
            return
        if self.replaced():
            self.end_all()
        if self.previous is not signal.SIG_DFL or self.replaced():
            return
        time.sleep(_HANDLER)
        if self._handled:
            return
        deadline = time.monotonic() + self.grace()
        _wait([over for _, over in self._finish()], deadline)
        self._forget_tokens()
        if not self._handled and sigaction.put(signal.SIGTERM, None):
            os.kill(os.getpid(), signal.SIGTERM)

    def _forget_tokens(self) -> None:
        for agent in list(self.agents):
            with contextlib.suppress(Exception):  # the process ends all the same
                agent.forget_tokens()

    def grace(self) -> float:
        return max((agent.grace for agent in self.agents), default=0.0)

    def _finish(self) -> list[tuple[threading.Event, threading.Event]]:
        """Let all agents end what they record, once. Takes no lock: it may be called in the middle of anything."""
        if self.waited is None:
            self.waited = self.end_all()
        return self.waited

    def end_all(self) -> list[tuple[threading.Event, threading.Event]]:
        waited = []
        for agent in list(self.agents):
            try:
                events = agent.finish(agent.grace)
            except Exception:  # noqa: BLE001  # the others shall not suffer
                _log.exception("an agent could not end in good order")
            else:
                waited += [events] if events is not None else []
        return waited


def _wait(events: list[threading.Event], deadline: float) -> None:
    for event in events:
        event.wait(max(0.0, deadline - time.monotonic()))


def _die() -> None:
    """Let SIGTERM do what it does: the exit status tells."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


_ending = _Ending()


def add(agent: ProfilingAgent) -> None:
    """From now on the end of the process looks after this agent."""
    with _ending.lock:
        if not _ending.agents:
            atexit.register(_at_exit)
        _ending.agents.append(agent)
        _ending.arm()


def discard(agent: ProfilingAgent) -> None:
    with _ending.lock:
        if agent in _ending.agents:
            _ending.agents.remove(agent)
            if not _ending.agents:
                _ending.disarm()
                atexit.unregister(_at_exit)


def describe() -> dict[str, Any]:
    """Return what would happen to recordings at the end of the process."""
    told: dict[str, Any] = {"exit": bool(_ending.agents), "SIGTERM": _ending.active and not _ending.replaced()}
    return told


def precede() -> None:
    """At the interpreter's exit, come before all that has registered until now: a delivery that closes itself, say."""
    atexit.unregister(_at_exit)
    atexit.register(_at_exit)


def _at_exit() -> None:
    deadline = time.monotonic() + _ending.grace()
    _ending.end_all()  # they send side by side
    for agent in list(_ending.agents):
        agent.stop(deadline - time.monotonic())


def _after_fork() -> None:
    """In a child the signal does what it did before: its agents are started in the parent only."""
    _ending.lock = threading.RLock()
    _ending.agents.clear()
    _ending.waited = None
    _ending.remove()
    _unhold()


def _hold() -> None:
    """
    Hold SIGTERM back while a process forks.

    Python forgets a signal that reaches a child before it is set up; with the default action that child would have died
    of it, as `multiprocessing` expects of one that it terminates at once.
    """
    if _ending.active and signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,)):
        _held.append(threading.get_ident())


def _unhold() -> None:
    if threading.get_ident() in _held:
        _held.remove(threading.get_ident())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))


#: The threads that are about to fork with SIGTERM held back.
_held: list[int] = []

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_unhold, after_in_child=_after_fork)
