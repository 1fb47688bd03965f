"""
Two servers that speak S3 and check signatures: moto, which is there wherever the tests are, and a real one, Ceph's
object gateway, where the system's packages are installed.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import urllib.request
import uuid
from abc import abstractmethod
from pathlib import Path
from typing import Protocol

from tests.servers.ports import free_ports, listens, wait_until

__all__ = ["Ceph", "Moto", "Server", "has_ceph"]

_PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph-authtool", "monmaptool", "ceph")


def has_ceph() -> bool:
    return all(shutil.which(program) for program in _PROGRAMS)


class Server(Protocol):
    """A store with one account that may do everything."""

    name: str
    url: str
    access_key: str
    secret_key: str

    @abstractmethod
    def kill(self) -> None:
        """End it as the system would in need: at once. What it has stored stays."""

    @abstractmethod
    def start(self) -> None:
        """Start it, at first or again."""

    @abstractmethod
    def stop(self) -> None: ...


class Moto(Server):
    """moto's server with its authentication on. What it has stored is gone when it ends."""

    name = "moto"

    def __init__(self, folder: Path) -> None:
        self._port = free_ports(1)[0]
        self._log = folder / "moto.log"
        self.url = f"http://127.0.0.1:{self._port}"
        self.access_key = self.secret_key = ""

    def start(self) -> None:
        command = (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self._port))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(lambda: listens(self._port), "moto")
        if not self.access_key:
            self._make_account()
        # From now on it checks signatures. Without this header it does not see the body.
        request = urllib.request.Request(
            f"{self.url}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "application/octet-stream"}
        )
        urllib.request.urlopen(request, timeout=30).read()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    stop = kill

    def _make_account(self) -> None:
        import boto3.session

        session = boto3.session.Session("first", "first", region_name="us-east-1")
        iam = session.client("iam", endpoint_url=self.url)
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        iam.create_user(UserName="tests")
        iam.put_user_policy(
            UserName="tests",
            PolicyName="everything",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
        )
        key = iam.create_access_key(UserName="tests")["AccessKey"]
        self.access_key, self.secret_key = key["AccessKeyId"], key["SecretAccessKey"]


class Ceph(Server):
    """One monitor, one store in memory, one gateway; the gateway is what is killed and started again."""

    name = "ceph"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, *self._monitor = free_ports(3)
        self.url = f"http://127.0.0.1:{self._port}"
        self.access_key, self.secret_key = secrets.token_hex(10).upper(), secrets.token_hex(20)
        self._environment = {
            **os.environ,
            "CEPH_CONF": str(folder / "ceph.conf"),
            "CEPH_KEYRING": str(folder / "keyring"),
        }
        self._cluster: list[subprocess.Popen[bytes]] = []
        self._gateway: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if not self._cluster:
            self._begin()
        self._gateway = self._daemon("radosgw", "-f", "-n", "client.rgw.a")
        wait_until(self._answers, "the gateway", 120)

    def kill(self) -> None:
        assert self._gateway is not None
        self._gateway.kill()
        self._gateway.wait()

    def stop(self) -> None:
        # The gateway first: it would wait for the others.
        for process in filter(None, (self._gateway, *reversed(self._cluster))):
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _begin(self) -> None:
        folder = self._folder
        cluster, osd = str(uuid.uuid4()), str(uuid.uuid4())
        for name in ("mon", "osd", "rgw", "log", "run"):
            (folder / name).mkdir()
        (folder / "ceph.conf").write_text(self._configuration(cluster))
        self._make_keys()
        address = f"[v2:127.0.0.1:{self._monitor[0]},v1:127.0.0.1:{self._monitor[1]}]"
        monmap = str(folder / "monmap")
        self._run("monmaptool", "--create", "--fsid", cluster, "--addv", "a", address, monmap)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        self._cluster.append(self._daemon("ceph-mon", "-f", "-i", "a"))
        self._run("ceph", "osd", "new", osd)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._cluster.append(self._daemon("ceph-osd", "-f", "-i", "0"))
        wait_until(lambda: "1 up" in self._run("ceph", "osd", "stat"), "the object store", 120)
        keys = ("--access-key", self.access_key, "--secret-key", self.secret_key)
        self._run("radosgw-admin", "user", "create", "--uid=tests", "--display-name=tests", *keys)

    def _make_keys(self) -> None:
        allowed = {
            "mon.": ("mon", "allow *"),
            "client.admin": ("mon", "allow *", "osd", "allow *", "mgr", "allow *"),
            "osd.0": ("mon", "allow profile osd", "osd", "allow *"),
            "client.rgw.a": ("mon", "allow rw", "osd", "allow rwx"),
        }
        for number, (name, words) in enumerate(allowed.items()):
            caps = [word for pair in zip(words[::2], words[1::2], strict=True) for word in ("--cap", *pair)]
            create = () if number else ("--create-keyring",)
            self._run("ceph-authtool", str(self._folder / "keyring"), *create, "--gen-key", "-n", name, *caps)

    def _configuration(self, cluster: str) -> str:
        folder, (second, first) = self._folder, self._monitor
        return f"""\
[global]
fsid = {cluster}
mon host = [v2:127.0.0.1:{second},v1:127.0.0.1:{first}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
keyring = {folder}/keyring
run dir = {folder}/run
admin socket = {folder}/run/$name.asok
pid file =
log file = {folder}/log/$name.log
mon data = {folder}/mon
osd data = {folder}/osd
rgw data = {folder}/rgw
osd objectstore = memstore
memstore device bytes = 1073741824
osd class load list = *
osd class default list = *
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
mon allow pool size one = true
mon max pg per osd = 2000
rgw frontends = beast endpoint=127.0.0.1:{self._port}
rgw override bucket index max shards = 1
rgw rados pool pg num min = 2
rgw enable usage log = false
rgw gc max objs = 3
[osd]
osd crush initial weight = 1
"""

    def _answers(self) -> bool:
        assert self._gateway is not None
        assert self._gateway.poll() is None, self._told("client.rgw.a")
        return listens(self._port)

    def _daemon(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr[-2000:]}"
        return done.stdout.strip()

    def _told(self, name: str) -> str:
        log = self._folder / "log" / f"{name}.log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else "it has written no log"
