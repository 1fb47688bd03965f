"""Exporters: one file a kind of place. Their classes are given by name, loaded when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openprofiling_ipy.exporters.base import Exporter, Parcel
    from openprofiling_ipy.exporters.file import FileExporter
    from openprofiling_ipy.exporters.gcs import GCSExporter
    from openprofiling_ipy.exporters.memory import MemoryExporter
    from openprofiling_ipy.exporters.s3 import S3Exporter

__all__ = ["Exporter", "FileExporter", "GCSExporter", "MemoryExporter", "Parcel", "S3Exporter"]

_HOME = {
    "Exporter": "base",
    "FileExporter": "file",
    "GCSExporter": "gcs",
    "MemoryExporter": "memory",
    "Parcel": "base",
    "S3Exporter": "s3",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
