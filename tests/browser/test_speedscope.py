"""speedscope itself opens what we write, and its table says what ours says."""

from __future__ import annotations

import functools
import http.server
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from openprofiling_ipy.analysis.weights import function_weights
from openprofiling_ipy.formats import cpuprofile, folded, registry, speedscope
from openprofiling_ipy.formats.base import Format
from openprofiling_ipy.model import Profile, ProfileBuilder, Thread, ValueType
from tests.formats.examples import EXAMPLE

_UNITS = {"ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9}


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    """speedscope out of its npm package, on a loopback port."""
    folder = root / "node_modules" / "speedscope" / "dist" / "release"
    if not (folder / "index.html").exists():
        pytest.fail(f"{folder} is missing: run `npm ci`")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def opened(address: str, open_page: Callable[..., Page], tmp_path: Path) -> Callable[[Format, bytes], Page]:
    """Open a file in speedscope's sandwich view."""

    def open_file(fmt: Format, data: bytes) -> Page:
        file = tmp_path / f"run{fmt.suffixes[0]}"
        file.write_bytes(data)
        page = open_page(address)
        page.locator("input[type=file]").set_input_files(file)
        # Drawing by software on a busy machine takes its time.
        page.get_by_text("Sandwich").wait_for(timeout=60_000)
        page.keyboard.press("3")
        page.get_by_text("Symbol Name").wait_for(timeout=60_000)
        return page

    return open_file


def functions(page: Page) -> dict[str, tuple[str, str]]:
    """Self and total of each function as they stand in the table."""
    found = {}
    for cells in page.eval_on_selector_all("tr", "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"):
        if len(cells) == 3 and cells[0].endswith("%)"):
            total, own, name = (cell.strip() for cell in cells)
            found[name] = (own.partition(" ")[0], total.partition(" ")[0])
    return found


def in_ns(text: str) -> tuple[float, float]:
    """A time as speedscope writes it, and what its last digit leaves open: "17.00ms" is (17e6, 5e3)."""
    match = re.fullmatch(r"([\d.]+)(ns|µs|ms|s)", text)
    assert match, text
    return float(match[1]) * _UNITS[match[2]], 0.00501 * _UNITS[match[2]]


def ours(profile: Profile, lane: int | None) -> dict[int, tuple[int, int]]:
    """Self and total of each function that has any, of one lane or of all."""
    lanes = np.ones(len(profile.threads), dtype=np.bool_) if lane is None else np.arange(len(profile.threads)) == lane
    own, total = function_weights(profile, 0, lanes)
    return {f: (int(own[f]), int(total[f])) for f in range(len(own)) if total[f] > 0}


def by_name(profile: Profile, weights: dict[int, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    return {profile.function_name(function): pair for function, pair in weights.items()}


def lively() -> Profile:
    """Some 3,000 samples in two lanes: recursion, many functions, many lines."""
    dice = random.Random(7)
    builder = ProfileBuilder([ValueType("cpu", "ns"), ValueType("wall", "ns")])
    made = [builder.function(f"module.function_{i}", f"/src/m{i % 5}.py", i + 1) for i in range(40)]
    lanes = [builder.thread(Thread("MainThread")), builder.thread(Thread("worker"))]
    for tick in range(3000):
        depth = dice.randrange(1, 25)
        stack = builder.stack(builder.frame(made[dice.randrange(40)], dice.randrange(1, 90)) for _ in range(depth))
        cpu = dice.randrange(10_000_000)
        builder.sample(stack, lanes[tick % 3 == 0], (cpu, 10_000_000), tick * 10_000_000)
    return builder.build(duration=30_000_000_000, attributes={"kind": "cpu", "label": "In[5]"})


@pytest.mark.parametrize("profile", [EXAMPLE, lively()], ids=["example", "lively"])
@pytest.mark.parametrize("fmt", [speedscope, cpuprofile], ids=lambda fmt: fmt.name)
def test_times_are_ours(opened, profile, fmt):
    page = opened(fmt, fmt.dumps(profile))
    expected = by_name(profile, ours(profile, cpuprofile.busiest(profile, 0)))
    found = functions(page)
    assert found.keys() == expected.keys()
    rounding = 1000 * len(profile.samples) if fmt is cpuprofile else 0
    for name, pair in expected.items():
        for text, weight in zip(found[name], pair, strict=True):
            value, blur = in_ns(text)
            assert abs(value - weight) <= blur + rounding, name


def test_every_lane_has_its_weight(opened):
    """In the list of profiles that opens by itself where there are several."""
    profile = lively()
    page = opened(speedscope, speedscope.dumps(profile))
    rows = page.eval_on_selector_all("tr", "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))")
    listed = {cells[1]: cells[2] for cells in rows if len(cells) == 3 and cells[0].isdigit()}
    assert set(listed) == {"MainThread", "worker"}
    for lane, thread in enumerate(profile.threads):
        value, blur = in_ns(listed[thread.name])
        assert abs(value - int(profile.samples.values[profile.samples.thread == lane, 0].sum())) <= blur


@pytest.mark.parametrize("profile", [EXAMPLE, lively()], ids=["example", "lively"])
def test_folded_counts_are_ours_to_the_last_digit(opened, profile):
    page = opened(folded, folded.dumps(profile))
    expected = Counter()
    for function, pair in ours(profile, None).items():
        expected[folded._word(profile, function)] = pair
    found = {name: (_whole(own), _whole(total)) for name, (own, total) in functions(page).items()}
    lanes = {name for name in found if re.match(r"\[(other )?(thread|task|native|no stack)", name)}
    assert {name: pair for name, pair in found.items() if name not in lanes} == expected
    assert sum(own for own, _ in found.values()) == int(profile.samples.values[:, 0].sum())


def _whole(text: str) -> int:
    return int(text.replace(",", ""))


def test_what_speedscope_saves_is_read_by_us(opened, tmp_path):
    """Its own export is the evented form; without our member it still holds every weight."""
    profile = lively()
    page = opened(speedscope, speedscope.dumps(profile))
    with page.expect_download() as waiting:
        page.keyboard.press("Control+s")
    saved = tmp_path / "saved"
    waiting.value.save_as(saved)
    again = registry.load(saved)
    assert by_name(again, ours(again, None)) == by_name(profile, ours(profile, None))


def test_the_picture_is_worth_a_look(opened, shots):
    page = opened(speedscope, speedscope.dumps(EXAMPLE))
    page.keyboard.press("2")
    page.wait_for_timeout(300)
    shots(page, "speedscope")
