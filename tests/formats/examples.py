"""
The profiles that every format is tested with, and their golden files.

`python -m tests.formats.examples` writes the goldens anew: look at the difference before it is committed.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from openprofiling_ipy.errors import MalformedProfile, UnsupportedDocument
from openprofiling_ipy.formats.base import Format
from openprofiling_ipy.model import Profile, ProfileBuilder, Thread, ValueType
from tests.pictures import profile_of

DATA = Path(__file__).parent.parent / "data" / "formats"

HOSTILE = "</script><img src=x onerror=alert(1)>"

#: Threads, a task, a native lane, a recursion, executed lines, an expression, an empty stack, names that bite.
EXAMPLE = profile_of(
    f"""
    cpu:ns wall:ns samples:count
    @MainThread
    t=10000000 9000000 10000000 1 In[5]|<cell␣line>:3 /home/joe/x/a.py|f=3:5 /home/joe/x/a.py|f=3:7
    t=20000000 8000001 10000000 1 In[5]|<cell␣line>:3 /home/joe/x/a.py|f=3:6{{g(1;2)}}
    t=90000000 9000499 70000000 7 In[5]|<cell␣line>:4 /usr/lib/python3.11/json/decoder.py|Decoder.raw␣(a;b)=12:14
    t=99000000 0 9000000 1 In[5]|<cell␣line>:4
    t=99500000 500000 500000 1 -
    ~@pool-1 (idle)
    t=99000000 3000000 10000000 1 /home/joe/x/a.py|g=9:9 {HOSTILE.replace(" ", "␣")}=2:4
    @task fetch
    t=99000000 0 10000000 1 /home/joe/x/a.py|fetch=30:33
    @native libblas
    t=99000000 2500000 0 0 (native␣threads)
    """,
    duration=100_000_000,
    started_at=1_795_400_000_123_456_789,
    attributes={"kind": "cpu", "number": 3, "label": "In[5]", "rate": 100.5, "host": "north", "pid": 4711},
    sources={"In[5]": "import json\n\nf(1)  # </script>\njson.loads(x)\n", "In[4]": "unused()\n"},
)

NAMES = (
    "a",
    "b",
    "f (x)",
    "c;d",
    "#h",
    "[thread x]",
    "[no stack]",
    "(idle)",
    "(root)",
    "%3B",
    "e\nf",
    "g\r",
    "",
    " ",
    "ö\udc80",
)
FILES = ("", "", "In[1]", "/p/a b (x86)/q.py", "C:\\x\\y.py", "z:12", "w;v", "u:9999999999")
THREADS = (
    Thread("MainThread"),
    Thread("MainThread", home=False),
    Thread("a]; b", "task"),
    Thread("(native)", "native"),
)
UNITS = (ValueType("cpu", "ns"), ValueType("wall", "ns"), ValueType("bytes", "bytes"), ValueType("samples", "count"))

_names = st.sampled_from(NAMES) | st.text(max_size=6)


@st.composite
def profiles(draw: st.DrawFn, *, first: ValueType | None = None) -> Profile:
    """Any small profile: odd names, several lanes and values, with and without times."""
    types = draw(st.lists(st.sampled_from(UNITS), min_size=1, max_size=3, unique=True))
    if first is not None:
        types = [first, *(value_type for value_type in types if value_type != first)]
    builder = ProfileBuilder(types)
    functions = [
        builder.function(draw(_names), draw(st.sampled_from(FILES)), draw(st.integers(0, 40)))
        for _ in range(draw(st.integers(1, 5)))
    ]
    frames = [
        builder.frame(draw(st.sampled_from(functions)), draw(st.integers(0, 9)), draw(st.sampled_from(["", "x(1)"])))
        for _ in range(draw(st.integers(1, 6)))
    ]
    timed = draw(st.booleans())
    clock = 0
    for _ in range(draw(st.integers(0, 12))):
        stack = builder.stack(draw(st.lists(st.sampled_from(frames), max_size=4)))
        lane = draw(st.integers(0, len(THREADS) - 1))
        values = [draw(st.integers(0, 4000) | st.integers(0, 10**12)) for _ in types]
        clock += draw(st.integers(0, 10**9))
        builder.sample(stack, builder.thread(THREADS[lane], lane), values, clock if timed else None)
    return builder.build(
        started_at=draw(st.sampled_from([0, 5, 1_795_400_000_123_456_789])),
        duration=draw(st.integers(0, 10**10)),
        attributes={"name": draw(_names), "label": draw(_names), "rate": 99.5, "pid": 7},
        sources={file: f"# {file}" for file in draw(st.lists(st.sampled_from(FILES), max_size=2))},
    )


def survives(fmt: Format, data: bytes) -> Profile | None:
    """Read any bytes: a profile that its own format writes again, or one clear error of ours."""
    try:
        profile = fmt.loads(data)
    except MalformedProfile as error:
        said = str(error)
    else:
        with suppress(UnsupportedDocument):
            fmt.dumps(profile)
        return profile
    assert len(said) < 300
    assert "\n" not in said
    return None


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Bytes of `data` cut off, left out, doubled, or replaced."""
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(start + 40, len(data))))
    how = draw(st.sampled_from(["cut", "drop", "double", "replace"]))
    if how == "cut":
        return data[:start]
    if how == "drop":
        return data[:start] + data[end:]
    if how == "double":
        return data[:end] + data[start:]
    return data[:start] + draw(st.binary(max_size=8)) + data[end:]


