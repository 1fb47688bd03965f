"""What stores of objects share: keys under a prefix, what is known of an object unopened, one line for what fails."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.errors import ExportError, FetchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from openprofiling_ipy.exporters.base import Exporter

__all__ = [
    "TAKEN",
    "Bucket",
    "Entry",
    "check_size",
    "closed",
    "entry",
    "has_module",
    "is_capture",
    "key",
    "ns",
    "one_line",
    "recent",
    "with_bucket",
]

TAKEN: Final = "an object of that name is there already: choose another name"
_NAME: Final = re.compile(
    r"(?P<kind>[a-z0-9._-]+?)-(?P<start>\d{8}T\d{6}\.\d{9}Z)-(?:(?P<host>.+)-)?(?P<pid>\d+)-(?P<number>\d+)\.\w.*"
)
_KEY_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A capture in a store, unopened. `start` and `modified` are unix ns, `duration` ns (-1 unknown), `size` bytes."""

    address: str
    size: int
    modified: int
    start: int = 0
    duration: int = -1
    kind: str = ""
    service: str = ""
    host: str = ""
    pid: str = ""
    status: str = ""
    name: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A place in a store: `scheme` is "s3" or "gs", `endpoint` a server other than the scheme's own, or None."""

    scheme: str
    name: str
    prefix: str
    endpoint: str | None

    def describe(self) -> str:
        return f"{self.scheme}://{self.name}/{self.prefix}".rstrip("/")

    def identity(self) -> str:
        """Return what tells this place from others in every process."""
        return f"{self.describe()} at {self.endpoint}" if self.endpoint else self.describe()

    def arguments(self) -> str:
        """Return it as the arguments that an exporter is made with."""
        at = f", endpoint_url={self.endpoint!r}" if self.endpoint else ""
        return f"({self.name!r}, {self.prefix!r}{at})"

    def folder(self) -> str:
        """Return what the keys of all objects in it begin with."""
        return f"{self.prefix}/" if self.prefix else ""

    def address(self, key: str) -> str:
        return f"{self.scheme}://{self.name}/{key}"


def has_module(name: str) -> bool:
    """Tell whether a module is installed, without importing it."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # nor is the package that it is in
        return False


@contextlib.contextmanager
def one_line(
    exporter: str,
    place: str,
    kinds: tuple[type[Exception], ...],
    explain: Callable[[Exception], tuple[str, bool]],
    *,
    fetching: bool = False,
) -> Iterator[None]:
    """Turn what a client raises (one of `kinds`) into ExportError, or FetchError where something is read."""
    try:
        yield
    except kinds as error:
        reason, retry = explain(error)
        # Without its cause: the client's frames hold what it signs and sends.
        if fetching:
            raise FetchError(exporter, place, reason) from None
        raise ExportError(exporter, place, reason, retry=retry) from None


def with_bucket(put: Callable[[], None], make: Callable[[], None] | None, missing: type[Exception]) -> None:
    """Call `put`; where it raises `missing`, call `make` (None: the bucket is not ours to make) and `put` again."""
    try:
        put()
    except missing:
        if make is None:
            raise
        make()
        put()


def key(prefix: str, name: str) -> str:
    """Return the key of an object. Raises ValueError where it is too long for one."""
    whole = f"{prefix}/{name}" if prefix else name
    if len(whole.encode()) > _KEY_BYTES:
        raise ValueError("the name is too long: choose a shorter prefix")
    return whole


def is_capture(name: str) -> bool:
    """Tell by its ending whether an object may be a capture."""
    from openprofiling_ipy.formats import registry

    return registry.by_suffix(name) is not None


def check_size(size: int) -> None:
    """Raise ValueError where an object is too large to be read."""
    from openprofiling_ipy.formats import registry

    if size > registry.MAX_BYTES:
        raise ValueError(f"it is larger than {registry.MAX_BYTES >> 30} GiB")


def closed(exporter: Exporter, place: str) -> ExportError:
    return ExportError(exporter.name, place, "this exporter is closed")


def entry(address: str, size: int, modified: int, metadata: Mapping[str, str] | None = None) -> Entry:
    """Return what is known of an object: by its metadata (plain text), else by its name."""
    facts = dict(metadata or {})
    named = _NAME.fullmatch(address.rpartition("/")[2])
    by_name = {word: named[word] or "" for word in ("kind", "host", "pid")} if named else {}
    start = facts.get("start") or (named["start"] if named else "")
    return Entry(
        address=address,
        size=size,
        modified=modified,
        start=_time(start) or modified,
        duration=_duration(facts.get("duration", "")),
        **{word: facts.get(word) or by_name.get(word, "") for word in ("kind", "host", "pid")},
        **{word: facts.get(word, "") for word in ("service", "status", "name", "label")},
    )


def recent(found: list[Entry], since: int, most: int) -> list[Entry]:
    """Return the newest of those begun at `since` or later, newest last."""
    return sorted((e for e in found if e.start >= since), key=lambda e: (e.start, e.address))[-most:]


def ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000


def _time(text: str) -> int:
    """Return the unix ns of "2026-11-23T02:15:30.123456789Z", with or without its signs; 0 where it is none."""
    match = re.fullmatch(r"(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)\.(\d{9})Z", text)
    if match is None:
        return 0
    try:
        moment = datetime(*map(int, match.groups()[:6]), tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return 0
    return int(moment.timestamp()) * 1_000_000_000 + int(match[7])


def _duration(text: str) -> int:
    return round(float(text) * 1e9) if re.fullmatch(r"\d{1,12}(\.\d+)?", text) else -1
