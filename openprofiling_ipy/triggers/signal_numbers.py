"""Which signals a trigger may take, by name."""

from __future__ import annotations

import re
import signal
from typing import Final

from openprofiling_ipy.errors import InvalidOption, TriggerUnavailable

__all__ = ["name_of", "number_of"]

_REAL_TIME: Final = re.compile(r"SIGRT(MIN|MAX)(?:([+-])(\d{1,2}))?")
_ELSE: Final = "take another, such as SIGUSR2"
#: Signals that are somebody's already, and whose.
_TAKEN: Final = {
    **dict.fromkeys(("SIGKILL", "SIGSTOP"), "the system lets nobody handle it"),
    **dict.fromkeys(
        ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS", "SIGABRT", "SIGIOT", "SIGSTKFLT"),
        "it reports a crash",
    ),
    **dict.fromkeys(("SIGCHLD", "SIGCLD"), "it tells programs that a child has ended"),
    **dict.fromkeys(("SIGINT", "SIGBREAK"), "it interrupts the program, and a notebook's cell"),
    "SIGTERM": "it ends the program",
    **dict.fromkeys(("SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCONT"), "the shell's job control sends it"),
    "SIGPIPE": "it reports a broken pipe",
}


def number_of(given: str | int) -> int:
    """
    Return the number of a signal given as "SIGUSR2", "USR2", "RTMIN+3", `signal.SIGUSR2` or 12.

    Raises InvalidOption for what is no signal, TriggerUnavailable for one that this platform lacks or that is not ours
    to take.
    """
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise InvalidOption("signal", given, 'give its name, such as "SIGUSR2"')
    name = _full(given)
    number = _by_name(name) if isinstance(given, str) else int(given)
    if name in _TAKEN:
        raise TriggerUnavailable(name, f"{_TAKEN[name]}", _ELSE)
    if hasattr(signal, "valid_signals") and number not in signal.valid_signals():
        raise TriggerUnavailable(name, "this system has no such signal, or keeps it for itself", _ELSE)
    return number


def name_of(number: int) -> str:
    """Return the name of a signal, such as "SIGUSR2" or "SIGRTMIN+3"."""
    least = getattr(signal, "SIGRTMIN", None)
    if least is not None and least < number < signal.SIGRTMAX:
        return f"SIGRTMIN+{number - least}"
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _full(given: str | int) -> str:
    if isinstance(given, int):
        return name_of(given)
    word = given.strip().upper()
    return word if word.startswith("SIG") else f"SIG{word}"


def _by_name(name: str) -> int:
    known = getattr(signal, name, None)
    if isinstance(known, signal.Signals):
        return int(known)
    match = _REAL_TIME.fullmatch(name)
    if match is not None and hasattr(signal, "SIGRTMIN"):
        base = int(signal.SIGRTMIN if match[1] == "MIN" else signal.SIGRTMAX)
        return base + int(f"{match[2] or '+'}{match[3] or 0}")
    if name in _TAKEN:
        return 0
    if name in {"SIGUSR1", "SIGUSR2", "SIGHUP", "SIGQUIT", "SIGWINCH"}:
        raise TriggerUnavailable(name, "this system has no such signal", "use an HttpTrigger")
    raise InvalidOption("signal", name, 'give its name, such as "SIGUSR2"')
