"""A recording that is begun on another thread than the one it is about, as by a button while a cell runs."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from openprofiling_ipy.profilers.base import Scope
from openprofiling_ipy.profilers.cpu import CpuProfiler
from openprofiling_ipy.profilers.wall import WallProfiler
from tests.profilers.reading import everything, lane_of, total
from tests.profilers.work import burn


def elsewhere(function: Any) -> Any:
    """Call a function on another thread, which is gone then."""
    given: list[Any] = []
    thread = threading.Thread(target=lambda: given.append(function()), name="clicker")
    thread.start()
    thread.join()
    return given[0]


def test_it_is_about_the_thread_that_is_named() -> None:
    recording = elsewhere(CpuProfiler(rate=200, scope=Scope(home=threading.get_ident())).start)
    burn(0.3)
    profile = elsewhere(recording.stop)
    assert profile.threads[0].name == threading.current_thread().name
    assert profile.threads[0].home
    assert "clicker" not in {lane.name for lane in profile.threads if lane.home}
    assert total(profile, "burn", lane=profile.threads[0].name) > 0.5 * everything(profile)


async def fetch() -> None:
    await asyncio.sleep(0.4)


def test_tasks_of_the_named_threads_loop_are_its_own() -> None:
    async def main() -> Any:
        loop = asyncio.get_running_loop()
        profiler = WallProfiler(rate=100, scope=Scope(home=threading.get_ident()))
        recording = await loop.run_in_executor(None, profiler.start)
        await asyncio.gather(fetch(), fetch())
        return recording.stop()

    profile = asyncio.run(main())
    assert lane_of(profile, "fetch").home
    assert everything(profile, "wall", lane="fetch") > 0.4e9


def test_tasks_that_were_there_before_the_click_belong_to_it() -> None:
    async def main() -> Any:
        older = [asyncio.create_task(fetch()) for _ in range(2)]
        await asyncio.sleep(0.01)
        profiler = WallProfiler(rate=100, scope=Scope(home=threading.get_ident()))
        recording = await asyncio.get_running_loop().run_in_executor(None, profiler.start)
        await asyncio.gather(*older)
        return recording.stop()

    profile = asyncio.run(main())
    assert everything(profile, "wall", lane="fetch") > 0.2e9
