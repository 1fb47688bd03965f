"""
What of a profile may leave the machine: no host, user, process id or absolute path.

Files take their private form (`places.resolve`), attributes that tell of a machine or a person are left out, and paths
inside other texts are cut to their last part. Sources and expressions are the user's code and stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from openprofiling_ipy.analysis.places import ELSEWHERE, places, prefixes_of, resolve
from openprofiling_ipy.model import FunctionTable, Profile
from openprofiling_ipy.model.attributes import PRIVATE, A

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openprofiling_ipy.model.profile import Attribute

__all__ = ["private"]

#: Attributes that may stay: those we know and have judged. What a foreign file says besides may be anything.
_PUBLIC = frozenset(value for key, value in vars(A).items() if key.isupper()) - PRIVATE

_START = r"(?:[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z]:[\\/]|~[\w.-]*[\\/]|/{1,2}(?=[^\s\\/])|\\\\(?=[^\s\\/]+[\\/]))"
_QUOTED = re.compile(rf"(?P<quote>['\"`])(?P<path>{_START}[^'\"`\n]*)(?P=quote)")
_BARE = re.compile(rf"(?<![\w{ELSEWHERE}.>)\]/\\-]){_START}[^\s'\"`<>|;,()\[\]{{}}]*")
#: Whoever's home a path lies in.
_HOME = re.compile(r"(?:^|[A-Za-z]:)[\\/]+(?:home|Users|Documents and Settings)[\\/]+([^\\/\n]+)", re.MULTILINE)


def private(profile: Profile) -> Profile:
    """
    Return the profile in the form that saved pictures carry; again, it changes nothing.

    Different files stay different: where two would look alike, the later one is called "…/x.py (2)". Thread names stay.
    """
    secrets = _secrets(profile)
    files = _files(profile, secrets)
    strings: dict[str, int] = {"": 0}

    def intern(texts: Iterable[str]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return np.array([strings.setdefault(text, len(strings)) for text in texts], dtype=np.int32)

    old, functions, frames = profile.strings, profile.functions, profile.frames
    return replace(
        profile,
        functions=FunctionTable(
            intern(_cut(old[i], frozenset()) for i in functions.name.tolist()),
            intern(files[old[i]] for i in functions.file.tolist()),
            functions.first_line,
        ),
        frames=replace(frames, expression=intern(old[i] for i in frames.expression.tolist())),
        strings=tuple(strings),
        attributes=_attributes(profile.attributes, secrets),
        sources={files[file]: text for file, text in profile.sources.items()},
    )


def _secrets(profile: Profile) -> frozenset[str]:
    """Return the words that would name a person or a machine."""
    facts = profile.attributes
    known = {str(facts.get(key, "")) for key in (A.USER, A.HOST)}
    paths = [str(facts.get(A.FOLDER, "")), str(facts.get(A.PREFIXES, "")), *profile.sources]
    paths += [profile.strings[i] for i in set(profile.functions.file.tolist())]
    for path in paths:
        known.update(_HOME.findall(path))
    return frozenset(filter(None, known))


def _files(profile: Profile, secrets: frozenset[str]) -> dict[str, str]:
    """Return the private form of every file, different for different files."""
    folder, prefixes = str(profile.attributes.get(A.FOLDER, "")), prefixes_of(profile)
    forms: dict[str, str] = {}
    for file in (*places(profile), *profile.sources):
        place, form = resolve(file, folder, prefixes)
        if place.kind in ("user", "native") and not secrets.isdisjoint(form.split("/")):
            form = f"{ELSEWHERE}/{form.rpartition('/')[2]}"
        forms[file] = form
    # What is private already keeps its name, so that a second time changes nothing.
    taken = {file for file, form in forms.items() if file == form}
    for file, form in forms.items():
        if file == form:
            continue
        free, count = form, 1
        while free in taken:
            count += 1
            free = f"{form} ({count})"
        taken.add(free)
        forms[file] = free
    return forms


def _cut(text: str, secrets: frozenset[str]) -> str:
    """Cut every absolute path in a text to its last part, and leave out the words in `secrets`."""
    if "/" in text or "\\" in text:
        text = _QUOTED.sub(lambda match: f"{match['quote']}{_last(match['path'])}{match['quote']}", text)
        text = _BARE.sub(lambda match: _last(match[0]), text)
    for word in sorted(secrets):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", ELSEWHERE, text)
    return text


def _last(path: str) -> str:
    if "://" in path and not path.lower().startswith("file:"):
        return ELSEWHERE
    last = re.split(r"[\\/]", path.rstrip("\\/"))[-1]
    return f"{ELSEWHERE}/{last}" if last and last not in ("~", "file:") else ELSEWHERE


def _attributes(attributes: Mapping[str, Attribute], secrets: frozenset[str]) -> dict[str, Attribute]:
    words = secrets | ({str(attributes[A.PID])} if A.PID in attributes else frozenset())
    kept = {key: value for key, value in attributes.items() if key in _PUBLIC}
    return {key: _cut(value, words) if isinstance(value, str) else value for key, value in kept.items()}
