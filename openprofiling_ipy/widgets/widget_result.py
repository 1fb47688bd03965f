"""One capture as a live widget: its picture, and an Export button that reaches the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openprofiling_ipy.widgets import panel_state, view, widget_page
from openprofiling_ipy.widgets.widget import Widget
from openprofiling_ipy.widgets.widget_export import ExportActions

if TYPE_CHECKING:
    from collections.abc import Collection

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.widgets.widget import Message

__all__ = ["ResultWidget"]

_VIEW = "application/vnd.jupyter.widget-view+json"


class ResultWidget(Widget):
    """
    Shows a capture as long as its kernel lives.

    A reopened notebook has no kernel to ask: it then shows the still picture where its front end looks for one.
    """

    def __init__(self, capture: Capture) -> None:
        exports = ExportActions(self.tell, lambda _message: capture)
        super().__init__("result", {"hello": self._hello, **exports.actions}, {"formats": panel_state.formats()})
        self._capture = capture

    def __repr__(self) -> str:
        return repr(view.Result(self._capture))

    def _repr_mimebundle_(  # type: ignore[override]
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        if view.in_terminal():
            return {"text/plain": repr(self)}
        still = view.bundle(self._capture.peek())
        made: dict[str, Any] = {kind: still[kind] for kind in ("image/png", "text/plain")}
        made[_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {kind: data for kind, data in made.items() if kind in (include or made) and kind not in (exclude or ())}

    def _hello(self, _message: Message) -> Message:
        return {"number": self._capture.number, **widget_page.page(self._capture)}
