"""The profiles of several processes that ran side by side, as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from openprofiling_ipy.analysis.merge import merge
from openprofiling_ipy.analysis.weights import document_total
from openprofiling_ipy.model import FunctionTable
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.model.profile import Attribute

__all__ = ["Child", "Words", "joined"]

#: What tells of a file what it is called, or its text; None where it knows nothing.
Words = Callable[[str], str | None]
#: Facts that stand there only where there is something to say.
_COUNTS: Final = (A.PROCESSES, A.PROCESSES_LOST, A.CHILDREN, A.CHILDREN_CPU)
#: CPU time (ns) of children, and their share of it, that is not worth a word.
_LITTLE: Final = 100_000_000
_SHARE: Final = 0.1


@dataclass(frozen=True)
class Child:
    """A child process: what its lanes are called by, its profile, and the CPU time (ns) that it used from its birth."""

    name: str
    profile: Profile
    cpu: int


def joined(
    own: Profile, children: Sequence[Child], lost: int, *, label: Words | None = None, text: Words | None = None
) -> Profile:
    """
    Return a profile with those of its child processes beside it, each in lanes under its name.

    `lost` counts the children that gave none, or not all. `label` and `text` know the cells of a notebook by the files
    that their code was compiled under, which a child does not. What these children used is no longer said to be unseen.
    """
    whole = merge([own, *(_named(child, label, text) for child in children)]) if children else own
    samples = whole.samples
    if samples.time is not None:
        # They end a moment after the recording, when they hear of its end.
        samples = replace(samples, time=np.minimum(samples.time, own.duration))
    facts = {**own.attributes, A.PROCESSES: len(children), A.PROCESSES_LOST: lost, **_facts(own, children)}
    told = {key: value for key, value in facts.items() if value or key not in _COUNTS}
    return replace(whole, samples=samples, started_at=own.started_at, duration=own.duration, attributes=told)


def _facts(own: Profile, children: Sequence[Child]) -> dict[str, Attribute]:
    """Return the facts that the children change: CPU time that was used, what it cost, and what remains unseen."""
    facts, profiles = own.attributes, [child.profile for child in children]
    used = sum(document_total(p, p.value_kinds.index("cpu")) for p in profiles if "cpu" in p.value_kinds)
    cost = sum(int(p.attributes.get(A.OWN_CPU, 0)) for p in profiles)
    before = int(facts.get(A.CHILDREN_CPU, 0))
    unseen = before - sum(child.cpu for child in children)
    count = int(facts.get(A.CHILDREN, 0)) - len(children)
    # The accounts of the system are coarse, and helpers of multiprocessing use a little.
    if unseen <= max(_LITTLE, _SHARE * before):
        unseen = 0
    return {
        A.CPU_TIME: int(facts.get(A.CPU_TIME, 0)) + used,
        A.OWN_CPU: int(facts.get(A.OWN_CPU, 0)) + cost,
        A.CHILDREN: max(count, 1) if unseen else 0,
        A.CHILDREN_CPU: unseen,
    }


def _named(child: Child, label: Words | None, text: Words | None) -> Profile:
    """Return a child's profile with its name before its lanes', and cells under their labels."""
    profile = child.profile
    strings = list(profile.strings)
    sources = dict(profile.sources)
    of_file = dict.fromkeys(profile.functions.file.tolist(), 0)
    for number in of_file:
        file = strings[number]
        called = label(file) if label is not None and file else None
        if called:
            sources[called] = (text(file) if text is not None else None) or ""
            strings.append(called)
        of_file[number] = len(strings) - 1 if called else number
    table = profile.functions
    files = np.array([of_file[number] for number in table.file.tolist()], dtype=np.int32)
    return replace(
        profile,
        strings=tuple(strings),
        functions=FunctionTable(table.name, files, table.first_line),
        threads=tuple(replace(thread, name=f"{child.name} {thread.name}".rstrip()) for thread in profile.threads),
        sources=sources,
    )
