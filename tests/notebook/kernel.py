"""A real Jupyter kernel to run cells in, and what it sent."""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.manager import KernelManager

EXTENSION = "%load_ext openprofiling_ipy"
#: What the picture's HTML holds and nothing else does.
PICTURE = "oprof-live"


@dataclass
class Answer:
    """What one execute request gave: the reply, and the messages in the order in which they came."""

    reply: dict[str, Any]
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> str:
        return self.reply["status"]

    def stream(self, name: str = "stdout") -> str:
        return "".join(
            m["content"]["text"] for m in self.messages if m["msg_type"] == "stream" and m["content"]["name"] == name
        )

    @property
    def stderr(self) -> str:
        return self.stream("stderr")

    @property
    def value(self) -> str | None:
        """The text of `Out[n]`."""
        texts = [m["content"]["data"]["text/plain"] for m in self.messages if m["msg_type"] == "execute_result"]
        return texts[0] if texts else None

    @property
    def errors(self) -> list[dict[str, Any]]:
        return [m["content"] for m in self.messages if m["msg_type"] == "error"]

    @property
    def displays(self) -> list[dict[str, Any]]:
        return [m["content"] for m in self.messages if m["msg_type"] == "display_data"]

    @property
    def updates(self) -> list[dict[str, Any]]:
        return [m["content"] for m in self.messages if m["msg_type"] == "update_display_data"]

    @property
    def pictures(self) -> list[dict[str, Any]]:
        """The results of profiles among what was displayed."""
        return [c["data"] for c in self.displays if PICTURE in c["data"].get("text/html", "")]

    @property
    def table(self) -> str:
        """The text of the one profile that was displayed."""
        assert len(self.pictures) == 1
        return self.pictures[0]["text/plain"]


class Kernel:
    """One kernel for several tests: each uses names of its own."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(extra_arguments=list(arguments), **({"env": env} if env else {}))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def send(self, code: str, cell_id: str | None = None, **content: Any) -> str:
        """Send an execute request and return its id."""
        session = self.client.session
        full = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        } | content
        metadata = {"cellId": cell_id} if cell_id else None
        message = session.msg("execute_request", full, metadata=metadata)
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def gather(self, message_id: str, timeout: float = 60) -> Answer:
        """Wait until a request is answered and its output complete."""
        answer = Answer(reply={})
        deadline = time.monotonic() + timeout
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            answer.messages.append(message)
        while True:
            message = self.client.get_shell_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") == message_id:
                answer.reply = message["content"]
                return answer

    def run(self, code: str, timeout: float = 60, **content: Any) -> Answer:
        return self.gather(self.send(code, **content), timeout)

    def value(self, expression: str) -> Any:
        """Evaluate an expression of literals in the kernel, beside the history."""
        answer = self.run(f"print(ascii({expression}))", store_history=False)
        import ast

        return ast.literal_eval(answer.stream().strip())

    def wait_for(self, message_id: str, kind: str, timeout: float = 30) -> dict[str, Any]:
        """Return the next message of a kind that answers a request; those before it are dropped."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                message = self.client.get_iopub_msg(timeout=0.5)
            except queue.Empty:
                continue
            if message["msg_type"] == kind and message["parent_header"].get("msg_id") == message_id:
                return message
        raise AssertionError(f"no {kind} within {timeout} s")
