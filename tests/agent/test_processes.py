"""An agent in real processes: scripts, services, servers; how they end, and that nothing about them changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from openprofiling_ipy.model.attributes import A
from tests.agent.programs import ROOT, Program, names, until

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR2"), reason="a platform without these signals")
#: A service that only works.
STARTED = """
agent.start(exporter=os.environ["OUT"])
say("ready")
work(600)
"""


def test_a_plain_script(tmp_path):
    with Program(tmp_path, STARTED) as program:
        program.hear("ready")
        for _ in range(2):
            program.record(0.5)
        until(lambda: len(program.files()) == 2, "two files")
        assert program.process.poll() is None
        first, second = program.profiles()
        assert first.attributes[A.SERVICE] == "shop"
        assert first.attributes[A.TRIGGER] == "SIGUSR2"
        assert first.attributes[A.PID] == program.pid
        assert "work" in names(first) & names(second)
        # Nothing of ours is recorded.
        assert not any(thread.name.startswith("openprofiling-") for thread in first.threads)


def test_an_asyncio_service(tmp_path):
    code = """
    import asyncio

    async def serve():
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, lambda: say("own"))
        agent.start(exporter=os.environ["OUT"])
        loop.add_signal_handler(signal.SIGHUP, lambda: say("another"))
        say("ready")
        while True:
            await asyncio.sleep(0.01)
            work(0.01)

    asyncio.run(serve())
    """
    with Program(tmp_path, code) as program:
        program.hear("ready")
        program.signal()
        program.hear("begun cpu")
        # The program's own handlers go on.
        program.signal(signal.SIGUSR1)
        program.hear("own")
        program.signal(signal.SIGHUP)
        program.hear("another")
        time.sleep(0.5)
        program.signal()
        program.hear("ended cpu")
        until(program.files, "a file")
        assert "serve" in names(program.profiles()[0])


@pytest.mark.parametrize("order", ["armed first", "loop first"])
def test_uvloop(tmp_path, order):
    pytest.importorskip("uvloop")
    code = f"""
    import uvloop

    async def serve():
        import asyncio
        if {order!r} == "loop first":
            agent.start(exporter=os.environ["OUT"])
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, lambda: say("own"))
        say("ready")
        for _ in range(6000):
            await asyncio.sleep(0.01)

    if {order!r} == "armed first":
        agent.start(exporter=os.environ["OUT"])
    uvloop.run(serve())
    """
    with Program(tmp_path, code) as program:
        program.hear("ready")
        for _ in range(2):
            program.signal()
            program.hear("begun cpu")
            program.signal(signal.SIGUSR1)
            program.hear("own")
            program.signal()
            program.hear("ended cpu")
        until(lambda: len(program.files()) == 2, "two files")
        assert program.errors == []


def test_a_threaded_server_whose_main_thread_only_waits(tmp_path):
    code = """
    import socketserver

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            work(0.2)
            self.wfile.write(b"done")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    agent.start(exporter=os.environ["OUT"])
    thread.start()
    say("ready", server.server_address[1])
    thread.join()
    """
    import socket

    with Program(tmp_path, code) as program:
        port = int(program.hear("ready"))
        program.signal()
        program.hear("begun cpu")
        with socket.create_connection(("127.0.0.1", port)) as connection:
            assert connection.recv(10) == b"done"
        time.sleep(0.2)
        program.signal()
        program.hear("ended cpu")
        until(program.files, "a file")
        profile = program.profiles()[0]
        assert {"Handler.handle", "work"} <= names(profile)


@pytest.mark.parametrize("blocked", ["sys.stdin.read()", "socket.accept()"])
def test_a_main_thread_that_is_blocked_in_the_system(tmp_path, blocked):
    code = f"""
    import socket
    socket = socket.create_server(("127.0.0.1", 0))
    agent.start(exporter=os.environ["OUT"])
    say("ready")
    if {blocked!r}.startswith("sys"):
        read, write = os.pipe()
        os.read(read, 1)
    {blocked}
    """
    with Program(tmp_path, code) as program:
        program.hear("ready")
        program.signal()
        program.hear("begun cpu")
        program.signal()
        program.hear("ended cpu")
        assert program.process.poll() is None


def test_a_signal_that_arrives_while_the_main_thread_is_in_c_code(tmp_path):
    """It takes effect when that runs Python again; the capture has both times."""
    code = """
    import hashlib
    agent.start(exporter=os.environ["OUT"])
    say("ready")
    # It lets the interpreter's lock go, and takes no notice of signals.
    hashlib.pbkdf2_hmac("sha256", b"x", b"y", 3_000_000)
    work(600)
    """
    with Program(tmp_path, code) as program:
        program.hear("ready")
        time.sleep(0.5)
        program.signal()
        program.hear("begun cpu")
        program.signal()
        program.hear("ended cpu")
        until(program.files, "a file")
        facts = program.profiles()[0].attributes
        waited = facts[A.SIGNAL_HANDLED] - facts[A.SIGNAL_ARRIVED]
        assert waited > 200_000_000
        assert facts[A.SIGNAL_ARRIVED] < program.profiles()[0].started_at


LATE = """
class Exporter(FileExporter):
    name = "slow"
    def send(self, parcel, progress=None):
        time.sleep(0.5)
        return super().send(parcel)

