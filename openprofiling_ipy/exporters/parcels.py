"""Captures made ready to be sent: bytes, a name of their own in a fleet, and what is known without opening them."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from zlib import crc32

from openprofiling_ipy.exporters.base import Parcel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.model.profile import Attribute

__all__ = ["name", "pack"]

_SECOND: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 253_402_300_799 * _SECOND  # the end of the year 9999
#: How many characters of a service's or a host's name become part of an object's.
_MOST: Final = 63
_TYPES: Final = {
    "json": "application/json",
    "cpuprofile": "application/json",
    "html": "text/html; charset=utf-8",
    "folded": "text/plain; charset=utf-8",
}


def pack(capture: Capture, format: str | None = None, *, document: Profile | None = None) -> Parcel:  # noqa: A002
    """
    Return the parcel of a capture; a `document` of it may be given, such as what is recorded so far.

    The parcels of one recording share their name, whatever its document has become. Raises NotRunning where it has no
    finished document and none is given, UnknownFormat, or UnsupportedDocument.
    """
    from openprofiling_ipy.formats import registry

    document = capture.document if document is None else document
    fmt = registry.for_path("", format)
    suffix = fmt.suffixes[0]
    return Parcel(
        name=_name(capture, document) + suffix,
        data=fmt.dumps(document),
        content_type=_TYPES.get(suffix.rpartition(".")[2], "application/octet-stream"),
        metadata=_metadata(capture, document, fmt.name),
    )


def name(capture: Capture, format: str | None = None) -> str:  # noqa: A002
    """Return the name that the parcel of a finished capture will have. Raises NotRunning or UnknownFormat."""
    from openprofiling_ipy.formats import registry

    return _name(capture, capture.document) + registry.for_path("", format).suffixes[0]


def _name(capture: Capture, document: Profile) -> str:
    from openprofiling_ipy.model.attributes import A

    facts = document.attributes
    # Nanoseconds: machines that started from one image share host and pid, and a signal may reach all at once.
    start = _stamp(document.started_at, "%Y%m%dT%H%M%S") if document.started_at > 0 else ""
    host, pid = str(facts.get(A.HOST) or platform.node()), facts.get(A.PID) or os.getpid()
    number = facts.get(A.NUMBER) or capture.number
    words = (_word(_kind(capture, document).lower()) or "profile", start, _word(host), str(pid), str(number))
    stem = "-".join(word for word in words if word)
    service = str(facts.get(A.SERVICE, ""))
    # A name in letters that not every place takes is told from others by its sum.
    folder = _word(service) or (f"service-{crc32(service.encode()):08x}" if service else "")
    return f"{folder}/{stem}" if folder else stem


def _kind(capture: Capture, document: Profile) -> str:
    from openprofiling_ipy.model.attributes import A

    return str(document.attributes.get(A.KIND) or capture.kind)


def _metadata(capture: Capture, document: Profile, format_name: str) -> dict[str, str]:
    """Return what is worth knowing without opening the parcel, the most important first."""
    from openprofiling_ipy.model.attributes import A

    facts = document.attributes
    began, ended = document.started_at, document.started_at + document.duration
    told = {
        "kind": _kind(capture, document),
        "start": _moment(began) if began > 0 else "",
        "end": _moment(ended) if began > 0 else "",
        "duration": f"{document.duration / _SECOND:.6f}",
        "status": str(facts.get(A.STATUS) or capture.status),
        "host": str(facts.get(A.HOST, "")),
        "pid": str(facts.get(A.PID, "")),
        "service": str(facts.get(A.SERVICE, "")),
        "name": str(facts.get(A.NAME, "")),
        "label": str(facts.get(A.LABEL, "")),
        "format": format_name,
        "attributes": _given(facts),
    }
    return {key: value for key, value in told.items() if value}


def _given(facts: Mapping[str, Attribute]) -> str:
    """Return what is no fact of ours, so was given by the user, as "region=eu&version=1.2"."""
    from openprofiling_ipy.model.attributes import A

    ours = {value for key, value in vars(A).items() if key.isupper()}
    given = {key: _text(value) for key, value in sorted(facts.items()) if key not in ours}
    # What comes from the environment or from names of files can hold bytes that are no text.
    return urlencode(given, errors="surrogatepass")


def _text(value: Attribute) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _moment(time: int) -> str:
    return _stamp(time, "%Y-%m-%dT%H:%M:%S")


def _stamp(time: int, pattern: str) -> str:
    """Return a time in unix ns as UTC text, to the nanosecond."""
    seconds, rest = divmod(min(time, _LATEST), _SECOND)
    return f"{_EPOCH + timedelta(seconds=seconds):{pattern}}.{rest:09d}Z"


def _word(text: str) -> str:
    """Return what every place takes as a part of a name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:_MOST].strip("-._")
