"""After a fork: the child holds nothing of the parent's server, and may have one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

SCRIPT = """
    import json, os, socket, sys, warnings
    from openprofiling_ipy.triggers.http import HttpTrigger
    from tests.triggers.http_client import FakeControl, ask, connect, everything

    warnings.simplefilter("ignore", DeprecationWarning)  # 3.12: forking with threads; a preforking server does just that

    def sockets():
        ends = []
        for fd in os.listdir("/proc/self/fd"):
            try:
                ends.append(os.readlink(f"/proc/self/fd/{fd}"))
            except FileNotFoundError:
                pass
        return sorted(end for end in ends if end.startswith(("socket:", "anon_inode:[eventpoll]")))

    clean = sockets()
    control = FakeControl(data=b"the parent's")
    trigger = HttpTrigger()
    trigger.arm(control)
    port, token_file = trigger.port, trigger.token_file
    waiting, half = connect(trigger), connect(trigger)
    half.sendall(b"GET /sta")
    path = f"/debug/pprof/profile?seconds=3&token={trigger.token}"
    waiting.sendall(f"GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n".encode())
    assert control.collecting.wait(30)
    said, says = os.pipe()
    child = os.fork()
    if child == 0:
        waiting.close()
        half.close()
        facts = {"armed": trigger.armed, "left": len(set(sockets()) - set(clean))}
        trigger.disarm()  # as an agent does before it arms again: it is the parent's to end
        trigger.arm(FakeControl(data=b"the child's"))
        facts |= {"other_port": trigger.port != port,
                  "answer": ask(trigger, "GET", "/debug/pprof/profile?seconds=0.01").body.decode(),
                  "own_file": trigger.token_file != token_file}
        trigger.disarm()
        trigger.disarm()
        facts["parents_file"] = token_file.exists()
        os.write(says, json.dumps(facts).encode())
        sys.stdin.read()  # lives on until the parent ends
        os._exit(0)
    facts = {"child": json.loads(os.read(said, 65536))}
    facts["status"] = ask(trigger, "GET", "/status").status
    facts["answer"] = everything(waiting).partition(b"\\r\\n\\r\\n")[2].decode()
    facts["file"] = token_file.exists()
    trigger.disarm()
    # The child lives and holds no copy: who waits hears the end, and nobody can connect.
    half.settimeout(20)
    facts["half"] = half.recv(1).decode()
    try:
        socket.create_connection(("127.0.0.1", port), 1)
        facts["refused"] = False
    except OSError:
        facts["refused"] = True
    print(json.dumps(facts))
"""


def test_a_forked_child_does_not_hold_the_parents_server():
    # Its end is the end of its input: the child lives until then.
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        facts = json.loads(process.stdout.readline())
    assert facts == {
        "child": {
            "armed": False,
            "left": 0,
            "other_port": True,
            "answer": "the child's",
            "own_file": True,
            "parents_file": True,
        },
        "status": 200,
        "answer": "the parent's",
        "file": True,
        "half": "",
        "refused": True,
    }
