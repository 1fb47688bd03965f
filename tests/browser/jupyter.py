"""A real JupyterLab or Notebook 7 server: loopback, a random port, folders of its own, no token."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin.jupyterlab-settings": {"autosave": False},
}


@dataclass
class Server:
    """A running server. `folder` is what it shows, `url` its address without a slash at the end."""

    folder: Path
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, app: str, home: Path) -> Server:
        """Start `app` ("lab" or "notebook") below `home` and wait until it answers."""
        folder = home / "work"
        settings = home / "settings"
        folder.mkdir(parents=True)
        for name, values in SETTINGS.items():
            (settings / name).parent.mkdir(parents=True, exist_ok=True)
            (settings / name).write_text(json.dumps(values))
        port = _free_port()
        log = home / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                _command(app, port, folder, settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(home),
            )
        server = cls(folder, f"http://127.0.0.1:{port}", process, log)
        server._wait()
        return server

    def stop(self) -> None:
        """End the kernels, then the server."""
        for kernel in self.get("/api/kernels"):
            self.delete(f"/api/kernels/{kernel['id']}")
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def get(self, path: str) -> Any:
        """GET a JSON answer."""
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return json.load(answer)

    def delete(self, path: str) -> None:
        request = urllib.request.Request(self.url + path, method="DELETE")
        with urllib.request.urlopen(request, timeout=20):
            pass

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                self.get("/api/status")
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"the server did not come up:\n{self.log.read_text()[-4000:]}")


APPS = {"lab": ("jupyterlab", "LabApp"), "notebook": ("notebook", "JupyterNotebookApp")}


def _command(app: str, port: int, folder: Path, settings: Path) -> list[str]:
    module, name = APPS[app]
    return [
        *(sys.executable, "-m", module, "--no-browser", "--allow-root"),
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder}",
        "--IdentityProvider.token=",
        "--ServerApp.disable_check_xsrf=True",
        f"--{name}.user_settings_dir={settings}",
        f"--{name}.expose_app_in_browser=True",
    ]


def _environment(home: Path) -> dict[str, str]:
    places = {
        name: str(home / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR")
    }
    # Only the user's own folders: what the machine's administrator configured is not what is tested here.
    return {**os.environ, **places, "JUPYTER_PLATFORM_DIRS": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
