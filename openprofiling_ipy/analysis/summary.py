"""
A profile in words: the title, the facts of the header, and what must be known to read the picture rightly.

Everything here is said only where the profile knows it: a foreign file without attributes has a shorter, true header.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from openprofiling_ipy.analysis.notes import Note, notes
from openprofiling_ipy.analysis.scale import Scale, measure, whole_percent
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.model.units import format_count, format_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openprofiling_ipy.model import Profile

__all__ = ["Note", "Summary", "shown_value", "summary"]

_KINDS = {"cpu": "CPU", "wall": "Wall"}


@dataclass(frozen=True, slots=True)
class Summary:
    """`title` is "#3 CPU In[5]", `facts` stand behind it in one line, `notes` below, the weightiest first."""

    title: str
    facts: tuple[str, ...]
    notes: tuple[Note, ...]


def shown_value(profile: Profile) -> int:
    """Return the value to show first: the kind's own, but wall for a cpu profile that mostly waited."""
    return measure(profile).shown


def summary(profile: Profile) -> Summary:
    scale = measure(profile)
    return Summary(_title(profile), tuple(_facts(profile, scale)), tuple(notes(profile, scale)))


def _title(profile: Profile) -> str:
    facts = profile.attributes
    kind = str(facts.get(A.KIND) or profile.value_types[0].kind)
    name = str(facts.get(A.NAME, ""))
    label = str(facts.get(A.LABEL, ""))
    words = [f"#{facts[A.NUMBER]}" if A.NUMBER in facts else "", _KINDS.get(kind, kind)]
    words += [label, f'"{name}"' if name and name != label else ""]
    return " ".join(filter(None, words))


def _facts(profile: Profile, scale: Scale) -> Iterator[str]:
    facts = profile.attributes
    if scale.duration:
        yield format_value(scale.duration, "ns")
    runs = int(facts.get(A.RUNS, 0))
    if runs > 1:
        yield f"{format_count(runs)} runs of {format_value(scale.duration / runs, 'ns')}"
    if scale.cpu is not None:
        busy = scale.cpu / scale.duration if scale.duration else 0.0
        share = f" ({busy:.2f} cores)" if busy > 1.05 else f" ({whole_percent(busy)})"
        yield f"CPU {format_value(scale.cpu, 'ns')}" + (share if scale.duration else "")
    elif scale.cpu is None and profile.value_types[0].kind not in ("wall", "samples"):
        first = profile.value_types[0]
        yield f"{first.kind} {format_value(scale.total, first.unit)}"
    yield from _samples(profile, scale)
    yield from _lanes(scale)
    if facts.get(A.ENGINE):
        yield str(facts[A.ENGINE])


def _samples(profile: Profile, scale: Scale) -> Iterator[str]:
    word = "sample" if scale.samples == 1 else "samples"
    asked = float(profile.attributes.get(A.RATE, 0))
    rate = ""
    if asked > 0 and scale.rate is not None:
        rate = f", {scale.rate:.0f} of {asked:.0f} Hz"
    yield f"{format_count(scale.samples)} {word}{rate}"


def _lanes(scale: Scale) -> Iterator[str]:
    if scale.threads > 1:
        yield f"{format_count(scale.threads)} threads"
    if scale.tasks:
        yield "tasks of 1 name" if scale.tasks == 1 else f"tasks of {format_count(scale.tasks)} names"
