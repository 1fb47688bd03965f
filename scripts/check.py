"""
Run the stages of the tests, all or those named, and close with a line that counts: scripts/check.py [STAGE ...]

A failing stage does not stop the ones behind it; the exit code tells whether all passed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import wheels

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Outcome:
    """What a stage did: numbers of tests, and a line for each thing that failed or is worth saying."""

    passed: int = 0
    skipped: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def run(self, *command: str | Path, folder: Path = ROOT, **environment: str) -> str:
        """Run a command in `folder`, pass its output on, and return it; a failure is a problem of this stage."""
        words = [str(word) for word in command]
        print("$", " ".join(words).replace(sys.executable, "python"), flush=True)
        process = subprocess.Popen(
            words,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        lines = []
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
        if process.wait():
            self.problems.append(f"exit code {process.returncode}: {' '.join(words[:4])} ...")
        return "".join(lines)

    def pytest(
        self, *arguments: str, python: str | Path = sys.executable, folder: Path = ROOT, **environment: str
    ) -> None:
        """
        Run pytest and add its numbers. A run without a single test is a failure too (pytest says so itself).

        Tests run two at a time. Some measure real time, so what fails beside others is run once more, alone, and only
        what fails then too has failed; the rest is named.
        """
        passed, skipped, failed = self._pytest(python, folder, environment, *arguments, "-n", "2")
        if failed and passed:
            seen = len(self.problems)
            again, _, failed = self._pytest(python, folder, environment, *arguments, "-n", "0", "--last-failed")
            if again and not failed and len(self.problems) == seen:
                del self.problems[-1]
                self.remarks.append(f"{again} failed beside others and passed alone: {' '.join(arguments)}")
            passed += again
        self.passed += passed
        self.skipped += skipped
        self.failed += failed

    def _pytest(
        self, python: str | Path, folder: Path, environment: dict[str, str], *arguments: str
    ) -> tuple[int, int, int]:
        """Run pytest once and return how many tests passed, were skipped, and failed."""
        with tempfile.TemporaryDirectory() as temporary:
            report = Path(temporary) / "report.xml"
            command = (python, "-m", "pytest", "-q", "--durations=12", f"--junitxml={report}", *arguments)
            self.run(*command, folder=folder, **environment)
            suite = ET.parse(report).getroot().find("testsuite") if report.exists() else None  # noqa: S314
        if suite is None:
            self.problems.append("pytest wrote no report")
            return 0, 0, 0
        tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        return max(tests - skipped - failed, 0), skipped, failed


def lint() -> Outcome:
    outcome = Outcome()
    outcome.run(sys.executable, "-m", "ruff", "check", ".")
    outcome.run(sys.executable, "-m", "ruff", "format", "--check", ".")
    return outcome


def types() -> Outcome:
    outcome = Outcome()
    outcome.run(sys.executable, "-m", "mypy")
    outcome.run("npm", "run", "--silent", "check")
    return outcome


def js() -> Outcome:
    """The pure modules under node, and whether the committed bundle is what its sources give."""
    outcome = Outcome()
    output = outcome.run("npm", "test", "--silent")
    outcome.passed = _node_count(output, "pass")
    outcome.failed = _node_count(output, "fail")
    outcome.skipped = _node_count(output, "skipped")
    if not outcome.passed:
        outcome.problems.append("node counted no test")
    outcome.run("npm", "run", "--silent", "verify")
    return outcome


def _node_count(output: str, word: str) -> int:
    # A line begins with "#" or with an information sign, which Unicode counts among the letters.
    found = re.findall(rf"^\S+ {word} (\d+)\s*$", output, flags=re.MULTILINE)
    return sum(map(int, found))


def unit() -> Outcome:
    outcome = Outcome()
    outcome.pytest("-m", "not kernel and not browser")
    return outcome


def kernel() -> Outcome:
    outcome = Outcome()
    outcome.pytest("-m", "kernel and not browser")
    return outcome


def browser() -> Outcome:
    outcome = Outcome()
    outcome.pytest("-m", "browser")
    return outcome


def wheel_everywhere() -> Outcome:
    """The built wheel, installed in a fresh environment of each Python that is here."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        wheel = wheels.build(Path(folder))
        pythons = {version: wheels.find(version) for version in wheels.VERSIONS}
        for version, python in pythons.items():
            if python is None:
                outcome.remarks.append(f"CPython {version} is not on this machine: not tested")
                continue
            print(f"-- {wheel.name} on CPython {version}", flush=True)
            started = time.monotonic()
            place = wheels.install(wheel, version, python)
            away = wheels.copy_tests(Path(folder) / version)
            outcome.run(place, "scripts/smoke.py", folder=away)
            # On the Python of the other stages they have run all there is: here it is the wheel that counts.
            here = f"{sys.version_info.major}.{sys.version_info.minor}"
            chosen = WHEEL_TESTS if version == here else tuple(f"--ignore={room}" for room in ALIKE)
            outcome.pytest(*chosen, python=place, folder=away, OPROF_WHEEL=str(wheel))
            what = ", ".join(WHEEL_TESTS) if version == here else f"all but {', '.join(ALIKE)}"
            outcome.remarks.append(f"the wheel on CPython {version}: {time.monotonic() - started:.0f} s, {what}")
    return outcome


