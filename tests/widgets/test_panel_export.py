"""A long upload to a real S3 server tells how far it is, and no part of what is told holds a key."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openprofiling_ipy.capture import Capture
from openprofiling_ipy.model import Profile
from openprofiling_ipy.widgets.widget_export import ExportActions
from tests.pictures import profile_of
from tests.servers.s3 import Moto

STACKS = 8_000


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moto]:
    pytest.importorskip("moto")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    server = Moto(tmp_path)
    server.start()
    yield server
    server.stop()


def large() -> Profile:
    """A profile whose file takes several parts to upload: many stacks of long names."""
    lines = "\n".join(f"{n + 1} main {'f' * 1_200}{n}" for n in range(STACKS))
    return profile_of(f"cpu:ns\n{lines}", started_at=1_795_400_130_123_456_789, attributes={"kind": "cpu", "number": 7})


def test_a_long_upload_tells_how_far_it_is(store: Moto) -> None:
    import boto3.session

    session = boto3.session.Session(store.access_key, store.secret_key, region_name="us-east-1")
    client: Any = session.client("s3", endpoint_url=store.url)
    client.create_bucket(Bucket="large")
    document = large()
    capture = Capture("cpu", 7, status="done", started_at=document.started_at, read=lambda: document)
    told: list[dict[str, Any]] = []
    over = threading.Event()

    def tell(_kind: str, job: dict[str, Any]) -> None:
        told.append(job)
        if job["phase"] in ("done", "failed"):
            over.set()

    actions = ExportActions(tell, lambda _message: capture).actions
    connection = {"endpoint_url": store.url, "region": "us-east-1"}
    connection |= {"access_key": store.access_key, "secret_key": store.secret_key}
    where = {"number": 7, "destination": "s3://large/x", "format": "folded"}
    first = actions["export"]({**where, "connection": connection})
    assert first is not None
    assert first["job"]["phase"] == "packing", "it is answered at once"
    assert over.wait(120)
    last = told[-1]
    assert last["phase"] == "done", last
    assert last["place"] == (actions["preview"](where) or {})["place"]
    sending = [job for job in told if job["phase"] == "sending"]
    assert sending
    assert {job["size"] for job in sending} == {client.list_objects_v2(Bucket="large")["Contents"][0]["Size"]}
    assert 0 < sending[0]["sent"] < sending[0]["size"]
    sent = [job["sent"] for job in sending]
    assert sent == sorted(sent)
    for secret in (store.access_key, store.secret_key):
        assert secret not in json.dumps([first, told])
