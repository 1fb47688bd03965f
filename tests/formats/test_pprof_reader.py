"""pprof of other tools: what each of them does differently."""

from __future__ import annotations

import json

import pytest

from openprofiling_ipy.errors import MalformedProfile
from openprofiling_ipy.formats import pprof
from openprofiling_ipy.formats.protobuf import blob, integer, varint
from openprofiling_ipy.model import Thread, ValueType
from tests.formats.examples import DATA
from tests.pictures import stacks_of


class Message:
    """Writes a message as another tool would; strings are interned, and come last."""

    def __init__(self, *types):
        self.strings = [""]
        self.parts = [blob(1, self.pair(kind, unit)) for kind, unit in types]

    def text(self, text):
        if text not in self.strings:
            self.strings.append(text)
        return self.strings.index(text)

    def pair(self, one, two):
        return integer(1, self.text(one)) + integer(2, self.text(two))

    def add(self, field, content):
        self.parts.append(blob(field, content) if isinstance(content, bytes) else integer(field, content))
        return self

    def function(self, number, name, file="", first=0):
        content = integer(1, number) + integer(2, self.text(name)) + integer(4, self.text(file)) + integer(5, first)
        return self.add(5, content)

    def location(self, number, *lines, address=0, mapping=0):
        content = integer(1, number) + integer(2, mapping) + integer(3, address)
        return self.add(4, content + b"".join(blob(4, integer(1, f) + integer(2, line)) for f, line in lines))

    def sample(self, path, *values, **labels):
        content = blob(1, b"".join(map(varint, path))) + blob(2, b"".join(map(varint, values)))
        return self.add(2, content + self.labels(labels))

    def labels(self, labels):
        found = b""
        for key, value in labels.items():
            told = integer(2, self.text(value)) if isinstance(value, str) else integer(3, value)
            found += blob(3, integer(1, self.text(key)) + told)
        return found

    def bytes(self):
        return b"".join((*self.parts, *(blob(6, text.encode()) for text in self.strings)))

    def read(self):
        return pprof.loads(self.bytes())


def simple(*types):
    message = Message(*(types or [("samples", "count")]))
    return message.function(1, "main", "/srv/a.go").function(2, "work").location(1, (1, 7)).location(2, (2, 9))


def test_real_files_of_go():
    cpu = pprof.loads((DATA / "go-cpu.pb.gz").read_bytes())
    assert cpu.value_types == (ValueType("cpu", "ns"), ValueType("samples", "count"))
    assert cpu.attributes["rate"] == 100
    assert cpu.duration > 300_000_000
    assert cpu.threads == (Thread("all threads"),)
    stacks = stacks_of(cpu)
    # `add` was inlined into `spin`: two frames of one location.
    assert any(stack.endswith("main.spin main.add") for stack in stacks)
    assert sum(stacks.values()) == 10_000_000 * int(cpu.samples.values[:, 1].sum())
    heap = pprof.loads((DATA / "go-heap.pb.gz").read_bytes())
    assert heap.value_types[0] == ValueType("inuse_space", "bytes")
    assert stacks_of(heap)["runtime.main main.main"] > 100_000


def test_packed_and_unpacked_are_the_same():
    packed = simple().sample((2, 1), 300).read()
    unpacked = simple().add(2, integer(1, 2) + integer(2, 300) + integer(1, 1)).read()
    mixed = simple().add(2, blob(1, varint(2)) + blob(2, varint(300)) + integer(1, 1)).read()
    assert packed == unpacked == mixed
    assert stacks_of(packed, lines=True) == {"main:7 work:9": 300}


def test_a_long_stack_and_a_large_id():
    message = simple().location(2**63, (2, 3))
    path = [2**63] + [2, 1] * 300
    found = message.sample(path, 1).sample(path[:-1], 1).sample(path, 1).read()
    assert len(found.stacks) == 601 + 600
    assert sorted(stacks_of(found).values()) == [1, 2]


@pytest.mark.parametrize(
    ("unit", "ours", "value"),
    [
        ("nanoseconds", "ns", 7),
        ("microseconds", "ns", 7_000),
        ("ms", "ns", 7_000_000),
        ("Seconds", "ns", 7_000_000_000),
        ("minutes", "ns", 420_000_000_000),
        ("bytes", "bytes", 7),
        ("kilobytes", "bytes", 7 << 10),
        ("MiB", "bytes", 7 << 20),
        ("count", "count", 7),
        ("", "count", 7),
        ("objects", "count", 7),
    ],
)
def test_units(unit, ours, value):
    found = simple(("x", unit)).sample((1,), 7).read()
    assert found.value_types == (ValueType("x", ours),)
    assert found.samples.values.tolist() == [[value]]


