"""S3, against servers that check signatures: moto wherever the tests run, Ceph's gateway where it is installed."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from openprofiling_ipy import session
from openprofiling_ipy.delivery import Delivery, Limits
from openprofiling_ipy.errors import ExportError, FetchError, InvalidOption, QueryError
from openprofiling_ipy.exporters import Parcel, S3Exporter, parcels, registry, s3_client
from openprofiling_ipy.exporters.base import Exporter
from tests.agent.programs import Program
from tests.exporters.conftest import STARTED
from tests.servers.ports import free_ports
from tests.servers.s3 import Server

pytest.importorskip("boto3")

BUCKET = "profiles"
MIB = 1 << 20
#: The servers that have the bucket.
_MADE: set[str] = set()


@pytest.fixture
def place(server, request):
    """A prefix of this test's own, in a bucket that is there."""
    if server.url not in _MADE:
        exporter_at(server, create_bucket=True).send(Parcel("made", b"", "text/plain", {}))
        _MADE.add(server.url)
    return f"{request.node.originalname}-{time.time_ns()}"


def exporter_at(server: Server, prefix: str = "", **options: Any) -> S3Exporter:
    keys = {"access_key": server.access_key, "secret_key": server.secret_key, "endpoint_url": server.url}
    return S3Exporter(options.pop("bucket", BUCKET), prefix, **keys | options)


