"""A capture as the page that a live widget puts into a frame of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.formats import html
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from openprofiling_ipy.capture import Capture

__all__ = ["page"]

#: Bytes: it goes over the wire, not into the notebook, so that there is room for nearly every profile as it is.
_BUDGET = 8_000_000


def page(capture: Capture) -> dict[str, Any]:
    """Return the live page of a capture, of one under way as it is now, in its private form. Raises NotRunning."""
    profile = capture.peek()
    if capture.status == "loaded":
        # By the number that it has here `%oprof export` finds it.
        profile = replace(profile, attributes={**profile.attributes, A.NUMBER: capture.number})
    return {"page": html.dumps(profile, budget=_BUDGET).decode()}
