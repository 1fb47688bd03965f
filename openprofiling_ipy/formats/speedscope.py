"""
speedscope JSON (https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources): the default format.

speedscope tells frames apart by their index, so each function is one frame, and its table comes out right; the executed
lines, all values, times, threads and sources travel in the member `openprofiling`, which speedscope ignores. With it a
file read again is the very profile that was written. Each lane is one sampled profile of the first value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from openprofiling_ipy.errors import MalformedProfile
from openprofiling_ipy.formats import columns, jsontext, speedscope_reader
from openprofiling_ipy.formats.disclosure import told
from openprofiling_ipy.formats.stacktext import stack_texts
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from openprofiling_ipy.model import Profile

__all__ = ["contents", "document", "dumps", "loads", "losses", "name", "sniff", "suffixes"]

name: str = "speedscope"
suffixes: tuple[str, ...] = (".speedscope.json", ".json")
document: str = "Profile"

_SCHEMA: Final = "https://www.speedscope.app/file-format-schema.json"
_UNITS: Final = {"ns": "nanoseconds", "bytes": "bytes", "count": "none"}


def sniff(head: bytes) -> bool:
    """Tell by the schema's address, or by the keys of a file whose `$schema` comes later."""
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return False
    known = _SCHEMA.encode() in head or _SCHEMA.replace("/", r"\/").encode() in head
    return known or (b'"shared"' in head and b'"frames"' in head)


def loads(data: bytes) -> Profile:
    """Read ours exactly, anybody's else as far as the format goes. Raises MalformedProfile."""
    obj = jsontext.parse(data, name)
    try:
        if "openprofiling" in obj:
            return columns.decode(obj["openprofiling"])
        return speedscope_reader.read(obj)
    except ValueError as error:
        raise MalformedProfile(name, str(error)) from None


def losses(document: Profile) -> tuple[str, ...]:  # noqa: ARG001
    return ()


def contents(document: Profile) -> tuple[str, ...]:
    return told(document, everything=True)


def dumps(document: Profile) -> bytes:
    """Write the profile; time and size grow with the summed depth of its samples, as speedscope has no trie."""
    return b"".join(_pieces(document))


def _pieces(profile: Profile) -> Iterator[bytes]:
    facts = profile.attributes
    title = facts.get(A.NAME) or facts.get(A.LABEL) or facts.get(A.KIND) or "profile"
    lanes = np.unique(profile.samples.thread)
    weights = np.maximum(profile.samples.values[:, 0], 0)
    head = {
        "$schema": _SCHEMA,
        "exporter": "openprofiling_ipy",
        "name": str(title),
        "activeProfileIndex": _active(profile, lanes, weights),
        "shared": {"frames": [_frame(profile, function) for function in range(len(profile.functions))]},
    }
    yield jsontext.write(head)[:-1]
    yield b',"profiles":['
    words = [str(function) for function in range(len(profile.functions))]
    texts = stack_texts(profile, profile.samples.stack, words, ",", "")
    for place, lane in enumerate(lanes.tolist()):
        yield b"," if place else b""
        yield from _lane(profile, lane, weights, texts)
    yield b'],"openprofiling":'
    yield jsontext.write(columns.encode(profile))
    yield b"}"


def _active(profile: Profile, lanes: NDArray[np.int32], weights: NDArray[np.int64]) -> int:
    """Return which profile speedscope opens first: the heaviest of those shown by default."""
    totals = [(profile.threads[lane].home, int(weights[profile.samples.thread == lane].sum())) for lane in lanes]
    return max(range(len(totals)), key=lambda place: (*totals[place], -place), default=0)


def _frame(profile: Profile, function: int) -> dict[str, Any]:
    frame: dict[str, Any] = {"name": profile.function_name(function)}
    if profile.functions.file[function]:
        frame["file"] = profile.function_file(function)
    if profile.functions.first_line[function]:
        frame["line"] = int(profile.functions.first_line[function])
    return frame


def _lane(profile: Profile, lane: int, weights: NDArray[np.int64], texts: dict[int, str]) -> Iterator[bytes]:
    chosen = profile.samples.thread == lane
    own = weights[chosen]
    head = {
        "type": "sampled",
        "name": profile.threads[lane].name,
        "unit": _UNITS[profile.value_types[0].unit],
        "startValue": 0,
        "endValue": int(own.sum()),
    }
    yield jsontext.write(head)[:-1]
    yield b',"samples":[['
    yield "],[".join([texts[stack] for stack in profile.samples.stack[chosen].tolist()]).encode()
    yield b']],"weights":'
    yield jsontext.write(own.tolist())
    yield b"}"
