"""`%oprof auto`: every cell is recorded, the slow ones are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from openprofiling_ipy import session
from openprofiling_ipy.cells import marker

if TYPE_CHECKING:
    from openprofiling_ipy.notebook.arguments import Options
    from openprofiling_ipy.notebook.executions import Execution

__all__ = ["OVER", "Auto"]

#: Seconds from which a cell counts as slow.
OVER = 1.0


@dataclass(frozen=True)
class Auto:
    """How every cell is recorded; shown are those that take `over` s or longer, the others are forgotten."""

    options: Options
    over: float = OVER

    def records(self, execution: Execution) -> bool:
        """Tell whether a cell that begins is to be recorded: not inside another, nor where it does so itself."""
        raw = execution.info.raw_cell or ""
        return (
            execution.outer is None
            and bool(raw.strip())
            # Whatever else `%oprof` does there, it is about the captures, not about the cell.
            and f"%{marker.NAME}" not in raw
            and self.options.kind not in [capture.kind for capture in session.running()]
        )
