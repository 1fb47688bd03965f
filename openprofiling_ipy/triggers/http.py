"""`HttpTrigger`: start, stop and take profiles by HTTP, from this machine unless told otherwise."""

from __future__ import annotations

import logging
import os
import socket
import sys
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from openprofiling_ipy.errors import InvalidOption, TriggerUnavailable
from openprofiling_ipy.triggers.http_guard import Guard, is_address
from openprofiling_ipy.triggers.http_message import Limits
from openprofiling_ipy.triggers.http_routes import Desk
from openprofiling_ipy.triggers.http_server import Server
from openprofiling_ipy.triggers.http_token import TokenFile

if TYPE_CHECKING:
    from pathlib import Path

    from openprofiling_ipy.triggers.base import Control

__all__ = ["CLOSE_TIME", "HttpTrigger", "Limits"]

_log = logging.getLogger(__name__)

#: `disarm` takes no longer than this, whatever clients do, in seconds.
CLOSE_TIME = 3.0
#: Bytes of a random token; Jupyter's have as many.
_TOKEN_BYTES = 24
_SHORTEST_TOKEN = 8
_BACKLOG = 64


class HttpTrigger:
    """
    A small HTTP server on a thread of its own.

    `host` is an address of this machine and `port` 0 a free port. Without a `token` a random one is made, logged and
    written to a file that only this user can read, `token_file`; then `host` must be this machine itself. `log_token`
    says whether the random one is logged: by default not in a notebook's kernel, whose log can be a cell's output. A
    token that is given is neither logged nor written. `names` are further names by which the server may be called in
    a URL, beside localhost, plain addresses, `host` and the machine's name.

    Raises InvalidOption. Endpoints, answers and limits: docs/http.md.
    """

    name: ClassVar[str] = "http"

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        *,
        names: Iterable[str] = (),
        log_token: bool | None = None,
        limits: Limits | None = None,
    ) -> None:
        if not isinstance(host, str) or not host:
            raise InvalidOption("host", host, "give an address, such as 127.0.0.1, or 0.0.0.0 with a token")
        if type(port) is not int or not 0 <= port <= 65535:
            raise InvalidOption("port", port, "give a number up to 65535; 0 takes a free one")
        _check_token(token, host)
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise InvalidOption("names", names, "give several, such as ['profiles.example']")
        if not isinstance(limits, Limits | None):
            raise InvalidOption("limits", limits, "give Limits()")
        self.host = host
        self.token = token or os.urandom(_TOKEN_BYTES).hex()
        #: Where the random token is written while it is armed; None where it is not.
        self.token_file: Path | None = None
        self._wanted = port
        self._port = port
        self._random = token is None
        self._names = tuple(names)
        self._log_token = "ipykernel" not in sys.modules if log_token is None else log_token
        self._limits = limits or Limits()
        self._server: Server | None = None
        self._forget: weakref.finalize[[], HttpTrigger] | None = None

    def __repr__(self) -> str:
        return f"HttpTrigger({self.host!r}, {self.port})"

    @property
    def port(self) -> int:
        """The port it listens at; as given while it does not."""
        return self._port

    @property
    def url(self) -> str:
        """Where it is asked, without the token."""
        host = socket.gethostname() if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104  # compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def armed(self) -> bool:
        """Whether it listens, in this process: after a fork the child does not."""
        return self._server is not None and self._server.alive

    def arm(self, control: Control, /) -> None:
        """Listen. Raises TriggerUnavailable where that cannot be."""
        if self.armed:
            raise TriggerUnavailable(self.name, f"it is armed already, at {self.url}", "make another one")
        listener = self._listen()
        self._port = listener.getsockname()[1]
        guard = Guard(self.token, (*self._names, self.host, socket.gethostname()))
        try:
            server = Server(listener, Desk(control, guard).route, self._limits)
            server.start()
        except (OSError, RuntimeError) as error:  # no descriptor or no thread left
            listener.close()
            raise TriggerUnavailable(self.name, str(error), "end some threads or close some files") from error
        self._server, self._guard = server, guard
        self._announce()

    def disarm(self) -> None:
        """Stop listening and close all connections, within CLOSE_TIME."""
        server, self._server = self._server, None
        if server is None:
            return
        self._port = self._wanted
        if self._forget is not None:
            self._forget()
        self._forget = self.token_file = None
        if not server.close(CLOSE_TIME):
            _log.warning("a request is still being answered; its thread ends with it")

    def forget_token(self) -> None:
        """Take the token's file away, before a process dies of a signal; it goes on listening."""
        if self._forget is not None:
            self._forget()

    def describe(self) -> dict[str, Any]:
        """Return where it listens and how many it refused; not the token."""
        facts: dict[str, Any] = {"name": self.name, "armed": self.armed, "url": self.url}
        if self.token_file is not None:
            facts["token_file"] = str(self.token_file)
        if self.armed:
            facts["unauthorised"] = self._guard.refused
        return facts

    def _listen(self) -> socket.socket:
        where = f"{self.host}:{self._wanted}"
        try:
            # As bytes: a text would load the tables of international names.
            family, _, _, _, address = socket.getaddrinfo(
                self.host.encode("ascii"), self._wanted, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            if self._random and not _is_loopback(str(address[0])):
                raise TriggerUnavailable(self.name, f"{where} is not this machine alone ({address[0]})", "give a token")
            return socket.create_server(address, family=family, backlog=_BACKLOG)
        except (OSError, UnicodeError) as error:
            reason = f"{where}: {getattr(error, 'strerror', None) or error}"
            raise TriggerUnavailable(self.name, reason, "give another address; port 0 is a free one") from error

    def _announce(self) -> None:
        """Say where it is and, of a random token, what it is, to those who may know."""
        if not self._random:
            _log.info("profiles by HTTP at %s, with the token that was given", self.url)
            return
        try:
            file = TokenFile({"url": self.url, "token": self.token, "pid": os.getpid()})
        except OSError as error:  # a container may have no folder that can be written
            _log.warning("the token of the HTTP trigger cannot be written to a file: %s", error)
        else:
            self.token_file = file.path
            self._forget = weakref.finalize(self, file.remove)
        place = self.token_file or "no file"
        if not self._log_token:
            _log.info("profiles by HTTP at %s, the token is in %s", self.url, place)
            return
        # Where a program has set up no logging, Python writes warnings to stderr, and nothing else is ever seen.
        level = logging.INFO if _log.hasHandlers() else logging.WARNING
        _log.log(level, "profiles by HTTP at %s/debug/pprof/?token=%s (also in %s)", self.url, self.token, place)


def _check_token(token: str | None, host: str) -> None:
    if token is None:
        if host.lower() != "localhost" and not _is_loopback(host):
            raise InvalidOption("host", host, "it is not this machine alone: give a token as well")
    elif not _is_token(token):
        raise InvalidOption("token", "…", f"give at least {_SHORTEST_TOKEN} letters, digits or signs, in ASCII")


def _is_token(token: object) -> bool:
    return isinstance(token, str) and len(token) >= _SHORTEST_TOKEN and all("!" <= letter <= "~" for letter in token)


def _is_loopback(address: str) -> bool:
    return address == "::1" or (address.startswith("127.") and is_address(socket.AF_INET, address))
