"""Code that a magic runs itself: the statement behind `%oprof cpu`, or a cell's body that it is given as a string."""

from __future__ import annotations

import ast
import linecache
from typing import TYPE_CHECKING, Any

from openprofiling_ipy.cells.repeat import Pace

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

__all__ = ["Statement"]


class Statement:
    """Compiled code whose last expression has a value, as in a cell. Raises SyntaxError."""

    def __init__(self, shell: Any, text: str, filename: str) -> None:
        source = shell.transform_cell(text)
        tree = shell.transform_ast(shell.compile.ast_parse(source, filename))
        # Tracebacks show the code that ran.
        linecache.cache[filename] = len(source), None, source.splitlines(keepends=True), filename
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        self._body = shell.compile(ast.Module(tree.body, []), filename, "exec")
        self._last = shell.compile(ast.Expression(last.value), filename, "eval") if last else None
        self._globals = shell.user_ns

    def run(self, local_ns: dict[str, Any] | None = None) -> Any:
        """Run it once in the user's namespace and return the value of its last expression, or None."""
        __tracebackhide__ = True
        names = self._globals if local_ns is None else local_ns
        exec(self._body, self._globals, names)  # noqa: S102  # the user's own code, as typed
        return None if self._last is None else eval(self._last, self._globals, names)  # noqa: S307

    def run_for(
        self, seconds: float, quiet: Callable[[], AbstractContextManager[Any]], local_ns: dict[str, Any] | None = None
    ) -> tuple[Any, int]:
        """Run it within `quiet()` for about `seconds`, then once audibly; return (value, how often in all)."""
        __tracebackhide__ = True
        pace = Pace(seconds)
        while not pace.over:
            with quiet():
                for runs in pace.batch():
                    for _ in range(runs):
                        self.run(local_ns)
        return self.run(local_ns), pace.count + 1
