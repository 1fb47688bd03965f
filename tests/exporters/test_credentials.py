"""Credentials: found wherever AWS's tools look for them, and shown nowhere."""

from __future__ import annotations

import io
import json
import logging
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from IPython.core.ultratb import VerboseTB

from openprofiling_ipy.errors import ExportError, OpenProfilingError
from openprofiling_ipy.exporters import Parcel, S3Exporter, parcels, registry, s3_client
from openprofiling_ipy.exporters.base import Exporter
from tests.servers.canned import Answer, Canned
from tests.servers.s3 import Server

pytest.importorskip("boto3")

BUCKET = "chain"


@pytest.fixture
def bucket(moto):
    keys = {"access_key": moto.access_key, "secret_key": moto.secret_key}
    S3Exporter(BUCKET, endpoint_url=moto.url, create_bucket=True, **keys).send(Parcel("made", b"", "text/plain", {}))
    return moto


def from_environment(server: Server, monkeypatch, folder: Path) -> dict:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_key)
    return {}


def from_credentials_file(server: Server, monkeypatch, folder: Path) -> dict:
    file = folder / "credentials"
    file.write_text(
        f"[default]\naws_access_key_id = {server.access_key}\naws_secret_access_key = {server.secret_key}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    return {}


def from_profile(server: Server, monkeypatch, folder: Path) -> dict:
    file = folder / "config"
    file.write_text(
        f"[profile work]\naws_access_key_id = {server.access_key}\naws_secret_access_key = {server.secret_key}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    return {"profile": "work"}


def from_process(server: Server, monkeypatch, folder: Path) -> dict:
    answer = {"Version": 1, "AccessKeyId": server.access_key, "SecretAccessKey": server.secret_key}
    (folder / "answer").write_text(json.dumps(answer))
    (folder / "config").write_text(f"[default]\ncredential_process = cat {folder}/answer\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    return {}


def from_container(server: Server, monkeypatch, folder: Path) -> dict:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{_container(server, folder)}/role")
    return {}


def from_session(server: Server, monkeypatch, folder: Path) -> dict:
    import boto3.session

    return {"session": boto3.session.Session(server.access_key, server.secret_key, region_name="us-east-1")}


def from_words(server: Server, monkeypatch, folder: Path) -> dict:
    return {"access_key": server.access_key, "secret_key": server.secret_key}


_open: list[Canned] = []


def _container(server: Server, folder: Path) -> str:
    """What a container's agent does: it gives out credentials that end."""
    role = {
        "AccessKeyId": server.access_key,
        "SecretAccessKey": server.secret_key,
        "Token": "",
        "Expiration": "2100-01-01T00:00:00Z",
    }
    agent = Canned(Answer(200, json.dumps(role).encode()))
    agent.__enter__()
    _open.append(agent)
    return agent.url


@pytest.fixture(autouse=True)
def agents_end():
    yield
    while _open:
        _open.pop().__exit__(None, None, None)


@pytest.mark.parametrize(
    "configured",
    [from_environment, from_credentials_file, from_profile, from_process, from_container, from_session, from_words],
)
def test_where_credentials_come_from(bucket, parcel, configured, monkeypatch, tmp_path):
    options = configured(bucket, monkeypatch, tmp_path)
    exporter = S3Exporter(BUCKET, endpoint_url=bucket.url, **options)
    assert exporter.send(parcel) == f"s3://{BUCKET}/{parcel.name}"


def test_the_endpoint_may_be_configured_too(bucket, parcel, monkeypatch, tmp_path):
    from_environment(bucket, monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.url)
    assert registry.exporter(f"s3://{BUCKET}/x").send(parcel) == f"s3://{BUCKET}/x/{parcel.name}"


# Shown nowhere.


class Seen:
    """Everything that a person or a file could get to see."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def exporter(self, exporter: Exporter) -> None:
        self.texts += [repr(exporter), str(exporter), exporter.describe(), exporter.identity()]

    def error(self, error: BaseException) -> None:
        self.texts += [str(error), repr(error), repr(vars(error))]
        self.texts += traceback.format_exception(error)
        # What a notebook shows at its most talkative: every frame with its variables.
        try:
            raise error
        except type(error):
            self.texts.append(VerboseTB().text(*sys.exc_info()))


@pytest.fixture
def seen(caplog, monkeypatch):
    monkeypatch.setattr(s3_client, "_PAUSES", (0.01,))
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    caplog.set_level(logging.DEBUG)
    root.addHandler(handler)
    yield Seen()
    root.removeHandler(handler)


def test_secrets_are_shown_nowhere(bucket, capture, seen, caplog, monkeypatch):
    """In reprs, names, metadata, files, errors, tracebacks with variables, and the log at its most talkative."""
    secret = bucket.secret_key
    from_environment(bucket, monkeypatch, Path())
    exporter = S3Exporter(BUCKET, "shown", endpoint_url=bucket.url)
    address = exporter.export(capture)
    parcel = parcels.pack(capture)
    seen.texts += [address, parcel.name, repr(parcel), repr(exporter.entries())]
    seen.texts.append(repr(exporter._client().head_object(Bucket=BUCKET, Key=address.split("/", 3)[3])))
    seen.texts.append(exporter.read(address.split("/", 3)[3]).decode())
    seen.exporter(exporter)
    for wrong in (
        {"bucket": "never-made"},
        {"bucket": "no bucket"},
        {"endpoint_url": "http://127.0.0.1:1"},
        {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": secret},
        {"access_key": bucket.access_key, "secret_key": secret, "session_token": "hush-token"},
    ):
        options = {"bucket": BUCKET, "endpoint_url": bucket.url} | wrong
        other = S3Exporter(options.pop("bucket"), **options)
        seen.exporter(other)
        try:
            other.send(replace(parcel, name="other"))
        except ExportError as error:
            seen.error(error)
    seen.texts += [record.getMessage() for record in caplog.records if not record.name.startswith("botocore.auth")]
    assert len(seen.texts) > 40
    assert not [text for text in seen.texts if secret in text]
    # botocore's own log of what it signs names the token; ours, and all that is not its log, does not.
    ours = [text for text in seen.texts if "x-amz-security-token" not in text.lower()]
    assert not [text for text in ours if "hush-token" in text]
    assert not [r for r in caplog.records if r.name.startswith("openprofiling_ipy") and "hush" in r.getMessage()]
    assert not [r for r in caplog.records if secret in r.getMessage()]


@pytest.mark.parametrize(
    "destination",
    ["s3://AKIAKEY:hush@bucket/x", "s3://bucket/x?X-Amz-Signature=hush", "gs://u:hush@bucket", "https://u:hush@host/x"],
)
def test_an_address_with_credentials_is_refused_everywhere(capture, destination, seen):
    from openprofiling_ipy import session

    for use in (
        capture.export,
        capture.save,
        registry.exporter,
        registry.check,
        registry.fetch,
        registry.entries,
        session.load,
        lambda place: registry.preview(capture, place),
    ):
        with pytest.raises(OpenProfilingError) as caught:
            use(destination)
        assert "hush" not in str(caught.value)
        assert "AKIAKEY" not in str(caught.value)
