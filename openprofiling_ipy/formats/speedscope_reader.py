"""
speedscope files that other tools wrote: sampled and evented profiles, any number of them, in any unit.

A lane a profile; a value column a unit: times become "wall" in ns, bytes "bytes", plain counts "samples".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from openprofiling_ipy.model import ProfileBuilder, Thread, ValueType
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openprofiling_ipy.model import Profile
    from openprofiling_ipy.model.profile import Attribute

__all__ = ["read"]

_WALL: Final = ValueType("wall", "ns")
_UNITS: Final[Mapping[str, tuple[ValueType, int]]] = {
    "nanoseconds": (_WALL, 1),
    "microseconds": (_WALL, 1_000),
    "milliseconds": (_WALL, 1_000_000),
    "seconds": (_WALL, 1_000_000_000),
    "bytes": (ValueType("bytes", "bytes"), 1),
    "none": (ValueType("samples", "count"), 1),
}
_LARGEST: Final = 2**62
_NO_FRAME: Final = "a sample names a frame that does not exist"
_NO_SAMPLE: Final = "a sample must be a list of frame numbers"
_LINES: Final = 2**31 - 1

#: A stack, what it weighs, and where it ends on the profile's own axis.
_Span = tuple[int, int, int]


@dataclass(frozen=True)
class _Lane:
    name: str
    value_type: ValueType
    begin: int
    end: int
    spans: list[_Span]


def read(obj: Mapping[str, Any]) -> Profile:
    """Return the profile in a parsed file. Raises ValueError whatever is wrong with it."""
    shared = obj.get("shared")
    entries = shared.get("frames") if isinstance(shared, dict) else None
    profiles = obj.get("profiles")
    if not isinstance(entries, list) or not isinstance(profiles, list):
        raise ValueError("it needs shared.frames and profiles, both lists")  # noqa: TRY004  # callers catch ValueError
    types = _value_types(profiles)
    builder = ProfileBuilder(types)
    frames = _frames(builder, entries)
    lanes = [_lane(builder, frames, item) for item in profiles]
    if sum(weight for lane in lanes for _, weight, _ in lane.spans) >= _LARGEST:
        raise ValueError("the weights add up to more than 64 bits hold")
    timed = all(lane.value_type == _WALL for lane in lanes)
    start = min((lane.begin for lane in lanes), default=0)
    for place, lane in enumerate(lanes):
        thread = builder.thread(Thread(lane.name), place)
        column = types.index(lane.value_type)
        for stack, weight, end in lane.spans:
            values = [weight if at == column else 0 for at in range(len(types))]
            builder.sample(stack, thread, values, end - start if timed else None)
    duration = max((lane.end for lane in lanes), default=0) - start if timed else 0
    return builder.build(duration=duration, attributes=_attributes(obj))


def _attributes(obj: Mapping[str, Any]) -> dict[str, Attribute]:
    found = {A.NAME: obj.get("name"), A.ENGINE: obj.get("exporter")}
    return {key: value for key, value in found.items() if isinstance(value, str) and value}


def _value_types(profiles: list[Any]) -> list[ValueType]:
    if not all(isinstance(item, dict) and isinstance(item.get("unit"), str) for item in profiles):
        raise ValueError("every profile must be an object with a unit")
    strange = [item["unit"] for item in profiles if item["unit"] not in _UNITS]
    if strange:
        raise ValueError(f"unit {strange[0][:40]!r} is none of {', '.join(_UNITS)}")
    return list(dict.fromkeys(_UNITS[item["unit"]][0] for item in profiles)) or [ValueType("samples", "count")]


def _frames(builder: ProfileBuilder, entries: list[Any]) -> list[int]:
    """
    Return the frame of each entry.

    Tools differ in what `line` means. Where a function comes with one line only, it is taken for its first; where it
    comes with several, they are executed lines of one function. A lambda or comprehension is known by its line alone.
    """
    keys = [_entry(entry) for entry in entries]
    lines: dict[tuple[str, str], set[int]] = {}
    for label, file, line in keys:
        lines.setdefault((label, file), set()).add(line)
    frames = []
    for label, file, line in keys:
        executed = len(lines[label, file]) > 1 and not (label.startswith("<") and label != "<module>")
        function = builder.function(label, file, 0 if executed else line)
        frames.append(builder.frame(function, line if executed else 0))
    return frames


def _entry(entry: object) -> tuple[str, str, int]:
    if not isinstance(entry, dict):
        raise ValueError("a frame must be an object")  # noqa: TRY004
    label, file, line = entry.get("name"), entry.get("file") or "", entry.get("line") or 0
    if not isinstance(label, str) or not isinstance(file, str):
        raise ValueError("the name and the file of a frame must be text")  # noqa: TRY004
    number = _number(line, "the line of a frame")
    return label, file, int(number) if 0 < number < _LINES else 0


def _number(value: object, what: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # NaN  # noqa: PLR0124
        raise ValueError(f"{what} must be a number")
    if abs(value) >= _LARGEST:
        raise ValueError(f"{what} is too large")
    return value


def _lane(builder: ProfileBuilder, frames: list[int], item: Mapping[str, Any]) -> _Lane:
    value_type, scale = _UNITS[item["unit"]]
    begin = _position(_number(item.get("startValue", 0), "startValue"), scale)
    if item.get("type") == "sampled":
        spans = list(_sampled(builder, frames, item, begin, scale))
    elif item.get("type") == "evented":
        spans = list(_evented(builder, frames, item, scale))
    else:
        raise ValueError("the type of a profile must be sampled or evented")
    label = item.get("name")
    last = spans[-1][2] if spans else begin
    end = max(last, _position(_number(item.get("endValue", 0), "endValue"), scale))
    return _Lane(label if isinstance(label, str) else "", value_type, min(begin, last), end, spans)


def _position(number: float, scale: int) -> int:
    # Whole numbers stay exact; their sum is what must not leave 64 bits.
    place = round(number * scale)
    if abs(place) >= _LARGEST:
        raise ValueError("a weight or time is too large")
    return place


def _list(item: Mapping[str, Any], key: str) -> list[Any]:
    value = item.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{key} must be a list")  # noqa: TRY004
    return value


def _sampled(
    builder: ProfileBuilder, frames: list[int], item: Mapping[str, Any], begin: int, scale: int
) -> Iterator[_Span]:
    samples, weights = _list(item, "samples"), _list(item, "weights")
    if len(samples) != len(weights):
        raise ValueError(f"there are {len(samples)} samples but {len(weights)} weights")
    known: dict[tuple[int, ...], int] = {}
    exact: int | float = 0
    before = 0
    for sample, weight in zip(samples, weights, strict=True):
        if _number(weight, "a weight") < 0:
            raise ValueError("a weight is negative")
        exact += weight  # rounding the sum, not each weight, keeps the total of many small ones
        after = _position(exact, scale)
        if not isinstance(sample, list):
            raise ValueError(_NO_SAMPLE)  # noqa: TRY004
        key = tuple(sample)
        try:
            stack = known.get(key)
        except TypeError:  # a list within it
            raise ValueError(_NO_SAMPLE) from None
        if stack is None:
            stack = known[key] = _stack(builder, frames, key)
        yield stack, after - before, _position(begin + after, 1)
        before = after


def _stack(builder: ProfileBuilder, frames: list[int], key: tuple[Any, ...]) -> int:
    # Looked at as a whole: one by one, ten million numbers take longer than all the rest.
    if key and (set(map(type, key)) != {int} or min(key) < 0 or max(key) >= len(frames)):
        raise ValueError(_NO_FRAME)
    return builder.stack([frames[number] for number in key])


def _index(number: object, count: int) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < count:
        raise ValueError(_NO_FRAME)
    return number


def _evented(builder: ProfileBuilder, frames: list[int], item: Mapping[str, Any], scale: int) -> Iterator[_Span]:
    """Yield what lies between two events; an empty stack is idle time and weighs nothing."""
    open_frames: list[tuple[int, int]] = []
    now: int | None = None
    for event in _list(item, "events"):
        if not isinstance(event, dict):
            raise ValueError("an event must be an object")  # noqa: TRY004
        at = _position(_number(event.get("at"), "the time of an event"), scale)
        if now is not None and at < now:
            raise ValueError("the events are not in order")
        if now is not None and at > now and open_frames:
            yield open_frames[-1][1], at - now, at
        now = at
        number = _index(event.get("frame"), len(frames))
        if event.get("type") == "O":
            parent = open_frames[-1][1] if open_frames else -1
            open_frames.append((number, builder.child(parent, frames[number])))
        elif event.get("type") == "C" and open_frames and open_frames[-1][0] == number:
            open_frames.pop()
        else:
            raise ValueError("an event must open a frame (O) or close the innermost open one (C)")
    end = _position(_number(item.get("endValue", 0), "endValue"), scale)
    if now is not None and end > now and open_frames:
        yield open_frames[-1][1], end - now, end