def test_the_default_value_comes_first():
    types = [("samples", "count"), ("cpu", "nanoseconds"), ("samples", "nanoseconds")]
    last = simple(*types).sample((1,), 1, 2, 3).read()
    assert last.value_types == (
        ValueType("samples", "ns"),
        ValueType("samples (2)", "count"),
        ValueType("cpu", "ns"),
    )
    assert last.samples.values.tolist() == [[3, 1, 2]]
    message = simple(*types).sample((1,), 1, 2, 3)
    named = message.add(14, message.text("cpu")).read()
    assert named.value_types[0] == ValueType("cpu", "ns")
    assert named.samples.values.tolist() == [[2, 1, 3]]


def test_an_inlined_call_is_a_frame_of_its_own():
    found = simple().location(3, (2, 4), (1, 5)).sample((3, 1), 1).read()
    assert stacks_of(found, lines=True) == {"main:7 main:5 work:4": 1}


def test_places_without_symbols():
    message = Message(("samples", "count"))
    message.add(3, integer(1, 1) + integer(5, message.text("/lib/libc.so.6")))
    message.location(1, address=0x1234, mapping=1).location(2, mapping=1).location(3, mapping=9).location(4, (0, 5))
    found = message.sample((4, 3, 2, 1), 1).read()
    assert stacks_of(found) == {"0x1234 [libc.so.6] [unknown] [unknown]": 1}
    assert found.function_file(0) == "/lib/libc.so.6"


def test_a_name_may_stand_in_the_other_place():
    message = Message(("samples", "count")).location(1, (1, 1))
    message.add(5, integer(1, 1) + integer(3, message.text("_ZN4main")))
    assert stacks_of(message.sample((1,), 1).read()) == {"_ZN4main": 1}


@pytest.mark.parametrize(
    ("labels", "thread"),
    [
        ({"thread name": "worker", "thread id": 17}, Thread("worker")),
        ({"thread_id": 17}, Thread("thread 17")),
        ({"tid": "17"}, Thread("17")),
        ({"thread name": "MainThread", "task name": "Task-3"}, Thread("Task-3", "task")),
        ({"thread": "pool", "lane": "other thread"}, Thread("pool", home=False)),
        ({"thread": "pool", "lane": "nonsense"}, Thread("pool")),
        ({"request": "checkout"}, Thread("all threads")),
    ],
)
def test_lanes_of_others(labels, thread):
    assert simple().sample((1,), 1, **labels).read().threads == (thread,)


def test_threads_of_one_name_are_told_apart_by_their_numbers():
    message = simple()
    for number in (5, 6, 5):
        message.sample((1,), 1, **{"thread name": "pool", "thread id": number})
    found = message.sample((1,), 1).read()
    assert found.threads == (Thread("pool"), Thread("pool"), Thread("other threads"))
    assert found.samples.thread.tolist() == [0, 1, 0, 2]


def test_times_of_others_are_put_in_order():
    begun = 1_795_400_000_000_000_000
    message = simple().add(9, begun)
    for time in (30, 10, 20):
        message.sample((1,), time, end_timestamp_ns=begun + time)
    found = message.read()
    assert found.samples.time.tolist() == [10, 20, 30]
    assert found.samples.values.ravel().tolist() == [10, 20, 30]
    assert found.started_at == begun


def test_times_without_a_beginning_count_from_the_first():
    begun = 1_795_400_000_000_000_000
    found = simple().sample((1,), 1, end_timestamp_ns=begun).sample((1,), 1, end_timestamp_ns=begun + 5).read()
    assert found.samples.time.tolist() == [0, 5]
    assert found.started_at == begun


def test_a_beginning_beyond_all_time_is_none():
    begun = 1_795_400_000_000_000_000
    found = simple().add(9, 2**62).sample((1,), 1, end_timestamp_ns=begun + 5).read()
    assert found.started_at == begun + 5
    assert found.samples.time.tolist() == [0]


def test_times_of_some_samples_are_none():
    assert simple().sample((1,), 1, end_timestamp_ns=5).sample((1,), 1).read().samples.time is None


