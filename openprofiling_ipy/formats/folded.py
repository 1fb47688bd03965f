"""
Folded stacks, as flamegraph.pl, inferno and speedscope read them: `root;caller;leaf 1200`, a line a stack.

The count is the profile's first value in its own unit (ns for a CPU or wall profile), and a frame is
`name (file:line)`, the line being the function's first. Where not everything ran on one main thread, the first frame is
the lane: `[thread worker]`, `[task fetch]`, `[native ...]`, or `[other thread ...]` for one not shown by default.
`[no stack]` is an empty stack. What would break a line or be read as something else is written as in a URL: `;` is %3B.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from openprofiling_ipy.errors import MalformedProfile
from openprofiling_ipy.formats.disclosure import told
from openprofiling_ipy.formats.stacktext import stack_texts
from openprofiling_ipy.model import ProfileBuilder, Thread, ValueType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openprofiling_ipy.model import Profile, ThreadKind

__all__ = ["contents", "document", "dumps", "loads", "losses", "name", "sniff", "suffixes"]

name: str = "folded"
suffixes: tuple[str, ...] = (".folded", ".folded.txt", ".collapsed", ".collapsed.txt")
document: str = "Profile"

_MAIN: Final = Thread("MainThread")
_BOM: Final = b"\xef\xbb\xbf"
_NO_STACK: Final = "[no stack]"
_COUNT: Final = re.compile(r"\d{1,18}(\.\d{1,18})?", re.ASCII)
_LARGEST: Final = 2**62
_LINES: Final = 2**31 - 1

_LANE: Final = re.compile(r"\[(other )?(thread|task|native) (.*)\]")
_PLACE: Final = re.compile(r"(.*?) \((.*?)(?::(\d{1,10}))?\)", re.ASCII)
_ESCAPED: Final = re.compile("%(20|23|25|3B|5B|0A|0D)")
#: A percent sign only where it would be read as one of ours; a bracket, hash or space only where it means something.
_TO_ESCAPE: Final = re.compile(r"[;\n\r]|%(?=20|23|25|3B|5B|0A|0D)")


def sniff(head: bytes) -> bool:
    """Tell by the first hundred whole lines: each ends in a space and a number."""
    lines = [line.rstrip(b"\r") for line in head.removeprefix(_BOM).split(b"\n")]
    if len(head) >= 1 << 16:
        lines.pop()  # it may be cut
    told = [line for line in lines if line and not line.startswith(b"#")][:100]
    if not told or b"\0" in head or told[0].lstrip(b" \t").startswith((b"{", b"[{")):
        return False
    return all(_COUNT.fullmatch(line.rpartition(b" ")[2].decode(errors="replace")) and b" " in line for line in told)


def losses(document: Profile) -> tuple[str, ...]:
    kept, *dropped = document.value_types
    found = [f"its unit ({kept.kind} in {kept.unit})"]
    if dropped:
        found.append(f"values other than {kept.kind}")
    if document.samples.time is not None:
        found.append("times")
    found.append("executed lines")
    if document.sources:
        found.append("cell sources")
    if document.attributes:
        found.append("facts about the recording")
    return tuple(found)


def contents(document: Profile) -> tuple[str, ...]:
    return told(document, everything=False)


def dumps(document: Profile) -> bytes:
    """Write a line a stack with its weight, sorted; stacks that weigh nothing are left out."""
    lanes = _lane_prefixes(document)
    weights = document.samples.values[:, 0]
    heavy = weights > 0
    totals: dict[str, int] = {}
    words = [_word(document, function) for function in range(len(document.functions))]
    texts = stack_texts(document, document.samples.stack[heavy], words, ";", _NO_STACK)
    rows = zip(
        document.samples.thread[heavy].tolist(),
        document.samples.stack[heavy].tolist(),
        weights[heavy].tolist(),
        strict=True,
    )
    for lane, stack, weight in rows:
        text = lanes[lane] + texts[stack]
        totals[text] = totals.get(text, 0) + weight
    return "".join(f"{text} {total}\n" for text, total in sorted(totals.items())).encode(errors="surrogatepass")


def _lane_prefixes(profile: Profile) -> list[str]:
    """Return what stands before the stacks of each lane: nothing where all weight is on one main thread."""
    used = np.unique(profile.samples.thread[profile.samples.values[:, 0] > 0]).tolist()
    if all(profile.threads[lane] == _MAIN for lane in used):
        return [""] * len(profile.threads)
    return [f"[{'' if thread.home else 'other '}{thread.kind} {_escape(thread.name)}];" for thread in profile.threads]


def _escape(text: str) -> str:
    return _TO_ESCAPE.sub(lambda match: f"%{ord(match[0]):02X}", text)


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _word(profile: Profile, function: int) -> str:
    """Return a function as a frame: `name`, `name (file)` or `name (file:line)`, which `_function` reads back."""
    called = _escape(profile.function_name(function)).replace(" (", "%20(")
    file, line = _escape(profile.function_file(function)), int(profile.functions.first_line[function])
    word = called
    if line or re.search(r":\d{1,10}$", file, re.ASCII):
        word += f" ({file}:{line})"
    elif file:
        word += f" ({file})"
    if word.startswith("#"):
        return "%23" + word[1:]
    return "%5B" + word[1:] if word == _NO_STACK or _LANE.fullmatch(word) else word


def _function(word: str) -> tuple[str, str, int]:
    """Return name, file and first line of a frame."""
    match = _PLACE.fullmatch(word)
    if not match:
        return _unescape(word), "", 0
    line = int(match[3] or 0)
    if line >= _LINES:
        return _unescape(match[1]), _unescape(f"{match[2]}:{match[3]}"), 0
    return _unescape(match[1]), _unescape(match[2]), line


def loads(data: bytes) -> Profile:
    """Read folded stacks: one value, "samples" in counts. Raises MalformedProfile."""
    builder = ProfileBuilder([ValueType("samples", "count")])
    frames: dict[str, int] = {}
    total = 0
    for offset, text, count in _lines(data):
        words = text.split(";")
        lane = _LANE.fullmatch(words[0])
        thread = builder.thread(_thread(lane) if lane else _MAIN)
        stack = -1
        for word in words[1:] if lane else words:
            if word == _NO_STACK and len(words) == (2 if lane else 1):
                continue
            if word not in frames:
                frames[word] = builder.frame(builder.function(*_function(word)))
            stack = builder.child(stack, frames[word])
        total += count
        if total >= _LARGEST:
            raise MalformedProfile(name, "the counts add up to more than 64 bits hold", offset)
        builder.sample(stack, thread, (count,))
    return builder.build()


def _thread(match: re.Match[str]) -> Thread:
    kind: ThreadKind = "task" if match[2] == "task" else "native" if match[2] == "native" else "thread"
    return Thread(_unescape(match[3]), kind, home=not match[1])


def _lines(data: bytes) -> Iterator[tuple[int, str, int]]:
    """Yield byte offset, stack and count of each line; empty ones and comments (austin writes some) say nothing."""
    offset = len(_BOM) if data.startswith(_BOM) else 0
    while offset < len(data):
        end = data.find(b"\n", offset)
        end = len(data) if end < 0 else end
        line = data[offset:end].rstrip(b"\r")
        if line and not line.startswith(b"#"):
            yield offset, *_line(line, offset)
        offset = end + 1


def _line(line: bytes, offset: int) -> tuple[str, int]:
    try:
        stack, space, count = line.decode(errors="surrogatepass").rpartition(" ")
    except UnicodeDecodeError as error:
        raise MalformedProfile(name, "it is not text", offset + error.start) from None
    if not space or not _COUNT.fullmatch(count):
        raise MalformedProfile(name, "a line must end in a space and a count", offset)
    return stack, round(float(count)) if "." in count else int(count)
