"""What Amazon's S3 answers, in its own words, from a server that only repeats them: one line each, and a retry or none."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import ssl

import pytest

from openprofiling_ipy.errors import ExportError, FetchError
from openprofiling_ipy.exporters import Parcel, S3Exporter, s3_client
from tests.servers.canned import RESET, Answer, Canned

pytest.importorskip("boto3")

FINE = Answer(200, headers={"ETag": '"x"'})


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch):
    monkeypatch.setattr(s3_client, "_PAUSES", (0.01, 0.01))


def error(code: str, status: int, message: str = "said the store", more: str = "", **headers: str) -> Answer:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>'
    return Answer(status, body.encode(), {"Content-Type": "application/xml", **headers})


def exporter(url: str) -> S3Exporter:
    return S3Exporter("profiles", endpoint_url=url, access_key="AKIAKEY", secret_key="hushhushhush")


@pytest.mark.parametrize(
    ("answer", "reason", "retry"),
    [
        (error("AccessDenied", 403), "these credentials may not do that: allow s3:PutObject on the bucket", False),
        (error("ExpiredToken", 400), "the credentials have expired: renew them", True),
        (error("InvalidToken", 400), "the session token is not valid: check AWS_SESSION_TOKEN or the profile", False),
        (
            error("RequestTimeTooSkewed", 403),
            "this machine's clock differs too much from the store's: set it right",
            True,
        ),
        (
            error("AuthorizationHeaderMalformed", 400, more="<Region>eu-west-3</Region>"),
            "the bucket is in another region: give region='eu-west-3'",
            False,
        ),
        (
            error("PermanentRedirect", 301, **{"x-amz-bucket-region": "eu-west-3"}),
            "the bucket is in another region: give region='eu-west-3'",
            False,
        ),
        (
            error("IllegalLocationConstraintException", 400),
            "the bucket is in another region or at another address: give region= or endpoint_url=",
            False,
        ),
        (Answer(404, b"<html>nginx"), "there is nothing at that address: check endpoint_url", False),
        (error("SlowDown", 503), "the store is busy", True),
        (error("InternalError", 500), "InternalError: said the store", True),
        (Answer(502, b"<html>Bad Gateway</html>"), "502: Bad Gateway", True),
        (error("EntityTooLarge", 400), "it is larger than the store takes", False),
        (
            error("KMS.DisabledException", 400),
            "the encryption key cannot be used (KMS.DisabledException): check kms_key",
            False,
        ),
        (error("XAmzContentSHA256Mismatch", 400), "it was damaged on its way", True),
        (error("QuotaExceeded", 403), "the quota is used up: free some room", True),
        (error("Strange", 400, "with\na line and hushhushhush"), "Strange: with a line and ***", False),
        (RESET, "no connection to HOST: check network and address", True),
    ],
    ids=lambda value: (
        (re.search(rb"<Code>(.*)</Code>", value.body) or [b"", b"other"])[1].decode()
        if isinstance(value, Answer)
        else ""
    ),
)
def test_answers(parcel, answer, reason, retry):
    with Canned(answer) as server, pytest.raises(ExportError) as caught:
        exporter(server.url).send(parcel)
    assert caught.value.reason == reason.replace("HOST", server.url.removeprefix("http://"))
    assert caught.value.retry is retry


def test_a_server_that_is_not_one_of_s3():
    with Canned(Answer(200, b"hello", {"Content-Type": "text/plain"})) as server:
        with pytest.raises(FetchError, match="s3://profiles cannot be read: "):
            exporter(server.url).entries()
        with pytest.raises(ExportError, match="Internal Server Error") as caught:
            exporter(server.url).send(Parcel("x.folded", bytes(12 << 20), "text/plain", {}))
        assert caught.value.retry


def test_torn_connections_are_outlasted(parcel):
    """More often than the client itself tries again."""
    with Canned(*[RESET] * 5, FINE) as server:
        assert exporter(server.url).send(parcel) == f"s3://profiles/{parcel.name}"
        assert [method for method, _, _ in server.asked] == ["PUT"] * 6


def test_a_part_is_tried_again_and_not_the_whole():
    started = Answer(200, b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
    done = Answer(200, b"<CompleteMultipartUploadResult/>")
    with Canned(started, FINE, RESET, RESET, RESET, RESET, FINE, done) as server:
        exporter(server.url).send(Parcel("x.folded", bytes(12 << 20), "text/plain", {}))
    parts = [re.search(r"partNumber=(\d)", path) for _, path, _ in server.asked]
    assert [part[1] for part in parts if part] == ["1", "2", "2", "2", "2", "2"]


def test_bodies_are_signed_and_checksums_left_out(parcel):
    """Other stores than Amazon's refuse what they do not know; the signature tells what was damaged."""
    with Canned(FINE) as server:
        exporter(server.url).send(parcel)
    ((_, path, headers),) = server.asked
    names = {name.lower() for name in headers}
    assert re.fullmatch(r"[0-9a-f]{64}", headers["X-Amz-Content-SHA256"])
    assert not [name for name in names if name.startswith(("x-amz-checksum", "x-amz-sdk-checksum"))]
    assert path == f"/profiles/{parcel.name}"


@pytest.mark.parametrize(("style", "host"), [(None, "127.0.0.1"), (True, "127.0.0.1"), (False, "profiles.localhost")])
def test_where_the_bucket_stands(parcel, style, host, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "botocore.httpsession.URLLib3Session.send", lambda _, request: asked.append(request.url) or 1 / 0
    )
    at = "http://localhost:1" if style is False else "http://127.0.0.1:1"
    store = S3Exporter("profiles", endpoint_url=at, path_style=style, access_key="a", secret_key="b")
    with pytest.raises(ZeroDivisionError):
        store.send(parcel)
    assert asked[0].startswith(f"http://{host}:1/")


def test_amazon_is_asked_with_tls_and_the_bucket_in_the_host(parcel, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "botocore.httpsession.URLLib3Session.send", lambda _, request: asked.append(request.url) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        S3Exporter("profiles", region="eu-west-3", access_key="a", secret_key="b").send(parcel)
    assert asked[0].startswith("https://profiles.s3.eu-west-3.amazonaws.com/")


def test_a_configured_style_is_kept(parcel, monkeypatch, tmp_path):
    config = tmp_path / "config"
    config.write_text("[default]\ns3 =\n  addressing_style = virtual\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    asked = []
    monkeypatch.setattr(
        "botocore.httpsession.URLLib3Session.send", lambda _, request: asked.append(request.url) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        S3Exporter("profiles", endpoint_url="http://store.example.org", access_key="a", secret_key="b").send(parcel)
    assert asked[0].startswith("http://profiles.store.example.org/")


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that is its own authority, with its key, in one file."""
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


def test_certificates_are_checked(parcel, certificate, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Canned(FINE, context=context) as server:
        with pytest.raises(ExportError, match="is not trusted here: set AWS_CA_BUNDLE") as caught:
            exporter(server.url).send(parcel)
        assert server.asked == []
        assert not caught.value.retry
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        assert exporter(server.url).send(parcel) == f"s3://profiles/{parcel.name}"


def test_what_travels_unencrypted_is_said_once_in_the_log(caplog):
    store = S3Exporter("profiles", endpoint_url="http://store.example.org", access_key="a", secret_key="b")
    store._client()
    store._client()
    assert [r.getMessage() for r in caplog.records if r.name.startswith("openprofiling_ipy")] == [
        "captures travel to store.example.org unencrypted: its address begins with http://"
    ]
