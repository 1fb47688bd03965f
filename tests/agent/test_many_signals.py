"""A thousand signals one after another, and as many at once."""

from __future__ import annotations

import re

from tests.agent.programs import Program

CODE = """
from openprofiling_ipy.exporters import MemoryExporter

memory = MemoryExporter(most=5000)
seen = []
agent.subscribe(seen.append, seen.append)

def state():
    handlers = [signal.getsignal(s) for s in (signal.SIGUSR2, signal.SIGTERM)]
    # Deliveries have a thread while they send.
    threads = [thread for thread in threading.enumerate() if not thread.name.startswith("openprofiling-deliver")]
    return len(os.listdir("/proc/self/fd")), len(threads), handlers

def settled(wanted):
    end = time.monotonic() + 60
    while state() != wanted and time.monotonic() < end:
        time.sleep(0.01)
    return state() == wanted

def shoot(signals):
    for count in range(len(seen) + 1, len(seen) + signals + 1):
        os.kill(os.getpid(), signal.SIGUSR2)
        end = time.monotonic() + 30
        while len(seen) < count:
            assert time.monotonic() < end, count
            time.sleep(0.0005)

say = lambda *words: None if words[0] in ("begun", "ended") else print(*words, flush=True)
nothing = state()
agent.start(exporter=memory)
shoot(100)
time.sleep(1)
idle = state()
shoot(900)
agent.status()
say("leaks", settled(idle))
for _ in range(1000):
    os.kill(os.getpid(), signal.SIGUSR2)
last = -1
while last != len(seen):
    last = len(seen)
    time.sleep(0.5)
burst = len(seen) - 1000
if agent.status()["running"]:
    shoot(1)
say("burst", burst, len(agent.status()["running"]), len(seen) % 2, settled(idle))
shoot(2)
agent.stop(30)
say("sent", len(memory.parcels), len(seen) // 2)
say("restored", settled(nothing), agent.status()["started"])
"""


def test_a_thousand_signals_are_five_hundred_captures_and_leave_nothing(tmp_path):
    with Program(tmp_path, CODE) as program:
        assert program.hear("leaks") == "True"
        # However many of a burst the system delivered: nothing runs on, nothing is half done.
        assert re.fullmatch(r"\d+ 0 0 True", program.hear("burst"))
        sent, recorded = map(int, program.hear("sent").split())
        assert sent == recorded >= 501
        assert program.hear("restored") == "True False"
        assert program.wait() == 0
