"""
Exporters by destination: a folder, "s3://bucket/prefix", "gs://bucket/prefix", "memory:".

Other packages add theirs by the entry point group `openprofiling_ipy.exporters`: named after the scheme, a callable
that takes the whole address, `format` and further options, and returns an `Exporter`.
"""

from __future__ import annotations

import inspect
import os
from dataclasses import replace
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, TypeVar

from openprofiling_ipy.errors import ExportError, FetchError, OpenProfilingError, QueryError, choices
from openprofiling_ipy.exporters import address, file, naming, parcels
from openprofiling_ipy.exporters.file import FileExporter
from openprofiling_ipy.exporters.gcs import GCSExporter
from openprofiling_ipy.exporters.memory import MemoryExporter
from openprofiling_ipy.exporters.s3 import S3Exporter

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoint

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.exporters.address import Address
    from openprofiling_ipy.exporters.base import Exporter, Progress
    from openprofiling_ipy.exporters.naming import Destination
    from openprofiling_ipy.exporters.objects import Entry

__all__ = ["GROUP", "check", "entries", "export", "exporter", "fetch", "preview", "schemes"]

_Made = TypeVar("_Made")
GROUP = "openprofiling_ipy.exporters"
#: The stores of objects among ours; both can be read too.
_STORES: dict[str, type[S3Exporter | GCSExporter]] = {"s3": S3Exporter, "gs": GCSExporter}


def schemes() -> tuple[str, ...]:
    """Return the schemes of addresses that captures can be sent to, ours first."""
    ours = (*_STORES, MemoryExporter.name)
    return ours + tuple(sorted({entry.name for entry in entry_points(group=GROUP)} - set(ours)))


def exporter(destination: Destination, format: str | None = None, **options: Any) -> Exporter:  # noqa: A002
    """
    Return the exporter for a folder or an address; `options` are those of its class.

    Raises QueryError for an address or an option that means nothing, and MissingDependency.
    """
    if not address.is_address(destination):
        return _made(FileExporter, destination, format=format, **options)
    place = address.parse(destination)
    if place.scheme == MemoryExporter.name:
        return _made(MemoryExporter, format=format, **options)
    if place.scheme in _STORES:
        return _store(place, format=format, **options)
    for entry in entry_points(group=GROUP):
        if entry.name == place.scheme:
            return _foreign(entry, os.fspath(destination), format, options)
    raise QueryError(f"nothing exports to {place.scheme!r}: {choices(place.scheme, schemes())}")


def check(destination: Destination) -> None:
    """Say before anything is recorded that a destination means nothing. Raises QueryError or MissingDependency."""
    if address.is_address(destination):
        _keeping(address.parse(destination))
        exporter(destination).close()


def export(
    capture: Capture,
    destination: Destination = "",
    format: str | None = None,  # noqa: A002
    progress: Progress | None = None,
    **options: Any,
) -> str:
    """
    Send a capture to a folder, a file or an address now, and return its final place.

    An address that ends in a format's suffix names the object itself, and one that is there is never replaced; any
    other is a prefix. `options` are those of the exporter's class. Raises ExportError, FormatError, QueryError,
    MissingDependency or NotRunning.
    """
    if not address.is_address(destination):
        return file.export(capture, destination, format)
    place = address.parse(destination)
    _keeping(place)
    if place.scheme not in _STORES:
        return _export_by_foreign(capture, place.scheme, exporter(destination, format, **options))
    folder, name = _split(place)
    store = _store(folder, **options)
    try:
        parcel = parcels.pack(capture, format or _format(name))
        if name:
            return store.send(replace(parcel, name=name), progress, overwrite=False)
        return store.send(parcel, progress)
    finally:
        store.close()


def preview(capture: Capture, destination: Destination = "", format: str | None = None) -> str:  # noqa: A002
    """Return the place that `export` would give; a file whose name is taken gets a number. Raises what it would."""
    if not address.is_address(destination):
        target = naming.target(capture, destination, format, exact=False)
        return os.path.abspath(target.folder / target.name)  # noqa: PTH100  # links stay as they are
    folder, name = _split(address.parse(destination))
    return f"{folder}/{name or parcels.name(capture, format)}"


def fetch(source: str) -> tuple[str, bytes]:
    """Return the name and the content of the object at an address. Raises FetchError, QueryError, MissingDependency."""
    place = address.parse(source)
    if place.scheme not in _STORES:
        raise QueryError(f"nothing reads from {place.scheme!r}: {choices(place.scheme, _STORES)}")
    if not place.path or source.endswith("/"):
        raise FetchError(place.scheme, str(place), f"it names no object: %oprof list {place} shows those it has")
    store = _store(replace(place, path=""))
    try:
        return place.path.rpartition("/")[2], store.read(place.path)
    finally:
        store.close()


def entries(source: str, since: int = 0, most: int = 100) -> list[Entry]:
    """
    Return the captures under an address begun at `since` (unix ns) or later, newest last, `most` of the newest.

    Raises FetchError, QueryError or MissingDependency.
    """
    place = address.parse(source)
    if place.scheme not in _STORES:
        raise QueryError(f"nothing reads from {place.scheme!r}: {choices(place.scheme, _STORES)}")
    store = _store(place)
    try:
        return store.entries(since, most)
    finally:
        store.close()


def _store(place: Address, **options: Any) -> S3Exporter | GCSExporter:
    kind: Callable[..., S3Exporter | GCSExporter] = _STORES[place.scheme]
    return _made(kind, place.bucket, place.path, **options)


def _made(kind: Callable[..., _Made], *words: Any, **options: Any) -> _Made:
    """Make an exporter. Raises QueryError for an option it does not have; no value is repeated, it may be a secret."""
    known = tuple(inspect.signature(kind).parameters)
    for option in options:
        if option not in known:
            raise QueryError(f"this place has no option {option!r}: {choices(option, known)}")
    return kind(*words, **options)


def _foreign(entry: EntryPoint, destination: str, format_name: str | None, options: dict[str, Any]) -> Exporter:
    """Return the exporter of another package. Raises QueryError where it cannot be made, whatever its reason."""
    try:
        made: Exporter = entry.load()(destination, format=format_name, **options)
    except OpenProfilingError:
        raise
    except Exception as error:
        raise QueryError(f"the exporter for {entry.name!r} ({entry.value}) will not do: {_told(error)}") from error
    return made


def _export_by_foreign(capture: Capture, scheme: str, foreign: Exporter) -> str:
    try:
        return foreign.export(capture)
    except OpenProfilingError:
        raise
    except Exception as error:
        raise ExportError(scheme, f"{scheme}:...", _told(error)) from error
    finally:
        foreign.close()


def _told(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")


def _keeping(place: Address) -> None:
    if place.scheme == MemoryExporter.name:
        raise ExportError(place.scheme, "memory:", "it would be gone at once: make a MemoryExporter and keep it")


def _split(place: Address) -> tuple[Address, str]:
    """Return the prefix and the name of the object that an address names; "" where it is all prefix."""
    folder, _, name = place.path.rpartition("/")
    if _format(name) is None:
        return place, ""
    return replace(place, path=folder), name


def _format(name: str) -> str | None:
    """Return the name of the format that an object's name promises."""
    from openprofiling_ipy.formats import registry

    found = registry.by_suffix(name) if name else None
    return found.name if found else None
