"""`%oprof list ADDRESS`: the captures that lie in a store, from what is known of them unopened."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from openprofiling_ipy.notebook import arguments

if TYPE_CHECKING:
    from openprofiling_ipy.exporters.objects import Entry

__all__ = ["HEAD", "MOST", "rows"]

HEAD = ("began", "kind", "service", "host", "pid", "what", "took", "status", "size", "%oprof load")
#: How many are listed, the newest.
MOST = 100


def rows(source: str, since: str | None = None) -> list[tuple[str, ...]]:
    """
    Return a row a capture, newest last; `since` is how far back, such as "8h".

    Raises FetchError, QueryError or MissingDependency.
    """
    from openprofiling_ipy.exporters import registry

    ago = None if since is None else arguments.seconds("--since", since)
    earliest = 0 if ago is None else time.time_ns() - round(ago * 1e9)
    return [_row(entry) for entry in registry.entries(source, earliest, MOST)]


def _row(entry: Entry) -> tuple[str, ...]:
    from openprofiling_ipy.model.units import format_value

    return (
        datetime.fromtimestamp(entry.start / 1e9).astimezone().strftime("%Y-%m-%d %H:%M:%S"),
        entry.kind,
        entry.service,
        entry.host,
        entry.pid,
        entry.label or entry.name,
        format_value(entry.duration, "ns") if entry.duration >= 0 else "",
        entry.status,
        format_value(entry.size, "bytes"),
        entry.address,
    )
