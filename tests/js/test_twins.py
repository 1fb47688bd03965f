"""
The picture's JS against the Python it must agree with: numbers, weights, layouts, labels and the bytes of exports.

Python makes random profiles and writes their columns; `twin.js` reads them and answers with what it makes of them.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from openprofiling_ipy.analysis.layout import left_heavy, time_order
from openprofiling_ipy.analysis.lines import line_weights
from openprofiling_ipy.analysis.places import label, places
from openprofiling_ipy.analysis.sandwich import callees, callers
from openprofiling_ipy.analysis.transforms import by_function, collapse_recursion, fold_packages
from openprofiling_ipy.analysis.weights import default_lanes, document_total, function_weights
from openprofiling_ipy.formats import columns, folded, speedscope
from openprofiling_ipy.model import Profile, ProfileBuilder, Thread, ValueType
from openprofiling_ipy.model.units import format_percent, format_value

if TYPE_CHECKING:
    from openprofiling_ipy.analysis.layout import Boxes

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs node")

FILES = (
    "In[5]",
    "src/train.py",
    "site-packages/pandas/core/frame.py",
    "site-packages/pandas/io.py",
    "python3.11/json/decoder.py",
    "python3.11/re.py",
    "<frozen importlib._bootstrap>",
    "<string>",
    "<attrs generated init x.Y>",
    "<folded>",
    "",
    "odd;name.py:7",
)
NAMES = (
    "<cell>", "train", "merge", "fit (fast)", "</script><img>", "[no stack]", "# not a comment", "a;b%3B", "ﬀ", "\U0001d4bb", "zß",
    "line\u2028end", "half \udc80", "", 'q"\\\n',
)  # fmt: skip


def _profile(seed: int) -> Profile:
    rng = random.Random(seed)
    timed = seed % 3 != 2
    kinds = [("cpu", "ns"), ("wall", "ns"), ("samples", "count")] if seed % 4 else [("samples", "count")]
    builder = ProfileBuilder([ValueType(*pair) for pair in kinds])  # type: ignore[arg-type]
    lanes = [builder.thread(Thread("MainThread"))]
    if seed % 2:
        lanes.append(builder.thread(Thread("worker; \U0001d4bb", home=False)))
        lanes.append(builder.thread(Thread("fetch", "task")))
    functions = [builder.function(rng.choice(NAMES), rng.choice(FILES), rng.randrange(4)) for _ in range(10)]
    stack: list[int] = []
    clock = 0
    for _ in range(rng.randrange(80)):
        del stack[rng.randrange(len(stack) + 1) :]
        stack += [
            builder.frame(rng.choice(functions), rng.randrange(3), rng.choice(("", "", "f(x)")))
            for _ in range(rng.randrange(4))
        ]
        clock += rng.randrange(5)
        values = [rng.randrange(4) for _ in kinds]
        builder.sample(builder.stack(stack), rng.choice(lanes), values, clock if timed else None)
    facts = {"kind": kinds[0][0], "label": rng.choice(NAMES), "rate": 99.5, "number": seed, "slowed": bool(seed % 2)}
    sources = {"In[5]": "df = load()\n'ä' # </script>"}
    return builder.build(started_at=1795400000000000001, duration=clock, attributes=facts, sources=sources)


PROFILES = [_profile(seed) for seed in range(60)]


def _numbers() -> list[tuple[float, str]]:
    rng = random.Random(1)
    found: list[tuple[float, str]] = []
    for unit in ("ns", "bytes", "count"):
        for power in range(15):
            base = 10**power
            found += [(base + step, unit) for step in (-1, 0, 1)]
            found += [(rng.randrange(10 * base), unit) for _ in range(20)]
            # Halves of the last digit shown are where roundings differ.
            found += [(rng.randrange(2000) * base * factor, unit) for factor in (0.5, 0.125, 0.25) for _ in range(10)]
            found += [(-rng.random() * base, unit)]
        found += [(1024**power * rng.randrange(1, 8192) / 8, unit) for power in range(5) for _ in range(40)]
    return found


VALUES = _numbers()
SHARES = [n / 1600 for n in range(1700)] + [random.Random(2).random() for _ in range(500)] + [1e-5, 0.0009995, 0.9995]


def _view(profile: Profile) -> dict[str, Any]:
    found = places(profile)
    numbers = {file: number for number, file in enumerate(found)}
    ids = set(profile.functions.file.tolist())
    return {
        "places": [asdict(place) for place in found.values()],
        "file_place": {str(file): numbers[profile.strings[file]] for file in ids},
    }


@pytest.fixture(scope="module")
def answer() -> Any:
    assert NODE
    question = {
        "profiles": [{"columns": columns.encode(profile), "view": _view(profile)} for profile in PROFILES],
        "values": VALUES,
        "shares": SHARES,
    }
    script = Path(__file__).with_name("twin.js")
    done = subprocess.run([NODE, script], input=json.dumps(question).encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_numbers_are_written_alike(answer: Any) -> None:
    assert answer["values"] == [format_value(value, unit) for value, unit in VALUES]  # type: ignore[arg-type]
    assert answer["shares"] == [format_percent(share) for share in SHARES]


@pytest.mark.parametrize("seed", range(len(PROFILES)))
def test_exports_are_the_same_bytes_and_load_equal(answer: Any, seed: int) -> None:
    profile, twin = PROFILES[seed], answer["profiles"][seed]
    assert twin["speedscope"].encode() == speedscope.dumps(profile)
    assert speedscope.loads(twin["speedscope"].encode()) == profile
    assert twin["folded"].encode(errors="surrogatepass") == folded.dumps(profile)


def test_a_whole_rate_loads_equal(answer: Any) -> None:
    """JavaScript writes 100.0 as 100: the one byte that differs."""
    del answer
    twin = json.loads(json.dumps(columns.encode(PROFILES[1])).replace("99.5", "100"))
    wanted = json.loads(json.dumps(columns.encode(PROFILES[1])).replace("99.5", "100.0"))
    assert columns.decode(twin) == columns.decode(wanted)


@pytest.mark.parametrize("seed", range(len(PROFILES)))
def test_labels_and_weights_agree(answer: Any, seed: int) -> None:
    profile, twin = PROFILES[seed], answer["profiles"][seed]
    assert twin["labels"] == [label(profile, function) for function in range(len(profile.functions))]
    for value, found in enumerate(twin["values"]):
        assert found["lanes"] == default_lanes(profile, value).tolist()
        assert found["total"] == document_total(profile, value)
        assert found["functions"] == [column.tolist() for column in function_weights(profile, value)]
        for file, lines in found["lines"].items():
            assert lines == [column.tolist() for column in line_weights(profile, file, value)]


@pytest.mark.parametrize("seed", range(len(PROFILES)))
def test_callers_and_callees_agree(answer: Any, seed: int) -> None:
    profile = PROFILES[seed]
    for value, found in enumerate(answer["profiles"][seed]["values"]):
        for function in range(len(profile.functions)):
            for name, ask in (("callers", callers), ("callees", callees)):
                ids, _, total = ask(profile, function, value)
                wanted = [list(pair) for pair in zip(ids.tolist(), total.tolist(), strict=True)]
                assert found[name][function] == wanted, (name, function)


def _rows(profile: Profile, boxes: Boxes) -> list[list[int]]:
    functions = profile.frames.function[profile.stacks.frame[boxes.stack]]
    return np.column_stack([boxes.depth, functions, boxes.x0, boxes.x1]).tolist()


@pytest.mark.parametrize("seed", range(len(PROFILES)))
def test_layouts_agree(answer: Any, seed: int) -> None:
    profile = PROFILES[seed]
    plain = by_function(profile)
    shapes = {
        "boxes": plain,
        "collapsed": by_function(collapse_recursion(profile)),
        "mine": by_function(fold_packages(profile)),
    }
    for value, found in enumerate(answer["profiles"][seed]["values"]):
        for name, shape in shapes.items():
            assert found[name] == _rows(shape, left_heavy(shape, value)), name
        for lane in range(len(profile.threads)):
            assert found["time"][lane] == _rows(plain, time_order(plain, lane, value))
