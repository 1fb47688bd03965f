"""`python -m openprofiling_ipy look PID`: where a running process of this user spends its time."""

from __future__ import annotations

import argparse
import math
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.errors import AgentError
from openprofiling_ipy.look import wire

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["look", "main"]

#: Seconds beyond the look's own for a process that is busy.
_PATIENCE = 60.0
_FAILED = 1
_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Print the table and return 0, or say in one line why there is none and return 1."""
    parser = argparse.ArgumentParser(
        prog="python -m openprofiling_ipy look",
        description="Show where a running process of yours spends its time: what it is recording now, else a look of "
        "some seconds. It answers where it has loaded the notebook extension or started an agent.",
    )
    parser.add_argument("pid", type=int, help="the process")
    parser.add_argument("--for", dest="seconds", type=_seconds, default=2.0, metavar="SECONDS", help="2 by default")
    given = parser.parse_args(arguments)
    try:
        text = look(given.pid, given.seconds, **_terminal())
    except AgentError as error:
        sys.stderr.write(f"{error}\n")
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    return _write(text)


def _write(text: str) -> int:
    out = sys.stdout
    if out is None:  # it was closed before
        return _FAILED
    try:
        out.write(f"{text.rstrip()}\n")
        out.flush()
    except OSError as error:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  # what is left in the buffer is tried again at the exit
            os.dup2(nowhere.fileno(), out.fileno())
        if not isinstance(error, BrokenPipeError):  # `| head` has what it wants
            sys.stderr.write(f"the table cannot be written: {error.strerror}\n")
        return _FAILED
    return 0


def look(pid: int, seconds: float = 2.0, **terminal: Any) -> str:
    """
    Return the table of a process of this user; `terminal` may hold `width`, `color` and `encoding`.

    Raises AgentError where it cannot be looked at, and says what to do.
    """
    if not wire.supported():
        raise AgentError("looking at another process needs Linux: arm http there instead")
    with wire.open_socket() as connection:
        connection.settimeout(seconds + _PATIENCE)
        try:
            connection.connect(wire.address(pid))
        except OSError:
            raise AgentError(_silent(pid)) from None
        # Whoever is first may take a name; the system knows who it is.
        peer = wire.peer_of(connection)
        if peer.pid != pid:
            raise AgentError(f"another process ({peer.pid}) answers in the name of {pid}: its answer is not shown")
        try:
            wire.send(connection, {"seconds": seconds, **terminal})
            answer = wire.receive(connection)
        except TimeoutError:
            raise AgentError(f"process {pid} is too busy to answer: try again, or look for longer") from None
        except (OSError, ValueError):
            raise AgentError(f"process {pid} broke off: it has ended, or is another user's") from None
    if "text" not in answer:
        raise AgentError(f"process {pid} cannot be looked at: {answer.get('error', 'it did not say why')}")
    return str(answer["text"])


def _silent(pid: int) -> str:
    nobody = f"there is no process {pid}"
    if pid <= 0:  # the system takes these for groups of processes
        return nobody
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return nobody
    except PermissionError:
        return f"process {pid} is not yours: look at it as its own user"
    return (
        f"process {pid} does not answer: in a notebook %load_ext openprofiling_ipy first, "
        f"in a program start an agent (python -m openprofiling_ipy run)"
    )


def _seconds(text: str) -> float:
    try:
        value = float(text.removesuffix("s"))
    except ValueError:
        value = math.nan
    if not 0 < value <= wire.LONGEST:
        raise argparse.ArgumentTypeError(f"give seconds up to {wire.LONGEST:g}")
    return value


def _terminal() -> dict[str, Any]:
    """Return what the standard output can show."""
    out = sys.stdout
    if out is None:
        return {}
    encoding = getattr(out, "encoding", None) or "utf-8"
    if not out.isatty():
        return {"encoding": encoding, "width": 100}
    color = "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return {"encoding": encoding, "color": color, "width": min(100, shutil.get_terminal_size().columns)}
