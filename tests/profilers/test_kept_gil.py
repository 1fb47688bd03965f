"""Cells that keep the GIL to their end, on paper: their time is theirs, although nobody could look."""

from __future__ import annotations

from openprofiling_ipy.profilers.sampling.trie import UNKNOWN
from tests.profilers.fakes import HOME, MS, SAMPLER, FakeProcess, Looks


def late(looks: Looks, **cpu: int) -> None:
    """Let 300 ms pass before a look."""
    looks.process.pass_time(300 * MS, **cpu)
    looks.sampler.look(SAMPLER)


def placed(looks: Looks) -> list[tuple[str, int, int]]:
    """The function, byte offset and CPU time of every sample that has a stack."""
    copied, trie = looks.sampler.finish(looks.process.time), looks.sampler.trie
    return [
        (trie.codes[n].co_name, trie.offsets[n], cpu) for n, cpu in zip(copied.node, copied.cpu, strict=True) if n >= 0
    ]


def test_a_cell_that_keeps_the_gil_to_its_end_has_its_time() -> None:
    process = FakeProcess()
    process.threads[HOME].stack = "kernel /kernel/cell.py|cell begin"
    looks = Looks(process, is_cell=lambda file: file == "/kernel/cell.py")
    process.threads[HOME].stack = "kernel"
    late(looks, t1=290 * MS)
    looks.slice(t1=5 * MS)  # the kernel's own
    assert placed(looks) == [("cell", UNKNOWN, 290 * MS)]


def test_what_a_cell_used_with_the_gil_after_it_was_last_seen_is_its_own() -> None:
    process = FakeProcess()
    looks = Looks(process, is_cell=lambda file: file == "/kernel/cell.py")
    process.threads[HOME].stack = "kernel /kernel/cell.py|cell work"
    looks.slice(t1=10 * MS)
    process.threads[HOME].stack = "kernel"
    late(looks, t1=290 * MS)
    assert placed(looks) == [("work", 0, 10 * MS), ("work", 0, 290 * MS)]


def test_a_cell_that_nobody_could_look_at_has_its_time() -> None:
    process = FakeProcess()
    process.threads[HOME].stack = "kernel /kernel/cell.py|<module> begin"
    looks = Looks(process, is_cell=lambda file: file == "/kernel/cell.py")
    process.pass_time(300 * MS, t1=290 * MS)
    copied = looks.sampler.finish(process.time)
    assert (list(copied.cpu), list(copied.wall), list(copied.count)) == ([290 * MS], [300 * MS], [1])


def test_a_kernel_that_is_seen_between_two_statements_still_runs_the_cell() -> None:
    process = FakeProcess()
    process.threads[HOME].stack = "kernel main run statements code /kernel/cell.py|<module> begin"
    looks = Looks(process, is_cell=lambda file: file == "/kernel/cell.py")
    process.threads[HOME].stack = "kernel main run statements code"
    late(looks, t1=290 * MS)
    process.threads[HOME].stack = "kernel main run statements"
    late(looks, t1=280 * MS)
    # It is over, which nobody sees.
    process.pass_time(300 * MS, t1=270 * MS)
    assert placed(looks) == [
        ("<module>", UNKNOWN, 290 * MS),
        ("<module>", UNKNOWN, 280 * MS),
        ("<module>", UNKNOWN, 270 * MS),
    ]
    copied = looks.sampler.finish(process.time)
    assert sum(copied.wall) == 900 * MS


def test_what_the_kernel_does_behind_the_cell_is_not_the_cells() -> None:
    process = FakeProcess()
    process.threads[HOME].stack = "kernel main run statements code /kernel/cell.py|<module> begin"
    looks = Looks(process, is_cell=lambda file: file == "/kernel/cell.py")
    process.threads[HOME].stack = "kernel main draw"
    late(looks, t1=290 * MS)
    late(looks, t1=280 * MS)
    process.pass_time(300 * MS, t1=270 * MS)
    assert placed(looks) == [("<module>", UNKNOWN, 290 * MS)]
