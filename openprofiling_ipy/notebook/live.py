"""One output below a running cell, refreshed from a thread until the result takes its place."""

from __future__ import annotations

import contextvars
import sys
import threading
import uuid
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AFTER", "EVERY", "Bundle", "Live"]

#: Seconds after which a running cell shows a live line, and between its refreshes.
AFTER = 10.0
EVERY = 1.0

#: MIME types and what to show for each.
Bundle = dict[str, Any]


class Live:
    """
    Shows what `draw` returns below the cell that makes it, after `after` seconds, then every `every` seconds.

    It belongs to the cell whose code is running on the thread that makes it, whatever else the kernel does meanwhile.
    """

    def __init__(self, publisher: Any, draw: Callable[[], Bundle | None], after: float, every: float) -> None:
        self._publisher = publisher
        self._draw = draw
        self._after = after
        self._every = every
        self._id = uuid.uuid4().hex
        self._shown = False
        #: How many messages the kernel had made with ours the last; None where that is not known.
        self._count: int | None = None
        self._last = True
        # ipykernel keeps in the context which request an output answers to.
        self._context = contextvars.copy_context()
        self._done = threading.Event()
        self._thread = Background(self._run, "openprofiling-live")
        self._thread.start()

    def end(self) -> None:
        """Stop refreshing; a picture being drawn is finished first."""
        self._done.set()
        self._thread.join()

    def finish(self, bundle: Bundle, *, followed: bool = False) -> None:
        """
        Show the result: in the live output's place where nothing was shown since, else below what the cell showed.

        `followed` tells of something that the kernel's count may not tell. Call it after `end`.
        """
        if not self._shown:
            self._publisher.publish(bundle)
        elif not followed and self._nothing_since():
            self._publish(bundle)
        else:
            self._publish({"text/html": "", "text/plain": ""})
            self._publisher.publish(bundle)

    def _run(self) -> None:
        wait = self._after
        while not self._done.wait(wait):
            try:
                bundle = self._draw()
                if bundle is not None:
                    self._context.run(self._refresh, bundle)
            except Exception:  # noqa: BLE001  # nobody would see it, and the result is still to come
                return
            wait = self._every

    def _refresh(self, bundle: Bundle) -> None:
        if self._shown:
            self._last = self._nothing_since()
        before = self._messages()
        self._publish(bundle)
        self._shown = True
        # Ours is one message; what else came meanwhile may stand behind it.
        self._count = None if before is None else before + 1

    def _publish(self, bundle: Bundle) -> None:
        self._publisher.publish(bundle, transient={"display_id": self._id}, update=self._shown)

    def _nothing_since(self) -> bool:
        """Tell whether the live output is still the last thing that the kernel has sent."""
        return self._last and self._count is not None and self._count == self._messages()

    def _messages(self) -> int | None:
        """Return how many messages the kernel has made, None where it does not say."""
        sys.stdout.flush()
        sys.stderr.flush()
        count = getattr(getattr(self._publisher, "session", None), "message_count", None)
        return count if isinstance(count, int) else None
