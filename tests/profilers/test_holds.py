"""Long C calls that keep the GIL among threads that compete for it: what they used is theirs, seen or missed."""

from __future__ import annotations

import pytest

from tests.profilers.fakes import HOME, MS, SAMPLER, FakeProcess, Looks
from tests.profilers.reading import rows

OTHER = 2
CALL = 30 * MS
ROUNDS = 40


def recorded(*stacks_behind: str, competes: bool = True, calls: int = ROUNDS) -> tuple[dict[str, int], int]:
    """
    CPU time by function of the main thread, and all of it, of a program that makes a long call every fifth look.

    `stacks_behind` are, in turns, what the main thread does when the sampler comes by after a call. Another thread
    takes turns of 5 ms with it, if it `competes`.
    """
    process = FakeProcess()
    process.start(OTHER, "other", "run spin")
    looks = Looks(process, limit=10_000)
    main = process.threads[HOME]
    turn = 5 * MS if competes else 0

    def look(stack: str, elapsed: int, **cpu: int) -> None:
        main.stack = stack
        process.pass_time(elapsed, **cpu)
        looks.sampler.look(SAMPLER)

    for number in range(calls):
        for usual in range(4):
            look(f"main f{usual}", 10 * MS, t1=5 * MS, t2=turn)
        behind = stacks_behind[number % len(stacks_behind)]
        look(f"main {behind}", CALL + 10 * MS, t1=CALL + 5 * MS, t2=turn)
    used: dict[str, int] = {}
    for row in rows(looks.document(to_the_end=False)):
        if row.names[:1] == ("main",):
            used[row.names[-1]] = used.get(row.names[-1], 0) + row.cpu
    return used, main.cpu


def test_a_call_that_is_hit_has_its_time():
    used, whole = recorded("call")
    assert sum(used.values()) == whole
    assert used["call"] == pytest.approx(ROUNDS * CALL, rel=0.05)


def test_calls_that_are_missed_are_found():
    # Half of the time the main thread has gone on, each function as often as it usually is there.
    used, whole = recorded("call", "f0", "call", "f1", "call", "f2", "call", "f3")
    assert sum(used.values()) == whole
    assert used["call"] == pytest.approx(ROUNDS * CALL, rel=0.1)
    # Where they were seen instead has no more than the others; the turn around a call goes to whoever comes next, f0.
    assert used["f1"] == pytest.approx(used["f3"], rel=0.05)
    assert used["f1"] == pytest.approx(ROUNDS * 5 * MS, rel=0.1)


def test_two_calls_share_what_was_missed_as_they_were_hit():
    used, _ = recorded("json", "json", "json", "f0", "pow", "f1", "f2", "f3")
    assert used["json"] == pytest.approx(3 * used["pow"], rel=0.1)
    assert used["json"] + used["pow"] == pytest.approx(ROUNDS * CALL, rel=0.12)


def test_where_no_call_was_hit_nothing_is_moved():
    used, whole = recorded("f0", "f1", "f2", "f3")
    assert sum(used.values()) == whole
    assert [used[f"f{n}"] for n in (1, 2, 3)] == pytest.approx([ROUNDS * (CALL / 4 + 5 * MS)] * 3, rel=0.05)


def test_a_function_that_also_computes_keeps_what_is_its_own():
    # f0 makes the calls itself, and is seen behind every one.
    used, whole = recorded("f0")
    assert sum(used.values()) == whole
    assert used["f0"] >= ROUNDS * (CALL + 5 * MS)


def test_a_thread_alone_is_weighed_as_ever():
    used, whole = recorded("call", "f0", competes=False)
    assert sum(used.values()) == whole
    # Nobody took the GIL from it: where it is seen is where it is.
    assert used["call"] < 0.7 * ROUNDS * CALL
