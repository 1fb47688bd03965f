"""Handlers of signals that share: they call the one before them, put it back, and notice who replaced them."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from openprofiling_ipy.triggers import sigaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.triggers.sigaction import Action

__all__ = ["Handler", "can_install"]

_log = logging.getLogger(__name__)

#: How long (s) the main thread is waited for.
_PATIENCE: Final = 0.5


def can_install() -> bool:
    """Tell whether this thread may set handlers: only the main one of a process may."""
    return threading.current_thread() is threading.main_thread()


class Handler:
    """
    A handler of one signal. It calls `react`, which is short and raises nothing, then what was there before.

    Where nothing was there, the signal's default action, it is ours: nothing more happens. In a forked child it only
    calls what was there before. `replaced` tells who stands in its place.
    """

    def __init__(self, signum: int, react: Callable[[], None]) -> None:
        self.signum = signum
        self.previous: Any = None
        self.active = False
        #: What the system did about the signal before; None where that is not known.
        self.system_before: Action | None = None
        self._react = react
        self._pid = 0
        self._before: Action | None = None  # a handler in C that was there before
        self._ours: Action | None = None  # the way the system comes to Python's handlers
        self._told = False
        self._leaving = False
        self._calling = False

    def install(self) -> None:
        """
        Become the handler. Call it on the main thread.

        Raises ValueError off it, and OSError where the system refuses, or where a handler in C is there that nobody
        can call on.
        """
        before = sigaction.get(self.signum)
        found = signal.getsignal(self.signum)
        previous = self._without(found)
        signal.signal(self.signum, self)
        self._ours = sigaction.get(self.signum)
        if before is not None and self._ours is not None and before.is_code and before.address != self._ours.address:
            if not before.callable_here:
                signal.signal(self.signum, previous)
                sigaction.put(self.signum, before)
                raise OSError("a handler written in C has it, which cannot be called beside another")
            self._before = before
        self.previous = previous
        if found is not self:
            self.system_before = before
        self.active, self._pid, self._told, self._leaving = True, os.getpid(), False, False

    def _without(self, found: Any) -> Any:
        """Take this handler out of the chain that begins with `found`, where it stayed below others."""
        if found is self:
            return self.previous
        upper = found
        while isinstance(upper, Handler):
            if upper.previous is self:
                upper.previous = self.previous
            upper = upper.previous
        return found

    def __call__(self, signum: int, frame: Any) -> None:
        """What `signal` calls, on the main thread, wherever that was."""
        if self._leaving:
            self._leaving = False
            self.restore()
            return
        if self._calling:
            # The handler in C has passed the signal on to Python's, which it found before it.
            if callable(self.previous):
                self.previous(signum, frame)
            return
        if self.here:
            self._react()
        self.chain(signum, frame)

    def chain(self, signum: int, frame: Any) -> None:
        """Call what was there before; what that raises is meant for the program."""
        if self._before is not None:
            self._calling = True
            try:
                sigaction.call(signum, self._before)
                # `faulthandler` puts itself in front again when it chains.
                sigaction.put(signum, self._ours)
            finally:
                self._calling = False
        elif callable(self.previous):
            self.previous(signum, frame)

    @property
    def here(self) -> bool:
        """Whether it was installed in this very process and not removed since."""
        return self.active and self._pid == os.getpid()

    def remove(self) -> bool:
        """
        Put back what was there before, unless another has come since. Return whether that is done.

        Off the main thread the signal itself asks the main one to do it, which may take a while.
        """
        if not self.active:
            return True
        self.active = False
        if _current(self.signum) is not self or self.replaced():
            return True
        if can_install():
            self.restore()
            return True
        self._leaving = True
        signal.pthread_kill(threading.main_thread().ident or 0, self.signum)
        deadline = time.monotonic() + _PATIENCE
        while self._leaving and time.monotonic() < deadline:
            time.sleep(0.001)
        return not self._leaving

    def restore(self) -> None:
        """Let the signal do what it did before. Call it on the main thread."""
        previous = self.previous
        while isinstance(previous, Handler) and not previous.active:
            previous = previous.previous
        # None: it was set in C before Python knew of it.
        signal.signal(self.signum, signal.SIG_DFL if previous is None else previous)
        if self._before is not None:
            sigaction.put(self.signum, self._before)

    def replaced(self) -> str:
        """Return who handles the signal in its place, "" where it is still ours; a replacement is logged once."""
        who = self._successor()
        if who and not self._told:
            self._told = True
            _log.warning("%s is now handled by %s: it no longer reaches us", _name(self.signum), who)
        return who

    def _successor(self) -> str:
        found = _current(self.signum)
        first = found
        while isinstance(found, Handler) and found is not self:
            found = found.previous
        if found is not self:
            return _describe(first)
        now = sigaction.get(self.signum)
        if now is not None and self._ours is not None and now.address != self._ours.address:
            return "code written in C" if now.is_code else "the system"
        return ""


def _current(signum: int) -> Any:
    return signal.getsignal(signum)


def _describe(handler: Any) -> str:
    if handler is None or isinstance(handler, signal.Handlers | int):
        return "the system"
    module = getattr(handler, "__module__", None) or type(handler).__module__
    name = getattr(handler, "__qualname__", None) or type(handler).__qualname__
    return f"{module}.{name}"


def _name(signum: int) -> str:
    try:
        return signal.Signals(signum).name
    except ValueError:
        return f"signal {signum}"
