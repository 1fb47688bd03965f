"""Who may ask: the token, the Host that was meant, and no other web site through somebody's browser."""

from __future__ import annotations

import logging
import re
import socket
import time
from typing import TYPE_CHECKING

from openprofiling_ipy.triggers.http_message import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openprofiling_ipy.triggers.http_message import Request

__all__ = ["Guard", "is_address"]

_log = logging.getLogger(__name__)

_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{1,5})?")
_CREDENTIALS = re.compile(r"(?:bearer|token) +(\S+)", re.IGNORECASE)
#: What a browser says of a request that this server's own page, or the person at the address bar, made.
_OWN_SITE = {"none", "same-origin"}
#: Refusals are counted, and warned of this often at most, in seconds: a log must not be filled from outside.
_WARN_EVERY = 60.0


class Guard:
    """
    Checks a request before anything of it is looked up.

    A page of any web site can make a browser send requests to 127.0.0.1, and by rebinding its own name to that address
    even read the answers (DNS rebinding). Such a request carries the site's name as its Host, or its Origin. `names`
    are the hosts that may be meant, beside `localhost` and plain addresses, which nobody can rebind.
    """

    def __init__(self, token: str, names: Iterable[str] = ()) -> None:
        self._token = token.encode("ascii")
        self._names = {"localhost", *(name.lower() for name in names)}
        #: How many requests were turned away here.
        self.refused = 0
        self._quiet_until = 0.0

    def check(self, request: Request, parameters: Mapping[str, str], peer: str) -> None:
        """Raise Refusal unless the request may be done; `parameters` are those of its query."""
        try:
            host = request.headers.get("host", "").lower()
            self._check_host(host)
            _check_site(request.headers, host)
            self._check_token(_credentials(request.headers, parameters))
        except Refusal as refusal:
            self.refused += 1
            if time.monotonic() >= self._quiet_until:
                self._quiet_until = time.monotonic() + _WARN_EVERY
                _log.warning("refused a request from %s: %s (%d so far)", peer, refusal, self.refused)
            raise

    def _check_host(self, host: str) -> None:
        if not host:
            raise Refusal(400, "a Host header is needed")
        match = _HOST.fullmatch(host)
        if match is None:
            raise Refusal(400, "the Host header is no host")
        if match["v6"] is not None:
            known = is_address(socket.AF_INET6, match["v6"])
        else:
            known = match["name"] in self._names or is_address(socket.AF_INET, match["name"])
        if not known:
            raise Refusal(403, "this server does not go by the name in the Host header: see `names` of HttpTrigger")

    def _check_token(self, given: bytes | None) -> None:
        if given is None:
            raise _unauthorised("a token is needed: as the header 'Authorization: Bearer TOKEN' or as ?token=TOKEN")
        import hmac  # with OpenSSL, 4 MB: not before somebody asks

        if not hmac.compare_digest(given, self._token):
            raise _unauthorised("the token is wrong")


def is_address(family: int, text: str) -> bool:
    """Return whether it is an address in digits, no name."""
    try:
        socket.inet_pton(family, text)
    except OSError:
        return False
    return True


def _check_site(headers: Mapping[str, str], host: str) -> None:
    origin = headers.get("origin")
    # Behind a proxy that speaks TLS the page's scheme is the proxy's.
    foreign = origin is not None and origin.lower() not in {f"http://{host}", f"https://{host}"}
    if foreign or headers.get("sec-fetch-site", "none").lower() not in _OWN_SITE:
        raise Refusal(403, "requests from other web sites are refused")


def _credentials(headers: Mapping[str, str], parameters: Mapping[str, str]) -> bytes | None:
    """Return the token that was sent, the header's before the query's; None where there is none."""
    if (header := headers.get("authorization")) is not None:
        match = _CREDENTIALS.fullmatch(header)
        return match[1].encode("latin-1") if match else None
    given = parameters.get("token")
    return None if given is None else given.encode("utf-8")


def _unauthorised(reason: str) -> Refusal:
    return Refusal(401, reason, ("WWW-Authenticate", "Bearer"))
