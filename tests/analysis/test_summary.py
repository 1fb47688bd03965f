from __future__ import annotations

import pytest
from hypothesis import given

from openprofiling_ipy.analysis.notes import Note
from openprofiling_ipy.analysis.scale import measure, whole_percent
from openprofiling_ipy.analysis.summary import shown_value, summary
from openprofiling_ipy.model.attributes import A
from tests.pictures import profile_of
from tests.strategies import profiles

SECOND = 10**9
MS = 10**6


def busy(ticks=331, cpu=9_900_000, duration=3_420_000_000, extra="", **attributes):
    """A cpu profile that looked every 10 ms and found two calls at work."""
    picture = f"""
        cpu:ns wall:ns samples:count
        @MainThread
        {cpu * ticks * 2 // 3} {ticks * 2 // 3}0000000 {ticks * 2 // 3}  In[5]|<cell>:3 In[3]|train=12:14
        {cpu * ticks // 3}     {ticks // 3}0000000     {ticks // 3}      In[5]|<cell>:4 In[3]|load=4:5
        {extra}
    """
    facts = {A.KIND: "cpu", A.NUMBER: 3, A.LABEL: "In[5]", A.RATE: 100.0, A.TICKS: ticks, A.STATUS: "done"}
    return profile_of(picture, duration=duration, attributes=facts | attributes)


def said(profile):
    return [note.text for note in summary(profile).notes]


def test_the_header_of_a_usual_cell():
    words = summary(busy(extra="@worker\n 5000000 10000000 1 In[3]|train=12:14", **{A.ENGINE: "python sampler"}))
    assert words.title == "#3 CPU In[5]"
    assert words.facts == ("3.42 s", "CPU 3.28 s (96 %)", "331 samples, 97 of 100 Hz", "2 threads", "python sampler")
    assert words.notes == ()


def test_more_than_one_core_is_said_in_cores():
    native = "@native native\n 4000000000 0 0 (native␣threads)"
    words = summary(busy(extra=native))
    assert words.facts[1] == "CPU 7.28 s (2.13 cores)"
    assert [note.text for note in words.notes] == ["native threads used 4.00 s of CPU (55 %, 1.17 cores): one block"]


def test_a_name_stands_behind_the_label():
    assert summary(busy(name="baseline")).title == '#3 CPU In[5] "baseline"'
    assert summary(busy(name="In[5]")).title == "#3 CPU In[5]"
    assert summary(profile_of("wall:ns\n1 f", attributes={A.NAME: "x"})).title == 'Wall "x"'


def test_runs_are_said_each():
    assert summary(busy(runs=120)).facts[:2] == ("3.42 s", "120 runs of 28.5 ms")


def test_tasks_are_counted_by_name():
    words = summary(busy(extra="@task fetch\n 1000000 10000000 1 f\n@task parse\n 1000000 10000000 1 f"))
    assert "tasks of 2 names" in words.facts


def test_threads_of_the_kernel_are_counted_beside_the_users():
    assert summary(busy(threads_hidden=8)).facts[3:] == ("1 thread, 8 hidden",)
    assert summary(busy(threads_hidden=8, extra="@pool\n 1000000 1000000 1 f")).facts[3:] == ("2 threads, 8 hidden",)
    # One is the profiler's own: no news.
    assert len(summary(busy(threads_hidden=1)).facts) == 3


def test_a_foreign_profile_says_only_what_it_knows():
    words = summary(profile_of("bytes:bytes\n1536 main a\n512 main b"))
    assert words.title == "bytes"
    assert words.facts == ("bytes 2.00 KiB",)
    assert words.notes == ()
    counted = summary(profile_of("samples:count\n40 main a\n2 main b"))
    assert (counted.title, counted.facts, counted.notes) == ("samples", ("42 samples",), ())
    timed = summary(profile_of("cpu:ns\nt=1000000 1000000 main a\nt=2000000 1000000 main b", duration=2 * MS))
    assert timed.facts == ("2.00 ms", "CPU 2.00 ms (100 %)", "2 samples")
    assert summary(profile_of("cpu:ns\n5000000 main a\n7000000 main b")).facts == ("CPU 12.0 ms",)


def test_too_short():
    profile = profile_of("cpu:ns", duration=3 * MS, attributes={A.LABEL: "In[5]", A.TICKS: 0, A.RATE: 100.0})
    again = "`%%oprof cpu --for 2s` repeats it, side effects included"
    assert summary(profile).notes == (Note("warn", f"3.00 ms: too short to sample; {again}"),)
    assert said(profile_of("cpu:ns", duration=3 * MS)) == ["3.00 ms: too short to sample"]
    assert summary(profile).facts == ("3.00 ms", "0 samples")


