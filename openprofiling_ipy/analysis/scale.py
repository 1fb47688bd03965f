"""The few numbers about a whole profile that its words are chosen by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from openprofiling_ipy.analysis.weights import default_lanes, document_total
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = ["Scale", "measure", "whole_percent"]

#: A cpu profile below this share of busy time shows wall first.
_WAITING = 0.1
#: Shorter recordings are too short for such a verdict.
_WAITING_TIME = 100_000_000


@dataclass(frozen=True, slots=True)
class Scale:
    """
    `shown` is the value shown first; `total` its total and `weighty` the number of samples that have a weight in it,
    over its default lanes. Times are ns. `cpu` is None and `rate` (Hz) is None where not known. `threads` and `tasks`
    count the lanes shown.
    """

    shown: int
    total: int
    weighty: int
    samples: int
    duration: int
    cpu: int | None
    rate: float | None
    waited: bool
    threads: int
    tasks: int


def measure(profile: Profile) -> Scale:
    kinds = profile.value_kinds
    cpu = None
    if A.CPU_TIME in profile.attributes:
        cpu = int(profile.attributes[A.CPU_TIME])
    elif "cpu" in kinds:
        cpu = document_total(profile, kinds.index("cpu"))
    duration = profile.duration
    waited = (
        kinds[0] == "cpu"
        and "wall" in kinds
        and duration >= _WAITING_TIME
        and (cpu or 0) < _WAITING * duration
        and document_total(profile, kinds.index("wall")) > 0
    )
    shown = kinds.index("wall") if waited else 0
    ticks = int(profile.attributes.get(A.TICKS, -1))
    lanes = default_lanes(profile, shown)
    weighty = profile.samples.values[:, shown] > 0
    busy = np.zeros(len(profile.threads), dtype=np.bool_)
    busy[profile.samples.thread[weighty]] = True
    seen = [lane.kind for lane, here in zip(profile.threads, busy & lanes, strict=True) if here]
    return Scale(
        shown=shown,
        total=document_total(profile, shown),
        weighty=int((weighty & lanes[profile.samples.thread]).sum()),
        samples=ticks if ticks >= 0 else _count(profile),
        duration=duration,
        cpu=cpu,
        rate=ticks / (duration / 1e9) if ticks >= 0 and duration else None,
        waited=waited,
        threads=seen.count("thread"),
        tasks=seen.count("task"),
    )


def _count(profile: Profile) -> int:
    kinds = profile.value_kinds
    return document_total(profile, kinds.index("samples")) if "samples" in kinds else len(profile.samples)


def whole_percent(share: float) -> str:
    """Write a share for a sentence: "97 %", "<1 %"; only the whole is "100 %" and only nothing "0 %"."""
    if 0 < share < 0.01:
        return "<1 %"
    if 0.99 < share < 1:
        return "99 %"
    return f"{share * 100:.0f} %"
