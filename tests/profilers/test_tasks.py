"""asyncio: what tasks wait in, not that their loop polls."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import openprofiling_ipy as op
from openprofiling_ipy.model import Profile
from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.profilers.base import Scope
from openprofiling_ipy.profilers.wall import WallProfiler
from tests.profilers.reading import everything, lane_of, rows, total
from tests.profilers.work import burn

NAP = 0.4


def record(main: Callable[[], Coroutine[Any, Any, Any]], *, rate: float = 100) -> Profile:
    """Record a coroutine from within its loop, as a cell with a top-level `await` is."""

    async def cell() -> Profile:
        recording = WallProfiler(rate=rate).start()
        try:
            await main()
        finally:
            profile = recording.stop()
        return profile

    return asyncio.run(cell())


def waits(profile: Profile) -> dict[str, int]:
    """The wall time (ns) by the innermost frame, asyncio's own left out."""
    found: dict[str, int] = {}
    for row in rows(profile):
        name = next(
            (n for n, file in reversed(list(zip(row.names, row.files, strict=True))) if "asyncio" not in file), "-"
        )
        found[name] = found.get(name, 0) + row.wall
    return found


async def fetch() -> None:
    await asyncio.sleep(NAP)


async def gather_many(count: int = 50) -> None:
    await asyncio.gather(*(fetch() for _ in range(count)))


def test_fifty_sleeps_at_once_are_fifty_waits_in_fetch() -> None:
    profile = record(gather_many)
    assert lane_of(profile, "fetch").kind == "task"
    assert lane_of(profile, "fetch").home
    waited = everything(profile, "wall", lane="fetch")
    assert 0.6 * 50 < waited / (NAP * 1e9) < 1.4 * 50 * max(1, profile.duration / 1e9 / NAP)
    assert total(profile, "fetch", "wall", lane="fetch") == waited
    assert profile.attributes[A.TASKS_OVERLAP] is True
    assert not any("select" in row.names for row in rows(profile) if row.lane.kind == "task")
    # The home thread too waits in the chain of its task, not in its loop.
    home = [row for row in rows(profile) if row.lane.name == "MainThread"]
    selects = sum(row.wall for row in home if row.names[-1:] == ("select",))
    assert selects < 0.3 * sum(row.wall for row in home)


def test_the_home_task_shows_its_whole_chain_of_awaits() -> None:
    async def inner() -> None:
        await asyncio.sleep(NAP)

    async def middle() -> None:
        await inner()

    async def outer() -> None:
        await middle()

    profile = record(outer)
    row = max((row for row in rows(profile) if row.lane.name == "MainThread"), key=lambda row: row.wall)
    names = [name for name in row.names if name in ("cell", "outer", "middle", "inner", "sleep")]
    assert names == ["cell", "outer", "middle", "inner", "sleep"]
    assert A.TASKS_OVERLAP not in profile.attributes


def test_the_chain_goes_through_a_task_that_is_awaited() -> None:
    async def main() -> None:
        await asyncio.create_task(fetch())

    profile = record(main)
    home = max((row for row in rows(profile) if row.lane.name == "MainThread"), key=lambda row: row.wall)
    assert [name for name in home.names if name in ("cell", "main", "fetch")] == ["cell", "main", "fetch"]


def test_async_generators_and_context_managers_are_links_of_the_chain() -> None:
    async def numbers() -> AsyncIterator[int]:
        await asyncio.sleep(NAP)
        yield 1

    async def main() -> None:
        async for _ in numbers():
            pass

    profile = record(main)
    # A test runner may have threads of its own.
    assert waits(profile).get("numbers", 0) > 0.6 * everything(profile, "wall", lane="MainThread")
    row = max((row for row in rows(profile) if row.lane.name == "MainThread"), key=lambda row: row.wall)
    assert [name for name in row.names if name in ("cell", "main", "numbers")] == ["cell", "main", "numbers"]


def test_tasks_with_names_of_their_own_have_lanes_of_their_own() -> None:
    async def main() -> None:
        await asyncio.gather(
            asyncio.create_task(fetch(), name="download"),
            asyncio.create_task(fetch(), name="upload"),
            fetch(),
        )

    profile = record(main)
    tasks = {lane.name for lane in profile.threads if lane.kind == "task"}
    assert tasks == {"download", "upload", "fetch"}
    for name in tasks:
        assert 0.6 < everything(profile, "wall", lane=name) / (NAP * 1e9) < 1.4 * profile.duration / 1e9 / NAP


def test_tasks_older_than_the_recording_are_left_out_and_counted() -> None:
    async def server() -> None:
        await asyncio.sleep(30)

    async def main() -> Profile:
        older = [asyncio.create_task(server()) for _ in range(3)]
        await asyncio.sleep(0)
        recording = WallProfiler().start()
        await asyncio.gather(fetch(), fetch())
        profile = recording.stop()
        for task in older:
            task.cancel()
        return profile

    profile = asyncio.run(main())
    assert profile.attributes[A.TASKS_LEFT_OUT] == 3
    assert not any("server" in row.names for row in rows(profile))
    assert total(profile, "fetch", "wall") > 0


def test_a_kernels_own_tasks_are_not_counted() -> None:
    async def dispatch() -> None:
        await asyncio.sleep(30)

    async def main() -> Profile:
        older = asyncio.create_task(dispatch())
        await asyncio.sleep(0)
        recording = WallProfiler(scope=Scope(hidden_files=(__file__,))).start()
        await asyncio.sleep(NAP)
        profile = recording.stop()
        older.cancel()
        return profile

    assert A.TASKS_LEFT_OUT not in asyncio.run(main()).attributes


