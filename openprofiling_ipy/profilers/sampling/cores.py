"""How long a thread was ready to run while other processes kept all cores busy. Linux tells, other systems do not."""

from __future__ import annotations

import threading

__all__ = ["CoreWait"]


class CoreWait:
    """Reads the scheduler's account of a thread, the caller's by default (`/proc/.../schedstat`: second number, ns)."""

    def __init__(self, ident: int = 0) -> None:
        thread = threading._active.get(ident)  # type: ignore[attr-defined]  # noqa: SLF001  # a read takes no lock
        self._native_id = (thread and thread.native_id) or threading.get_native_id()
        self._before = self._read()
        self._waited: int | None = None

    def end(self) -> None:
        """Let `result` tell from now on what it tells now."""
        self._waited = self.result()

    def result(self) -> int:
        """Return how long (ns) the thread has waited for a core since; 0 where it has ended, or nobody tells."""
        return max(0, self._read() - self._before) if self._waited is None else self._waited

    def _read(self) -> int:
        try:
            with open(f"/proc/self/task/{self._native_id}/schedstat", encoding="ascii") as file:  # noqa: PTH123  # light
                return int(file.read().split()[1])
        except (OSError, ValueError, IndexError):
            return 0
