"""`%oprof arm`, `disarm` and `auto`: let something else than a cell's own line record."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from openprofiling_ipy import session
from openprofiling_ipy.errors import InvalidOption, QueryError, choices
from openprofiling_ipy.notebook import arguments, completion
from openprofiling_ipy.notebook.arguments import Options, taken
from openprofiling_ipy.notebook.armed import Armed
from openprofiling_ipy.notebook.auto import OVER, Auto

if TYPE_CHECKING:
    from collections.abc import Callable

    from openprofiling_ipy.notebook.hooks import Notebook

__all__ = ["ArmVerbs"]


class ArmVerbs:
    """The verbs of one shell that arm something. Raises OpenProfilingError, whose message is one line."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self._armed = Armed(notebook.main_label)

    @property
    def verbs(self) -> dict[str, Callable[[list[str]], None]]:
        return {"arm": self._arm, "disarm": self._disarm, "auto": self._auto}

    def standing(self) -> list[str]:
        """Return what is armed, a line each."""
        every = ["every cell is recorded; %oprof auto off ends that"] if self._notebook.auto else []
        return [*self._armed.standing(), *every]

    def close(self) -> None:
        """Give all signals and ports back, and record no cell that does not ask for it."""
        self._armed.disarm()
        self._notebook.auto = None

    def _arm(self, words: list[str]) -> None:
        words, destination = taken(words, "--export")
        _refuse_options("arm", words, completion.ARM)
        if not words:
            names = ", ".join(self._armed.names)
            self._say(f"armed: {names}" if names else "nothing is armed: %oprof arm SIGUSR2 cpu, or %oprof arm http")
            return
        what, *rest = words
        if len(rest) > 1:
            raise QueryError(f"%oprof arm takes a signal and a kind, or http and a port, not {' '.join(words)!r}")
        if what.casefold() == "http":
            self._say(self._armed.http(_port(rest[0]) if rest else 0, destination))
        else:
            self._say(self._armed.signal(what, rest[0] if rest else "cpu", destination))

    def _disarm(self, words: list[str]) -> None:
        if len(words) > 1:
            raise QueryError(f"%oprof disarm takes one name, or nothing for all, not {' '.join(words)!r}")
        gone = self._armed.disarm(*words)
        self._say(f"disarmed: {', '.join(gone)}" if gone else "nothing was armed")

    def _auto(self, words: list[str]) -> None:
        words, over = taken(words, "--over")
        words, rate = taken(words, "--rate")
        _refuse_options("auto", words, completion.AUTO)
        if len(words) > 1:
            raise QueryError(f"%oprof auto takes a kind or off, not {' '.join(words)!r}")
        if words == ["off"]:
            self._notebook.auto = None
            self._say("cells are recorded where they begin with %%oprof")
            return
        if not words and over is None and rate is None:
            now = self._notebook.auto
            self._say("every cell is recorded; %oprof auto off ends that" if now else "off: %oprof auto cpu begins")
            return
        options = Options(kind=words[0] if words else "cpu", rate=None if rate is None else arguments.rate(rate))
        # A wrong word is told here, not at the next cell.
        session.profiler(options.kind, **options.for_profiler())
        seconds = OVER if over is None else arguments.seconds("--over", over)
        self._notebook.auto = Auto(options, seconds)
        self._say(
            f"every cell is recorded ({options.kind}) from now on, and shown if it takes {seconds:g} s or longer; "
            f"%oprof auto off ends that"
        )

    def _say(self, text: str) -> None:
        self._notebook.display.note(text, html.escape(text).replace("\n", "<br>"))


def _refuse_options(verb: str, words: list[str], known: tuple[str, ...]) -> None:
    for word in words:
        if word.startswith("-"):
            raise InvalidOption(verb, word, choices(word, known))


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise InvalidOption("port", text, "give a number up to 65535, or none for a free port")
    return int(text)
