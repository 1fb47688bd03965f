"""What an engine hands over: samples, and what is to be said about them. The seam between collecting and documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openprofiling_ipy.profilers.sampling.children import Children
    from openprofiling_ipy.profilers.sampling.lanes import Lane
    from openprofiling_ipy.profilers.sampling.pace import Pace
    from openprofiling_ipy.profilers.sampling.sampler import Sampler
    from openprofiling_ipy.profilers.sampling.samples import Samples
    from openprofiling_ipy.profilers.sampling.trie import Trie

__all__ = ["Collected", "Facts", "facts"]

Facts = dict[str, str | int | float | bool]

#: Cores that native threads kept busy are not worth a word below this.
_CORES = 0.01


@dataclass(frozen=True)
class Collected:
    """
    The result of an engine, whatever language it is written in.

    Of the trie only `parents`, `codes`, `offsets` and `flags` are read, up to the nodes that `samples` name, so it may
    go on growing. `lanes[0]` is the home thread. `started_at` is unix ns, `origin` the same moment on the clock of the
    samples' times, `duration` ns.
    """

    trie: Trie
    samples: Samples
    lanes: list[Lane]
    origin: int
    started_at: int
    duration: int
    facts: Facts = field(default_factory=dict)


def facts(
    sampler: Sampler, pace: Pace, children: Children, *, kind: str, rate: float, cpu: int, core_wait: int, error: str
) -> Facts:
    """Return the attributes of a recording: those that always stand there, and those that have something to say."""
    from openprofiling_ipy.model.attributes import A

    engine = "python sampler"
    if not sampler.process.thread_clocks:
        engine += ", CPU of threads estimated from the process's clock"
    count, children_cpu = children.result()
    cores = sampler.native.total / max(1, sampler.seen - sampler.started)
    always: Facts = {
        A.KIND: kind,
        A.ENGINE: engine,
        A.RATE: rate,
        A.TICKS: sampler.ticks,
        A.CPU_TIME: max(0, cpu - sampler.own_cpu),
        A.OWN_CPU: sampler.own_cpu,
    }
    said: Facts = {
        A.THREADS_HIDDEN: sampler.threads.hidden_seen,
        A.TASKS_LEFT_OUT: sampler.tasks.left_out,
        A.TASKS_THINNED: sampler.tasks.thinned if sampler.tasks.thinned > 1 else 0,
        A.TASKS_OVERLAP: any(lane.kind == "task" and lane.home for lane in sampler.lanes.all),
        A.CORE_WAIT: core_wait,
        A.CHILDREN: count,
        A.CHILDREN_CPU: children_cpu,
        A.AGGREGATED: max(0, sampler.joined_until - sampler.started),
        A.SLOWED: 1e9 / pace.slowest if pace.slowed else 0.0,
        A.CORES: cores if cores >= _CORES else 0.0,
        A.STACKS_CUT: sampler.trie.cut,
        A.SAMPLER_ERROR: error,
    }
    return always | {name: value for name, value in said.items() if value}
