"""Exporters: one file a kind of place. Their classes are given by name, loaded when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openprofiling_ipy import lazy

if TYPE_CHECKING:
    from openprofiling_ipy.exporters.base import Exporter, Parcel
    from openprofiling_ipy.exporters.file import FileExporter
    from openprofiling_ipy.exporters.gcs import GCSExporter
    from openprofiling_ipy.exporters.memory import MemoryExporter
    from openprofiling_ipy.exporters.s3 import S3Exporter

__all__ = ["Exporter", "FileExporter", "GCSExporter", "MemoryExporter", "Parcel", "S3Exporter"]

__getattr__, __dir__ = lazy.names(
    __name__,
    {
        "Exporter": "base",
        "FileExporter": "file",
        "GCSExporter": "gcs",
        "MemoryExporter": "memory",
        "Parcel": "base",
        "S3Exporter": "s3",
    },
)
