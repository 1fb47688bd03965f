"""
Profiles as text pictures: small, obvious, used by every test.

    profile_of('''
        cpu:ns samples:count        the value types; "samples:count" alone where this line is missing
        @MainThread                 a lane; what follows was sampled in it
        3 1   main:1 a:5 b:7        the values, then the stack, root first
        2 1   main:1 a:6
        4 1   -                     an empty stack
        @task fetch                 a lane of kind "task"; "native" likewise; a "~" in front: not home
        1 1   In[5]|<cell>:3        a frame is [FILE|]FUNCTION[=FIRST][:LINE]
        t=30 1 1   main:1 a:5{f(x)} the sample's time in ns, the expression at the leaf
    ''')

A frame names its file before a bar, or by `files={"a": "/p/a.py"}`, or by `file=` for all. First lines come from
`=FIRST`, else they are 0; lines are 0 where left out. `#` begins a comment at the start of a line. Further arguments
are those of `Profile`: `duration`, `started_at`, `attributes`, `sources`.

Frames are parted by spaces; within a frame "␣" stands for a space.
"""

from __future__ import annotations

import re
from typing import Any, cast

from openprofiling_ipy.model import Profile, ProfileBuilder, Thread, ThreadKind, Unit, ValueType

__all__ = ["profile_of", "stacks_of"]

_FRAME = re.compile(r"(?:(?P<file>[^|]*)\|)?(?P<name>.+?)(?:=(?P<first>\d+))?(?::(?P<line>\d+))?(?:\{(?P<expr>.*)\})?")
_TYPES = re.compile(r"\w+:(?:ns|bytes|count)(?:\s+\w+:(?:ns|bytes|count))*")


def profile_of(
    picture: str,
    *,
    file: str = "",
    files: dict[str, str] | None = None,
    **arguments: Any,
) -> Profile:
    """Return the profile that `picture` draws."""
    lines = [line.strip() for line in picture.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    types = [ValueType("samples", "count")]
    if lines and _TYPES.fullmatch(lines[0]):
        pairs = [word.split(":") for word in lines.pop(0).split()]
        types = [ValueType(kind, cast("Unit", unit)) for kind, unit in pairs]
    builder = ProfileBuilder(types)
    lane = -1
    for line in lines:
        if line.startswith(("@", "~@")):
            lane = builder.thread(_thread(line))
            continue
        words = line.split()
        time = int(words.pop(0)[2:]) if words[0].startswith("t=") else None
        values = [int(word) for word in words[: len(types)]]
        frames = [] if words[len(types) :] == ["-"] else words[len(types) :]
        if lane < 0:
            lane = builder.thread(Thread("MainThread"))
        stack = builder.stack([_frame(builder, word, file, files or {}) for word in frames])
        builder.sample(stack, lane, values, time)
    return builder.build(**arguments)


def _thread(line: str) -> Thread:
    home = not line.startswith("~")
    words = line.lstrip("~@").split(maxsplit=1)
    if words[0] in ("task", "native") and len(words) > 1:
        return Thread(words[1], cast("ThreadKind", words[0]), home)
    return Thread(" ".join(words), "thread", home)


def _frame(builder: ProfileBuilder, word: str, file: str, files: dict[str, str]) -> int:
    match = _FRAME.fullmatch(word.replace("␣", " "))
    assert match, word
    name = match["name"]
    place = match["file"] if match["file"] is not None else files.get(name, file)
    function = builder.function(name, place, int(match["first"] or 0))
    return builder.frame(function, int(match["line"] or 0), match["expr"] or "")


def stacks_of(profile: Profile, value: int = 0, *, lines: bool = False) -> dict[str, int]:
    """
    Return the weight of every distinct stack as text: {"main a b": 3}; the twin of `profile_of` for asserting.

    With `lines`, executed lines are kept: {"main:1 a:5": 3}. The empty stack is "-". Stacks without weight are left out.
    """
    found: dict[str, int] = {}
    for leaf, weight in zip(profile.samples.stack.tolist(), profile.samples.values[:, value].tolist(), strict=True):
        words: list[str] = []
        stack = leaf
        while stack >= 0:
            frame = int(profile.stacks.frame[stack])
            line = int(profile.frames.line[frame])
            name = profile.function_name(int(profile.frames.function[frame]))
            words.append(f"{name}:{line}" if lines and line else name)
            stack = int(profile.stacks.parent[stack])
        text = " ".join(reversed(words)) or "-"
        found[text] = found.get(text, 0) + weight
    return {text: weight for text, weight in found.items() if weight}