"""


def test_sigterm_delivers_what_runs_and_the_process_dies_of_it(tmp_path):
    code = LATE + textwrap.dedent("""
    agent.start(exporter=Exporter(os.environ["OUT"]))
    say("ready")
    work(600)
    say("went on")
    """)
    with Program(tmp_path, code) as program:
        program.hear("ready")
        program.signal()
        program.hear("begun cpu")
        time.sleep(0.5)
        program.signal(signal.SIGTERM)
        assert program.wait() == -signal.SIGTERM
        (profile,) = program.profiles()
        assert profile.attributes[A.STATUS] == "interrupted"
        assert "work" in names(profile)
        assert "went on" not in program.lines


def test_sigterm_of_an_idle_agent(tmp_path):
    with Program(tmp_path, STARTED) as program:
        program.hear("ready")
        program.signal(signal.SIGTERM)
        assert program.wait() == -signal.SIGTERM
        assert program.errors == []


def test_sigterm_while_the_main_thread_is_in_c_code(tmp_path):
    """Without an agent it would not have waited for that, so it does not with one."""
    code = """
    import ctypes
    agent.start(exporter=os.environ["OUT"])
    say("ready")
    library = ctypes.CDLL(None)
    mutex = ctypes.create_string_buffer(64)
    library.pthread_mutex_lock(mutex)
    library.pthread_mutex_lock(mutex)  # waits for itself, whatever signals come
    """
    if sys.platform != "linux":
        pytest.skip("needs sigaction(2) as it is on Linux")
    with Program(tmp_path, code) as program:
        program.hear("ready")
        program.signal(signal.SIGTERM)
        assert program.wait() == -signal.SIGTERM


def test_sigterm_with_a_handler_of_the_program(tmp_path):
    code = """
    def graceful(signum, frame):
        say("handler", len(os.listdir(os.environ["OPENPROFILING_SPOOL"])))
        raise SystemExit(7)

    signal.signal(signal.SIGTERM, graceful)
    agent.start(exporter=os.environ["OUT"])
    say("ready")
    work(600)
    """
    with Program(tmp_path, code) as program:
        program.hear("ready")
        program.signal()
        program.hear("begun cpu")
        program.signal(signal.SIGTERM)
        # What ran is on the disk before the program's own handler is called.
        assert int(program.hear("handler")) > 0
        assert program.wait() == 7
        assert len(program.profiles()) == 1


def test_sigterm_that_the_program_ignores(tmp_path):
    code = """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    agent.start(exporter=os.environ["OUT"])
    say("ready")
    work(600)
    """
    with Program(tmp_path, code) as program:
        program.hear("ready")
        program.signal(signal.SIGTERM)
        program.signal()
        program.hear("begun cpu")
        program.signal()
        assert program.hear("ended cpu") == "done"
        assert program.process.poll() is None


@pytest.mark.parametrize(("end", "status"), [("", 0), ("sys.exit(3)", 3), ("raise ValueError", 1)])
def test_the_exit_of_the_interpreter(tmp_path, end, status):
    code = f"""
    agent.start(exporter=os.environ["OUT"])
    os.kill(os.getpid(), signal.SIGUSR2)
    while not agent.status()["running"]:
        work(0.05)
    {end}
    """
    with Program(tmp_path, code) as program:
        assert program.wait() == status
        assert len(program.profiles()) == 1
        assert ("ValueError" in program.errors) == bool(status == 1)


def test_a_killed_process_leaves_what_it_had(tmp_path):
    code = """
    from openprofiling_ipy.agent import runs
    runs.CHECKPOINT = 0.3
    agent.start(exporter=os.environ["OUT"])
    say("ready")
    work(600)
    """
    with Program(tmp_path, code) as program:
        program.hear("ready")
        program.signal()
        program.hear("begun cpu")
        until(lambda: list(program.spool.rglob("*.partial")), "a checkpoint")
        program.signal(signal.SIGKILL)
        assert program.wait() == -signal.SIGKILL
    with Program(tmp_path, STARTED) as program:
        program.hear("ready")
        until(program.files, "the recovered capture")
        assert "work" in names(program.profiles()[0])


def test_a_process_that_can_write_nowhere(tmp_path):
    code = """
    from openprofiling_ipy.exporters import MemoryExporter
    memory = MemoryExporter()
    agent.start(exporter=[memory, FileExporter("/proc/nowhere")], log_level="INFO")
    say("ready")
    while len(memory.parcels) < 2:
        time.sleep(0.01)
    say("sent", len(memory.parcels))
    """
    nowhere = "/proc/nowhere"
    environ = {"OPENPROFILING_SPOOL": nowhere, "TMPDIR": nowhere, "HOME": nowhere}
    with Program(tmp_path, code, **environ) as program:
        program.hear("ready")
        for _ in range(2):
            assert program.record(0.1) == "done"
        program.hear("sent 2")
        assert program.wait() == 0


def test_a_forked_child_records_nothing_until_it_is_rearmed(tmp_path):
    code = """
    agent.start(exporter=os.environ["OUT"])
    os.kill(os.getpid(), signal.SIGUSR2)
    while not agent.status()["running"]:
        work(0.05)
    pid = os.fork()
    if not pid:
        told = agent.status()
        say("child", os.getpid(), agent.started, told.get("forked_from") == os.getppid(), "running" in told)
        os.kill(os.getpid(), signal.SIGUSR2)
        work(0.1)
        agent.rearm()
        say("armed", agent.started, [thread.name for thread in threading.enumerate()])
        os.kill(os.getpid(), signal.SIGUSR2)
        while not agent.status()["running"]:
            work(0.05)
        os.kill(os.getpid(), signal.SIGUSR2)
        while agent.status()["ended"] < 1:
            work(0.05)
        sys.exit(5)
    say("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), len(agent.status()["running"]))
    agent.stop()
    """
    with Program(tmp_path, code) as program:
        child, *told = program.hear("child").split()
        assert told == ["False", "True", "False"]
        assert program.hear("armed").startswith("True")
        assert program.hear("status") == "5 1"
        assert program.wait() == 0
        assert {profile.attributes[A.PID] for profile in program.profiles()} == {int(child), program.pid}


def test_children_of_multiprocessing_end_as_they_would(tmp_path):
    code = """
    import multiprocessing

    if __name__ == "__main__":
        agent.start(exporter=os.environ["OUT"])
        context = multiprocessing.get_context("fork")
        child = context.Process(target=time.sleep, args=(600,))
        child.start()
        child.terminate()
        child.join()
        with context.Pool(2) as pool:
            say("pool", sum(pool.map(abs, range(5))))
        say("child", child.exitcode)
    """
    with Program(tmp_path, code) as program:
        assert program.hear("pool") == "10"
        assert program.hear("child") == str(-signal.SIGTERM)
        assert program.wait() == 0
        assert program.errors == []


def test_what_the_program_prints_is_its_own(tmp_path):
    """With an agent or without one: the same words, the same status, and nothing on stderr."""
    body = "import sys\nprint('hello')\nsys.stderr.write('oh')\nsys.exit(4)\n"
    agent = (
        "from openprofiling_ipy import ProfilingAgent\nfrom openprofiling_ipy.profilers import CpuProfiler\n"
        "from openprofiling_ipy.triggers import SignalTrigger\n"
        f"ProfilingAgent().register(SignalTrigger(), CpuProfiler()).start({str(tmp_path / 'out')!r})\n"
    )
    told = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=False, env=os.environ)
        for code in (body, agent + body)
    ]
    assert told[0].stdout == told[1].stdout
    assert told[0].stderr == told[1].stderr
    assert told[0].returncode == told[1].returncode == 4
