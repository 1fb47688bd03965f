"""Programs that start processes while they are recorded; what they say of the result comes back as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

HEAD = """
    import concurrent.futures, json, multiprocessing, os, signal, sys, threading, time
    import openprofiling_ipy as op

    def burn(seconds=0.4):
        end = time.process_time() + seconds
        while time.process_time() < end:
            sum(range(100))
        return os.getpid()

    def told(capture):
        profile = capture.document
        cpu = profile.value_kinds.index("cpu")
        lanes = [dict(name=lane.name, cpu=0, roots=[]) for lane in profile.threads]
        for lane, stack, row in zip(profile.samples.thread.tolist(), profile.samples.stack.tolist(),
                                    profile.samples.values.tolist()):
            lanes[lane]["cpu"] += row[cpu]
            while stack >= 0 and profile.stacks.parent[stack] >= 0:
                stack = profile.stacks.parent[stack]
            if stack >= 0 and row[cpu]:
                name = profile.function_name(int(profile.frames.function[profile.stacks.frame[stack]]))
                lanes[lane]["roots"] = sorted({*lanes[lane]["roots"], name})
        late = bool((profile.samples.time > profile.duration).any())
        facts = {key: value for key, value in profile.attributes.items() if isinstance(value, int)}
        return dict(lanes=lanes, facts=facts, late=late, total=int(profile.samples.values[:, cpu].sum()))

    def names():
        return [thread.name for thread in threading.enumerate()]

    def family(method):
        child = multiprocessing.get_context(method).Process(target=burn, name="inner")
        child.start()
        burn()
        child.join()

    def killed():
        burn(2)
        os.kill(os.getpid(), signal.SIGKILL)

    def stop():
        os.kill(os.getpid(), signal.SIGSTOP)

    def fails(queue, code):
        mine = [word for word in vars(multiprocessing.current_process()) if "openprofiling" in word]
        queue.put([code, mine])
        queue.close()
        queue.join_thread()
        sys.exit(code)

    def main():
"""
TAIL = """
    if __name__ == "__main__":
        print("RESULT", json.dumps(main()))
"""


def run(folder: Any, body: str, **environment: str) -> Any:
    """Run a program whose function `main` has this body, and return what that returns."""
    script = folder / "program.py"
    script.write_text(textwrap.dedent(HEAD) + textwrap.indent(textwrap.dedent(body), "    ") + textwrap.dedent(TAIL))
    # Sockets that processes talk over lie in it, and their names must be short.
    with tempfile.TemporaryDirectory(prefix="c-") as place:
        done = subprocess.run(
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "TMPDIR": place, **environment},
        )
        assert list(Path(place).glob("openprofiling*")) == []
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    *said, result = [line for line in done.stdout.splitlines() if line]
    assert said == []
    return json.loads(result.removeprefix("RESULT "))


def lanes(result: Any, word: str) -> list[Any]:
    """Return the main threads of processes whose names have this word."""
    return [lane for lane in result["lanes"] if word in lane["name"] and lane["name"].endswith("MainThread")]
