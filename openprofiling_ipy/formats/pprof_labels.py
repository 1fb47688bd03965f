"""
What pprof has no field for, in the places it leaves for such things: labels of samples, and one comment.

Each sample is labelled with its lane (`thread`, and `lane` where that is no plain thread), the end of what it stands
for (`end_timestamp_ns`, unix ns, as Datadog's profilers write it), the expression that was evaluated, and those facts
that tell recordings apart when files are merged. A comment that begins with `#`, which pprof's reports leave out, has
the rest as JSON: all lanes, facts and sources.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from openprofiling_ipy.errors import MalformedProfile
from openprofiling_ipy.formats import columns, jsontext
from openprofiling_ipy.model import Thread
from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openprofiling_ipy.model import Profile, ThreadKind
    from openprofiling_ipy.model.profile import Attribute

__all__ = [
    "EXPRESSION",
    "TIME",
    "Label",
    "Lane",
    "clean",
    "facts",
    "lane",
    "lanes",
    "named_facts",
    "read_facts",
    "shared",
]

TIME: Final = "end_timestamp_ns"
EXPRESSION: Final = "expression"
_THREAD: Final = "thread"
_LANE: Final = "lane"
_NUMBER: Final = "thread number"
_OTHER: Final = "other "
_MARK: Final = "# openprofiling "

#: What other tools call a thread's name, its number and a task, the most telling first.
_NAMES: Final = (_THREAD, "thread name", "thread_name", "threadname", "thread_comm", "comm")
_IDS: Final = ("thread id", "thread_id", "native thread id", "tid", _NUMBER)
_TASKS: Final = ("task name", "task_name")
_OURS: Final = frozenset({TIME, EXPRESSION, _THREAD, _LANE, _NUMBER, *_NAMES, *_IDS, *_TASKS})

#: Facts that tell one recording from another; of those we know, the others are about the recording itself.
_TELLING: Final = frozenset({A.NAME, A.LABEL, A.SERVICE, A.HOST, A.PID})
_KNOWN: Final = frozenset(value for key, value in vars(A).items() if key.isupper()) - _TELLING
_LONGEST: Final = 200

#: A lane, and what tells it from others that look the same.
Lane = tuple[Thread, int | str]
Label = tuple[str, int | str]


def clean(text: str) -> str:
    r"""Return a text as UTF-8 can hold it: half of a surrogate pair, which a file name can have, becomes "\udc80"."""
    return text.encode(errors="backslashreplace").decode()


def lanes(threads: Sequence[Thread]) -> list[list[Label]]:
    """Return the labels of each lane; the second of those that look the same is number 2."""
    met: Counter[Thread] = Counter()
    found = []
    for thread in threads:
        met[thread] += 1
        labels: list[Label] = [(_THREAD, thread.name)]
        if thread.kind != "thread" or not thread.home:
            labels.append((_LANE, thread.kind if thread.home else _OTHER + thread.kind))
        if met[thread] > 1:
            labels.append((_NUMBER, met[thread]))
        found.append(labels)
    return found


def lane(labels: Mapping[str, int | str]) -> Lane | None:
    """Return the lane that a sample's labels name, in our words or those of others; None where they name none."""
    number = next((labels[key] for key in _IDS if key in labels), 1)
    called = next((labels[key] for key in _NAMES if key in labels), None)
    task = next((labels[key] for key in _TASKS if key in labels), None)
    if task is not None:
        return Thread(str(task), "task"), number
    if called is None:
        named = next((labels[key] for key in _IDS[:-1] if key in labels), None)
        shown = named if isinstance(named, str) else f"thread {named}"
        return None if named is None else (Thread(shown), number)
    word = str(labels.get(_LANE, "thread"))
    kinds: dict[str, ThreadKind] = {"thread": "thread", "task": "task", "native": "native"}
    kind = kinds.get(word.removeprefix(_OTHER), "thread")
    return Thread(str(called), kind, home=not word.startswith(_OTHER)), number


def facts(profile: Profile) -> Iterator[Label]:
    """Yield the labels that every sample gets: what the user said of the recording, and where it was made."""
    for key, value in profile.attributes.items():
        text = str(value)
        if key not in _KNOWN | _OURS and text and len(text) <= _LONGEST:
            yield key, text


def shared(labels: Sequence[Mapping[str, int | str]]) -> dict[str, Attribute]:
    """Return what all samples of another tool's file are labelled alike: facts about the recording."""
    if not labels:
        return {}
    first, *others = labels
    return {
        key: value
        for key, value in first.items()
        if key not in _KNOWN | _OURS and all(other.get(key) == value for other in others)
    }


def named_facts(profile: Profile) -> str:
    """Return the comment that holds all lanes, facts and sources."""
    known: dict[str, Any] = {
        "version": columns.VERSION,
        "threads": [{"name": t.name, "kind": t.kind, "home": t.home} for t in profile.threads],
        "attributes": dict(profile.attributes),
        "sources": dict(profile.sources),
    }
    return _MARK + jsontext.write(known).decode()


def read_facts(comments: Sequence[str], name: str) -> list[tuple[list[Thread], dict[str, Attribute], dict[str, str]]]:
    """
    Return lanes, facts and sources of every recording whose comment is among `comments`: none, one, or several merged.

    Raises MalformedProfile (of the format `name`) or ValueError where such a comment holds something else.
    """
    found = []
    for comment in comments:
        if not comment.startswith(_MARK):
            continue
        try:
            known = jsontext.parse(comment.removeprefix(_MARK).encode(), name)
        except MalformedProfile as error:
            raise MalformedProfile(name, f"the comment of openprofiling_ipy: {error.reason}") from None
        threads = known.get("threads")
        if not isinstance(threads, list):
            raise ValueError("threads must be a list")  # noqa: TRY004  # callers catch ValueError alone
        found.append(([columns.lane(item) for item in threads], columns.attributes(known), columns.sources(known)))
    return found
