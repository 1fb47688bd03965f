"""A profile as a pprof message: the tables in Python, the columns of samples by numpy, a sample a few joined pieces."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from openprofiling_ipy.analysis.weights import stack_total, sums
from openprofiling_ipy.formats import pprof_labels
from openprofiling_ipy.formats.protobuf import blob, encode, integer, varint
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.model.profile import ValueType

__all__ = ["pieces"]

_UNITS: Final = {"ns": "nanoseconds", "bytes": "bytes", "count": "count"}
#: Samples are written in blocks, so that memory does not grow with their number.
_BLOCK: Final = 1 << 14
_SECOND: Final = 10**9
#: A mapping that needs no symbols: it has functions, files and lines, and inlined frames.
_NOTHING_MISSING: Final = b"".join(integer(field, 1) for field in (7, 8, 9, 10))


class _Strings:
    """The string table, which grows while the message is written."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {"": 0}

    def __call__(self, text: str) -> int:
        return self._ids.setdefault(pprof_labels.clean(text), len(self._ids))

    def field(self) -> bytes:
        return b"".join(blob(6, text.encode()) for text in self._ids)


def pieces(profile: Profile) -> Iterator[bytes]:
    """Yield the message in pieces."""
    strings = _Strings()
    yield b"".join(blob(1, _value_type(strings, value_type)) for value_type in profile.value_types)
    places = _Places(profile, strings)
    yield from _samples(profile, strings, places)
    program = strings(str(profile.attributes.get(A.SERVICE) or "python"))
    yield blob(3, integer(1, 1) + integer(5, program) + _NOTHING_MISSING)
    yield places.fields
    title = " ".join(str(profile.attributes[key]) for key in (A.KIND, A.LABEL, A.NAME) if profile.attributes.get(key))
    comments = [strings(f"openprofiling_ipy: {title}"), strings(pprof_labels.named_facts(profile))]
    tail = [
        integer(9, profile.started_at),
        integer(10, profile.duration),
        *_period(profile, strings),
        *(integer(13, comment) for comment in comments),
        integer(14, strings(profile.value_types[0].kind)),
    ]
    yield strings.field()
    yield b"".join(tail)


def _value_type(strings: _Strings, value_type: ValueType) -> bytes:
    return integer(1, strings(value_type.kind)) + integer(2, strings(_UNITS[value_type.unit]))


def _period(profile: Profile, strings: _Strings) -> Iterator[bytes]:
    """Yield what a look stands for; its type always, without which pprof does not merge files."""
    rate, first = profile.attributes.get(A.RATE), profile.value_types[0]
    yield blob(11, _value_type(strings, first))
    if first.unit == "ns" and isinstance(rate, int | float) and rate > 0 and 1 <= _SECOND / rate < 2**62:
        yield integer(12, round(_SECOND / rate))


class _Places:
    """
    Functions and locations, numbered from 1 in the order of the profile, those without samples left out.

    Frames that differ in their expression alone are one location.
    """

    def __init__(self, profile: Profile, strings: _Strings) -> None:
        hits = sums(profile.samples.stack, np.ones(len(profile.samples), dtype=np.int64), len(profile.stacks) + 1)
        #: The stacks [N] that have samples at or below them.
        self.used = stack_total(profile.stacks, hits[:-1]) > 0
        functions = _functions(profile)
        lines = zip(profile.frames.function.tolist(), profile.frames.line.tolist(), strict=True)
        keys = [(functions[function], line) for function, line in lines]
        seen = {keys[frame] for frame in np.unique(profile.stacks.frame[self.used]).tolist()}
        locations = {key: number for number, key in enumerate((k for k in dict.fromkeys(keys) if k in seen), 1)}
        called = {function for function, _ in locations}
        numbers = {key: n for n, key in enumerate((f for f in dict.fromkeys(functions) if f in called), 1)}
        #: The location of each frame, as a number on the wire; empty for those without samples.
        self.words = [varint(locations[key]) if key in locations else b"" for key in keys]
        self.fields = b"".join(
            (
                *(
                    blob(
                        4,
                        integer(1, number) + integer(2, 1) + blob(4, integer(1, numbers[function]) + integer(2, line)),
                    )
                    for (function, line), number in locations.items()
                ),
                *(
                    blob(
                        5, integer(1, number) + integer(2, strings(name)) + integer(4, strings(file)) + integer(5, line)
                    )
                    for (name, file, line), number in numbers.items()
                ),
            )
        )


