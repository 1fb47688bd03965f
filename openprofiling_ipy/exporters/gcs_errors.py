"""What Google's store refuses: in one line, and whether a later try is worth it."""

from __future__ import annotations

from typing import Any

from openprofiling_ipy.exporters import objects

__all__ = ["explain", "kinds"]


def kinds() -> tuple[type[Exception], ...]:
    """Return what calls of the client raise."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
    from requests.exceptions import RequestException

    return GoogleAPIError, GoogleAuthError, RequestException, InvalidResponse, DataCorruption, ValueError, OSError


def explain(error: Any, host: str, action: str) -> tuple[str, bool]:
    """
    Return (what is wrong and what to do, whether a later try is worth it) for an exception of the client.

    `host` is what was called, `action` the permission it needs.
    """
    from google.api_core.exceptions import RetryError
    from google.cloud.storage.exceptions import DataCorruption

    if isinstance(error, RetryError) and error.cause is not None:
        return explain(error.cause, host, action)
    if isinstance(error, DataCorruption):
        return "it was damaged on its way", True
    status = getattr(error, "code", None) or getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return _answered(int(status), error, action)
    return _unanswered(error, host)


def _answered(status: int, error: Any, action: str) -> tuple[str, bool]:
    """Explain an answer: https://cloud.google.com/storage/docs/json_api/v1/status-codes ."""
    writing = action == "storage.objects.create"
    known = {
        401: ("the credentials are refused: renew them", False),
        403: (f"these credentials may not do that: allow {action} on the bucket", False),
        404: (
            "there is no such bucket: make it, or let create_bucket=True make it"
            if writing
            else "there is no such object or bucket",
            False,
        ),
        408: ("the connection is too slow", True),
        412: (objects.TAKEN, False),
        413: ("it is larger than the store takes", False),
        429: ("the store is busy", True),
    }
    if status in known:
        return known[status]
    return " ".join(f"status {status}: {_said(error)}".split()), status >= 500


def _said(error: Any) -> str:
    """Return the message in the answer's body; the error's own repeats whole addresses."""
    try:
        return str(error.response.json()["error"]["message"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return "no more is said"


def _unanswered(error: Exception, host: str) -> tuple[str, bool]:
    from google.auth import exceptions as auth
    from requests import exceptions as http

    known: tuple[tuple[type[Exception], str, bool], ...] = (
        (
            auth.DefaultCredentialsError,
            "no credentials found: set GOOGLE_APPLICATION_CREDENTIALS, or gcloud auth application-default login",
            False,
        ),
        (auth.TransportError, "credentials cannot be had now: no connection to those who give them", True),
        (auth.RefreshError, "the credentials are refused or have expired: renew them, and check this clock", False),
        (auth.GoogleAuthError, f"the credentials cannot be used ({type(error).__name__})", False),
        (http.SSLError, f"the certificate of {host} is not trusted here: set REQUESTS_CA_BUNDLE", False),
        (http.Timeout, f"no answer from {host} in time: check network and address", True),
        (http.RequestException, f"no connection to {host}: check network and address", True),
    )
    for kind, reason, retry in known:
        if isinstance(error, kind):
            return reason, retry
    # A value or a configuration that the client refuses; a connection that broke below `requests`.
    refused = isinstance(error, ValueError) or getattr(error, "errno", None) is None
    return (" ".join(str(error).split()), False) if refused else (f"no connection to {host}: {error}", True)
