"""`profile`: a recording around a block of code or a function, for scripts, tests and notebooks without magics."""

from __future__ import annotations

import inspect
import os
import sys
import warnings
from contextlib import AbstractContextManager
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from openprofiling_ipy import session
from openprofiling_ipy.cells import sources
from openprofiling_ipy.errors import AlreadyRunning, InvalidOption, ProfilerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from openprofiling_ipy.capture import Capture

__all__ = ["Block", "profile"]

_F = TypeVar("_F", bound="Callable[..., Any]")


@overload
def profile(kind: str = "cpu", *, name: str | None = None, **options: Any) -> Block: ...
@overload
def profile(kind: _F) -> _F: ...
def profile(kind: Any = "cpu", *, name: Any = None, **options: Any) -> Any:
    """
    Record a block of code or every call of a function; what it gives is displayed only when asked.

        with op.profile() as capture:
            work()
        capture.table()

        @op.profile("wall", rate=500)
        async def fetch(): ...

    The block gets its Capture at once; `.document` is there when it ends, `.peek()` before. A decorated function stays
    what it is: plain, async or a generator (recorded from its first value to its end, the consumer's time between the
    values included); its captures go to `op.captures`. Its exceptions pass through; the capture then has the status
    "failed" or "interrupted". A decorated call during a recording of the same kind, such as its own recursion, belongs
    to that recording.

    `options` are the profiler's: `rate` (Hz), `all_threads`; `children=True` records the processes, too, that
    multiprocessing, concurrent.futures and joblib start. Raises QueryError for a wrong kind or option, and for a block
    AlreadyRunning or ProfilerUnavailable; a decorated function is then called unprofiled, the latter with a
    warning.
    """
    if callable(kind) or isinstance(kind, classmethod | staticmethod):
        return profile()(kind)
    if not isinstance(name, str | None):
        raise InvalidOption("name", name, "give a text")
    return Block(kind, name or "", options)


class Block(AbstractContextManager["Capture", None]):
    """What `profile` gives: a context manager and a decorator."""

    def __init__(self, kind: str, name: str, options: dict[str, Any]) -> None:
        self._kind = kind
        self._name = name
        self._options = options
        self._capture: Capture | None = None
        self._process = 0
        # A wrong word shall be known where it is written, not when the code runs.
        session.profiler(kind, **options)

    def __enter__(self) -> Capture:
        frame = sys._getframe(1)  # noqa: SLF001  # the block's own place is its label
        label = sources.place(frame.f_code.co_filename, frame.f_lineno)
        self._capture = self._start(label)
        return self._capture

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._capture is not None:
            self._stop(self._capture, error)
            self._capture = None

    def __call__(self, function: _F) -> _F:
        """Decorate a function. Raises TypeError for what cannot be wrapped faithfully, and says what to do."""
        if isinstance(function, classmethod | staticmethod):
            raise TypeError(f"put the profile decorator below @{type(function).__name__}, next to the function")
        if inspect.isclass(function):
            raise TypeError("a class cannot be profiled by itself: decorate its methods, or profile a block")
        if inspect.isasyncgenfunction(function):
            raise TypeError("an async generator cannot be profiled by itself: profile the code that consumes it")
        call = partial(_Call, self, f"{getattr(function, '__qualname__', repr(function))}()")
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def wrapper(*args: Any, **kwargs: Any) -> Any:
                with call():
                    return await function(*args, **kwargs)

        elif inspect.isgeneratorfunction(function):

            @wraps(function)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                with call():
                    return (yield from function(*args, **kwargs))

        else:

            @wraps(function)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                with call():
                    return function(*args, **kwargs)

        return cast("_F", wrapper)

    def _start(self, label: str) -> Capture:
        self._process = os.getpid()
        return session.start(self._kind, name=self._name, label=label, **self._options)

    def _stop(self, capture: Capture, error: BaseException | None) -> None:
        # A child forked inside the block leaves it too, but the recording is its parent's. And somebody else may
        # have ended it, such as `%oprof stop` in another thread.
        if self._process == os.getpid() and capture.status == "running":
            session.stop(capture, *session.ending(error))


class _Call:
    """One call of a decorated function: recorded where that is possible."""

    def __init__(self, block: Block, label: str) -> None:
        self._block = block
        self._label = label
        self._capture: Capture | None = None

    def __enter__(self) -> None:
        try:
            self._capture = self._block._start(self._label)  # noqa: SLF001  # two halves of one thing
        except AlreadyRunning:
            pass  # the call belongs to that recording
        except ProfilerUnavailable as unavailable:
            warnings.warn(f"{unavailable}; {self._label} runs unprofiled", RuntimeWarning, stacklevel=3)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._capture is not None:
            self._block._stop(self._capture, error)  # noqa: SLF001
