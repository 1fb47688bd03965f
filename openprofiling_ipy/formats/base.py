"""The seam between documents and bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = ["Format"]


class Format(Protocol):
    """
    Turns a document into bytes and back.

    `name` is what users type, `suffixes` the endings of its files (the first is written, the longest match wins on
    reading), `document` the name of the type it holds.
    """

    name: str
    suffixes: tuple[str, ...]
    document: str

    def sniff(self, head: bytes) -> bool:
        """Tell from a file's first 64 KiB, without its name, whether it is of this format."""
        ...

    def loads(self, data: bytes) -> Profile:
        """Read a document. Raises MalformedProfile, whatever the bytes; time and memory are bounded by their length."""
        ...

    def dumps(self, document: Profile) -> bytes:
        """Write a document: the same one always gives the same bytes. Raises UnsupportedDocument."""
        ...

    def losses(self, document: Profile) -> tuple[str, ...]:
        """Say what of this document the format cannot hold, a short phrase each; empty where it is lossless."""
        ...

    def contents(self, document: Profile) -> tuple[str, ...]:
        """Say what of the machine, its user and their code a file of this document tells, a short phrase each."""
        ...
