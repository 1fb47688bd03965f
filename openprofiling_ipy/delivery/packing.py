"""Captures made into parcels, once in each format that is asked for."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

from openprofiling_ipy.capture import Capture
from openprofiling_ipy.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Collection

    from openprofiling_ipy.exporters.base import Parcel

__all__ = ["named", "packed"]

_log = logging.getLogger("openprofiling_ipy.delivery")


def packed(what: Capture | Parcel, formats: Collection[str | None]) -> dict[str | None, Parcel]:
    """
    Return the parcel in each format that can hold it, of what is recorded so far where it goes on.

    A parcel is what it is already. Raises NotRunning for a capture without a document.
    """
    if not isinstance(what, Capture):
        return dict.fromkeys(formats, what)
    from openprofiling_ipy.exporters.parcels import pack
    from openprofiling_ipy.model.attributes import A

    document = what.peek() if formats else None
    if document is not None and what.status == "running":
        # Nobody reads it, unless its process has died.
        document = dataclasses.replace(document, attributes={**document.attributes, A.STATUS: "recovered"})
    parcels: dict[str | None, Parcel] = {}
    for name in dict.fromkeys(formats):
        try:
            parcels[name] = pack(what, name, document=document)
        except FormatError as error:
            _log.warning("#%d cannot be sent as %s: %s", what.number, name or "asked", error)
    return parcels


def named(what: Capture | Parcel, parcels: dict[str | None, Parcel]) -> str:
    """Return what a ticket calls it."""
    names = (parcel.name for parcel in parcels.values())
    return next(names, f"#{what.number}" if isinstance(what, Capture) else what.name)
