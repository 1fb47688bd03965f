"""What `%oprof VERB` does: record across cells, look at captures, save and load them."""

from __future__ import annotations

import html
from datetime import datetime
from typing import TYPE_CHECKING

from openprofiling_ipy import session
from openprofiling_ipy.errors import InvalidOption, NotRunning, QueryError, UnknownCapture, choices
from openprofiling_ipy.exporters.address import is_address
from openprofiling_ipy.notebook import completion, kept, stored
from openprofiling_ipy.notebook.arguments import VERBS, Options, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.notebook.display import Display

__all__ = ["Verbs"]

_CHEATS = """\
%%oprof cpu            profile this cell, --for 2s a short one; %oprof cpu f(x) a statement
%oprof start cpu       record across cells, %oprof stop ends it; %oprof auto cpu records each
%oprof list            all captures; %oprof show #3 shows one, or In[5], or a name
%oprof export #3 DEST  save one as a file, or to s3://bucket/prefix; %oprof load PATH
%oprof panel           buttons that answer while a cell runs; %oprof arm SIGUSR2, or http
%%oprof?  %oprof?      all options\
"""


class Verbs:
    """
    The verbs of one shell. `options` reads words as Options, `label` tells the cell being executed, `more` are verbs
    that live elsewhere, `standing` says what they have armed, a line each.

    Raises OpenProfilingError or OSError, whose message is one line.
    """

    def __init__(
        self,
        display: Display,
        options: Callable[[list[str]], Options],
        label: Callable[[], str],
        more: Mapping[str, Callable[[list[str]], None]],
        standing: Callable[[], list[str]] = list,
    ) -> None:
        self._more = more
        self._standing = standing
        self._display = display
        self._options = options
        self._label = label

    def __call__(self, verb: str, words: list[str]) -> None:
        """Do what a verb says; without one, tell what is going on and what can be done."""
        own = {verb: getattr(self, f"_{verb}") for verb in VERBS if verb not in self._more}
        run = {**own, **self._more}.get(verb, self._status)
        run(words)

    def _status(self, _words: list[str]) -> None:
        now = []
        for capture in session.running():
            numbers = session.numbers(capture)
            took = f"{numbers.elapsed / 1e9:.0f} s, {numbers.samples:,} samples"
            now.append(f"recording {capture.kind} as #{capture.number}{_called(capture)}: {took}")
        count = len(session.captures)
        newest = f", the newest #{session.captures[-1].number}{_called(session.captures[-1])}" if count else ""
        now.append(f"{count} capture{'' if count == 1 else 's'}{newest}")
        text = "\n".join([*now, *self._standing(), "", _CHEATS])
        self._display.show(text, f"<pre>{html.escape(text)}</pre>")

    def _start(self, words: list[str]) -> None:
        for word in words:
            if word.startswith("-") and word.partition("=")[0] not in completion.START:
                raise InvalidOption("start", word, choices(word, completion.START))
        options = self._options(words)
        label = self._label()
        capture = session.start(options.kind, name=options.name, label=label, **options.for_profiler())
        self._display.note(f"recording {capture.kind} as #{capture.number}; %oprof stop ends it and shows it")

    def _stop(self, words: list[str]) -> None:
        under_way = session.running()
        if not under_way:
            raise NotRunning("nothing is being recorded: %oprof start cpu begins a recording")
        wanted = _only(words, "stop takes the name of a recording, such as #3, or nothing")
        capture = session.find(wanted) if wanted else under_way[-1]
        label = self._label()
        if capture.label and label not in ("", capture.label):
            capture.label = f"{capture.label} to {label}"
        self._display.result(session.stop(capture), Options())

    def _panel(self, words: list[str]) -> None:
        if words:
            raise QueryError(f"%oprof panel takes nothing, not {words[0]!r}")
        self._display.panel()

    def _list(self, words: list[str]) -> None:
        words, since = taken(words, "--since")
        source = _only(words, "list takes nothing, or an address such as s3://bucket/prefix")
        if source:
            if not is_address(source):
                raise QueryError(f"%oprof list takes nothing, or an address such as s3://bucket/prefix, not {source!r}")
            self._list_stored(source, since)
            return
        if since is not None:
            raise QueryError("--since needs an address: %oprof list s3://bucket/prefix --since 8h")
        kept.join()
        from openprofiling_ipy.model.units import format_value

        rows = [
            (
                f"#{capture.number}",
                capture.kind,
                capture.label,
                capture.name,
                datetime.fromtimestamp(capture.started_at / 1e9).astimezone().strftime("%H:%M:%S"),
                format_value(capture.ended_at - capture.started_at, "ns") if capture.ended_at else "",
                capture.status,
            )
            for capture in (*session.captures, *session.running())
        ]
        if not rows:
            raise UnknownCapture("", [])
        self._display.table(("", "kind", "what", "name", "began", "took", "status"), rows)

    def _list_stored(self, source: str, since: str | None) -> None:
        rows = stored.rows(source, since)
        if rows:
            self._display.table(stored.HEAD, rows)
        if len(rows) == stored.MOST:
            self._display.note(f"these are the newest {stored.MOST}: a longer prefix shows fewer and older ones")
        if not rows:
            within = f" in the last {since}" if since else ""
            self._display.note(f"no captures at {source}{within}")

    def _show(self, words: list[str]) -> None:
        capture = session.find(_only(words, "show takes the name of a capture, such as #3 or In[5]"))
        self._display.result(capture, Options())

    def _export(self, words: list[str]) -> None:
        words, format_name = taken(words, "--format")
        name, place = "", list(words)
        if words and _names_capture(words[0]):
            name, *place = words
        destination = _only(place, "export takes a capture, a destination and --format FORMAT")
        self._display.exported(session.find(name), destination, format_name)

    def _load(self, words: list[str]) -> None:
        path = _only(words, "load takes one file or address: quote a path with spaces")
        if not path:
            raise QueryError("%oprof load needs the path or the address of a saved profile")
        self._display.result(session.load(path), Options())

    def _forget(self, words: list[str]) -> None:
        if not words:
            raise QueryError("%oprof forget needs a capture, such as #3, or --all")
        if words == ["--all"]:
            gone = tuple(session.captures)
        else:
            gone = (session.find(_only(words, "forget takes one capture, such as #3, or --all")),)
        for capture in gone:
            session.forget(capture)
            kept.forget(capture)


def _only(words: list[str], otherwise: str) -> str:
    """Return the one word, "" without any. Raises QueryError."""
    if len(words) > 1:
        raise QueryError(f"%oprof {otherwise}, not {' '.join(words)!r}")
    return words[0] if words else ""


def _names_capture(word: str) -> bool:
    """Tell a capture's name from a destination."""
    known = {name for c in (*session.captures, *session.running()) for name in (c.name, c.label) if name}
    return word.startswith(("#", "In[")) or word in known


def _called(capture: Capture) -> str:
    words = [word for word in (capture.label, capture.name and f'"{capture.name}"') if word]
    return f" ({' '.join(words)})" if words else ""
