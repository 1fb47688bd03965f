"""The agent's own thread: everything it does happens there, in order, and nothing of it in the program's threads."""

from __future__ import annotations

import logging
import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

from openprofiling_ipy.background import Background
from openprofiling_ipy.errors import AgentError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Worker"]

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")


class _Call(Generic[_Result]):
    """Something to do, and where what it gave is waited for."""

    def __init__(self, do: Callable[[], _Result]) -> None:
        self._do = do
        self._result: _Result
        self._error: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self._result = self._do()
        except BaseException as error:  # noqa: BLE001  # whoever waits for it hears of it
            self._error = error
        finally:
            self.done.set()

    def result(self) -> _Result:
        if self._error is not None:
            raise self._error
        return self._result


class Worker:
    """
    A thread that does what it is given, and what is due by itself. It sleeps in the kernel in between.

    `due` does what has come due, and returns in how many seconds to ask again; None: when something else was done.
    """

    def __init__(self, due: Callable[[], float | None]) -> None:
        self._due = due
        self._calls: SimpleQueue[_Call[object] | None] = SimpleQueue()
        self._thread = Background(self._run, "openprofiling-agent")

    def start(self) -> None:
        """Begin. Raises RuntimeError where the system gives no thread."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def call(self, do: Callable[[], _Result], timeout: float | None = None) -> _Result:
        """
        Do it there and return what it gives or raise what it raises.

        Raises AgentError where the thread has ended, or has not done it after `timeout` s; then it still will.
        """
        if threading.current_thread() is self._thread:
            return do()
        call = self.post(do)
        # The thread may end between the question and the wait, at the end of the process.
        while not call.done.wait(timeout if timeout is not None else 1.0):
            if timeout is not None or not self.alive:
                break
        if not call.done.is_set():
            raise AgentError("the agent is busy" if self.alive else "the agent has been stopped")
        return call.result()

    def post(self, do: Callable[[], _Result]) -> _Call[_Result]:
        """Let it be done there; what it gives is nobody's unless the returned call is asked."""
        call = _Call(do)
        self._calls.put(call)  # type: ignore[arg-type]  # whoever made it knows what it gives
        return call

    def end(self, timeout: float) -> None:
        """Let the thread end once all is done that it was given."""
        self._calls.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            try:
                wait = self._due()
            except Exception:  # noqa: BLE001  # the thread goes on
                _log.exception("the agent's thread")
                wait = 1.0
            try:
                call = self._calls.get(timeout=wait)
            except Empty:
                continue
            if call is None:
                return
            call.run()
