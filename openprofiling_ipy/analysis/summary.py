"""
A profile in words: the title, the facts of the header, and what must be known to read the picture rightly.

Everything here is said only where the profile knows it: a foreign file without attributes has a shorter, true header.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from openprofiling_ipy.analysis.notes import Note, notes
from openprofiling_ipy.analysis.scale import Scale, measure, whole_percent
from openprofiling_ipy.analysis.weights import default_lanes
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.model.units import format_count, format_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openprofiling_ipy.model import Profile

__all__ = ["Note", "Summary", "shown_value", "summary"]

_KINDS: Final = {"cpu": "CPU", "wall": "Wall"}
#: From so many cores on, CPU is said in cores rather than in percent.
_MORE_THAN_ONE: Final = 1.05


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
    """Return what to say about a profile."""
    scale = measure(profile)
    return Summary(_title(profile), tuple(_facts(profile, scale)), tuple(notes(profile, scale)))


def _title(profile: Profile) -> str:
    facts = profile.attributes
    kind = str(facts.get(A.KIND) or profile.value_types[0].kind)
    name, label = str(facts.get(A.NAME, "")), str(facts.get(A.LABEL, ""))
    number = f"#{facts[A.NUMBER]}" if A.NUMBER in facts else ""
    quoted = f'"{name}"' if name and name != label else ""
    return " ".join(filter(None, (number, _KINDS.get(kind, kind), label, quoted)))


def _facts(profile: Profile, scale: Scale) -> Iterator[str]:
    if scale.duration:
        yield format_value(scale.duration, "ns")
    runs = int(profile.attributes.get(A.RUNS, 0))
    if runs > 1 and scale.duration:
        yield f"{format_count(runs)} runs of {format_value(scale.duration / runs, 'ns')}"
    if scale.cpu is not None and scale.samples != 0:  # without a sample it is not known
        yield f"CPU {format_value(scale.cpu, 'ns')}{_busy(scale.cpu, scale.duration)}"
    elif scale.cpu is None and profile.value_types[0].kind not in ("wall", "samples"):
        yield f"{profile.value_types[0].kind} {format_value(scale.total, profile.value_types[0].unit)}"
    if scale.samples is not None:
        yield _samples(scale.samples, scale.rate, float(profile.attributes.get(A.RATE, 0)))
    yield from _lanes(profile, scale.shown)
    if profile.attributes.get(A.ENGINE):
        yield str(profile.attributes[A.ENGINE])


def _busy(cpu: int, duration: int) -> str:
    if not duration:
        return ""
    cores = cpu / duration
    return f" ({cores:.2f} cores)" if cores > _MORE_THAN_ONE else f" ({whole_percent(min(cores, 1.0))})"


def _samples(count: int, rate: float | None, asked: float) -> str:
    real = f", {rate:.0f} of {asked:.0f} Hz" if count and rate is not None and asked > 0 else ""
    return f"{format_count(count)} {'sample' if count == 1 else 'samples'}{real}"


def _lanes(profile: Profile, value: int) -> Iterator[str]:
    """Say how many lanes are shown, where there is more than one, and how many threads are not the user's."""
    busy = np.zeros(len(profile.threads), dtype=np.bool_)
    busy[profile.samples.thread[profile.samples.values[:, value] > 0]] = True
    shown = busy & default_lanes(profile, value)
    kinds = [lane.kind for lane, seen in zip(profile.threads, shown.tolist(), strict=True) if seen]
    threads, tasks, hidden = (
        kinds.count("thread"),
        kinds.count("task"),
        int(profile.attributes.get(A.THREADS_HIDDEN, 0)),
    )
    beside = f", {format_count(hidden)} hidden" if hidden > 1 else ""  # the profiler has one thread itself
    if threads > 1 or (threads and beside):
        yield f"{format_count(threads)} {'thread' if threads == 1 else 'threads'}{beside}"
    if processes := int(profile.attributes.get(A.PROCESSES, 0)):
        yield f"{format_count(processes)} child {'process' if processes == 1 else 'processes'}"
    if tasks:
        yield "tasks of 1 name" if tasks == 1 else f"tasks of {format_count(tasks)} names"
