"""What tests of exporters share: a capture, an environment without anybody's credentials, servers."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from openprofiling_ipy.capture import Capture
from openprofiling_ipy.exporters import GCSExporter, Parcel, S3Exporter
from tests.pictures import profile_of
from tests.servers.s3 import Ceph, Moto, Server, has_ceph

STARTED = 1_795_400_130_123_456_789
FACTS = {
    "host": "web-1.example.org",
    "pid": 4711,
    "service": "shop",
    "status": "done",
    "number": 3,
    "label": "GET /Straße",
    "user": "anna",
    "folder": "/srv/anna/shop",
    "region": "eu",
    "rolled out": "März & more",
}


@pytest.fixture(autouse=True)
def nobodys_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away what this machine knows of clouds; and never ask for a machine's metadata."""
    for name in [*os.environ]:
        if name.startswith(("AWS_", "GOOGLE_", "STORAGE_", "CLOUDSDK_", "BOTO_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    away = tmp_path / "nothing"
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(away / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(away / "credentials"))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(away))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


@pytest.fixture(autouse=True)
def exporters_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what a test made: a connection that the collector finds is a warning in another one."""
    made: list[Any] = []

    def remembering(init: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(init)
        def remember(exporter: Any, *words: Any, **options: Any) -> None:
            init(exporter, *words, **options)
            made.append(exporter)

        return remember

    for kind in (S3Exporter, GCSExporter):
        monkeypatch.setattr(kind, "__init__", remembering(kind.__init__))
    yield
    for exporter in made:
        exporter.close()


@pytest.fixture
def capture() -> Capture:
    profile = profile_of("cpu:ns\n5000 main work", started_at=STARTED, duration=1_500_000_000, attributes=FACTS)
    return Capture("cpu", 3, label="In[5]", started_at=STARTED, status="done", read=lambda: profile)


@pytest.fixture
def parcel() -> Parcel:
    return Parcel(
        "shop/cpu-20261123T021530.123456789Z-web-1-4711-3.folded", b"main;work 5\n", "text/plain", {"kind": "cpu"}
    )


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("moto")
    server = Moto(tmp_path_factory.mktemp("moto"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("boto3")
    if not has_ceph():
        pytest.skip("Ceph's object gateway is not installed")
    server = Ceph(tmp_path_factory.mktemp("ceph"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["moto", "ceph"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found
