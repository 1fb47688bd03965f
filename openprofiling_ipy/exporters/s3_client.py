"""A client of S3 for one store: nothing global is read or set but what every tool of AWS reads."""

from __future__ import annotations

import ipaddress
import logging
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from openprofiling_ipy.exporters.address import check_no_credentials

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Connection", "Keys", "patiently"]

_log = logging.getLogger(__name__)
#: The client's own attempts: how long they take differs with its version, from half a second to a minute.
_ATTEMPTS: Final = 3
#: Seconds between further attempts where nobody answered: long enough for a store that restarts.
_PAUSES: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
#: Seconds after the first failure when no other attempt is begun.
_PATIENCE: Final = 10.0
_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 30
_AMAZON: Final = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu")


@dataclass(eq=False, repr=False)
class Keys:
    """Credentials that a person typed; they are shown nowhere."""

    access_key: str | None = None
    secret_key: str | None = None
    session_token: str | None = None

    def __bool__(self) -> bool:
        return bool(self.access_key or self.secret_key or self.session_token)


@dataclass(eq=False)
class Connection:
    """
    How a store is reached. `session` is a `boto3.Session` of the user's, else one is made from the rest.

    `path_style` puts the bucket into the path of addresses instead of the host; None: where the store is not Amazon's
    and the user's configuration says nothing.
    """

    endpoint_url: str | None
    region: str | None
    path_style: bool | None
    profile: str | None
    session: Any
    keys: Keys

    def __post_init__(self) -> None:
        self._made: tuple[int, Any, Any] | None = None

    def client(self) -> Any:
        """Return the client, made when first asked for; a forked child makes its own. Raises what botocore raises."""
        if self._made is None or self._made[0] != os.getpid():
            session = self.session or self._session()
            self._made = os.getpid(), session, self._make(session)
        return self._made[2]

    def close(self) -> None:
        made, self._made = self._made, None
        if made is not None and made[0] == os.getpid():
            made[2].close()

    @property
    def host(self) -> str:
        """What answers, for messages."""
        url = self._made[2].meta.endpoint_url if self._made else self.endpoint_url or "S3"
        return urlsplit(url).netloc.rpartition("@")[2] or "S3"

    def secrets(self) -> list[str]:
        """Return what no message may repeat."""
        try:
            found = self._made[1].get_credentials() if self._made else None
            return list(filter(None, found.get_frozen_credentials())) if found else []
        except Exception:  # noqa: BLE001  # without credentials there is nothing to hide
            return []

    def _session(self) -> Any:
        import boto3.session

        keys = {
            "aws_access_key_id": self.keys.access_key,
            "aws_secret_access_key": self.keys.secret_key,
            "aws_session_token": self.keys.session_token,
        }
        # Not boto3's default one, which is shared by all of the process.
        return boto3.session.Session(**(keys if self.keys else {}), profile_name=self.profile, region_name=self.region)

    def _make(self, session: Any) -> Any:
        style = {True: "path", False: "virtual", None: None}[self.path_style]
        client = self._client(session, style)
        url = urlsplit(client.meta.endpoint_url)
        check_no_credentials(client.meta.endpoint_url, "the configured endpoint")
        if url.scheme == "http" and not _is_loopback(url.hostname or ""):
            _log.warning("captures travel to %s unencrypted: its address begins with http://", url.netloc)
        configured = (client.meta.config.s3 or {}).get("addressing_style", "auto")
        if style is None and configured == "auto" and not (url.hostname or "").endswith(_AMAZON):
            client.close()
            client = self._client(session, "path")
        return client

    def _client(self, session: Any, style: str | None) -> Any:
        from botocore.config import Config

        options = {"payload_signing_enabled": True} | ({"addressing_style": style} if style else {})
        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            s3=options,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            user_agent_extra="openprofiling-ipy",
        )
        return session.client("s3", endpoint_url=self.endpoint_url, region_name=self.region, config=config)


def patiently(call: Callable[..., Any], **arguments: Any) -> Any:
    """Call, and again for some seconds while there is no connection. Raises what the call raises."""
    from botocore import exceptions

    since = 0.0
    for pause in _PAUSES:
        try:
            return call(**arguments)
        except exceptions.SSLError:  # it will not be trusted in a second either
            raise
        except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
            now = time.monotonic()
            since = since or now
            # What cannot be sent at all, such as a key with a line's end, is no matter of the connection.
            if now - since > _PATIENCE or isinstance(error.kwargs.get("error"), ValueError):
                raise
        time.sleep(pause)
    return call(**arguments)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
