"""What a person writes for a place that is no folder: "s3://bucket/prefix", "memory:"."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from openprofiling_ipy.errors import QueryError

__all__ = ["Address", "check_no_credentials", "checked_endpoint", "is_address", "parse"]

# A single letter is a disk's.
_SHAPE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)|(memory):(.*)", re.DOTALL)
_SECRET: Final = re.compile(r"[?&][^=]*(?:key|secret|token|signature|credential|password)[^=]*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """`bucket` is what stands before the first slash, `path` what follows it, without slashes at its ends."""

    scheme: str
    bucket: str
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.path}".rstrip("/")


def is_address(text: str | os.PathLike[str]) -> bool:
    return _SHAPE.fullmatch(os.fspath(text)) is not None


def parse(text: str | os.PathLike[str]) -> Address:
    """Read an address. Raises QueryError where it is none, names no bucket, or carries credentials."""
    match = _SHAPE.fullmatch(os.fspath(text))
    if match is None:
        raise QueryError("that is no address such as s3://bucket/prefix")
    scheme, rest = (match[1] or match[3]).lower(), match[2] or match[4] or ""
    # What follows an "@" may be a bucket, and a secret may hold slashes: nothing of the text is repeated.
    bucket, _, path = rest.partition("/")
    if ":" in bucket or "@" in bucket or _SECRET.search(rest):
        raise QueryError(
            f"{scheme}: credentials do not belong into an address, which is shown and saved: leave them to the "
            "environment or to a profile, and write the bucket alone"
        )
    if not bucket and scheme != "memory":
        raise QueryError(f"{scheme}: the address names no bucket: write {scheme}://bucket/prefix")
    return Address(scheme, bucket, path.strip("/"))


def checked_endpoint(url: str | None) -> str | None:
    """Return a server's address, with TLS where it does not say. Raises QueryError, also for one with credentials."""
    if not url:
        return None
    whole = url if "://" in url else f"https://{url}"
    check_no_credentials(whole, "endpoint_url")
    parts = urlsplit(whole)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query:
        raise QueryError("endpoint_url: give an address such as https://s3.example.org:9000")
    return whole


def check_no_credentials(url: str, what: str) -> None:
    """Raise QueryError where a server's address carries credentials."""
    if "@" in urlsplit(url).netloc:
        raise QueryError(f"{what} carries credentials: leave them to the environment or to a profile")
