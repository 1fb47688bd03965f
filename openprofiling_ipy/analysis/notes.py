"""What must be known to read a profile rightly, in short, calm words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from openprofiling_ipy.analysis.one_call import one_call
from openprofiling_ipy.analysis.scale import Scale, whole_percent
from openprofiling_ipy.analysis.weights import default_lanes
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.model.units import format_count, format_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openprofiling_ipy.model import Profile

__all__ = ["Note", "notes"]

#: What is shorter was too short; what is longer and has no samples had another reason.
_SHORT: Final = 1_000_000_000
_LOOKABLE: Final = 100_000_000
#: Below this share of the asked rate it is said that short calls may be missing; only where time was enough to tell.
_STARVED: Final = 0.5
#: Shares of CPU that are worth a word: of native threads, and of what the rest of the process used.
_NATIVE: Final = 0.05
_REST: Final = 0.1
_REST_TIME: Final = 50_000_000
#: From this share of the duration on, waiting for a core is worth a word.
_CROWDED: Final = 0.1
_MORE_THAN_ONE: Final = 1.05


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about the recording; "warn" where the picture would mislead without it."""

    level: Literal["info", "warn"]
    text: str


def notes(profile: Profile, scale: Scale) -> Iterator[Note]:
    """Yield the notes, the weightiest first."""
    yield from _ending(profile)
    yield from _amount(profile, scale)
    yield from _beside(profile, scale)
    yield from _coarse(profile, scale)
    yield from _unseen(profile, scale)


def _counted(number: int, one: str, many: str) -> str:
    return f"{format_count(number)} {one if number == 1 else many}"


def _number(profile: Profile, key: str) -> int:
    return int(profile.attributes.get(key, 0))


def _ending(profile: Profile) -> Iterator[Note]:
    """How the recording ended."""
    status = profile.attributes.get(A.STATUS)
    error = str(profile.attributes.get(A.ERROR, ""))
    if status == "failed":
        yield Note("warn", f"failed: {error or 'an exception ended it'}. Shown is what ran until then")
    elif status == "interrupted":
        yield Note("warn", "interrupted: shown is what ran until then")
    elif status == "running":
        yield Note("info", "still running: shown is what ran so far")
    elif status == "recovered":
        yield Note("warn", "recovered: it was not stopped, so the end may be missing")
    if lost := profile.attributes.get(A.SAMPLER_ERROR):
        yield Note("warn", f"the sampler stopped early ({lost}): shown is what it had seen")


def _amount(profile: Profile, scale: Scale) -> Iterator[Note]:
    """Whether there is enough to look at, and what nearly all of it is."""
    if not scale.total:
        yield Note("warn", _nothing(profile, scale))
        return
    if scale.few and scale.weighty:
        points = 100 * math.sqrt(0.25 / scale.weighty)  # the binomial error of a share of one half, the largest
        yield Note("warn", f"only {_counted(scale.weighty, 'sample', 'samples')}: shares are ±{points:.0f} points")
    if scale.waited and scale.cpu is not None:
        busy, duration = whole_percent(scale.cpu / scale.duration), format_value(scale.duration, "ns")
        who = "the cell" if _is_cell(profile) else "it"
        yield Note("info", f"CPU busy {busy} of {duration}: {who} waited. Showing wall")
    if not scale.few and (found := one_call(profile, scale.shown)):
        yield Note("info", f"{whole_percent(found.share)} is one {found.what}: {found.text}, {found.where}")


def _is_cell(profile: Profile) -> bool:
    return str(profile.attributes.get(A.LABEL, "")).startswith("In[")


def _nothing(profile: Profile, scale: Scale) -> str:
    duration = format_value(scale.duration, "ns")
    kind = profile.value_types[0].kind
    what = "CPU time" if kind == "cpu" else kind
    if scale.samples == 0 and scale.duration >= _LOOKABLE:
        why = ": something kept the interpreter to itself" if A.TICKS in profile.attributes else ""
        return f"no sample could be taken in {duration}{why}"
    if scale.duration >= _SHORT:
        return f"no {what} was used in {duration}"
    if not scale.duration:
        return "it holds no samples" if scale.samples == 0 else f"it holds no {what}"
    again = f"; `%%oprof {kind} --for 2s` repeats it, side effects included" if _is_cell(profile) else ""
    return f"{duration}: too short to sample{again}"


