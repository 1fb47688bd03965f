"""What a file tells about a machine, its user and their code, in words for the one who is about to pass it on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from openprofiling_ipy.model.attributes import A

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = ["told"]

_ABSOLUTE: Final = re.compile(r"[/\\~]|[A-Za-z]:[/\\]|file:", re.IGNORECASE)
_FACTS: Final = {A.HOST: "host name", A.USER: "user name", A.PID: "process id"}
_NAMED: Final = 3


def told(profile: Profile, *, everything: bool) -> tuple[str, ...]:
    """Return what a file of this profile tells; `everything` includes its attributes and sources."""
    facts = profile.attributes if everything else {}
    found = [word for key, word in _FACTS.items() if key in facts]
    if profile.attributes.get(A.PROCESSES):
        found.append("process ids of children")  # their lanes are named by them
    files = (profile.strings[file] for file in set(profile.functions.file.tolist()))
    if any(map(_ABSOLUTE.match, files)) or A.FOLDER in facts or A.PREFIXES in facts:
        found.append("absolute paths")
    if everything and profile.sources:
        cells = list(profile.sources)
        more = f" and {len(cells) - _NAMED} more" if len(cells) > _NAMED else ""
        found.append(f"the source of {', '.join(cells[:_NAMED])}{more}")
    return tuple(found)
