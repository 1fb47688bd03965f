"""Random profiles for property tests, and the same profiles as plain lists for brute force."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from openprofiling_ipy.model import Profile, ProfileBuilder, Thread, ValueType
from openprofiling_ipy.model.attributes import A

__all__ = ["FOLDER", "Frame", "Sample", "plain", "profiles"]

FOLDER = "/w"
_FILES = (
    "",
    "In[1]",
    "/w/src/a.py",
    "/elsewhere/a.py",
    "/v/lib/python3.11/site-packages/p/x.py",
    "/v/lib/python3.11/site-packages/p/y.py",
    "/v/lib/python3.11/site-packages/q/x.py",
    "/usr/lib/python3.11/json/decoder.py",
    "/usr/lib/python3.11/re.py",
    "<frozen importlib._bootstrap>",
    "<string>",
)
_VALUES = (ValueType("cpu", "ns"), ValueType("wall", "ns"), ValueType("samples", "count"))
_THREADS = st.builds(
    Thread, st.sampled_from(["MainThread", "worker"]), st.sampled_from(["thread", "task", "native"]), st.booleans()
)


class Frame(NamedTuple):
    """A frame as it reads."""

    name: str
    file: str
    first: int
    line: int
    expression: str

    @property
    def function(self) -> tuple[str, str, int]:
        return self.name, self.file, self.first


class Sample(NamedTuple):
    """A sample as it reads, root first."""

    stack: tuple[Frame, ...]
    lane: int
    values: tuple[int, ...]
    time: int | None


def plain(profile: Profile) -> list[Sample]:
    """Return the samples of a profile, spelled out."""
    times = [None] * len(profile.samples) if profile.samples.time is None else profile.samples.time.tolist()
    columns = (profile.samples.stack.tolist(), profile.samples.thread.tolist(), profile.samples.values.tolist(), times)
    return [
        Sample(path(profile, stack), lane, tuple(values), time)
        for stack, lane, values, time in zip(*columns, strict=True)
    ]


def path(profile: Profile, stack: int) -> tuple[Frame, ...]:
    """Return the frames of a stack, root first."""
    found = []
    while stack >= 0:
        frame = int(profile.stacks.frame[stack])
        function = int(profile.frames.function[frame])
        found.append(
            Frame(
                profile.function_name(function),
                profile.function_file(function),
                int(profile.functions.first_line[function]),
                int(profile.frames.line[frame]),
                profile.strings[int(profile.frames.expression[frame])],
            )
        )
        stack = int(profile.stacks.parent[stack])
    return tuple(reversed(found))


@st.composite
def profiles(draw: st.DrawFn, *, times: bool | None = None, values: tuple[ValueType, ...] | None = None) -> Profile:
    """
    Draw a small profile: recursion, empty stacks, several lanes and values, zero weights, stacks and lanes without
    samples, with times or without.
    """
    types = values or draw(st.sampled_from([_VALUES, _VALUES[1:2] + _VALUES[:1], _VALUES[2:], _VALUES[:1]]))
    builder = ProfileBuilder(types)
    functions = draw(
        st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(_FILES), st.integers(0, 2)), min_size=1, max_size=5)
    )
    frame = st.tuples(st.sampled_from(functions), st.integers(0, 3), st.sampled_from(["", "", "f(x)"]))
    stacks = draw(st.lists(st.lists(frame, max_size=6), max_size=8))
    ids = [-1, *(builder.stack(builder.frame(builder.function(*f), line, e) for f, line, e in s) for s in stacks)]
    lanes = [builder.thread(thread, key) for key, thread in enumerate(draw(st.lists(_THREADS, min_size=1, max_size=3)))]
    timed = draw(st.booleans()) if times is None else times
    now = 0
    for _ in range(draw(st.integers(0, 12))):
        now += draw(st.integers(0, 4))
        weights = draw(st.lists(st.integers(0, 5), min_size=len(types), max_size=len(types)))
        stack, lane = draw(st.sampled_from(ids)), draw(st.sampled_from(lanes))
        builder.sample(stack, lane, weights, now if timed else None)
    attributes = {A.FOLDER: FOLDER, A.KIND: types[0].kind}
    sources = draw(st.sampled_from([{}, {"In[1]": "a()\nb()\n", "In[2]": "c()\n"}]))
    return builder.build(started_at=draw(st.integers(0, 9)), duration=now, attributes=attributes, sources=sources)