def test_nothing_for_another_reason():
    assert said(profile_of("cpu:ns", duration=41 * SECOND)) == ["no sample could be taken in 41.0 s"]
    assert said(profile_of("cpu:ns samples:count\n0 5 main", duration=41 * SECOND)) == [
        "no CPU time was used in 41.0 s"
    ]
    assert said(profile_of("cpu:ns")) == ["it holds no samples"]
    assert said(profile_of("cpu:ns\n0 main")) == ["it holds no CPU time"]


@pytest.mark.parametrize(("ticks", "points"), [(1, 50), (7, 19), (19, 11)])
def test_few_samples_say_how_coarse_shares_are(ticks, points):
    picture = f"cpu:ns samples:count\n{ticks * 10 * MS} {ticks} main"
    profile = profile_of(picture, duration=SECOND, attributes={A.RATE: 100.0, A.TICKS: ticks})
    word = "sample" if ticks == 1 else "samples"
    assert said(profile)[0] == f"only {ticks} {word}: shares are ±{points} points"
    assert measure(profile).few


def test_twenty_samples_are_not_few():
    profile = profile_of(f"cpu:ns samples:count\n{200 * MS} 20 main", duration=SECOND)
    assert not measure(profile).few


def test_samples_of_idle_threads_do_not_count():
    picture = f"""
        cpu:ns samples:count
        {70 * MS} 7   main
        @idle
        2000000   400  wait
    """
    assert (
        said(profile_of(picture, duration=SECOND, attributes={A.RATE: 100.0}))[0]
        == "only 7 samples: shares are ±19 points"
    )


def test_one_long_call_among_many_samples_is_no_lack_of_them():
    picture = f"cpu:ns samples:count\n{3 * SECOND} 1 main svd\n{400 * MS} 40 main load"
    assert said(profile_of(picture, duration=4 * SECOND, attributes={A.RATE: 100.0})) == []


def waiting(cpu, duration=41 * SECOND, **attributes):
    picture = f"""
        cpu:ns wall:ns samples:count
        {cpu} {duration // 2} 2000  In[5]|<cell>:3 In[3]|fetch=1:2
        0 {duration // 2} 2000      In[5]|<cell>:4 In[3]|parse=5:6
    """
    return profile_of(picture, duration=duration, attributes={A.LABEL: "In[5]"} | attributes)


def test_a_cell_that_waited_shows_wall():
    profile = waiting(1_230_000_000)
    assert profile.value_kinds[shown_value(profile)] == "wall"
    assert said(profile) == ["CPU busy 3 % of 41.0 s: the cell waited. Showing wall"]
    assert said(waiting(0, label="train()")) == ["CPU busy 0 % of 41.0 s: it waited. Showing wall"]


def test_a_cell_that_worked_or_was_short_shows_cpu():
    assert shown_value(waiting(5 * SECOND)) == 0
    assert shown_value(waiting(1 * MS, duration=20 * MS)) == 0
    assert shown_value(profile_of("wall:ns cpu:ns\n5000000000 0 main", duration=5 * SECOND)) == 0


def test_other_threads_at_work_are_not_the_cells():
    # The process burnt CPU, but in threads that were not recorded.
    profile = waiting(0, cpu_time=41 * SECOND)
    assert "CPU busy 0 % of 41.0 s: the cell waited. Showing wall" in said(profile)
    assert "the rest of the process used 41.0 s of CPU, not shown" in said(profile)


def mostly(stack, share=98, **arguments):
    return profile_of(f"samples:count\n{share} {stack}\n{100 - share} In[5]|<cell>:9", **arguments)


def test_one_call_is_named_with_its_place():
    assert said(mostly("In[5]|<cell>:3{time.sleep(5)}")) == ["98 % is one call: time.sleep, In[5]:3"]
    assert said(mostly("In[5]|<cell>:3 /v/site-packages/pandas/x.py|merge:9 /v/site-packages/numpy/y.py|take:3")) == [
        "98 % is one call: merge, In[5]:3"
    ]
    assert said(mostly("In[5]|<cell>:3 In[2]|f=7:8 /usr/lib/python3.11/json/x.py|loads:9")) == [
        "98 % is one call: loads, In[2]:8"
    ]


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("df.groupby(k).sum()", "df.groupby().sum"),
        ("rows[0].save(path)", "….save"),
        ("get_ipython().run_cell('1/0')", "get_ipython().run_cell"),
        ("f(a,␣b…", "f(a, b…"),
    ],
)
def test_of_a_chain_of_calls_the_last_is_named(expression, name):
    assert f"{name}, In[5]:3" in said(mostly(f"In[5]|<cell>:3{{{expression}}}"))[0]


