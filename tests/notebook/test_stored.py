"""`%oprof` and addresses, in a real shell against a server that checks signatures."""

from __future__ import annotations

import json
import os
import time

import pytest

import openprofiling_ipy as op
from openprofiling_ipy.exporters import Parcel, S3Exporter
from openprofiling_ipy.notebook import stored
from tests.exporters.conftest import moto, nobodys_credentials  # noqa: F401  # fixtures
from tests.notebook.conftest import BURN
from tests.notebook.kernel import EXTENSION, Kernel

pytest.importorskip("moto")

BUCKET = "notebook"


@pytest.fixture
def store(moto, nobodys_credentials, monkeypatch):  # noqa: F811
    """An empty folder of a bucket, which the environment knows how to reach."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", moto.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", moto.secret_key)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.url)
    S3Exporter(BUCKET, create_bucket=True).send(Parcel("made", b"", "text/plain", {}))
    return S3Exporter(BUCKET, f"at-{time.time_ns()}")


def one_line(result, *said: str) -> None:
    assert not result.success
    assert result.err.startswith("UsageError: ")
    assert result.err.strip().count("\n") == 0, result.err
    for word in said:
        assert word in result.err
    assert "Traceback" not in result.out


def test_export_list_load(shell, store):
    shell.run("%oprof cpu --name first burn(.05)")
    place = store.describe()
    result = shell.run(f"%oprof export first {place}")
    (entry,) = store.entries()
    assert result.out.splitlines()[0] == f"#{op.captures[0].number} exported to {entry.address}"
    listed = shell.run(f"%oprof list {place} --since 8h").out.splitlines()
    assert listed[0].split() == [word for title in stored.HEAD for word in title.split()]
    assert "cpu" in listed[1].split()
    assert listed[1].endswith(f"  {entry.address}")
    assert len(listed) == 2
    loaded = shell.run(f"%oprof load {entry.address}")
    assert loaded.success
    assert op.captures[-1].status == "loaded"
    assert op.captures[-1].document == op.captures[0].document


def test_a_cell_is_exported(shell, store):
    result = shell.run(f"%%oprof cpu --export {store.describe()} --format folded --quiet\nburn(.05)")
    (entry,) = store.entries()
    assert f"#{op.captures[-1].number} exported to {entry.address}" in result.out
    assert entry.address.endswith(".folded")
    assert entry.label.startswith("In[")


def test_a_listing_of_nothing(shell, store):
    place = store.describe()
    assert shell.run(f"%oprof list {place}").out.strip() == f"no captures at {place}"
    store.send(Parcel("cpu-20200101T000000.000000000Z-h-1-1.folded", b"f 1\n", "text/plain", {}))
    assert shell.run(f"%oprof list {place} --since 2d").out.strip() == f"no captures at {place} in the last 2d"
    assert "2020-01-01" in shell.run(f"%oprof list {place} --since=5000d").out


def test_a_long_listing_says_that_there_is_more(shell, store, monkeypatch):
    monkeypatch.setattr(stored, "MOST", 2)
    for number in range(3):
        store.send(Parcel(f"cpu-2020010{number + 1}T000000.000000000Z-h-1-1.folded", b"f 1\n", "text/plain", {}))
    listed = shell.run(f"%oprof list {store.describe()}").out
    assert "2020-01-01" not in listed
    assert "these are the newest 2" in listed


def test_what_will_not_do(shell, store):
    one_line(shell.run("%oprof list runs"), "takes nothing, or an address such as s3://bucket/prefix")
    one_line(shell.run("%oprof list --since 8h"), "--since needs an address")
    one_line(shell.run(f"%oprof list {store.describe()} --since soon"), "give a time such as 2s")
    one_line(shell.run("%oprof list s3://never-made"), "there is no such bucket")
    one_line(shell.run("%oprof load s3://notebook/nothing"), "there is no such object")
    one_line(shell.run("%oprof load s3://notebook"), "it names no object: %oprof list s3://notebook shows")


@pytest.mark.parametrize("option", ["--export s3://AKIAKEY:hush@bucket/x", "--export s4://bucket", "--export memory:"])
def test_an_address_that_means_nothing_is_said_before_the_cell_runs(shell, option):
    result = shell.run(f"%%oprof cpu {option}\nran = True")
    one_line(result)
    assert "hush" not in result.err.replace(option, "")
    assert "ran" not in shell.ip.user_ns
    assert len(op.captures) == 0


def test_a_failed_upload_keeps_cell_and_capture(shell, store):
    result = shell.run("%%oprof cpu --export s3://never-made/x\nburn(.05)")
    assert result.success
    assert result.result == 0.05
    assert "there is no such bucket" in result.err
    assert len(op.captures) == 1


@pytest.mark.kernel
def test_no_secret_reaches_the_notebook(moto, store):  # noqa: F811
    """In none of the messages of which a front end makes the file, whether things go well or not."""
    place, key, secret = store.describe(), moto.access_key, moto.secret_key
    cells = [
        EXTENSION,
        BURN,
        f"%%oprof cpu --export {place} --format speedscope\nburn(.1)",
        f"%oprof export {place}",
        f"%oprof list {place} --since 1h",
        "%oprof list s3://never-made",
        "%%oprof cpu --export s3://never-made\nburn(.1)",
        "import openprofiling_ipy as op; op.captures[-1].export('s3://never-made')",
        "import os; from openprofiling_ipy.exporters import S3Exporter",
        "S3Exporter('notebook', access_key=os.environ['AWS_ACCESS_KEY_ID'], secret_key=os.environ['AWS_SECRET_ACCESS_KEY'])",
        "%xmode Verbose\nS3Exporter('never-made').export(op.captures[-1])",
        "os.environ['AWS_SECRET_ACCESS_KEY'] += 'x'; op.captures[-1].export('s3://notebook')",
    ]
    kernel = Kernel("--log-level=ERROR", env=dict(os.environ))
    try:
        answers = [kernel.run(cell) for cell in cells]
    finally:
        kernel.close()
    assert [answer.status for answer in answers] == [*["ok"] * 5, "error", "ok", "error", "ok", "ok", "error", "error"]
    assert "the secret key is wrong" in json.dumps(answers[-1].messages, default=str)
    sent = [message for answer in answers for message in answer.messages if message["msg_type"] != "execute_input"]
    assert len(sent) > len(cells)
    told = json.dumps([message["content"] for message in sent], default=str)
    assert secret not in told
    assert key not in told
    (entry,) = store.entries()  # the same capture again has the same name
    assert secret not in repr(entry)
    assert secret.encode() not in store.read(entry.address.split("/", 3)[3])
