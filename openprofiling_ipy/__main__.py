"""`python -m openprofiling_ipy`: what can be done from a terminal."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Each command's module, whose `main` takes the arguments behind it and returns an exit status, and what it is for.
_COMMANDS: Final = {
    "run": ("agent.run", "run a program with an agent beside it"),
    "look": ("look.client", "show where a running process spends its time"),
}


def _main(arguments: Sequence[str]) -> int:
    command = arguments[0] if arguments else ""
    if command not in _COMMANDS:
        asked = command in {"-h", "--help", "help"}
        lines = [f"  {name:6}{about}" for name, (_, about) in _COMMANDS.items()]
        usage = "\n".join(["usage: python -m openprofiling_ipy COMMAND ...", *lines, ""])
        (sys.stdout if asked else sys.stderr).write(usage)
        return 0 if asked else 2
    status: int = import_module(f"openprofiling_ipy.{_COMMANDS[command][0]}").main(arguments[1:])
    return status


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
