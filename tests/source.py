"""Reads the package as text: which file imports what and where, how long its functions are, which words it says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import openprofiling_ipy

PACKAGE = Path(str(openprofiling_ipy.__file__)).parent
NAME = PACKAGE.name

Where = Literal["module", "function", "typing"]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Import:
    """`target` is the dotted module (for `from a import b` both `a` and `a.b` could be meant: `names` has the b's)."""

    target: str
    names: tuple[str, ...]
    where: Where
    line: int


@dataclass(frozen=True)
class Module:
    """A Python file of the package."""

    path: Path

    @property
    def relative(self) -> str:
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def room(self) -> str:
        """The folder it stands in, or its own name for the files at the top ("" for the package itself)."""
        first = Path(self.relative).parts[0]
        return first.removesuffix(".py").replace("__init__", "")

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def imports(self) -> list[Import]:
        return list(_imports(self.tree, "module"))

    def exported(self) -> list[str] | None:
        """What `__all__` lists, None where there is none."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets
            ):
                return list(ast.literal_eval(node.value))
        return None

    def defined(self) -> set[str]:
        """The public names that the file makes."""
        return {name for name in self._names() if not name.startswith("_")}

    def private(self) -> set[str]:
        """The other names that the file makes."""
        return {name for name in self._names() if name.startswith("_")}

    def _names(self) -> set[str]:
        return {name for node in self.tree.body for name in _made(node)}

    def bound(self) -> set[str]:
        """The names that the file makes or passes on."""
        passed = [node for node in self.tree.body if isinstance(node, ast.ImportFrom)]
        return self.defined() | {alias.asname or alias.name for node in passed for alias in node.names}

    def functions(self) -> Iterator[tuple[str, int]]:
        """Each function's name and its length in lines, without decorators."""
        for node in ast.walk(self.tree):
            if isinstance(node, FUNCTIONS):
                yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1

    def strings(self) -> Iterator[tuple[int, str]]:
        """Every piece of text with its line; of an f-string its fixed parts in one, a replaced part as "{}"."""
        inside: set[ast.AST] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.JoinedStr):
                inside.update(node.values)
                yield node.lineno, "".join(_fixed(part) for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
                yield node.lineno, node.value


def modules() -> list[Module]:
    return [Module(path) for path in sorted(PACKAGE.rglob("*.py"))]


def _imports(node: ast.AST, where: Where) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        inner: Where = where
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, (), where, child.lineno) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"line {child.lineno}: imports are absolute in this house"
            yield Import(child.module or "", tuple(alias.name for alias in child.names), where, child.lineno)
        elif isinstance(child, FUNCTIONS):
            inner = "function"
        elif isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            inner = "typing"
        yield from _imports(child, inner)


def _made(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        parts = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
        yield from (part.id for part in parts if isinstance(part, ast.Name))


def _fixed(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{}"
