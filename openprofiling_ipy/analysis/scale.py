"""The few numbers about a whole profile that its words are chosen by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from openprofiling_ipy.analysis.weights import default_lanes, document_total
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = ["Scale", "measure", "whole_percent"]

#: A cpu profile below this share of busy time shows wall first, unless it is too short to tell.
_WAITING: Final = 0.1
_WAITING_TIME: Final = 100_000_000
#: Below this many samples shares are too coarse to be believed.
_FEW: Final = 20
#: A sample that stands for less of a tick than this did not find its thread at work.
_WORK: Final = 0.1


@dataclass(frozen=True, slots=True)
class Scale:
    """
    The numbers of a profile; times in ns, None where not known.

    `shown` is the value shown first and `total` its total over the lanes shown. `samples` counts how often was looked,
    `weighty` the samples that have a noticeable weight in the shown value and lanes, `few` tells that they are too few.
    `cpu` is the document's. `waited` tells that wall is shown because a cpu profile mostly waited. `rate` is in Hz.
    """

    shown: int
    total: int
    samples: int | None
    weighty: int | None
    few: bool
    duration: int
    cpu: int | None
    waited: bool
    rate: float | None


def measure(profile: Profile) -> Scale:
    kinds, facts, duration = profile.value_kinds, profile.attributes, profile.duration
    cpu = document_total(profile, kinds.index("cpu")) if "cpu" in kinds else None
    waited = (
        kinds[0] == "cpu"
        and "wall" in kinds
        and duration >= _WAITING_TIME
        and (cpu or 0) < _WAITING * (duration - int(facts.get(A.CORE_WAIT, 0)))
        and document_total(profile, kinds.index("wall")) > 0
    )
    shown = kinds.index("wall") if waited else 0
    ticks = int(facts[A.TICKS]) if A.TICKS in facts else None
    weighty = _weighty(profile, shown)
    return Scale(
        shown=shown,
        total=document_total(profile, shown),
        # Where nobody could look, the clocks still tell of one stack.
        samples=ticks or _samples(profile),
        weighty=weighty,
        few=weighty is not None and weighty < _FEW,
        duration=duration,
        cpu=cpu,
        waited=waited,
        rate=ticks / (duration / 1e9) if ticks is not None and duration else None,
    )


def _samples(profile: Profile) -> int | None:
    """Count samples. Where nobody counted them and they have no times, they may be sums of any number."""
    if "samples" in profile.value_kinds:
        return document_total(profile, profile.value_kinds.index("samples"))
    return None if profile.samples.time is None and len(profile.samples) else len(profile.samples)


def _weighty(profile: Profile, value: int) -> int | None:
    samples, kinds = profile.samples, profile.value_kinds
    if _samples(profile) is None:
        return None
    weight = samples.values[:, value]
    count = samples.values[:, kinds.index("samples")] if "samples" in kinds else np.ones_like(weight)
    rate = float(profile.attributes.get(A.RATE, 0))
    least = _WORK * 1e9 / rate if rate > 0 and profile.value_types[value].unit == "ns" else 0.0
    seen = default_lanes(profile, value)[samples.thread] & (weight > 0)
    found = int(count[seen & (weight >= least * count)].sum())
    return max(found, int(seen.any()))


def whole_percent(share: float) -> str:
    """Write a share for a sentence: "97 %", "<1 %"; only nothing is "0 %", and only the whole "100 %"."""
    if 0 < share < 0.01:
        return "<1 %"
    if 0.99 < share < 1:
        return "99 %"
    return f"{share * 100:.0f} %"