def _functions(profile: Profile) -> list[tuple[str, str, int]]:
    """Return name, file and first line of each function. A system name would have pprof take it for C++ and cut it."""
    table = profile.functions
    text = {n: pprof_labels.clean(profile.strings[n]) for n in {*table.name.tolist(), *table.file.tolist()}}
    columns = zip(table.name.tolist(), table.file.tolist(), table.first_line.tolist(), strict=True)
    return [(text[name], text[file], line) for name, file, line in columns]


def _label(strings: _Strings, key: str, value: int | str) -> bytes:
    told = integer(2, strings(value)) if isinstance(value, str) else integer(3, value)
    return blob(3, integer(1, strings(key)) + told)


def _labels(strings: _Strings, labels: Iterable[pprof_labels.Label]) -> bytes:
    return b"".join(_label(strings, key, value) for key, value in labels)


def _paths(profile: Profile, strings: _Strings, places: _Places) -> tuple[list[bytes], list[bytes]]:
    """
    Return the field of locations, leaf first, and the label of the expression, for each stack that samples ended in.

    The last place is the empty stack's. A path is one location before its parent's path.
    """
    wanted = np.zeros(len(profile.stacks) + 1, dtype=np.bool_)
    wanted[profile.samples.stack] = True
    fields, labels = [b""] * len(wanted), [b""] * len(wanted)
    leaves = np.unique(profile.stacks.frame[wanted[:-1]]).tolist()
    spoken = zip(leaves, profile.frames.expression[leaves].tolist(), strict=True)
    expressions = {f: _label(strings, pprof_labels.EXPRESSION, profile.strings[text]) for f, text in spoken if text}
    depths: list[int] = []
    above: list[bytes] = [b""]
    ends_here = wanted[:-1].tolist()
    columns = zip(profile.stacks.parent.tolist(), profile.stacks.frame.tolist(), places.used.tolist(), strict=True)
    for stack, (parent, frame, used) in enumerate(columns):
        depth = depths[parent] + 1 if parent >= 0 else 1
        depths.append(depth)
        if not used:
            continue
        del above[depth:]
        path = places.words[frame] + above[-1]
        above.append(path)
        if ends_here[stack]:
            fields[stack] = blob(1, path)
            labels[stack] = expressions.get(frame, b"")
    return fields, labels


def _samples(profile: Profile, strings: _Strings, places: _Places) -> Iterator[bytes]:
    """Yield the samples: locations, values, labels."""
    paths, expressions = _paths(profile, strings, places)
    facts = _labels(strings, pprof_labels.facts(profile))
    lanes = [_labels(strings, labels) + facts for labels in pprof_labels.lanes(profile.threads)]
    samples = profile.samples
    for begin in range(0, len(samples), _BLOCK):
        chosen = slice(begin, begin + _BLOCK)
        values = _values(samples.values[chosen])
        times = _times(profile, chosen, strings)
        rows = zip(samples.stack[chosen].tolist(), samples.thread[chosen].tolist(), values, times, strict=True)
        yield b"".join(
            [
                blob(2, b"".join((paths[stack], value, lanes[lane], expressions[stack], time)))
                for stack, lane, value, time in rows
            ]
        )


def _values(values: NDArray[np.int64]) -> list[bytes]:
    """Return the field of values of each sample."""
    width = values.shape[1]
    numbers, bounds = encode(values.reshape(-1))
    ends = bounds[::width]
    return [blob(2, numbers[at:stop]) for at, stop in pairwise(ends)]


def _times(profile: Profile, chosen: slice, strings: _Strings) -> list[bytes]:
    """Return the label of each sample's time, empty where the recording has none."""
    time = profile.samples.time
    if time is None:
        return [b""] * len(profile.samples.stack[chosen])
    with np.errstate(over="ignore"):  # 64 bits wrap round, and do so again when it is read
        numbers, bounds = encode(time[chosen] + np.int64(profile.started_at))
    before = integer(1, strings(pprof_labels.TIME)) + varint(3 << 3)
    behind = integer(4, strings("nanoseconds"))
    return [blob(3, before + numbers[at:stop] + behind) for at, stop in pairwise(bounds)]
