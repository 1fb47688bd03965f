"""A recording from its start to its end: asked while it runs, stopped, repeated, forked, broken."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from pathlib import Path

import pytest

from openprofiling_ipy.model.attributes import A
from openprofiling_ipy.profilers.base import Recording, Scope
from openprofiling_ipy.profilers.cpu import CpuProfiler
from openprofiling_ipy.profilers.sampling.process import LiveProcess
from openprofiling_ipy.profilers.sampling.recording import Sampling
from openprofiling_ipy.profilers.wall import WallProfiler
from tests.profilers.reading import everything, lane_of, rows, total
from tests.profilers.work import burn, until


def samplers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "openprofiling-sampler"]


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_peek_is_a_whole_profile_and_the_recording_goes_on() -> None:
    recording = CpuProfiler(rate=200).start()
    burn(0.15)
    first = recording.peek()
    burn(0.15)
    second = recording.peek()
    burn(0.15)
    last = recording.stop()
    for shorter, longer in ((first, second), (second, last)):
        assert shorter.duration < longer.duration
        assert everything(shorter) < everything(longer)
        assert everything(shorter, "samples") < everything(longer, "samples")
        assert total(shorter, "burn") > 0.7 * everything(shorter)
    assert first.started_at == last.started_at
    assert recording.peek() is last


def test_peek_from_another_thread_while_stacks_change_is_consistent() -> None:
    recording = CpuProfiler(rate=1000).start()
    found = []

    def look() -> None:
        found.extend(recording.peek() for _ in range(15))

    thread = threading.Thread(target=look)
    thread.start()
    while thread.is_alive():
        exec(compile("def f(): return sum(range(2000))\nf()", "<new>", "exec"), {})
    thread.join()
    recording.stop()
    # A Profile checks itself when it is made, so being there is half of the proof.
    assert [profile.duration for profile in found] == sorted(profile.duration for profile in found)
    assert all(everything(profile, "wall", lane="MainThread") <= 1.01 * profile.duration for profile in found)


def test_stop_again_gives_the_same_document() -> None:
    recording = CpuProfiler().start()
    burn(0.05)
    profile = recording.stop()
    assert recording.stop() is profile
    assert recording.status().elapsed == pytest.approx(profile.duration, rel=0.01)


def test_stop_from_several_threads_at_once_gives_one_document() -> None:
    recording = CpuProfiler().start()
    burn(0.05)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(recording.stop())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 5
    assert len(set(map(id, found))) == 1


def test_stop_does_not_wait_for_the_next_look() -> None:
    recording = WallProfiler(rate=0.1).start()
    begin = time.monotonic()
    profile = recording.stop()
    assert time.monotonic() - begin < 3  # a look comes every ten seconds
    assert profile.duration > 0


def test_a_recording_too_short_for_a_look_is_a_profile_too() -> None:
    profile = CpuProfiler(rate=0.1).start().stop()
    assert profile.attributes[A.TICKS] == 0
    assert profile.value_kinds == ("cpu", "wall", "samples")


def test_the_elapsed_time_of_the_home_thread_is_that_of_the_recording() -> None:
    recording = WallProfiler().start()
    burn(0.1)
    time.sleep(0.2)
    profile = recording.stop()
    assert 0.9 < everything(profile, "wall", lane="MainThread") / profile.duration <= 1.001
    assert total(profile, "burn", "wall") / profile.duration > 0.15


def test_status_counts() -> None:
    recording = CpuProfiler(rate=200).start()
    burn(0.1)
    status = recording.status()
    burn(0.1)
    later = recording.status()
    recording.stop()
    assert status.asked_rate == 200
    assert 0 < status.rate < 400
    assert later.elapsed > status.elapsed
    assert later.samples > status.samples
    assert later.own_cpu >= status.own_cpu > 0


def test_a_hundred_recordings_leave_nothing_behind() -> None:
    CpuProfiler().start().stop()
    gc.collect()
    threads, open_files, interval = threading.active_count(), descriptors(), sys.getswitchinterval()
    for number in range(100):
        profiler = CpuProfiler if number % 2 else WallProfiler
        profiler(rate=1000).start().stop()
    assert threading.active_count() == threads
    assert descriptors() <= open_files + 1
    assert sys.getswitchinterval() == pytest.approx(interval)
    assert samplers() == []


def test_a_stopped_recording_is_freed() -> None:
    recording: Recording | None = CpuProfiler().start()
    assert recording is not None
    recording.stop()
    gone = weakref.ref(recording)
    recording = None
    gc.collect()
    assert gone() is None


def test_objects_of_the_program_live_no_longer_than_without_it() -> None:
    class Big:
        pass

    def work() -> weakref.ref[Big]:
        big = Big()
        burn(0.1)
        return weakref.ref(big)

    recording = CpuProfiler(rate=500).start()
    reference = work()
    # A look that is under way may hold the frame a moment longer.
    freed = until(lambda: reference() is None, 2)
    profile = recording.stop()
    assert freed
    assert total(profile, "work") > 0


class Breaks(LiveProcess):
    """Fails after some looks."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def frames(self):  # type: ignore[override]
        self.looks += 1
        if self.looks > 20:
            raise MemoryError("no more frames")
        return sys._current_frames()


