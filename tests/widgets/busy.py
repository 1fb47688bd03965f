"""A long recording of a busy program: deep stacks through real-looking libraries, many of them different."""

from __future__ import annotations

import random
from functools import cache

from openprofiling_ipy.model import Profile, ProfileBuilder, Thread, ValueType
from openprofiling_ipy.model.attributes import A

FOLDER = "/home/anna/projects/forecast"
PACKAGES = ("pandas/core", "pandas/core/groupby", "numpy/lib", "sklearn/ensemble", "scipy/sparse", "dask/dataframe")
LIBRARY = ("json/decoder", "re/__init__", "threading", "concurrent/futures/thread", "asyncio/events")
WORDS = (
    "apply",
    "aggregate",
    "merge",
    "concat",
    "iterate",
    "decode",
    "split",
    "reduce",
    "take",
    "align",
    "fit",
    "score",
)
SOURCE = "\n".join(f"result_{i} = stage_{i}(frame, window={i})" for i in range(40))


@cache
def busy_profile(seconds: int = 60, threads: int = 4, rate: int = 100, depth: int = 30) -> Profile:
    """Return what `threads` threads did in `seconds`: like 24,000 samples, 30 deep, in thousands of stacks."""
    chance = random.Random(7)
    builder = ProfileBuilder([ValueType("cpu", "ns"), ValueType("wall", "ns"), ValueType("samples", "count")])
    functions = [_function(builder, chance, number) for number in range(700)]
    walker = _Walker(builder, chance, functions)
    lanes = [builder.thread(Thread(f"Worker-{lane}"), lane) for lane in range(threads)]
    period = 10**9 // rate
    for tick in range(seconds * rate):
        for lane in lanes:
            stack = walker.walk(lane, depth)
            cpu = chance.randrange(period)
            builder.sample(stack, lane, [cpu, period, 1], tick * period + lane)
    facts = {A.KIND: "cpu", A.NUMBER: 3, A.LABEL: "In[5]", A.RATE: float(rate), A.TICKS: seconds * rate}
    secret = {A.HOST: "mars", A.USER: "anna", A.PID: 41733, A.FOLDER: FOLDER, A.PREFIXES: "/usr/lib/python3.11"}
    return builder.build(
        started_at=1_795_400_000_000_000_000,
        duration=seconds * 10**9,
        attributes={**facts, **secret, A.STATUS: "done", A.ENGINE: "python sampler"},
        sources={"In[5]": SOURCE},
    )


def _function(builder: ProfileBuilder, chance: random.Random, number: int) -> int:
    name = f"{chance.choice(WORDS).title()}{chance.choice(WORDS).title()}.{chance.choice(WORDS)}_{number}"
    if number < 20:
        return builder.function(f"stage_{number}", f"{FOLDER}/src/stages.py", 10 * number + 1)
    if number % 4:
        file = f"/usr/lib/python3.11/site-packages/{chance.choice(PACKAGES)}/{chance.choice(WORDS)}.py"
    else:
        file = f"/usr/lib/python3.11/{chance.choice(LIBRARY)}.py"
    return builder.function(name, file, chance.randrange(1, 4000))


class _Walker:
    """Descends through the call graph; the first of what a function calls is called most, each from its own line."""

    def __init__(self, builder: ProfileBuilder, chance: random.Random, functions: list[int]) -> None:
        self._builder, self._chance, self._functions = builder, chance, functions
        self._calls = {function: chance.sample(functions, 5) for function in functions}

    def walk(self, lane: int, depth: int) -> int:
        chance, builder = self._chance, self._builder
        line = min(int(chance.expovariate(0.3)), 39) + 1
        stack = builder.stack([builder.frame(builder.function("<cell>", "In[5]", 1), line)])
        function = self._functions[(lane + line) % 20]
        for _ in range(depth + chance.randrange(-3, 4)):
            called = min(int(chance.expovariate(5.5)), 4)
            stack = builder.child(stack, builder.frame(function, 5 + called))
            function = self._calls[function][called]
        return stack
