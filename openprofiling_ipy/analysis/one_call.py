"""Tell where nearly all of a profile is one call: then no picture is needed to see it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from openprofiling_ipy.analysis.places import Place, places
from openprofiling_ipy.analysis.weights import document_total, stack_self, stack_total

if TYPE_CHECKING:
    from openprofiling_ipy.model import Profile

__all__ = ["OneCall", "one_call"]

_NEARLY_ALL: Final = 0.95
_CALL: Final = re.compile(r"([\w.]+)\(.*\)", re.DOTALL)
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class OneCall:
    """
    `share` of the shown value went into `text`, a "call" of a function or another "expression", at `where`.

    `where` is the position in the user's code, such as "In[5]:3".
    """

    share: float
    what: str
    text: str
    where: str


def one_call(profile: Profile, value: int) -> OneCall | None:
    """Return the one call of a library or a C function that took nearly all of a value, made from the user's code."""
    whole = document_total(profile, value)
    own = stack_self(profile, value)
    if not whole or not len(own):
        return None
    heavy = np.flatnonzero(stack_total(profile.stacks, own) >= _NEARLY_ALL * whole)
    # More than half each: they lie on one path, in preorder from the root on.
    found = places(profile)
    of = [found[profile.function_file(int(profile.frames.function[f]))] for f in profile.stacks.frame[heavy].tolist()]
    mine = [at for at, place in enumerate(of) if place.kind in ("cell", "user")]
    if not mine:
        return None
    last = mine[-1]
    frame = int(profile.stacks.frame[heavy[last]])
    where = _position(of[last], int(profile.frames.line[frame]))
    if last + 1 < len(heavy):
        stack = int(heavy[last + 1])
        called = profile.function_name(int(profile.frames.function[profile.stacks.frame[stack]]))
        share = int(stack_total(profile.stacks, own)[stack]) / whole
        return OneCall(share, "call", called, where)
    expression = profile.strings[int(profile.frames.expression[frame])]
    share = int(own[heavy[last]]) / whole
    if share < _NEARLY_ALL or not expression:
        return None
    function = _called(expression)
    text = " ".join((function or expression).split())
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return OneCall(share, "call" if function else "expression", text, where)


def _called(expression: str) -> str:
    """Return what an expression calls last, `df.groupby().sum` of `df.groupby("a").sum()`; "" where it is no call."""
    try:
        call = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):  # it has been cut
        match = _CALL.fullmatch(expression)
        return match[1] if match else ""
    return _name(call.func) if isinstance(call, ast.Call) else ""


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_name(value)}.{name}"
        case ast.Call(func=function):
            return f"{_name(function)}()"
    return "…"


def _position(place: Place, line: int) -> str:
    return f"{place.short}:{line}" if line else place.short
