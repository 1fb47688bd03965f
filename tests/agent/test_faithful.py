"""A program with an agent is the program it was: what it blocks, what its own handlers do, which files it has open."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from openprofiling_ipy.background import Background
from tests.agent.programs import ROOT, Program, until

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="a platform without these signals")


def parcels(program):
    return list(program.spool.glob("**/*.parcel"))


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGUSR1"])
def test_a_blocked_signal_waits_for_the_program(tmp_path, name):
    """The system gives it to any thread that lets it in: none of ours does."""
    code = f"""
    from openprofiling_ipy.triggers import HttpTrigger

    agent.register(HttpTrigger(), CpuProfiler())
    agent.start(exporter=os.environ["OUT"])
    os.kill(os.getpid(), signal.SIGUSR2)  # the sampler and the delivery have threads too
    time.sleep(0.3)
    signal.signal(signal.{name}, lambda *_: say("handled"))
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.{name}])
    say("ready")
    work(1.0)
    say("critical section done")
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.{name}])
    work(0.1)
    """
    with Program(tmp_path, code) as program:
        program.hear("ready")
        program.signal(getattr(signal, name))
        assert program.wait() == 0
        said = [line for line in program.lines if line in {"handled", "critical section done"}]
        assert said == ["critical section done", "handled"]


def test_a_thread_of_ours_reports_its_own_crash():
    masks = []
    thread = Background(lambda: masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ())), "openprofiling-test")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    thread.start()
    thread.join()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    assert {signal.SIGTERM, signal.SIGINT, signal.SIGUSR2} <= masks[0]
    assert not {signal.SIGSEGV, signal.SIGABRT} & masks[0]
    assert thread.daemon


def test_a_tracer_of_all_threads_hears_nothing_of_ours(tmp_path):
    code = """
    seen = set()
    threading.settrace(lambda frame, event, arg: seen.add(frame.f_code.co_filename))
    threading.setprofile(lambda frame, event, arg: seen.add(frame.f_code.co_filename))
    agent.start(exporter=os.environ["OUT"])
    os.kill(os.getpid(), signal.SIGUSR2)
    work(0.5)
    agent.stop()
    ours = {os.path.basename(file) for file in seen if "openprofiling_ipy" in file}
    say("seen", sorted(ours))
    """
    with Program(tmp_path, code) as program:
        assert program.hear("seen") in {"[]", "['background.py']"}


def test_a_later_handler_calls_ours_and_ends_in_its_own_way(tmp_path):
    code = """
    agent.start(exporter=os.environ["OUT"])
    asked = []
    before = signal.getsignal(signal.SIGTERM)

    def handler(signum, frame):
        asked.append(signum)
        if callable(before):
            before(signum, frame)

    signal.signal(signal.SIGTERM, handler)
    say("ready")
    while not asked:
        work(0.01)
    say("a clean end")
    """
    with Program(tmp_path, code) as program:
        program.hear("ready")
        program.signal()
        program.hear("begun cpu")
        program.signal(signal.SIGTERM)
        program.hear("a clean end")
        assert program.wait() == 0
        assert program.files()
        assert not program.errors


def test_a_later_handler_that_leaves_at_once_still_has_its_recording_kept(tmp_path):
    code = """
    agent.start(exporter=os.environ["OUT"])

    def handler(signum, frame):
        end = time.monotonic() + 30
        while time.monotonic() < end and all(name.startswith(".") for name in os.listdir(os.environ["OUT"])):
            time.sleep(0.01)  # what it has to do before it goes
        os._exit(3)

    os.mkdir(os.environ["OUT"])
    signal.signal(signal.SIGTERM, handler)
    say("ready")
    work(600)
    """
    with Program(tmp_path, code) as program:
        program.hear("ready")
        program.signal()
        program.hear("begun cpu")
        time.sleep(0.3)
        program.signal(signal.SIGTERM)
        assert program.wait() == 3
        assert program.files()


@pytest.mark.parametrize("timeout", ["0", "0.01", "-1", "float('nan')", "float('inf')", "'5'"])
def test_stop_keeps_what_it_has_no_time_to_send(tmp_path, timeout):
    code = f"""
    agent.start(exporter=os.environ["OUT"])
    os.kill(os.getpid(), signal.SIGUSR2)
    say("ready")
    work(0.5)
    agent.stop(timeout={timeout})
    say("started", agent.started)
    """
    with Program(tmp_path, code) as program:
        assert program.hear("started") == "False"
        assert program.wait() == 0
        assert program.files() or parcels(program)


def test_sigterm_while_the_program_begins_a_recording_of_its_own(tmp_path):
    code = """
    import openprofiling_ipy as op

    agent.start(exporter=os.environ["OUT"])
    os.kill(os.getpid(), signal.SIGUSR2)
    while True:
        with op.profile("wall"):
            pass
    """
    for turn in range(4):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with Program(folder, code) as program:
            program.hear("begun cpu")
            time.sleep(0.5)
            program.signal(signal.SIGTERM)
            assert program.wait() == -signal.SIGTERM
            assert program.files() or parcels(program)


def test_a_daemon_keeps_the_files_that_got_our_numbers(tmp_path):
    """It closes every descriptor it has inherited, opens its own, and then the agent lets go of the token's file."""
    code = """
    from openprofiling_ipy.triggers import HttpTrigger

    agent.register(HttpTrigger(log_token=False), CpuProfiler())
    agent.start(exporter=os.environ["OUT"])
    if os.fork() == 0:
        os.closerange(3, 64)
        own = [os.open(f"own{i}", os.O_CREAT | os.O_WRONLY) for i in range(20)]
        agent.rearm()
        agent.stop()
        for number in own:
            os.write(number, b"mine")
        os._exit(0)
    _, status = os.wait()
    say("child", status)
    """
    with Program(tmp_path, code) as program:
        assert program.hear("child") == "0"
        assert all((tmp_path / f"own{i}").read_bytes() == b"mine" for i in range(20))


