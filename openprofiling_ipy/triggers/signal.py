"""`SignalTrigger`: a signal starts recordings, the next one ends them."""

from __future__ import annotations

import logging
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.errors import InvalidOption, OpenProfilingError, TriggerUnavailable
from openprofiling_ipy.triggers import wakeup
from openprofiling_ipy.triggers.handlers import Handler, can_install
from openprofiling_ipy.triggers.signal_numbers import name_of, number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.triggers.base import Control
    from openprofiling_ipy.triggers.wakeup import Signalled

__all__ = ["SignalTrigger"]

_log = logging.getLogger(__name__)

#: Facts that travel with a recording that a signal began: which, when it arrived and when Python handled it (unix ns).
_TRIGGER, _ARRIVED, _HANDLED = "trigger", "signal_arrived", "signal_handled"


#: Those that have their signals, in this process or in the one that it was forked from.
_armed: weakref.WeakSet[SignalTrigger] = weakref.WeakSet()


class SignalTrigger:
    """
    The first signal starts what is registered with it, the second ends that.

    With a `duration` (s) a recording also ends by itself. With a signal to `stop`, the one only starts and the other
    only ends. Signals that arrive faster than they take effect count as one. A handler that was there before is called
    as well, and put back in the end.

    Raises InvalidOption for what is no signal, TriggerUnavailable for one that is not there or not ours to take.
    """

    def __init__(
        self, signal: str | int = "SIGUSR2", *, duration: float | None = None, stop: str | int | None = None
    ) -> None:
        self.signum = number_of(signal)
        self.stop_signum = None if stop is None else number_of(stop)
        if self.stop_signum == self.signum:
            raise InvalidOption("stop", stop, "give another signal than the one that starts, or none")
        if duration is not None and not (isinstance(duration, int | float) and duration > 0):
            raise InvalidOption("duration", duration, "give seconds, more than 0")
        self.duration = duration
        self._control: Control | None = None
        self._handlers: tuple[Handler, ...] = ()

    @property
    def name(self) -> str:
        return name_of(self.signum)

    @property
    def signals(self) -> frozenset[int]:
        """The numbers of the signals that it takes."""
        return frozenset({self.signum} if self.stop_signum is None else {self.signum, self.stop_signum})

    def __repr__(self) -> str:
        duration = f", duration={self.duration}" if self.duration is not None else ""
        stop = f", stop={name_of(self.stop_signum)!r}" if self.stop_signum is not None else ""
        return f"SignalTrigger({self.name!r}{duration}{stop})"

    def arm(self, control: Control, /) -> None:
        """Take the signal. Raises TriggerUnavailable off the main thread, or where the system refuses."""
        if self._handlers:
            raise TriggerUnavailable(self.name, "this trigger is armed already", "make another one")
        if not can_install():
            raise TriggerUnavailable(
                self.name, "only the main thread may handle signals", "start the agent there, or use an HttpTrigger"
            )
        self._check_free(control)
        try:
            wakeup.begin()
        except (OSError, RuntimeError) as error:
            raise TriggerUnavailable(self.name, str(error), "end some threads or close some files") from error
        self._control = control
        reactions: dict[int, Callable[[Signalled], None]] = {
            self.signum: self._start if self.stop_signum is not None else self._toggle
        }
        if self.stop_signum is not None:
            reactions[self.stop_signum] = self._stop
        for signum, reaction in reactions.items():
            handler = Handler(signum, partial(wakeup.post, signum, reaction))
            try:
                handler.install()
            except (OSError, ValueError) as error:
                self.disarm()
                raise TriggerUnavailable(name_of(signum), str(error), "take another signal") from error
            self._handlers = (*self._handlers, handler)
        _armed.add(self)

    def _check_free(self, control: Control) -> None:
        """Raise TriggerUnavailable where a signal drives one of these kinds already: each would undo the other."""
        for other in list(_armed):
            shared = self.signals & {handler.signum for handler in other._handlers if handler.here}  # noqa: SLF001  # its own class
            kinds = set(control.kinds) & set(other._control.kinds if other._control else ())  # noqa: SLF001
            if shared and kinds:
                reason = f"it drives {' and '.join(sorted(kinds))} for another agent of this process"
                raise TriggerUnavailable(name_of(min(shared)), reason, "take another signal")

    def disarm(self) -> None:
        """Give the signal back; from another thread the main one is asked to, which may take a while."""
        if self._control is None:
            return
        for handler in reversed(self._handlers):
            if not handler.remove():
                _log.info("%s: the main thread will put the earlier handler back", self.name)
        self._handlers = ()
        self._control = None
        _armed.discard(self)
        wakeup.end()

    def describe(self) -> dict[str, Any]:
        """Return its name, whether it is armed, and who stands in its place."""
        replaced = [who for handler in self._handlers if (who := handler.replaced())]
        told: dict[str, Any] = {"name": self.name, "armed": bool(self._handlers) and not replaced}
        if self.stop_signum is not None:
            told["stop"] = name_of(self.stop_signum)
        if self.duration is not None:
            told["duration"] = self.duration
        if replaced:
            told["replaced_by"] = replaced[0]
        return told

    def _toggle(self, signalled: Signalled) -> None:
        control = self._control
        if control is not None:
            self._act(lambda: control.toggle(facts=_facts(signalled), duration=self.duration))

    def _start(self, signalled: Signalled) -> None:
        control = self._control
        if control is not None:
            self._act(lambda: control.start(facts=_facts(signalled), duration=self.duration))

    def _stop(self, _signalled: Signalled) -> None:
        control = self._control
        if control is not None:
            self._act(control.stop)

    def _act(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OpenProfilingError as error:
            _log.warning("%s: %s", self.name, error)


def _facts(signalled: Signalled) -> dict[str, Any]:
    return {_TRIGGER: name_of(signalled.signum), _ARRIVED: signalled.arrived, _HANDLED: signalled.handled}