def test_an_error_in_the_sampler_ends_it_with_what_there_is_and_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    recording = Sampling("cpu", 200, Scope(), process=Breaks()).start()
    burn(0.3)
    assert until(lambda: samplers() == [])
    interval = sys.getswitchinterval()
    profile = recording.stop()
    assert profile.attributes[A.SAMPLER_ERROR] == "MemoryError: no more frames"
    assert 0 < profile.attributes[A.TICKS] < 25
    assert total(profile, "burn") > 0
    assert profile.duration <= recording.status().elapsed
    assert sys.getswitchinterval() == interval == pytest.approx(0.005)
    assert capfd.readouterr().err == ""


def test_sources_that_fail_end_the_sampler_and_not_the_program() -> None:
    class Broken:
        def label(self, filename: str) -> str | None:
            raise KeyError(filename)

        def text(self, filename: str) -> str | None:
            raise KeyError(filename)

    recording = CpuProfiler(rate=500, scope=Scope(sources=Broken())).start()
    assert until(lambda: samplers() == [])
    assert "KeyError" in str(recording.stop().attributes[A.SAMPLER_ERROR])


class WithoutClocks(LiveProcess):
    def __init__(self) -> None:
        super().__init__()
        self.thread_clocks = False
        self.thread_cpu = self._none

    def _none(self, _clock: int) -> int:
        raise OSError(22, "Invalid argument")


def test_without_clocks_of_threads_cpu_is_an_estimate_and_called_one() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, args=(30,), name="sleeper")
    recording = Sampling("cpu", 200, Scope(), process=WithoutClocks()).start()
    thread.start()
    burn(0.3)
    profile = recording.stop()
    stop.set()
    thread.join()
    assert "estimated" in str(profile.attributes[A.ENGINE])
    assert total(profile, "burn") > 0.4 * everything(profile)
    assert everything(profile) == pytest.approx(int(profile.attributes[A.CPU_TIME]), rel=0.25)


def test_the_switch_interval_of_the_program_is_left_as_it_sets_it() -> None:
    usual = sys.getswitchinterval()
    recording = CpuProfiler(rate=500).start()
    try:
        burn(0.05)
        sys.setswitchinterval(0.002)
        burn(0.1)
        recording.stop()
        assert sys.getswitchinterval() == pytest.approx(0.002)
    finally:
        sys.setswitchinterval(usual)


def test_lanes_and_rows_fit_each_other() -> None:
    recording = CpuProfiler(rate=200).start()
    burn(0.1)
    profile = recording.stop()
    assert lane_of(profile, "MainThread").kind == "thread"
    times = [] if profile.samples.time is None else profile.samples.time.tolist()
    assert len(times) == len(rows(profile))
    assert all(0 <= moment <= profile.duration for moment in times)


def test_what_happens_behind_the_end_is_not_recorded() -> None:
    recording = CpuProfiler(rate=200).start()
    burn(0.05)
    recording._halt()  # what stop does first; importing what makes documents took as long as a short cell
    core_wait = recording._core_wait.result()
    burn(0.3)
    document = recording.stop()
    assert everything(document, lane="MainThread") < document.duration + 5_000_000
    assert document.attributes.get(A.CORE_WAIT, 0) == core_wait


def test_what_the_sampler_used_while_it_could_not_look_is_its_own() -> None:
    recording = CpuProfiler(rate=100).start()
    burn(0.02)
    held = pow(7, 3_000_000)  # keeps the GIL, and waiting for it costs CPU
    document = recording.stop()
    assert held
    used, seen = document.attributes[A.CPU_TIME], everything(document)
    assert used - seen < 0.1 * seen + 20_000_000, (used, seen)