_ODD = (
    None,
    True,
    -1,
    0,
    1.5,
    2**31,
    2**63,
    -(2**70),
    1e300,
    float("nan"),
    float("inf"),
    "x",
    "",
    [],
    {},
    [[]],
    [{}],
    {"a": []},
)


@st.composite
def distorted(draw: st.DrawFn, data: bytes) -> bytes:
    """The JSON object in `data` with one to three of its members replaced by something odd, or removed."""
    obj = json.loads(data)
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from(_members(obj)))
        if draw(st.booleans()) or isinstance(holder, list):
            # A copy: what is put in may be changed in its turn, and must never come to hold itself.
            holder[key] = copy.deepcopy(draw(st.sampled_from(_ODD) | st.integers()))
        else:
            holder.pop(key, None)
        if not _members(obj):
            break
    return json.dumps(obj).encode()


def _members(obj: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    todo = [obj]
    for holder in todo:
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        found.extend((holder, key) for key in keys)
        todo.extend(holder[key] for key in keys if isinstance(holder[key], dict | list))
    return found


def path(profile: Profile, stack: int) -> tuple[tuple[str, str, int], ...]:
    """Name, file and first line of each function of a stack, root first: the parents followed one by one."""
    found = []
    while stack >= 0:
        function = int(profile.frames.function[profile.stacks.frame[stack]])
        line = int(profile.functions.first_line[function])
        found.append((profile.function_name(function), profile.function_file(function), line))
        stack = int(profile.stacks.parent[stack])
    return tuple(reversed(found))


def rows(profile: Profile) -> Iterator[tuple[int, int, list[int]]]:
    """Stack, lane and values of each sample."""
    samples = profile.samples
    yield from zip(samples.stack.tolist(), samples.thread.tolist(), samples.values.tolist(), strict=True)


def stub_parts() -> tuple[str, str, str]:
    """A page with no viewer, so that its golden does not change with the picture."""
    page = "<!DOCTYPE html><title><!--TITLE--></title><style>/*STYLE*/</style><!--DATA--><script>/*SCRIPT*/</script>\n"
    return page, "main{}", "0"


def write_goldens() -> None:
    from unittest import mock

    from openprofiling_ipy.formats import html, registry

    with mock.patch.object(html, "_parts", stub_parts):
        for fmt in registry.FORMATS:
            (DATA / f"example{fmt.suffixes[0]}").write_bytes(fmt.dumps(EXAMPLE))


if __name__ == "__main__":
    write_goldens()
