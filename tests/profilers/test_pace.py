"""How the sampler keeps within what it may cost."""

from openprofiling_ipy.profilers.sampling.pace import Pace

MS = 1_000_000


def judged(pace: Pace, cost: int, rounds: int = 3) -> None:
    """Let looks cost so much CPU time each (ns)."""
    for number in range(1, rounds + 1):
        pace.judge(64 * number, 64 * number * cost)


def test_a_budget_is_kept_with_what_the_program_pays():
    pace = Pace(1 * MS, 0.05)
    judged(pace, 150_000)
    # 150 us of its own and 50 us of the program's are a twentieth of 4 ms.
    assert pace.period == 4 * MS
    assert pace.slowed


def test_within_its_budget_the_rate_is_the_one_asked_for():
    pace = Pace(10 * MS, 0.05)
    judged(pace, 300_000)
    assert pace.period == 10 * MS
    assert not pace.slowed


def test_without_a_budget_a_higher_rate_may_cost_more():
    pace = Pace(1 * MS)
    judged(pace, 90_000)
    assert not pace.slowed
    tight = Pace(1 * MS, 0.05)
    judged(tight, 90_000)
    assert tight.slowed


def test_when_looks_become_cheap_again_it_goes_back_to_the_rate_asked_for():
    pace = Pace(1 * MS, 0.05)
    judged(pace, 950_000)
    assert pace.period == 20 * MS
    pace.judge(64 * 4, 64 * 3 * 950_000)
    assert pace.period == 1 * MS
    assert pace.slowest == 20 * MS


def test_one_look_that_pays_for_something_else_slows_nothing() -> None:
    pace = Pace(10 * MS)
    spent = 0
    for tick in range(1, 1000):
        # The program's garbage is collected on the sampler's thread now and then.
        spent += 26 * MS if tick % 60 == 0 else MS // 5
        assert pace.judge(tick, spent) is None
    assert not pace.slowed


def test_looks_that_have_become_costly_are_taken_less_often() -> None:
    pace = Pace(10 * MS)
    spent = 0
    for tick in range(1, 1000):
        spent += 2 * MS if tick > 300 else MS // 5
        pace.judge(tick, spent)
    assert pace.slowed
    assert pace.period == 50 * MS
