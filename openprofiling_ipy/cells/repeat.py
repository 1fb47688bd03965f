"""
`--for TIME`: a cell run again and again before its natural run, so that there is enough to sample.

Recordings take the frames of this file for the outermost: what a repeat runs shows as if IPython ran it.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import time
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.cells import marker

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from contextlib import AbstractContextManager
    from types import CodeType

__all__ = ["Pace", "Repeat", "at_once"]

#: Seconds for which one silencing of the output serves: silencing every run would cost more than a short one itself.
_BATCH = 0.1
#: Seconds that runs between two looks at the clock take, where one does not take longer.
_SHORT = 0.001
#: So many runs at most: a run may suddenly take longer than those before it.
_MOST = 64


class Pace:
    """
    Says how often to run what shall run for about `seconds`, an audible last run included.

        while not pace.over:
            with quiet():
                for runs in pace.batch():
                    for _ in range(runs):
                        run()

    There is at least one run; `count` tells how many there were. Asking costs as much as a short run, so that the
    shorter they are, the more go by at once.
    """

    def __init__(self, seconds: float) -> None:
        self.count = 0
        self.over = False
        self._runs = 1
        self._end = time.perf_counter() + seconds

    def batch(self) -> Iterator[int]:
        """Yield how many runs are next."""
        began = last = time.perf_counter()
        while not self.over and last - began < _BATCH:
            runs = self._runs
            yield runs
            now = time.perf_counter()
            self.count += runs
            if now - last < _SHORT:
                self._runs = min(2 * runs, _MOST)
            elif runs > 1 and now - last > 4 * _SHORT:
                self._runs = 1
            # As many more and the audible one must still fit.
            self.over = now + (self._runs + 1) * (now - last) / runs > self._end
            last = now


class Repeat:
    """
    What stands behind the marker in a cell, compiled as IPython compiles it: under the cell's own name and lines.

    `code` is empty where the cell cannot be found by its file name, as under another magic.
    """

    def __init__(self, shell: Any, filename: str) -> None:
        self._shell = shell
        source = "".join(linecache.getlines(filename))
        body = shell.compile.ast_parse(source, filename).body if source else []
        start = next((i for i, node in enumerate(body) if marker.is_call(node)), len(body))
        #: Whether the cell awaits the marker.
        self.awaited = start < len(body) and isinstance(body[start].value, ast.Await)
        tree = shell.transform_ast(ast.Module(body[start + 1 :], []))
        with shell.compile.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if self.awaited else 0):
            self.code: list[CodeType] = [shell.compile(ast.Module([node], []), filename, "exec") for node in tree.body]

    async def run(self, seconds: float, quiet: Callable[[], AbstractContextManager[Any]]) -> int:
        """Run the code within `quiet()`, leaving time for the natural run; return how often. Its exceptions pass."""
        __tracebackhide__ = True
        pace = Pace(seconds)
        while not pace.over:
            with quiet():
                for runs in pace.batch():
                    for code in self.code * runs:
                        value = eval(code, self._shell.user_global_ns, self._shell.user_ns)  # noqa: S307  # the cell
                        if code.co_flags & inspect.CO_COROUTINE:
                            await value
        return pace.count


def at_once(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits to its end."""
    __tracebackhide__ = True
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("the cell waits, but its first line does not")
