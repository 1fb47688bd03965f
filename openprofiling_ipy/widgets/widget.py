"""
What all live widgets share: one script, messages both ways, and nothing that a notebook file could keep.

Everything travels as custom messages, nothing as a synced trait: a saved notebook holds the script, the part's name and
what can be chosen there, never what was typed or shown. A front end asks, with a number; the answer carries that number
back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from openprofiling_ipy.errors import OpenProfilingError

__all__ = ["Action", "Message", "Widget"]

_log = logging.getLogger(__name__)

#: What a front end sends and gets: plain JSON.
Message = dict[str, Any]
Action = Callable[[Message], Message | None]


def _static(name: str) -> str:
    return (files("openprofiling_ipy.widgets") / "static" / name).read_text(encoding="utf-8")


class Widget(anywidget.AnyWidget):
    """
    A widget that answers messages `{"do": action, "ask": number, ...}` also while a cell runs.

    An action returns what to answer; what it raises is answered as `error`, one line. `choices` is what a front end can
    offer before the kernel has answered anything: kinds, options, formats.
    """

    _esm = _static("panel.js")
    _css = _static("panel.css")
    part = traitlets.Unicode().tag(sync=True)
    choices = traitlets.Dict().tag(sync=True)

    def __init__(self, part: str, actions: dict[str, Action], choices: dict[str, Any]) -> None:
        super().__init__(part=part, choices=choices)
        self._actions = actions
        self.on_msg(self._hear)

    def open(self) -> None:
        super().open()
        _take_the_asked_way(self.comm)

    def tell(self, kind: str, **facts: Any) -> None:
        """Send a message to every view of this widget; from any thread."""
        if self.comm is not None:
            self.send({"type": kind, **facts})

    def _hear(self, _widget: Any, message: Any, _buffers: Any) -> None:
        if not isinstance(message, dict) or message.get("do") not in self._actions:
            return
        try:
            answer = self._actions[message["do"]](message) or {}
        except (OpenProfilingError, OSError) as error:
            answer = {"error": _line(error)}
        except Exception as error:  # noqa: BLE001  # whatever it is, a button must not stay pressed for ever
            _log.exception("the panel's %s failed", message["do"])
            answer = {"error": f"{type(error).__name__}: {_line(error)}"}
        # Whether this came while the main thread was free to run a cell.
        direct = threading.current_thread() is not threading.main_thread()
        self.tell("answer", ask=message.get("ask"), direct=direct, **answer)


def _take_the_asked_way(comm: Any) -> None:
    """
    Let the messages of a comm go to the subshell that their sender names.

    JupyterLab (4.4 and later) sends them to a subshell, which is free while a cell runs; ipykernel (7.4) sends them
    back to whichever shell published last on that comm: the main one, where they wait until the cell has ended.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, asked: asked  # noqa: SLF001  # it has no public way


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