def test_a_time_may_be_written_in_any_way():
    message = simple()
    key, unit = message.text("end_timestamp_ns"), message.text("nanoseconds")
    for time, label in enumerate(
        (
            integer(1, key) + integer(3, 100),
            integer(1, key) + integer(3, 101) + integer(4, unit),
            integer(1, key) + integer(4, unit) + integer(3, 102),
        )
    ):
        message.add(2, blob(1, varint(1)) + blob(2, varint(time)) + blob(3, label))
    assert message.read().samples.time.tolist() == [100, 101, 102]


def test_what_all_samples_share_is_a_fact():
    message = simple().sample((1,), 1, region="eu", span="1", number="x")
    message.sample((1,), 1, region="eu", span="2", number="x")
    message.add(13, message.text("made by hand")).add(13, message.text("made by hand"))
    message.add(11, message.pair("cpu", "milliseconds")).add(12, 10)
    assert message.read().attributes == {"region": "eu", "comment": "made by hand", "rate": 100.0}


def test_comments_may_be_packed():
    message = simple()
    message.add(13, varint(message.text("one")) + varint(message.text("two")))
    assert message.read().attributes == {"comment": "one\ntwo"}


def test_fields_of_later_versions_are_passed_over():
    message = simple().sample((1,), 5).add(2000, b"later").add(2001, 7)
    assert stacks_of(message.read()) == {"main": 5}


def test_text_that_is_no_unicode_is_read():
    message = Message(("samples", "count")).function(1, "x").location(1, (1, 1)).sample((1,), 1)
    data = message.bytes().replace(blob(6, b"x"), blob(6, b"\xff"))
    assert stacks_of(pprof.loads(data)) == {"\\xff": 1}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (Message(), "0 types of values"),
        (Message(*[("x", "")] * 101), "101 types of values"),
        (simple().location(2, (1, 1)), "two locations have the id 2"),
        (simple().function(1, "x"), "two functions have the id 1"),
        (simple().location(0, (1, 1)), "a location has the id 0"),
        (simple().function(0, "x"), "a function has the id 0"),
        (simple().location(5, (9, 1)), "location 5 names function 9, which does not exist"),
        (simple().sample((7, 1), 1), "a sample names location 7, which does not exist"),
        (simple().sample((0,), 1), "a sample names location 0, which does not exist"),
        (simple().sample((1,)), "a sample has 0 values, not 1"),
        (simple().sample((1,), 1, 2), "a sample has 2 values, not 1"),
        (simple().add(2, blob(1, b"\x81") + blob(2, b"\x01")), "a number is cut off"),
        (simple().add(2, blob(1, b"\x01") + blob(2, b"\x81")), "a number is cut off"),
        (simple().add(2, blob(1, b"\xff" * 10 + b"\x01") + blob(2, b"\x01")), "does not exist"),
        (simple().add(2, blob(1, b"\x01") + blob(2, b"\xff" * 10 + b"\x01")), "longer than 64 bits"),
        (simple().sample((1,), -1), "a value is negative"),
        (simple().sample((1,), 2**62), "more than 64 bits hold"),
        (simple(("x", "hours")).sample((1,), 2**40), "more than 64 bits hold"),
        (simple().add(5, integer(1, 9) + integer(2, 99)), "string 99 is named, but there are"),
        (simple().add(5, integer(1, 9) + integer(2, -1)), "string -1 is named"),
        (simple().add(14, 99), "string 99 is named"),
        (simple().add(13, 99), "string 99 is named"),
        (simple().add(6, b"first"), "must begin with an empty one"),
    ],
)
def test_the_reason_is_named(message, said):
    with pytest.raises(MalformedProfile, match=said):
        message.read()


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ("[]", "the comment of openprofiling_ipy: it is not a JSON object"),
        ("{", "the comment of openprofiling_ipy: it is not JSON"),
        ("{}", "threads must be a list"),
        (json.dumps({"threads": [7], "attributes": {}, "sources": {}}), "a thread must be an object"),
        (json.dumps({"threads": [], "attributes": {"x": []}, "sources": {}}), "attribute x"),
        (json.dumps({"threads": [], "attributes": {}, "sources": {"x": 1}}), "sources must hold strings"),
    ],
)
def test_a_comment_of_ours_that_somebody_changed(known, said):
    message = simple().sample((1,), 1)
    with pytest.raises(MalformedProfile, match=said):
        message.add(13, message.text(f"# openprofiling {known}")).read()
