"""`python -m openprofiling_ipy look PID`: real kernels, real agents, other users, processes that have nothing to say."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from openprofiling_ipy.errors import AgentError
from openprofiling_ipy.look import client, server, wire
from tests.notebook.conftest import BURN
from tests.notebook.kernel import EXTENSION, Kernel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sockets of a look are Linux' own")

NAME = "openprofiling-look"
SERVICE = """
    import sys, threading, time
    from openprofiling_ipy import ProfilingAgent
    def spin():
        while True:
            sum(range(500))
    threading.Thread(target=spin, daemon=True).start()
    agent = ProfilingAgent().start(exporter=[])
    print("ready", flush=True)
    sys.stdin.readline()
    agent.stop()
    print("stopped", flush=True)
    sys.stdin.readline()
"""


def look(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "openprofiling_ipy", "look", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **options)  # type: ignore[call-overload, no-any-return]


def program(code: str) -> subprocess.Popen[str]:
    """Run a program that says when it is ready."""
    running = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    return running


SHELL = ("bash", "-c")


@pytest.fixture
def service() -> Iterator[subprocess.Popen[str]]:
    running = program(SERVICE)
    yield running
    running.kill()
    running.communicate()


@pytest.mark.kernel
def test_a_kernel_in_the_middle_of_a_cell(tmp_path: Path) -> None:
    kernel = Kernel("--log-level=ERROR")
    try:
        pid = kernel.value("__import__('os').getpid()")
        silent = look(pid)
        assert silent.returncode == 1
        assert f"process {pid} does not answer: in a notebook %load_ext openprofiling_ipy" in silent.stderr
        kernel.run(EXTENSION)
        kernel.run(BURN)
        end = tmp_path / "end"
        cell = kernel.send(f"import pathlib\nwhile not pathlib.Path({str(end)!r}).exists():\n    burn(.02)")
        kernel.wait_for(cell, "execute_input")
        seen = look(pid, "--for", 1)
        assert (seen.returncode, seen.stderr) == (0, "")
        assert "burn · In[" in seen.stdout
        assert '"look"' in seen.stdout.splitlines()[0]
        end.touch()
        assert kernel.gather(cell).status == "ok"
        begun = kernel.run("%oprof start wall --name mine\nburn(.3)")
        assert begun.status == "ok"
        under_way = look(pid)
        assert '"mine"' in under_way.stdout.splitlines()[0]
        assert "still running" in under_way.stdout
        assert kernel.run("%oprof stop").status == "ok", "a look ends nothing"
        kernel.run("%unload_ext openprofiling_ipy")
        assert "does not answer" in look(pid).stderr
    finally:
        kernel.close()


def test_a_program_with_an_agent(service: subprocess.Popen[str]) -> None:
    seen = look(service.pid, "--for", 1)
    assert (seen.returncode, seen.stderr) == (0, "")
    assert "spin · <string>" in seen.stdout
    assert service.stdin is not None
    assert service.stdout is not None
    service.stdin.write("\n")
    service.stdin.flush()
    assert service.stdout.readline() == "stopped\n"
    assert "does not answer" in look(service.pid).stderr
    assert not [
        task for task in Path(f"/proc/{service.pid}/task").iterdir() if NAME[:15] in (task / "comm").read_text()
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_sees_nothing(service: subprocess.Popen[str]) -> None:
    code = f"""
        import os, sys
        from openprofiling_ipy.look import client
        from openprofiling_ipy.errors import AgentError
        os.setgid(65534); os.setuid(65534)
        try:
            print(client.look({service.pid}))
        except AgentError as error:
            sys.exit(str(error))
    """
    refused = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "another user's" in refused.stderr
    assert look(service.pid, "--for", 0.2).returncode == 0, "it goes on answering its own user"


def test_a_forked_child_does_not_answer_for_its_parent() -> None:
    service = program(
        """
        import os, sys
        from openprofiling_ipy import ProfilingAgent
        ProfilingAgent().start(exporter=[])
        child = os.fork()
        if not child:
            sys.stdin.readline()
            os._exit(0)
        os.write(1, b"ready\\n")
        os.waitpid(child, 0)
        """
    )
    try:
        children = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()
        assert look(service.pid, "--for", 0.2).returncode == 0
        assert "does not answer" in look(children[0]).stderr
    finally:
        service.communicate("\n", timeout=30)


def test_who_is_not_there_and_wrong_words() -> None:
    assert look(2**22 + 1).stderr == f"there is no process {2**22 + 1}\n"
    for pid in (0, -1):
        assert look("--", pid).stderr == f"there is no process {pid}\n"
    assert look("soon").returncode == 2
    assert "give seconds up to" in look(1, "--for", "soon").stderr
    assert look(1, "--for", 3600).returncode == 2
    assert "usage" in look().stderr


def test_an_output_that_takes_nothing(service: subprocess.Popen[str]) -> None:
    command = f"{sys.executable} -m openprofiling_ipy look {service.pid} --for 0.2"
    full = subprocess.run([*SHELL, f"{command} > /dev/full"], capture_output=True, text=True, check=False)
    assert (full.returncode, full.stderr) == (1, "the table cannot be written: No space left on device\n")
    closed = subprocess.run([*SHELL, f"{command} >&-"], capture_output=True, text=True, check=False)
    assert (closed.returncode, closed.stderr) == (1, "")
    head = subprocess.run([*SHELL, f"{command} | head -0"], capture_output=True, text=True, check=False)
    assert head.stderr == ""


def test_somebody_who_answers_in_another_name_is_not_believed() -> None:
    with wire.open_socket() as listener:
        listener.bind(wire.address(2**22 + 2))
        listener.listen(1)
        with pytest.raises(AgentError, match="another process"):
            client.look(2**22 + 2)


def test_it_listens_as_long_as_anybody_wants_it() -> None:
    def listening() -> bool:
        return NAME in {thread.name for thread in threading.enumerate()}

    first, second = server.listen(), server.listen()
    assert listening()
    first()
    first()
    assert "#" in client.look(os.getpid(), 0.2)
    second()
    deadline = time.monotonic() + 30
    while listening():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(AgentError, match="does not answer"):
        client.look(os.getpid())


def test_a_process_that_is_short_of_files_answers_later() -> None:
    service = program(
        """
        import os, resource, sys
        from openprofiling_ipy import ProfilingAgent
        ProfilingAgent().start(exporter=[])
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (os.dup(0) + 1, hard))
        os.write(1, b"ready\\n")
        sys.stdin.readline()
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        sys.stdin.readline()
        """
    )
    try:
        with wire.open_socket() as connection:
            connection.connect(wire.address(service.pid))
            connection.settimeout(1)
            with pytest.raises(TimeoutError):
                connection.recv(1)
        assert service.stdin is not None
        service.stdin.write("\n")
        service.stdin.flush()
        assert look(service.pid, "--for", 0.2).returncode == 0
    finally:
        service.communicate("\n", timeout=30)


def test_nonsense_ends_nothing() -> None:
    end = server.listen()
    try:
        for sent in (b"", b"\xff" * 8, b"\x00\x00\x00\x02[]", b"\x00\x00\x00\x03{x}"):
            with wire.open_socket() as connection:
                connection.connect(wire.address(os.getpid()))
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionResetError):
                    assert connection.recv(1) == b""
        with pytest.raises(AgentError, match="cannot be looked at"):
            client.look(os.getpid(), 0.2, encoding="no-such-encoding")
        assert client.look(os.getpid(), 0.2)
    finally:
        end()