@pytest.fixture
def in_environment(server, monkeypatch):
    """Configured as a program is: by the environment alone."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_key)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)


# There and back.


def test_a_capture_goes_there_and_comes_back(server, place, capture):
    exporter: Exporter = exporter_at(server, place)
    address = exporter.export(capture)
    assert address == f"s3://{BUCKET}/{place}/{parcels.name(capture)}"
    assert exporter_at(server).read(address.split("/", 3)[3]) == parcels.pack(capture).data


def test_metadata_comes_back(server, place, capture):
    exporter = exporter_at(server, place)
    address = exporter.export(capture)
    (entry,) = exporter.entries()
    assert (entry.address, entry.size) == (address, len(parcels.pack(capture).data))
    assert (entry.kind, entry.service, entry.host, entry.pid) == ("cpu", "shop", "web-1.example.org", "4711")
    assert (entry.start, entry.duration, entry.status, entry.label) == (STARTED, 1_500_000_000, "done", "GET /Straße")
    assert abs(entry.modified / 1e9 - time.time()) < 3600


def test_the_same_parcel_again_ends_in_the_same_place(server, place, parcel):
    exporter = exporter_at(server, place)
    assert exporter.send(parcel) == exporter.send(replace(parcel, data=b"newer"))
    assert [(entry.size, entry.kind) for entry in exporter.entries()] == [(5, "cpu")]


def test_by_address(server, place, capture, in_environment):
    address = capture.export(f"s3://{BUCKET}/{place}")
    assert address == registry.preview(capture, f"s3://{BUCKET}/{place}")
    loaded = session.load(address)
    try:
        assert (loaded.kind, loaded.label) == ("cpu", "GET /Straße")
        assert loaded.document == capture.document
    finally:
        session.forget(loaded)


def test_an_address_may_name_the_object(server, place, capture, in_environment):
    address = f"s3://{BUCKET}/{place}/run.cpuprofile"
    assert capture.export(address) == address == registry.preview(capture, address)
    name, data = registry.fetch(address)
    assert (name, data) == ("run.cpuprofile", parcels.pack(capture, "cpuprofile").data)
    with pytest.raises(ExportError, match="an object of that name is there already: choose another name"):
        capture.export(address)


def test_of_many_writers_of_one_name_one_wins(server, place, parcel):
    taken = {"an object of that name is there already: choose another name", "another upload of that name is under way"}

    def write(number: int) -> int | str:
        try:
            exporter_at(server, place).send(replace(parcel, data=b"x" * number), overwrite=False)
        except ExportError as error:
            return error.reason
        return number

    with ThreadPoolExecutor(4) as pool:
        results = set(pool.map(write, range(1, 9)))
    written = results - taken
    (entry,) = exporter_at(server, place).entries()
    # moto looks and writes in two steps; a real store does it in one.
    assert entry.size in written
    assert len(written) == 1 or server.name == "moto"


def test_a_listing_is_of_the_newest_and_since(server, place, parcel):
    exporter = exporter_at(server, place)
    for hour in range(5):
        exporter.send(replace(parcel, name=f"cpu-20261123T0{hour}0000.000000000Z-h-1-{hour}.folded", metadata={}))
    exporter.send(replace(parcel, name="notes.txt"))
    hours = [entry.address.rsplit("-", 1)[1][0] for entry in exporter.entries()]
    assert hours == ["0", "1", "2", "3", "4"]
    assert [entry.pid for entry in exporter.entries(most=2)] == ["1", "1"]
    (last,) = exporter.entries(most=1)
    assert exporter.entries(since=last.start) == [last]
    assert exporter.entries(since=last.start + 1) == []


def test_a_prefix_is_a_folder(server, place, parcel):
    exporter_at(server, f"{place}/a").send(parcel)
    exporter_at(server, f"{place}/ab").send(parcel)
    assert len(exporter_at(server, f"/{place}/a/").entries()) == 1
    assert len(exporter_at(server, place).entries()) == 2


def test_fifty_megabytes_in_parts(server, place):
    data = os.urandom(50 * MIB)
    parcel = Parcel("large.folded", data, "text/plain", {"kind": "cpu"})
    heard: list[tuple[int, int]] = []
    exporter = exporter_at(server, place)
    exporter.send(parcel, lambda sent, size: heard.append((sent, size)))
    assert heard[-1] == (len(data), len(data))
    assert len(heard) > 5
    assert [sent for sent, _ in heard] == sorted({sent for sent, _ in heard})
    assert exporter.read(f"{place}/large.folded") == data
    assert exporter.entries()[0].kind == "cpu"
    with pytest.raises(ExportError, match="there already"):
        exporter.send(parcel, overwrite=False)


def test_an_upload_that_is_given_up_leaves_no_parts(server, place):
    def give_up(sent: int, _size: int) -> None:
        raise KeyboardInterrupt

    exporter = exporter_at(server, place)
    with pytest.raises(KeyboardInterrupt):
        exporter.send(Parcel("large.folded", bytes(20 * MIB), "text/plain", {}), give_up)
    assert exporter.entries() == []
    uploads = exporter._client().list_multipart_uploads(Bucket=BUCKET)
    assert [upload for upload in uploads.get("Uploads", ()) if upload["Key"].startswith(place)] == []


# What is refused.


def refused(exporter: S3Exporter, parcel: Parcel) -> ExportError:
    with pytest.raises(ExportError) as caught:
        exporter.send(parcel)
    assert "\n" not in str(caught.value)
    assert caught.value.exporter == "s3"
    return caught.value


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (
            {"access_key": "AKIAIOSFODNN7EXAMPLE"},
            "the access key id is not known there: check AWS_ACCESS_KEY_ID or the profile",
        ),
        ({"secret_key": "wrong"}, "the secret key is wrong: check AWS_SECRET_ACCESS_KEY or the profile"),
        (
            {"bucket": "never-made"},
            "there is no such bucket: make it, or let create_bucket=True make it",
        ),
        ({"bucket": "no bucket"}, "no bucket can have that name"),
        ({"prefix": "x" * 1100}, "the name is too long: choose a shorter prefix"),
        ({"profile": "nobody"}, "there is no such profile: see ~/.aws/config"),
        (
            {"access_key": None, "secret_key": None},
            "no credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile",
        ),
    ],
    ids=["key id", "secret", "bucket", "name of bucket", "key", "profile", "none"],
)
def test_one_clear_line(server, place, parcel, wrong, reason):
    error = refused(exporter_at(server, **wrong), parcel)
    assert (error.reason, error.retry) == (reason, False)


def test_a_clock_that_is_wrong(ceph, parcel, monkeypatch):
    exporter = exporter_at(ceph, create_bucket=True)
    exporter.send(parcel)
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now - dt.timedelta(hours=1))
    error = refused(exporter, parcel)
    assert error.reason == "this machine's clock differs too much from the store's: set it right"
    assert error.retry


def test_a_server_that_is_away(parcel, monkeypatch):
    monkeypatch.setattr(s3_client, "_PAUSES", (0.01,))
    port = free_ports(1)[0]
    exporter = S3Exporter(BUCKET, endpoint_url=f"http://127.0.0.1:{port}", access_key="a", secret_key="b")
    error = refused(exporter, parcel)
    assert (error.reason, error.retry) == (f"no connection to 127.0.0.1:{port}: check network and address", True)


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("AWS_ENDPOINT_URL", "bob:hunter2@127.0.0.1:9000", "Invalid endpoint: …@127.0.0.1:9000: check endpoint_url"),
        ("AWS_ENDPOINT_URL", "https://[", "Invalid IPv6 URL: check endpoint_url and AWS_ENDPOINT_URL"),
        ("AWS_ACCESS_KEY_ID", "AKIA\nhunter2", "the credentials hold a line's end"),
    ],
)
@pytest.mark.usefixtures("in_environment")
def test_an_environment_that_cannot_be_used(monkeypatch, parcel, variable, value, reason):
    """It is said where to look, nothing secret is repeated, and trying again is of no use."""
    monkeypatch.setenv(variable, value)
    error = refused(S3Exporter(BUCKET), parcel)
    assert error.reason.startswith(reason)
    assert not error.retry
    assert "hunter2" not in str(error)


def test_a_recording_that_runs_at_the_end_of_a_program(in_environment, place, server, tmp_path):
    """The client may load for the first time when the interpreter ends."""
    code = """
    from openprofiling_ipy import ProfilingAgent

    plain = ProfilingAgent(grace=30.0)
    plain.register(SignalTrigger("SIGUSR1"), CpuProfiler())
    begun = threading.Event()
    plain.subscribe(lambda capture: begun.set())
    plain.start(exporter=os.environ["ADDRESS"])
    os.kill(os.getpid(), signal.SIGUSR1)
    begun.wait(30)
    work(0.2)
    """
    with Program(tmp_path, code, ADDRESS=f"s3://{BUCKET}/{place}") as program:
        assert program.wait() == 0
        assert not program.errors
    (entry,) = exporter_at(server, place).entries()
    assert entry.kind == "cpu"


def test_tls_where_the_server_has_none(server, parcel):
    """An address without a scheme means TLS: nothing is sent in the clear by accident."""
    host = server.url.removeprefix("http://")
    error = refused(exporter_at(server, endpoint_url=host), parcel)
    assert not error.retry
    assert error.reason == f"the certificate of {host} is not trusted here: set AWS_CA_BUNDLE"


def test_a_missing_bucket_is_made_only_when_asked(server, parcel):
    name = f"made-{time.time_ns()}"
    assert "no such bucket" in refused(exporter_at(server, bucket=name), parcel).reason
    address = exporter_at(server, bucket=name, create_bucket=True).send(parcel)
    assert address == f"s3://{name}/{parcel.name}"
    assert exporter_at(server, bucket=name).send(parcel) == address


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nothing.folded", "there is no such object"), ("", "it names no object: %oprof list s3://profiles/P shows")],
)
def test_what_is_not_there_cannot_be_read(server, place, in_environment, name, reason):
    with pytest.raises(FetchError) as caught:
        session.load(f"s3://{BUCKET}/{place}/{name}")
    assert caught.value.reason.startswith(reason.replace("P", place))
    with pytest.raises(FetchError, match=r"s3://never-made cannot be read: there is no such bucket$"):
        registry.entries("s3://never-made")


def test_what_is_no_profile_is_said_to_be_none(server, place, in_environment):
    exporter_at(server, place).send(Parcel("x.folded", b"\x00\x01", "text/plain", {}))
    with pytest.raises(Exception, match="not a readable folded file"):
        session.load(f"s3://{BUCKET}/{place}/x.folded")


def test_a_closed_exporter_takes_no_more(server, parcel):
    exporter = exporter_at(server)
    exporter.close()
    exporter.close()
    assert refused(exporter, parcel).reason == "this exporter is closed"


def test_options_that_mean_nothing():
    with pytest.raises(InvalidOption, match="one of AES256, aws:kms"):
        S3Exporter(BUCKET, encryption="rot13")
    with pytest.raises(QueryError, match="no option 'regoin': did you mean 'region'"):
        registry.exporter(f"s3://{BUCKET}", regoin="x")
    with pytest.raises(QueryError, match="belong together"):
        S3Exporter(BUCKET, secret_key="hush")
    with pytest.raises(QueryError, match="endpoint_url carries credentials"):
        S3Exporter(BUCKET, endpoint_url="https://me:hush@s3.example.org")


# How it behaves in somebody's program.


def test_no_thread_is_started(moto, monkeypatch):
    exporter = exporter_at(moto, "threads", create_bucket=True)
    started: list[threading.Thread] = []
    monkeypatch.setattr(threading.Thread, "start", started.append)
    exporter.send(Parcel("large.folded", bytes(20 * MIB), "text/plain", {}))
    assert started == []


def test_nothing_global_is_set(moto, parcel):
    import boto3

    before = dict(os.environ)
    exporter_at(moto, create_bucket=True).send(parcel)
    assert dict(os.environ) == before
    assert boto3.DEFAULT_SESSION is None


# From 3.12 on Python warns of threads; the runner's do no harm here.
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_makes_a_connection_of_its_own(moto, parcel):
    exporter = exporter_at(moto, "forked", create_bucket=True)
    exporter.send(parcel)
    child = os.fork()
    if not child:
        try:
            exporter.send(replace(parcel, name="child.folded"))
            os._exit(0)
        finally:
            os._exit(1)
    exporter.send(replace(parcel, name="parent.folded"))
    assert os.waitpid(child, 0)[1] == 0
    assert len(exporter.entries()) == 3


def test_encryption_is_asked_for(moto, parcel):
    exporter = exporter_at(moto, "encrypted", create_bucket=True, encryption="AES256")
    exporter.send(parcel)
    head = exporter._client().head_object(Bucket=BUCKET, Key=f"encrypted/{parcel.name}")
    assert head["ServerSideEncryption"] == "AES256"
    assert head["ContentType"] == parcel.content_type


# At the end: for half a minute the cluster waits now and then for the one that was killed.


def test_a_gateway_that_is_killed_in_mid_upload_and_back_two_seconds_later(ceph):
    """Nobody has to try again: the upload goes on where it was."""
    data = os.urandom(50 * MIB)
    later = threading.Timer(2, ceph.start)

    def kill(sent: int, _size: int) -> None:
        if sent == 24 * MIB and not later.is_alive():
            ceph.kill()
            later.start()

    exporter = exporter_at(ceph, "killed", create_bucket=True)
    exporter.send(Parcel("large.folded", data, "text/plain", {}), kill)
    later.join()
    assert exporter.read("killed/large.folded") == data


def test_a_server_that_is_away_for_good_and_comes_back(ceph, parcel, tmp_path, monkeypatch):
    """Captures wait in the spool, and whoever comes next sends them."""
    monkeypatch.setattr(s3_client, "_PAUSES", (0.01,))
    limits = Limits(first_wait=0.05, longest_wait=0.2)
    exporter_at(ceph, create_bucket=True).send(replace(parcel, name="made"))
    ceph.kill()
    try:
        first = Delivery([exporter_at(ceph, "away")], spool=tmp_path, limits=limits)
        tickets = [first.submit(replace(parcel, name=f"{number}.folded")) for number in range(3)]
        assert not first.flush(3)
        assert all(ticket.on_disk and not ticket.sent for ticket in tickets)
        assert first.status().waiting == 3
        assert "no connection to" in first.status().lanes[0].last_error
        first.close(0)
    finally:
        ceph.start()
    then = Delivery([exporter_at(ceph, "away")], spool=tmp_path, limits=limits)
    assert then.flush(120)
    then.close()
    names = [entry.address for entry in exporter_at(ceph, "away").entries()]
    assert sorted(names) == [f"s3://{BUCKET}/away/{number}.folded" for number in range(3)]
