"""What `go tool pprof`, the tool that pprof was made for, reads in our files, and what it makes of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter

import pytest

from openprofiling_ipy.analysis.lines import line_weights
from openprofiling_ipy.analysis.weights import function_weights
from openprofiling_ipy.formats import pprof
from tests.formats.examples import EXAMPLE
from tests.pictures import profile_of
from tests.strategies import plain

pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed (apt install golang-go)")

#: A name for everything that bites, and weights that Go prints exactly.
PROFILE = profile_of(
    """
    cpu:ns wall:ns samples:count
    @MainThread
    t=10 2000000 2500000 1   In[5]|<module>:1 a.py|f=3:4 a.py|f=3:5 b.py|<lambda>=9:9
    t=20 3000000 3000000 1   In[5]|<module>:1 a.py|f=3:6
    t=30 0 90000000 9        In[5]|<module>:2 std::vector<int>::at(unsigned␣long):7
    @pool
    t=40 5000000 5000000 1   b.py|Class.method␣(x)=20:21{g(1)}
    """,
    started_at=1_795_400_000_123_456_789,
    duration=100_000_000,
    attributes={"kind": "cpu", "rate": 100, "service": "shop", "region": "eu", "pid": 4711},
)


@pytest.fixture(scope="module")
def go(tmp_path_factory):
    """Run `go tool pprof` on a profile; nothing may be said on stderr."""
    home = tmp_path_factory.mktemp("go")
    environment = {"HOME": str(home), "PPROF_TMPDIR": str(home), "TZ": "UTC", "PATH": os.environ["PATH"]}

    def run(profile, *arguments):
        file = home / "profile.pb.gz"
        file.write_bytes(pprof.dumps(profile))
        command = ["go", "tool", "pprof", *arguments, str(file)]
        done = subprocess.run(command, capture_output=True, env=environment, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stderr == b""
        return done.stdout

    return run


_ROW = re.compile(r" *(\S+) +\S+% +\S+% +(\S+) +\S+%  (.*)")


def top(output):
    """Function or line to (flat, cum) as printed."""
    return {match[3]: (match[1], match[2]) for match in map(_ROW.fullmatch, output.decode().splitlines()) if match}


def number(text):
    """A weight as `-top -unit=ns` prints it."""
    return int(text.removesuffix("ns"))


@pytest.mark.parametrize("value", [0, 1, 2])
@pytest.mark.parametrize("profile", [PROFILE, EXAMPLE], ids=["small", "example"])
def test_the_table_is_ours(go, profile, value):
    kind, unit = profile.value_types[value].kind, profile.value_types[value].unit
    more = ["-unit=ns"] if unit == "ns" else []
    found = top(go(profile, "-top", "-nodefraction=0", f"-sample_index={kind}", *more))
    own, total = function_weights(profile, value, None if kind != "wall" else [True] * len(profile.threads))
    expected = {
        profile.function_name(function): (int(own[function]), int(total[function]))
        for function in range(len(profile.functions))
        if total[function]
    }
    assert {name: (number(flat), number(cum)) for name, (flat, cum) in found.items() if number(cum)} == expected


def test_executed_lines(go):
    found = top(go(PROFILE, "-top", "-lines", "-nodefraction=0", "-unit=ns"))
    lines, own, total = line_weights(PROFILE, "a.py", 0)
    expected = {
        f"f a.py:{line}": (int(one), int(all_))
        for line, one, all_ in zip(lines.tolist(), own.tolist(), total.tolist(), strict=True)
    }
    assert {key: tuple(map(number, row)) for key, row in found.items() if key.startswith("f a.py")} == expected


def test_the_header(go):
    head = go(PROFILE, "-top").decode().splitlines()[:5]
    assert head == [
        "File: shop",
        "openprofiling_ipy: cpu",
        "Type: cpu",
        "Time: Nov 23, 2026 at 2:13am (UTC)",
        "Duration: 100ms, Total samples = 10ms (10.00%)",
    ]


def test_everything_is_there_raw(go):
    raw = go(PROFILE, "-raw").decode()
    assert "PeriodType: cpu nanoseconds\nPeriod: 10000000\n" in raw
    assert "cpu/nanoseconds[dflt] wall/nanoseconds samples/count\n" in raw
    assert "end_timestamp_ns:[1795400000123456799 nanoseconds]" in raw
    assert "expression:[g(1)] pid:[4711] region:[eu] service:[shop] thread:[pool]" in raw
    rows = re.findall(r"^ +(\d+) +(\d+) +(\d+): ([\d ]+)$", raw, re.MULTILINE)
    places = dict(re.findall(r"^ +(\d+): 0x0 M=1 (.*) s=\d+", raw, re.MULTILINE))
    found = Counter((*map(int, row[:3]), tuple(places[number] for number in reversed(row[3].split()))) for row in rows)
    expected = Counter(
        (*sample.values, tuple(f"{f.name} {f.file}:{f.line}" for f in sample.stack)) for sample in plain(PROFILE)
    )
    assert found == expected


def test_threads_can_be_asked_for(go):
    found = top(go(PROFILE, "-top", "-tagfocus=thread=pool", "-nodefraction=0"))
    assert found == {"Class.method (x)": ("5ms", "5ms")}
    traces = go(PROFILE, "-traces").decode()
    assert re.search(r"thread: +pool\n(?:.*\n){1,5} +5ms +Class.method \(x\)", traces)


def test_what_it_writes_itself_is_the_same_profile(go):
    """Its own encoder orders fields otherwise, and writes repeated numbers in its own way."""
    found = pprof.loads(go(PROFILE, "-proto"))
    assert sorted(plain(found)) == sorted(plain(PROFILE))
    for fact in ("threads", "value_types", "started_at", "duration", "attributes", "sources"):
        assert getattr(found, fact) == getattr(PROFILE, fact)


def test_two_processes_merged_by_it(go, tmp_path):
    other = profile_of(
        "cpu:ns wall:ns samples:count\n@MainThread\nt=5 1000 1000 1 In[5]|<module>:1", attributes={"pid": 1}
    )
    file = tmp_path / "other.pb.gz"
    file.write_bytes(pprof.dumps(other))
    found = pprof.loads(go(PROFILE, "-proto", str(file)))
    assert int(found.samples.values[:, 0].sum()) == 10_000_000 + 1000
    assert "pid" not in found.attributes