def test_another_expression_is_no_call():
    assert said(mostly("In[5]|<cell>:3{a␣@␣b}")) == ["98 % is one expression: a @ b, In[5]:3"]
    long = "[x␣for␣x␣in␣y␣if␣x␣is␣not␣None␣and␣x␣>␣0␣and␣so␣on]"
    assert said(mostly(f"In[5]|<cell>:3{{{long}}}")) == [
        "98 % is one expression: [x for x in y if x is not None and x > …, In[5]:3"
    ]


def test_what_is_no_news_is_not_said():
    # The user's own function, an unknown expression, no code of the user, not enough.
    assert said(mostly("In[5]|<cell>:3 In[2]|train:4")) == []
    assert said(mostly("/v/site-packages/pandas/x.py|merge:9")) == []
    assert said(mostly("In[5]|<cell>:3{time.sleep(5)}", share=94)) == []


@pytest.mark.parametrize(
    ("attributes", "level", "text"),
    [
        ({A.STATUS: "failed", A.ERROR: "ValueError: no"}, "warn", "failed: ValueError: no. Shown is what ran until then"),
        ({A.STATUS: "failed"}, "warn", "failed: an exception ended it. Shown is what ran until then"),
        ({A.STATUS: "interrupted"}, "warn", "interrupted: shown is what ran until then"),
        ({A.STATUS: "running"}, "info", "still running: shown is what ran so far"),
        ({A.STATUS: "recovered"}, "warn", "recovered: it was not stopped, so the end may be missing"),
        ({A.SAMPLER_ERROR: "MemoryError"}, "warn", "the sampler stopped early (MemoryError): shown is what it had seen"),
        ({A.STACKS_CUT: 2}, "warn", "too many different stacks: 2 samples lost the innermost frames"),
        ({A.CHILDREN: 8, A.CHILDREN_CPU: 38 * SECOND}, "warn", "8 child processes used 38.0 s, not shown"),
        ({A.CHILDREN: 1, A.CHILDREN_CPU: 2 * MS}, "warn", "1 child process used 2.00 ms, not shown"),
        ({A.SLOWED: 20.0}, "info", "slowed to 20 Hz to stay cheap"),
        ({A.AGGREGATED: 720 * SECOND}, "info", "the first 12 min 0 s are joined: weights stay, times are coarse"),
        ({A.FOLDED: 312, A.FOLDED_SHARE: 0.0042}, "info", "312 small frames folded to save space, each under 0.5 %"),
        ({A.TIME_STEP: 20 * MS}, "info", "time order is drawn in steps of 20.0 ms to save space"),
        ({A.TASKS_OVERLAP: True}, "info", "tasks wait side by side: their wall may exceed 3.42 s"),
        ({A.TASKS_LEFT_OUT: 4}, "info", "4 older asyncio tasks left out"),
        ({A.TASKS_THINNED: 4}, "info", "tasks were looked at only every 4 ticks to stay cheap"),
        ({A.TASKS_THINNED: True}, "info", "tasks were looked at less often to stay cheap"),
        ({A.CPU_TIME: 5 * SECOND}, "info", "the rest of the process used 1.72 s of CPU, not shown"),
    ],
)  # fmt: skip
def test_what_must_be_known(attributes, level, text):
    assert summary(busy(**attributes)).notes == (Note(level, text),)


def test_a_starved_sampler_says_so():
    assert said(busy(duration=20 * SECOND)) == ["could look only 17 times a second: short calls may be missing"]
    assert said(busy(duration=6 * SECOND)) == []


def test_lanes_that_are_not_shown_are_counted():
    profile = profile_of(
        "wall:ns samples:count\n900 90 main\n~@pool-1\n900 90 wait\n~@pool-2\n900 90 wait\n~@idle\n0 90 wait\n~@native native\n900 0 x"
    )
    assert said(profile) == ["2 other threads recorded, not shown at first"]


def test_the_weightiest_comes_first():
    notes = summary(
        busy(status="failed", error="x", children=2, children_cpu=SECOND, slowed=20.0, tasks_left_out=3)
    ).notes
    assert [note.level for note in notes] == ["warn", "warn", "info", "info"]


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (0.001, "<1 %"), (0.03, "3 %"), (0.97, "97 %"), (0.9999, "99 %"), (1, "100 %")]
)
def test_whole_percent(share, text):
    assert whole_percent(share) == text


@given(profiles())
def test_every_profile_can_be_said(profile):
    words = summary(profile)
    assert words.title
    assert all(words.facts)
    assert 0 <= shown_value(profile) < len(profile.value_types)
    for text in (words.title, *words.facts, *(note.text for note in words.notes)):
        assert "\n" not in text
        assert len(text) < 120
    assert summary(profile) == words