KERNEL = "/site/ipykernel/"
CELL = "/kernel/ipykernel_1/4711.py"


class Cells:
    def label(self, filename: str) -> str | None:
        return "In[5]" if filename == CELL else None

    def text(self, filename: str) -> str | None:
        return "" if filename == CELL else None


def in_a_kernel(cell: str, **names: Any) -> Profile:
    """Record a cell that a kernel runs on its loop: the kernel's first task awaits a second one, which runs the cell."""
    kernel = """
async def run_cell():
    await cell()

async def dispatch():
    start()
    await asyncio.create_task(run_cell())

def serve():
    asyncio.run(dispatch())
"""
    recordings = []

    def start() -> None:
        scope = Scope(sources=Cells(), hidden_files=(KERNEL,), kernel_files=(KERNEL,))
        recordings.append(WallProfiler(scope=scope).start())

    space: dict[str, Any] = {"asyncio": asyncio, "start": start, **names}
    exec(compile(f"async def cell():\n{cell}", CELL, "exec"), space)
    exec(compile(kernel, KERNEL + "app.py", "exec"), space)
    space["serve"]()
    return recordings[0].stop()


async def parse() -> None:
    burn(0.1)
    await asyncio.sleep(0.1)
    burn(0.1)


def test_tasks_of_imported_code_are_the_cells_wherever_the_kernels_loop_runs_them() -> None:
    profile = in_a_kernel("    await asyncio.gather(parse(), parse())\n", parse=parse)
    assert total(profile, "burn") > 0.8 * everything(profile) > 0
    home = {row.names[-2:] for row in rows(profile) if row.lane.name == "MainThread" and row.cpu > 0}
    assert ("parse", "burn") in home
    assert not any(file.startswith(KERNEL) or "run_forever" in row.names for row in rows(profile) for file in row.files)
    waited = in_a_kernel("    await asyncio.gather(*[fetch() for _ in range(50)])\n", fetch=fetch)
    assert total(waited, "fetch", "wall", lane="fetch") > 0.6 * 50 * NAP * 1e9


def test_a_callback_of_the_loop_is_the_cells() -> None:
    cell = """
    loop = asyncio.get_running_loop()
    loop.call_later(0.01, burn, 0.2)
    await asyncio.sleep(0.1)
"""
    profile = in_a_kernel(cell, burn=burn)
    assert total(profile, "burn") > 0.8 * everything(profile) > 0


def test_tasks_of_a_kernel_that_await_each_other_and_a_cell_wait_once() -> None:
    # Whoever runs the tests may have threads of other tests, also such that no Thread object belongs to.
    foreign = {f"thread {ident}" for ident in sys._current_frames()}
    foreign |= {thread.name for thread in threading.enumerate() if thread is not threading.main_thread()}
    profile = in_a_kernel(f"    await asyncio.sleep({NAP})\n")
    assert 0.8 < total(profile, "sleep", "wall") / (NAP * 1e9) < 1.3 * profile.duration / 1e9 / NAP
    assert {row.lane.name for row in rows(profile) if row.names} - foreign == {"MainThread"}
    assert A.TASKS_OVERLAP not in profile.attributes
    assert A.TASKS_THINNED not in profile.attributes


def test_work_between_waits_is_work_and_not_waiting() -> None:
    async def main() -> None:
        await fetch()
        burn(0.3)

    profile = record(main)
    assert total(profile, "burn") > 0.7 * everything(profile)
    assert total(profile, "fetch") < 0.2 * everything(profile)
    assert total(profile, "fetch", "wall") > 0.6 * NAP * 1e9


def test_a_loop_that_runs_inside_the_recording_shows_its_tasks() -> None:
    with op.profile("wall") as capture:
        asyncio.run(gather_many(20))
    profile = capture.document
    waited = total(profile, "fetch", "wall", lane="fetch")
    assert 0.5 * 20 < waited / (NAP * 1e9) < 1.5 * 20 * max(1, profile.duration / 1e9 / NAP)
    assert total(profile, "gather_many", "wall", lane="MainThread") > 0.5 * NAP * 1e9


def test_thousands_of_tasks_cost_no_more_than_a_few() -> None:
    count = 3000
    profile = record(lambda: gather_many(count))
    assert int(profile.attributes[A.TASKS_THINNED]) > 1
    waited = everything(profile, "wall", lane="fetch")
    assert 0.4 * count < waited / (NAP * 1e9) < 1.6 * count * max(1, profile.duration / 1e9 / NAP)
    assert int(profile.attributes[A.OWN_CPU]) < 0.5 * profile.duration


def test_a_task_that_ends_stops_waiting() -> None:
    async def main() -> None:
        await asyncio.gather(asyncio.create_task(asyncio.sleep(0.1), name="short"), fetch())

    profile = record(main)
    short_wait, long_wait = (everything(profile, "wall", lane=name) for name in ("short", "fetch"))
    assert 0 < short_wait < 0.7 * long_wait


def test_tasks_that_start_just_after_a_visit_are_not_forgotten_while_all_sleep() -> None:
    async def later() -> None:
        await asyncio.sleep(NAP)

    async def main() -> None:
        first = [asyncio.create_task(fetch(), name="first") for _ in range(60)]
        await asyncio.sleep(0.04)  # by now they have been looked at, which is not done again at once
        second = [asyncio.create_task(later(), name="second") for _ in range(20)]
        await asyncio.gather(*first, *second)

    profile = record(main)
    assert everything(profile, "wall", lane="second") / (NAP * 1e9) > 0.5 * 20
