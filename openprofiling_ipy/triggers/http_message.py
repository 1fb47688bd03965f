"""One HTTP/1.1 request read strictly and within bounds, and the answer to it (RFC 9110, RFC 9112)."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Answer", "Limits", "Reader", "Refusal", "Request", "fields", "told"]

_BLANK = b"\r\n\r\n"
_REQUEST_LINE = re.compile(rb"([A-Z-]{1,20}) (/[!-~]*) HTTP/(\d)\.\d")
# No optional space around the value here: it is stripped, for two repeats side by side take quadratic time.
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)")
#: The fields that mean something here. Twice the same is an attempt to be read in two ways.
_KEPT: Final = frozenset(
    ("authorization", "content-length", "content-type", "host", "origin", "sec-fetch-site", "transfer-encoding")
)
_MOST_PARAMETERS = 16
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: On every answer: a browser that gets one neither keeps, guesses at, frames nor runs it, and tells nobody its URL.
_ALWAYS = (
    ("Cache-Control", "no-store"),
    ("Connection", "close"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What one client, and all of them together, may take. Sizes in bytes, times in seconds.

    `line`, `head`, `lines` and `body` bound one request, `request_time` the time from its connection to its last byte,
    `send_time` the time an answer may stand still, `linger_time` the time a client has to hang up. `connections` and
    `calls` bound how many there are and how many are being answered.
    """

    line: int = 4096
    head: int = 16384
    lines: int = 64
    body: int = 4096
    request_time: float = 5.0
    send_time: float = 10.0
    linger_time: float = 1.0
    connections: int = 32
    calls: int = 8


@dataclass(frozen=True, slots=True)
class Request:
    """`path` and `query` are as sent, undecoded; `headers` has only what means something here, in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    def render(self, *, bodiless: bool = False) -> bytes:
        """Return the bytes for the wire; `bodiless` for HEAD, which has the head only."""
        now = time.gmtime()
        date = time.strftime(f"{_DAYS[now.tm_wday]}, %d {_MONTHS[now.tm_mon - 1]} %Y %H:%M:%S GMT", now)
        size = ("Content-Length", str(len(self.body)))
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [
            f"{name}: {value}"
            for name, value in (("Date", date), ("Content-Type", self.content_type), size, *_ALWAYS, *self.headers)
        ]
        head = "\r\n".join(lines).encode("ascii") + _BLANK
        return head if bodiless else head + self.body


class Refusal(Exception):
    """A request that is not done: the status and the reason that go back. Never leaves the server."""

    def __init__(self, status: int, reason: str, *headers: tuple[str, str]) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        super().__init__(reason)

    def answer(self) -> Answer:
        return replace(told({"reason": self.reason, "status": self.status}, self.status), headers=self.headers)


def told(facts: Mapping[str, Any], status: int = 200) -> Answer:
    """Return facts as JSON, in ASCII, one a line: for people as well."""
    return Answer(status, json.dumps(facts, indent=1, default=str).encode("ascii") + b"\n")


def fields(text: str) -> dict[str, str]:
    """Return the parameters of a query or of a form. Raises Refusal (400) on anything unclear."""
    if not text:
        return {}
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError:  # UnicodeDecodeError is one
        raise Refusal(400, "the parameters are not name=value&name=value in UTF-8") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refusal(400, "a parameter is given twice")
    return found


class Reader:
    """Takes the bytes of one request as they come."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._head: Request | None = None
        self._length = 0

    def feed(self, data: bytes) -> Request | None:
        """Return the request once it is whole. Raises Refusal as soon as it cannot become one."""
        # The end may lie across two pieces.
        searched = max(0, len(self._buffer) - len(_BLANK) + 1)
        self._buffer += data
        if self._head is None:
            end = self._buffer.find(_BLANK, searched)
            self._check_sizes(end)
            if end < 0:
                return None
            self._head = self._read_head(bytes(self._buffer[:end]))
            self._length = self._body_length(self._head)
            del self._buffer[: end + len(_BLANK)]
        if len(self._buffer) < self._length:
            return None
        return replace(self._head, body=bytes(self._buffer[: self._length]))

    def _check_sizes(self, end: int) -> None:
        """Refuse what is too long or, like the first byte of TLS, no HTTP; `end` is that of the head, or -1."""
        if not b"A" <= self._buffer[:1] <= b"Z":
            raise Refusal(400, "this is no HTTP request; HTTPS is not spoken here")
        if self._buffer.find(b"\r\n", 0, self._limits.line + 2) < 0 and len(self._buffer) > self._limits.line:
            raise Refusal(414, f"the request line is longer than {self._limits.line} bytes")
        if (end if end >= 0 else len(self._buffer)) > self._limits.head:
            raise Refusal(431, f"the headers are longer than {self._limits.head} bytes")

    def _read_head(self, head: bytes) -> Request:
        first, *rest = head.split(b"\r\n")
        match = _REQUEST_LINE.fullmatch(first)
        if match is None:
            raise Refusal(400, "the request line is not METHOD /path HTTP/1.1")
        if match[3] != b"1":
            raise Refusal(505, "only HTTP/1.1 is spoken here")
        if len(rest) > self._limits.lines:
            raise Refusal(431, f"more than {self._limits.lines} headers")
        path, _, query = match[2].decode("ascii").partition("?")
        return Request(match[1].decode("ascii"), path, query, _headers(rest))

    def _body_length(self, head: Request) -> int:
        if "transfer-encoding" in head.headers:
            raise Refusal(411, "bodies come with a Content-Length here")
        length = head.headers.get("content-length", "0")
        if not re.fullmatch("[0-9]{1,20}", length):
            raise Refusal(400, "Content-Length is no number")
        if int(length) > self._limits.body:
            raise Refusal(413, f"the body is longer than {self._limits.body} bytes")
        return int(length)


def _headers(lines: list[bytes]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise Refusal(400, "a header is not Name: value")
        name = match[1].decode("ascii").lower()
        if name in _KEPT:
            if name in found:
                raise Refusal(400, f"the header {name} is given twice")
            found[name] = match[2].strip(b" \t").decode("latin-1")
    return found
