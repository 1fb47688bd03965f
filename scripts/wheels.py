"""The wheel as a user gets it: built where no Node runs, installed where no checkout can be seen."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["VERSIONS", "build", "copy_tests", "find", "install"]

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.11", "3.12", "3.13")


def build(folder: Path) -> Path:
    """Build the sdist and from it the wheel, where `node` and `npm` only fail; return the wheel."""
    with tempfile.TemporaryDirectory() as stubs:
        for name in ("node", "npm", "npx"):
            stub = Path(stubs) / name
            stub.write_text("#!/bin/sh\necho 'no Node is needed to build or install' >&2\nexit 97\n")
            stub.chmod(0o755)
        _run(
            *(sys.executable, "-m", "build", "--outdir", folder, ROOT),
            PATH=f"{stubs}{os.pathsep}{os.environ['PATH']}",
        )
    return next(folder.glob("*.whl"))


def find(version: str) -> Path | None:
    """Return a CPython of this version that runs: on the path (pyenv's shims may not run), or under pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [
        shutil.which(f"python{version}"),
        *sorted(map(str, pyenv.glob(f"{version}.*/bin/python"))),
        sys.executable,
    ]
    question = "import sys; print(sys.implementation.name, *sys.version_info[:2], sys.executable)"
    for candidate in filter(None, candidates):
        answer = subprocess.run([candidate, "-c", question], capture_output=True, text=True, check=False).stdout.split()
        if answer[:3] == ["cpython", *version.split(".")]:
            return Path(answer[3])
    return None


def install(wheel: Path, version: str, python: Path) -> Path:
    """
    Install the wheel, and what the tests need, in an environment of its own; return its Python.

    The environment is made anew when pyproject.toml changes; the wheel itself is installed anew every time.
    """
    place = ROOT / ".venvs" / version
    inside = place / "bin" / "python"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = place / ".setup"
    pip = (sys.executable, "-m", "pip", "--python", inside)
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        _run(python, "-m", "venv", "--without-pip", place)
        _run(*pip, "install", "-qq", wheel, "--group", f"{ROOT}/pyproject.toml:kernel")
        stamp.write_text(wanted)
    else:
        _run(*pip, "install", "-qq", "--force-reinstall", "--no-deps", wheel)
    return inside


def copy_tests(folder: Path) -> Path:
    """
    Copy the tests and what they read, but not the package, so that only the installed one can be imported.

    Tests of sources that the wheel does not carry stay behind, as do those in browsers: other stages run them.
    """
    behind = shutil.ignore_patterns(
        "__pycache__", "browser", "js", "test_architecture*.py", "test_words.py", "source*.py"
    )
    for name in ("tests", "scripts", "benchmarks", "notebooks", "examples", "docs"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=behind)
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder)
    return folder


def _run(*command: str | Path, **environment: str) -> None:
    quiet = {"PIP_ROOT_USER_ACTION": "ignore", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**os.environ, **quiet, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-4000:], sep="\n", flush=True)
        done.check_returncode()
