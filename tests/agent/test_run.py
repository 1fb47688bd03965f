"""`python -m openprofiling_ipy run`: a program cannot tell it from Python itself, by anything but the agent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from openprofiling_ipy.model.attributes import A
from tests.agent.programs import Program, names, until

RUN = (sys.executable, "-m", "openprofiling_ipy", "run")


def outcome(command: list[str], folder: Path, root: Path, **environ: str) -> tuple[int, str, str]:
    given = {"PYTHONPATH": str(root), "OPENPROFILING_SPOOL": str(folder / "spool"), "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, cwd=folder, env=os.environ | given | environ, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout, done.stderr


ABOUT = """\
import os, sys, threading
import helper
print(__name__, __file__, __spec__ and __spec__.name, __package__, type(__loader__).__name__, __doc__, __builtins__)
print(sorted(globals()), sys.argv, sys.path[0], helper.__file__, sys.modules["__main__"].__dict__ is globals())
print(__import__("__main__").sys is sys, threading.main_thread() is threading.current_thread(), sys.excepthook is sys.__excepthook__)
"""
ENDS = {
    "quiet": "",
    "status": "sys.exit(3)",
    "words": "sys.exit('bye')",
    "none": "sys.exit(None)",
    "error": "def f(n):\n    return 1 / n\ntry:\n    f(0)\nexcept ZeroDivisionError:\n    raise KeyError('x')",
    "cause": "raise ValueError('a') from TypeError('b')",
    "group": "raise ExceptionGroup('g', [ValueError(1)])",
    "hook": "sys.excepthook = lambda kind, value, tb: print('hook', kind, tb.tb_frame.f_code.co_name, tb.tb_next)\nraise OSError(5)",
    "interrupt": "import signal\nos.kill(os.getpid(), signal.SIGINT)\nimport time\ntime.sleep(9)",
    "killed": "import signal\nos.kill(os.getpid(), signal.SIGTERM)\nimport time\ntime.sleep(9)",
    "atexit": "import atexit\natexit.register(print, 'at exit')\nraise RuntimeError",
    "thread": "threading.Thread(target=print, args=('thread',)).start()\nraise RuntimeError",
    "os": "sys.stdout.flush()\nos._exit(9)",
    "recursion": "def f(): f()\ntry:\n    f()\nexcept RecursionError as e:\n    print(e)",
    "pickle": "import pickle\nclass C: pass\nprint(type(pickle.loads(pickle.dumps(C()))).__module__)",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "helper.py").write_text("", encoding="utf-8")
    (tmp_path / "helper.py").write_text("", encoding="utf-8")
    (tmp_path / "sub" / "__init__.py").write_text("", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("end", ENDS)
def test_a_script_ends_as_under_python(folder, root, end):
    (folder / "sub" / "app.py").write_text(ABOUT + ENDS[end], encoding="utf-8")
    arguments = ["sub/app.py", "a", "-b", "--", "run"]
    assert outcome([*RUN, *arguments], folder, root) == outcome([sys.executable, *arguments], folder, root)


@pytest.mark.parametrize("end", ["quiet", "error", "status"])
@pytest.mark.parametrize("name", ["sub.app", "sub"])
def test_a_module_ends_as_under_python(folder, root, end, name):
    file = "app.py" if name == "sub.app" else "__main__.py"
    (folder / "sub" / file).write_text(ABOUT + ENDS[end], encoding="utf-8")
    arguments = ["-m", name, "a", "-m", "b"]
    assert outcome([*RUN, *arguments], folder, root) == outcome([sys.executable, *arguments], folder, root)


def test_folders_and_archives(folder, root):
    (folder / "sub" / "__main__.py").write_text(ABOUT + ENDS["error"], encoding="utf-8")
    with zipfile.ZipFile(folder / "app.pyz", "w") as archive:
        for name in ("__main__.py", "helper.py"):
            archive.write(folder / "sub" / name, name)
    for path in ("sub", "app.pyz"):
        assert outcome([*RUN, path, "x"], folder, root) == outcome([sys.executable, path, "x"], folder, root)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("bad.py", b"x = (\n"),
        ("latin.py", b"# coding: latin-1\nprint('\xe9')\n"),
        ("empty.py", b""),
        ("future.py", b"from __future__ import annotations\ndef f(x: nothing): ...\nprint(f.__annotations__)\n"),
    ],
)
def test_sources_of_all_kinds(folder, root, file, text):
    (folder / file).write_bytes(text)
    assert outcome([*RUN, file], folder, root) == outcome([sys.executable, file], folder, root)


@pytest.mark.parametrize("arguments", [["nowhere.py"], ["-m", "nowhere"], ["-m", "sub.nowhere"], ["/nowhere/at/all"]])
def test_what_is_not_there(folder, root, arguments):
    assert outcome([*RUN, *arguments], folder, root) == outcome([sys.executable, *arguments], folder, root)


def test_a_script_by_a_link_and_one_that_is_safe_from_its_folder(folder, root):
    (folder / "sub" / "app.py").write_text(ABOUT, encoding="utf-8")
    (folder / "link.py").symlink_to("sub/app.py")
    assert outcome([*RUN, "link.py"], folder, root) == outcome([sys.executable, "link.py"], folder, root)
    safe = {"PYTHONSAFEPATH": "1"}
    plain = outcome([sys.executable, "sub/app.py"], folder, root, **safe)
    assert outcome([*RUN, "sub/app.py"], folder, root, **safe) == plain


@pytest.mark.parametrize("arguments", [[], ["-m"], ["-x"]])
def test_wrong_use(folder, root, arguments):
    status, out, errors = outcome([*RUN, *arguments], folder, root)
    assert (status, out) == (2, "")
    assert errors.startswith("usage: python -m openprofiling_ipy run")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]])
def test_help(folder, root, arguments):
    status, out, errors = outcome([sys.executable, "-m", "openprofiling_ipy", *arguments], folder, root)
    assert (status, errors) == (0, "")
    assert out.startswith("usage: python -m openprofiling_ipy")


@pytest.mark.parametrize(
    "environ",
    [
        {"OPENPROFILING_TRIGGER": "SIGKILL"},
        {"OPENPROFILING_PROFILER": "nothing"},
        {"OPENPROFILING_PROFILER": "cpu:rate=fast"},
        {"OPENPROFILING_EXPORT": "nowhere://bucket"},
    ],
)
def test_a_wrong_word_is_told_and_the_program_runs(folder, root, environ):
    (folder / "app.py").write_text("print('ran')", encoding="utf-8")
    status, out, errors = outcome([*RUN, "app.py"], folder, root, **environ)
    assert (status, out) == (0, "ran\n")
    assert errors.startswith("the program runs without an agent: ")
    assert errors.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_the_environment_says_what_is_recorded(tmp_path, root):
    code = 'say("ready")\nwork(600)\n'
    program = tmp_path / "program.py"
    environ = {
        "OPENPROFILING_TRIGGER": "SIGUSR1, SIGUSR2:600",
        "OPENPROFILING_PROFILER": "wall:rate=50",
        "OPENPROFILING_EXPORT": str(tmp_path / "out"),
        "OPENPROFILING_SERVICE": "shop",
    }
    with Program(tmp_path, code, run=RUN, **environ) as running:
        running.hear("ready")
        threads = running.threads()
        running.signal(signal.SIGUSR1)
        until(lambda: running.threads() > threads, "a recording")
        time.sleep(0.5)
        running.signal(signal.SIGUSR1)
        until(running.files, "a file")
        facts = running.profiles()[0].attributes
        assert (facts[A.KIND], facts[A.RATE], facts[A.SERVICE]) == ("wall", 50.0, "shop")
        shown = names(running.profiles()[0])
        assert "work" in shown
        # The command that runs it does not stand above it.
        assert not shown & {"_run_path", "main", "_as_python", "_run_module_as_main"}
    assert program.is_file()
