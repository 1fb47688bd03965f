"""A client of S3 for one store: nothing global is read or set but what every tool of AWS reads."""

from __future__ import annotations

import ipaddress
import logging
import os
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from openprofiling_ipy.exporters.address import check_no_credentials

__all__ = ["Connection", "Keys"]

_log = logging.getLogger(__name__)
#: With pauses of 0-1, 0-2, 0-4 and 0-8 s: a store that restarts is waited for, one that is away told within seconds.
_ATTEMPTS: Final = 5
_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 30
_AMAZON: Final = (".amazonaws.com", ".amazonaws.com.cn")


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
        if (
            style is None
            and configured == "auto"
            and not (url.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))
        ):
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


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
