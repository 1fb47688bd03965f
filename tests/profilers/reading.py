"""What a profile says, row by row, for tests of real recordings; slow and obvious."""

from __future__ import annotations

from dataclasses import dataclass

from openprofiling_ipy.model import Profile, Thread


@dataclass(frozen=True)
class Row:
    """A sample: its lane, the frames outermost first, the expression at the leaf, and its values (ns, ns, count)."""

    lane: Thread
    names: tuple[str, ...]
    files: tuple[str, ...]
    lines: tuple[int, ...]
    expression: str
    cpu: int
    wall: int
    samples: int


def rows(profile: Profile) -> list[Row]:
    columns = {kind: profile.samples.values[:, i].tolist() for i, kind in enumerate(profile.value_kinds)}
    return [
        Row(
            profile.threads[thread],
            *_frames(profile, leaf),
            *(columns[kind][sample] for kind in ("cpu", "wall", "samples")),
        )
        for sample, (leaf, thread) in enumerate(
            zip(profile.samples.stack.tolist(), profile.samples.thread.tolist(), strict=True)
        )
    ]


def _frames(profile: Profile, leaf: int) -> tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...], str]:
    names, files, lines, expression = [], [], [], ""
    stack = leaf
    while stack >= 0:
        frame = int(profile.stacks.frame[stack])
        function = int(profile.frames.function[frame])
        if stack == leaf:
            expression = profile.strings[int(profile.frames.expression[frame])]
        # `f.<locals>.g` is `g` here: tests define their workloads where they use them.
        names.append(profile.function_name(function).rpartition("<locals>.")[2])
        files.append(profile.function_file(function))
        lines.append(int(profile.frames.line[frame]))
        stack = int(profile.stacks.parent[stack])
    return tuple(reversed(names)), tuple(reversed(files)), tuple(reversed(lines)), expression


def total(profile: Profile, name: str, value: str = "cpu", *, lane: str | None = None) -> int:
    """The value of all samples with a function of this name in their stack; recursion counts once."""
    return sum(
        getattr(row, value) for row in rows(profile) if name in row.names and (lane is None or row.lane.name == lane)
    )


def everything(profile: Profile, value: str = "cpu", *, lane: str | None = None) -> int:
    return sum(getattr(row, value) for row in rows(profile) if lane is None or row.lane.name == lane)


def lane_of(profile: Profile, name: str) -> Thread:
    """The one lane of this name."""
    (lane,) = [thread for thread in profile.threads if thread.name == name]
    return lane


def hottest(profile: Profile, name: str, value: str = "cpu") -> Row:
    """The row with the largest value among those whose leaf is the function."""
    return max((row for row in rows(profile) if row.names and row.names[-1] == name), key=lambda r: getattr(r, value))
