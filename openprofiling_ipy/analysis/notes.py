"""What must be known to read a profile rightly, in short, calm words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from openprofiling_ipy.analysis.scale import Scale, whole_percent
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.model.units import format_count, format_percent, format_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openprofiling_ipy.model import Profile

__all__ = ["Note", "notes"]

#: Below this many samples shares are so coarse that the header says it.
_FEW = 20


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about the recording; "warn" where the picture would mislead without it."""

    level: Literal["info", "warn"]
    text: str


def notes(profile: Profile, scale: Scale) -> Iterator[Note]:
    """Yield the notes, the weightiest first."""
    yield from _ending(profile)
    yield from _amount(scale)
    yield from _left_out(profile)


def _ending(profile: Profile) -> Iterator[Note]:
    status = profile.attributes.get(A.STATUS)
    error = str(profile.attributes.get(A.ERROR, ""))
    if status == "failed":
        yield Note("warn", f"failed: {error or 'an exception ended it'}; shown is what ran until then")
    elif status == "interrupted":
        yield Note("warn", "interrupted: shown is what ran until then")
    elif status == "running":
        yield Note("info", "still running: shown is what ran so far")
    elif status == "recovered":
        yield Note("warn", "recovered: the recording did not end by itself; its last moments may be missing")


def _amount(scale: Scale) -> Iterator[Note]:
    if not scale.weighty:
        yield Note("warn", f"{format_value(scale.duration, 'ns')}: too short to sample")
        return
    if scale.weighty < _FEW:
        points = 100 * math.sqrt(0.25 / scale.weighty)
        word = "sample" if scale.weighty == 1 else "samples"
        yield Note("warn", f"only {scale.weighty} {word}: shares are ±{points:.0f} points")
    if scale.waited:
        busy = (scale.cpu or 0) / scale.duration
        duration = format_value(scale.duration, "ns")
        yield Note("info", f"CPU busy {whole_percent(busy)} of {duration}: it waited. Showing wall")


def _left_out(profile: Profile) -> Iterator[Note]:
    facts = profile.attributes
    if A.SLOWED in facts:
        yield Note("info", f"slowed to {float(facts[A.SLOWED]):.0f} Hz to stay cheap")
    children = int(facts.get(A.CHILDREN, 0))
    if children:
        used = format_value(int(facts.get(A.CHILDREN_CPU, 0)), "ns")
        word = "child process" if children == 1 else "child processes"
        yield Note("warn", f"{format_count(children)} {word} used {used}, not shown")
    folded = int(facts.get(A.FOLDED, 0))
    if folded:
        share = format_percent(float(facts.get(A.FOLDED_SHARE, 0)))
        yield Note("info", f"{format_count(folded)} small frames folded to fit, none over {share}")