def _beside(profile: Profile, scale: Scale) -> Iterator[Note]:
    """What used CPU outside of Python's own threads."""
    if lost := _number(profile, A.PROCESSES_LOST):
        who = _counted(lost, "child process", "child processes")
        yield Note("warn", f"{who} died or never answered: what they did is missing, or its last second")
    if children := _number(profile, A.CHILDREN):
        used = format_value(_number(profile, A.CHILDREN_CPU), "ns")
        yield Note("warn", f"{_counted(children, 'child process', 'child processes')} used {used}, not shown")
    if scale.cpu is None:
        return
    native = _native_cpu(profile)
    if native and native >= _NATIVE * scale.cpu:
        cores = native / scale.duration if scale.duration else 0.0
        many = f", {cores:.2f} cores" if cores > _MORE_THAN_ONE else ""
        share = whole_percent(native / scale.cpu)
        yield Note("info", f"native threads used {format_value(native, 'ns')} of CPU ({share}{many}): one block")
    rest = _number(profile, A.CPU_TIME) - scale.cpu
    if rest > max(_REST_TIME, _REST * scale.cpu):
        yield Note("info", f"the rest of the process used {format_value(rest, 'ns')} of CPU, not shown")


def _native_cpu(profile: Profile) -> int:
    of_native = [lane.kind == "native" for lane in profile.threads]
    cpu = profile.samples.values[:, profile.value_kinds.index("cpu")]
    return sum(int(cpu[profile.samples.thread == lane].sum()) for lane, yes in enumerate(of_native) if yes)


def _coarse(profile: Profile, scale: Scale) -> Iterator[Note]:
    """What is less fine than asked for, or than it would be on a quiet machine."""
    facts = profile.attributes
    crowded = _number(profile, A.CORE_WAIT)
    if crowded > max(_REST_TIME, _CROWDED * scale.duration):
        yield Note("info", f"for {format_value(crowded, 'ns')} no core was free: the machine was busy with other work")
    asked = float(facts.get(A.RATE, 0))
    if A.SLOWED in facts:
        yield Note("info", f"slowed to {float(facts[A.SLOWED]):.0f} Hz to stay cheap")
    elif scale.rate is not None and scale.rate < _STARVED * asked and scale.duration >= _SHORT:
        yield Note("info", f"could look only {scale.rate:.0f} times a second: short calls may be missing")
    if aggregated := _number(profile, A.AGGREGATED):
        yield Note("info", f"the first {format_value(aggregated, 'ns')} are joined: weights stay, times are coarse")
    if cut := _number(profile, A.STACKS_CUT):
        yield Note("warn", f"too many different stacks: {_counted(cut, 'sample', 'samples')} lost the innermost frames")
    if folded := _number(profile, A.FOLDED):
        bound = (math.floor(1000 * float(facts.get(A.FOLDED_SHARE, 0))) + 1) / 10
        yield Note(
            "info", f"{_counted(folded, 'small frame', 'small frames')} folded to save space, each under {bound:.1f} %"
        )
    if step := _number(profile, A.TIME_STEP):
        yield Note("info", f"time order is drawn in steps of {format_value(step, 'ns')} to save space")


def _unseen(profile: Profile, scale: Scale) -> Iterator[Note]:
    """What was left out or lies over each other."""
    if profile.attributes.get(A.TASKS_OVERLAP):
        yield Note("info", f"tasks wait side by side: their wall may exceed {format_value(scale.duration, 'ns')}")
    if left := _number(profile, A.TASKS_LEFT_OUT):
        yield Note("info", f"{_counted(left, 'older asyncio task', 'older asyncio tasks')} left out")
    if every := _number(profile, A.TASKS_THINNED):
        often = f"only every {format_count(every)} ticks" if every > 1 else "less often"
        yield Note("info", f"tasks were looked at {often} to stay cheap")
    if away := _threads_away(profile, scale.shown):
        yield Note("info", f"{_counted(away, 'other thread', 'other threads')} recorded, not shown at first")


def _threads_away(profile: Profile, value: int) -> int:
    """Count the threads that have a weight in this value but are not shown at first."""
    shown = default_lanes(profile, value).tolist()
    busy = set(profile.samples.thread[profile.samples.values[:, value] > 0].tolist())
    return sum(lane.kind == "thread" and at in busy and not shown[at] for at, lane in enumerate(profile.threads))