#: The tests that use most of what a wheel could lack: the page's files, the notebook, what is loaded late.
WHEEL_TESTS = ("tests/notebook", "tests/widgets", "tests/test_session.py", "tests/test_wheel.py")
#: Tests of arithmetic, bytes and servers elsewhere, which are the same for every Python: the other stages run them.
ALIKE = ("tests/analysis", "tests/exporters", "tests/formats", "tests/model")

STAGES: dict[str, Callable[[], Outcome]] = {
    "lint": lint,
    "types": types,
    "js": js,
    "unit": unit,
    "kernel": kernel,
    "browser": browser,
    "wheels": wheel_everywhere,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        print(f"no stage {unknown[0]!r}: one of {', '.join(STAGES)}", file=sys.stderr)
        return 2
    started = time.monotonic()
    outcomes: dict[str, tuple[Outcome, float]] = {}
    for name in names or STAGES:
        print(f"\n== {name}", flush=True)
        begun = time.monotonic()
        outcomes[name] = (_guarded(STAGES[name]), time.monotonic() - begun)
    return _report(outcomes, time.monotonic() - started)


def _guarded(stage: Callable[[], Outcome]) -> Outcome:
    """Run a stage; what it cannot even start (a missing program, say) is its failure, not the end of the run."""
    try:
        return stage()
    except (OSError, subprocess.CalledProcessError) as error:
        return Outcome(problems=[f"{type(error).__name__}: {error} (make setup?)"])


def _report(outcomes: dict[str, tuple[Outcome, float]], seconds: float) -> int:
    print(f"\n{'stage':<10}{'time':>9}{'passed':>9}{'skipped':>9}{'failed':>8}")
    for name, (outcome, spent) in outcomes.items():
        print(f"{name:<10}{spent:>7.1f} s{outcome.passed:>9,}{outcome.skipped:>9,}{outcome.failed:>8,}")
        for line in (*outcome.remarks, *outcome.problems):
            print(f"{'':<10}  {line}")
    results = [outcome for outcome, _ in outcomes.values()]
    passed, failed, skipped = (sum(getattr(o, word) for o in results) for word in ("passed", "failed", "skipped"))
    broken = [name for name, (outcome, _) in outcomes.items() if outcome.problems or outcome.failed]
    verdict = f"FAILED in {', '.join(broken)}" if broken else "all passed"
    counts = f"{passed:,} tests passed, {failed:,} failed, {skipped:,} skipped"
    print(f"\n{verdict}: {counts}, in {seconds / 60:.0f} min {seconds % 60:.0f} s", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