def test_a_process_that_dies_of_sigterm_leaves_no_token(tmp_path):
    code = """
    from openprofiling_ipy.triggers import HttpTrigger

    trigger = HttpTrigger(log_token=False)
    agent.register(trigger, CpuProfiler())
    agent.start(exporter=os.environ["OUT"])
    say("token", trigger.token_file)
    work(600)
    """
    with Program(tmp_path, code) as program:
        token = Path(program.hear("token"))
        assert token.exists()
        program.signal(signal.SIGTERM)
        assert program.wait() == -signal.SIGTERM
        assert not token.exists()


def test_a_listener_that_exits_ends_no_agent(tmp_path):
    code = """
    agent.subscribe(on_end=lambda capture: sys.exit(1))
    agent.start(exporter=os.environ["OUT"])
    say("ready")
    work(600)
    """
    with Program(tmp_path, code) as program:
        program.hear("ready")
        program.record(0.1)
        program.record(0.1)
        until(lambda: len(program.files()) == 2, "two files")


def test_relative_places_are_those_of_the_start(tmp_path):
    code = """
    from openprofiling_ipy import ProfilingAgent

    os.mkdir("elsewhere")
    relative = ProfilingAgent(spool="spool here")
    relative.register(SignalTrigger("SIGUSR1"), CpuProfiler())
    relative.start(exporter="profiles/")
    os.chdir("elsewhere")
    os.kill(os.getpid(), signal.SIGUSR1)
    work(0.3)
    relative.stop()
    say("done")
    """
    with Program(tmp_path, code) as program:
        program.hear("done")
        assert program.wait() == 0
        assert list((tmp_path / "profiles").glob("cpu-*"))
        assert not list((tmp_path / "elsewhere").iterdir())


def test_attributes_that_are_no_text_arrive(tmp_path):
    code = r"""
    from openprofiling_ipy import ProfilingAgent

    odd = ProfilingAgent(attributes={"file\udcff": "\ud800 and \udce4"})
    odd.register(SignalTrigger("SIGUSR1"), CpuProfiler())
    odd.start(exporter=os.environ["OUT"])
    os.kill(os.getpid(), signal.SIGUSR1)
    work(0.3)
    odd.stop()
    say("done")
    """
    with Program(tmp_path, code) as program:
        program.hear("done")
        assert program.wait() == 0
        assert program.files()


def test_gunicorn_serves_where_the_environment_is_wrong(tmp_path):
    pytest.importorskip("gunicorn")
    environ = os.environ | {
        "PYTHONPATH": str(ROOT),
        "OPENPROFILING_TRIGGER": "SIGUSR9",
        "BIND": f"unix:{tmp_path}/service.sock",
    }
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        str(ROOT / "examples/service/gunicorn.conf.py"),
        "wsgi:application",
    ]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as master:
        assert master.stderr is not None
        said = []
        for line in master.stderr:
            said.append(line)
            if "no profiling agent" in line:
                break
        master.terminate()
        assert "SIGUSR9" in said[-1], said
        assert master.wait(30) == 0
