"""Ctrl-C held back for a moment: one that cuts an import, or the end of a recording, breaks more than it stops."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Held", "Placed"]

#: Seconds after which somebody who presses it again is heard at once.
_PATIENCE = 2.0


class Held(AbstractContextManager["Held", None]):
    """
    Holds back SIGINT inside the block. Whether there was one tells `asked`; `pass_on` lets it take effect.

    Only the main thread gets signals: in others, and where they are ignored, it does nothing.
    """

    def __init__(self) -> None:
        self.asked = False
        self._since = 0.0
        self._handler: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            handler = signal.getsignal(signal.SIGINT)
            if handler not in (None, signal.SIG_IGN):
                self._handler = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)

    def pass_on(self, filename: str, line: int) -> None:
        """Raise the KeyboardInterrupt that was held back, if there was one, as if it had come at this place."""
        __tracebackhide__ = True
        if self.asked:
            _interrupt(filename, line)

    def _note(self, _number: int, _frame: Any) -> None:
        now = time.monotonic()
        if self.asked and now - self._since > _PATIENCE:
            raise KeyboardInterrupt
        if not self.asked:
            self.asked, self._since = True, now


class Placed(AbstractContextManager["Placed", None]):
    """Inside the block ours runs code of the file `ran`: what interrupts ours is raised at a place in the cell."""

    def __init__(self, filename: str, line: int, ran: str) -> None:
        self._place = filename, line
        self._ran = ran

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        if isinstance(error, KeyboardInterrupt) and trace is not None:
            while trace is not None and trace.tb_frame.f_code.co_filename != self._ran:
                trace = trace.tb_next
            if trace is None:
                _interrupt(*self._place)


def _interrupt(filename: str, line: int) -> None:
    """Raise KeyboardInterrupt as if it had come at this place: IPython always shows the innermost frame."""
    __tracebackhide__ = True
    exec(compile("\n" * (line - 1) + "raise KeyboardInterrupt from None", filename, "exec"), {})  # noqa: S102
