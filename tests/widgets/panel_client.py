"""A front end of one live widget without a browser: what it sends, over which shell, and what it hears."""

from __future__ import annotations

import itertools
import queue
import time
from dataclasses import dataclass, field
from typing import Any

from tests.notebook.kernel import Kernel

WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass
class Client:
    """Talks to the widget `model`; with a subshell as JupyterLab does, without as older front ends do."""

    kernel: Kernel
    model: str
    subshell: str | None = None
    heard: list[dict[str, Any]] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def open_subshell(self) -> None:
        """Ask the kernel for a shell beside the main one."""
        client = self.kernel.client
        message = client.session.msg("create_subshell_request", {})
        client.control_channel.send(message)
        while True:
            reply = client.get_control_msg(timeout=30)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                self.subshell = reply["content"]["subshell_id"]
                return

    def send(self, what: str, **facts: Any) -> int:
        """Press a button; return the question's number."""
        number = next(self.numbers)
        session = self.kernel.client.session
        data = {"method": "custom", "content": {**facts, "do": what, "ask": number}}
        message = session.msg("comm_msg", {"comm_id": self.model, "data": data})
        if self.subshell:
            message["header"]["subshell_id"] = self.subshell
        self.kernel.client.shell_channel.send(message)
        return number

    def wait(self, wanted: Any, timeout: float = 60) -> dict[str, Any]:
        """Return the first message, heard already or to come, that `wanted` accepts."""
        deadline = time.monotonic() + timeout
        for message in self.heard:
            if wanted(message):
                return message
        while time.monotonic() < deadline:
            try:
                sent = self.kernel.client.get_iopub_msg(timeout=0.5)
            except queue.Empty:
                continue
            if sent["msg_type"] != "comm_msg" or sent["content"]["comm_id"] != self.model:
                continue
            data = sent["content"]["data"]
            if data.get("method") == "custom":
                self.heard.append(data["content"])
                if wanted(data["content"]):
                    return data["content"]
        raise AssertionError(f"not heard within {timeout} s; heard {[m['type'] for m in self.heard]}")

    def ask(self, what: str, **facts: Any) -> dict[str, Any]:
        """Press a button and wait for its answer."""
        number = self.send(what, **facts)
        return self.wait(lambda message: message["type"] == "answer" and message["ask"] == number)

    def job(self, number: int) -> dict[str, Any]:
        """Wait for the end of an export."""
        over = self.wait(
            lambda message: (
                message["type"] == "job"
                and message["job"]["id"] == number
                and message["job"]["phase"] in ("done", "failed")
            )
        )
        return over["job"]


def opened(kernel: Kernel, code: str) -> Client:
    """Run a cell that shows a widget and return a client of it."""
    answer = kernel.run(code)
    assert answer.status == "ok", answer.errors
    (shown,) = [data for content in answer.displays if WIDGET in (data := content["data"])]
    return Client(kernel, shown[WIDGET]["model_id"])
