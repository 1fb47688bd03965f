"""What S3, and stores that speak like it, refuse: in one line, and whether a later try is worth it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from openprofiling_ipy.exporters import objects

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["explain", "kinds"]

#: By the code of the answer: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
_LASTING: Final = {
    "InvalidAccessKeyId": "the access key id is not known there: check AWS_ACCESS_KEY_ID or the profile",
    "SignatureDoesNotMatch": "the secret key is wrong: check AWS_SECRET_ACCESS_KEY or the profile",
    "InvalidToken": "the session token is not valid: check AWS_SESSION_TOKEN or the profile",
    "NoSuchBucket": "there is no such bucket",
    "InvalidBucketName": "no bucket can have that name",
    "AccessDenied": "these credentials may not do that: allow {action} on the bucket",
    "403": "these credentials may not do that: allow {action} on the bucket",
    "AllAccessDisabled": "the bucket is closed to everybody",
    "NoSuchKey": "there is no such object",
    "404": "there is no such object",
    **dict.fromkeys(("PreconditionFailed", "412"), objects.TAKEN),
    "BucketAlreadyExists": "a bucket of that name belongs to somebody else: choose another one",
    "EntityTooLarge": "it is larger than the store takes",
    "KeyTooLongError": "the name is too long: choose a shorter prefix",
    "InvalidObjectState": "the object is in an archive: restore it first",
    "NotImplemented": "the store does not know how to do that",
}
_PASSING: Final = {
    "RequestTimeTooSkewed": "this machine's clock differs too much from the store's: set it right",
    "ExpiredToken": "the credentials have expired: renew them",
    "QuotaExceeded": "the quota is used up: free some room",
    "NoSuchUpload": "the store has lost the beginning of the upload",
    "ConditionalRequestConflict": "another upload of that name is under way",
    "OperationAborted": "another request is changing the bucket",
    **dict.fromkeys(("BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"), "it was damaged on its way"),
    **dict.fromkeys(
        ("SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException", "RequestLimitExceeded", "503", "429"),
        "the store is busy",
    ),
    **dict.fromkeys(("RequestTimeout", "RequestTimeoutException"), "the connection is too slow"),
}
_NONE_FOUND: Final = "no credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile"
#: A name and a password in an address.
_USER: Final = re.compile(r"[^\s/@]+@")
_ELSEWHERE: Final = (
    *("PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
    *("301", "307", "IncorrectEndpoint"),
)


def kinds() -> tuple[type[Exception], ...]:
    """Return what calls of the client raise."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError, ValueError


def explain(error: Exception, host: str, action: str, secrets: Iterable[str] = ()) -> tuple[str, bool]:
    """
    Return (what is wrong and what to do, whether a later try is worth it) for an exception of botocore.

    `host` is what was called, `action` the permission it needs. Nothing of `secrets` is repeated.
    """
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        reason, retry = _answered(error.response, action)
    else:
        reason, retry = _unanswered(error, host)
    if not reason:  # in the words of others, who may repeat what they were given
        reason = f"{_code(error)}: {_said(error)}".rstrip(": ")
        for secret in filter(None, secrets):
            reason = reason.replace(secret, "***")
    return _USER.sub("…@", " ".join(reason.split())), retry


def _answered(response: Any, action: str) -> tuple[str, bool]:
    details, about = response.get("Error", {}), response.get("ResponseMetadata", {})
    code = str(details.get("Code", ""))
    if code in _ELSEWHERE:
        region = details.get("Region") or about.get("HTTPHeaders", {}).get("x-amz-bucket-region", "")
        return f"the bucket is in another region: give region={region!r}" if region else (
            "the bucket is in another region or at another address: give region= or endpoint_url="
        ), False
    if code in _PASSING:
        return _PASSING[code], True
    if (code, action) == ("404", "s3:PutObject"):  # no answer of a store's
        return "there is nothing at that address: check endpoint_url", False
    if code in _LASTING:
        make = (
            ": make it, or let create_bucket=True make it" if (code, action) == ("NoSuchBucket", "s3:PutObject") else ""
        )
        return _LASTING[code].format(action=action) + make, False
    if code.startswith("KMS."):
        return f"the encryption key cannot be used ({code}): check kms_key", False
    return "", int(about.get("HTTPStatusCode", 0)) >= 500


def _unanswered(error: Exception, host: str) -> tuple[str, bool]:
    from botocore import exceptions as e

    name = type(error).__name__
    if isinstance(error, e.HTTPClientError) and isinstance(error.kwargs.get("error"), ValueError):
        return "the credentials hold a line's end or the like: check AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN", False
    known: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, bool], ...] = (
        (e.NoCredentialsError, _NONE_FOUND, False),
        (e.PartialCredentialsError, "the credentials are incomplete: key id and secret key belong together", False),
        (e.ProfileNotFound, "there is no such profile: see ~/.aws/config", False),
        (e.ConfigParseError, "~/.aws/config cannot be read", False),
        (
            (e.CredentialRetrievalError, e.TokenRetrievalError, e.MetadataRetrievalError),
            f"credentials cannot be had now ({name})",
            True,
        ),
        (e.SSOError, "the login has expired: aws sso login", False),
        (e.SSLError, f"the certificate of {host} is not trusted here: set AWS_CA_BUNDLE", False),
        (e.InvalidRegionError, "no region can have that name", False),
        ((e.ConnectTimeoutError, e.ReadTimeoutError), f"no answer from {host} in time: check network, address", True),
        ((e.ConnectionError, e.HTTPClientError), f"no connection to {host}: check network and address", True),
    )
    for kinds, reason, retry in known:
        if isinstance(error, kinds):
            return reason, retry
    if "endpoint" in str(error) or "URL" in str(error):
        return f"{error}: check endpoint_url and AWS_ENDPOINT_URL", False
    if isinstance(error, e.ParamValidationError) and "Invalid bucket name" in str(error):
        return _LASTING["InvalidBucketName"], False
    # A value that we refused, or the client did.
    return str(error) if isinstance(error, ValueError) and not isinstance(error, e.BotoCoreError) else "", False


def _code(error: Any) -> str:
    details = getattr(error, "response", {}).get("Error", {})
    return str(details.get("Code") or type(error).__name__)


def _said(error: Any) -> str:
    details = getattr(error, "response", {}).get("Error", {})
    return str(details.get("Message") or ("no more is said" if details else error))
