"""The control panel: start and stop recordings, watch them, look at captures and send them somewhere."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

from openprofiling_ipy import ledger, session
from openprofiling_ipy.background import Background
from openprofiling_ipy.cells import sources
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.widgets import panel_state, widget_page
from openprofiling_ipy.widgets.widget import Widget
from openprofiling_ipy.widgets.widget_export import ExportActions

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.widgets.widget import Message

__all__ = ["Panel"]

#: Seconds between two reports of what is being recorded.
_EVERY = 0.5


class Panel(Widget):
    """
    The panel of one kernel; closing it leaves recordings and captures as they are.

    `label` tells what the main thread is running, such as "In[5]": a recording is about that thread, whichever one
    the click arrives on.
    """

    def __init__(self, label: Callable[[], str]) -> None:
        exports = ExportActions(self.tell, lambda message: _finished(message["number"]))
        super().__init__(
            "panel",
            {
                "hello": self._hello,
                "start": self._start,
                "stop": self._stop,
                "show": self._show,
                "forget": self._forget,
                **exports.actions,
            },
            panel_state.choices(),
        )
        self._label = label
        self._reporter = _Reporter(self)

    def __repr__(self) -> str:
        return "The panel of openprofiling_ipy: it lives as long as its kernel; %oprof panel shows it again."

    def close(self) -> None:
        self._reporter.end()
        super().close()

    def _hello(self, _message: Message) -> Message:
        return _state()

    def _start(self, message: Message) -> Message:
        scope = sources.scope(threading.main_thread().ident or 0)
        capture = ledger.start(
            session.profiler(message["kind"], scope, **message.get("options", {})),
            name=str(message.get("name", "")).strip(),
            label=self._label() or "panel",
            attributes={A.TRIGGER: "panel"},
        )
        return {"number": capture.number} | _state()

    def _stop(self, message: Message) -> Message:
        capture = _by_number(session.running(), message["number"])
        label = self._label()
        if label and capture.label.startswith("In[") and label != capture.label:
            capture.label = f"{capture.label} to {label}"
        session.stop(capture)
        return {"number": capture.number} | _state()

    def _show(self, message: Message) -> Message:
        found = _by_number((*session.running(), *session.captures), message["number"])
        return {"number": found.number, **widget_page.page(found)}

    def _forget(self, message: Message) -> Message:
        session.forget(_finished(message["number"]))
        self.changed()
        return _state()

    def changed(self) -> None:
        """Let all views have the lists anew."""
        self._reporter.changed()


class _Reporter:
    """
    Tells a panel's views what changes, from one thread: a cell that begins a recording must not wait for messages.

    Implements `ledger.Listener`.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = weakref.ref(panel)
        self._wake = threading.Event()
        self._over = False
        self._unsubscribe = ledger.subscribe(self)
        # From the beginning, so that every recording knows it as not the user's.
        Background(self._run, "openprofiling-panel").start()

    def begun(self, capture: Capture) -> None:  # noqa: ARG002
        self._wake.set()

    def ended(self, capture: Capture, document: Profile | None) -> None:  # noqa: ARG002
        self._wake.set()

    def changed(self) -> None:
        self._wake.set()

    def end(self) -> None:
        self._over = True
        self._unsubscribe()
        self._wake.set()

    def _run(self) -> None:
        while not self._over:
            changed = self._wake.wait(_EVERY if session.running() else None)
            self._wake.clear()
            panel = self._panel()
            if panel is None or self._over:
                return
            if changed:
                panel.tell("state", **_state())
            else:
                panel.tell("live", running=panel_state.running())
            del panel


def _state() -> dict[str, Any]:
    return {"running": panel_state.running(), "captures": panel_state.captures()}


def _by_number(known: Any, number: int) -> Capture:
    found: Capture | None = next((capture for capture in known if capture.number == number), None)
    return found or session.find(f"#{number}")


def _finished(number: int) -> Capture:
    return _by_number(session.captures, number)
