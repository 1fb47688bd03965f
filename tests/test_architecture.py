"""The rules of docs/architecture.md, enforced."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.source import NAME, PACKAGE, Import, Module, modules

MODULES = modules()

#: Who may import whom. Every room may import itself, `background`, `errors` and `lazy`.
ALLOWED: dict[str, set[str]] = {
    "background": set(),
    "errors": set(),
    "lazy": set(),
    "model": set(),
    "analysis": {"model"},
    "formats": {"model", "analysis"},
    "profilers": {"model"},
    "capture": {"model"},
    "exporters": {"model", "capture", "formats"},
    "delivery": {"model", "capture", "exporters"},
    "shelf": {"capture", "formats", "model"},
    "cells": {"profilers"},
    "triggers": {"capture"},
    "stamps": {"model", "capture"},
    "ledger": {"model", "capture", "profilers", "stamps"},
    "children": {"analysis", "formats", "model", "profilers"},
    "session": {"model", "capture", "cells", "children", "exporters", "formats", "ledger", "profilers", "shelf"},
    "agent": {
        *(
            "model",
            "capture",
            "cells",
            "delivery",
            "exporters",
            "formats",
            "ledger",
            "look",
            "profilers",
            "stamps",
            "triggers",
        ),
    },
    "look": {"model", "capture", "cells", "ledger", "profilers", "widgets"},
    "__main__": {"agent", "look", "notebook"},
    "block": {"capture", "cells", "session"},
    "widgets": {
        *("model", "analysis", "capture", "cells", "exporters", "formats", "ledger", "profilers", "session"),
    },
    "notebook": {
        *("agent", "model", "capture", "cells", "formats", "exporters", "profilers", "session", "triggers", "widgets"),
        *("delivery", "ledger"),
    },
    "magics": {"formats", "look", "notebook"},
    "": {"agent", "block", "capture", "session", "notebook", "magics"},
}

#: The only imports that go upward: one-line methods for the user, inside their bodies.
UPWARD = {
    ("capture.py", "exporters"),
    ("capture.py", "widgets"),
}

#: The plug-ins of each room. None knows another; in its room only the registry knows them all.
PLUGINS = {
    "profilers": {"cpu", "wall"},
    "exporters": {"file", "gcs", "memory", "s3"},
    "formats": {"cpuprofile", "folded", "html", "pprof", "speedscope"},
    "triggers": {"http", "signal"},
}
REGISTRIES = {
    *("profilers/registry.py", "formats/registry.py", "exporters/registry.py"),
    *("profilers/__init__.py", "exporters/__init__.py", "triggers/__init__.py"),
}

#: Third parties: the rooms that may import them when they are loaded, and those that may inside functions.
THIRD_PARTIES: dict[str, tuple[set[str], set[str]]] = {
    "numpy": ({"model", "analysis", "formats"}, {"profilers", "widgets"}),
    "pandas": (set(), {"widgets"}),
    "matplotlib": (set(), {"widgets"}),
    "PIL": (set(), {"widgets"}),
    "IPython": ({"notebook", "magics"}, {"notebook", "magics"}),
    "traitlets": ({"notebook", "magics", "widgets"}, set()),
    "ipywidgets": ({"widgets"}, {"widgets"}),
    "anywidget": ({"widgets"}, {"widgets"}),
    **dict.fromkeys(("boto3", "botocore", "google", "requests"), (set(), {"exporters"})),
}

#: Files and functions over the house's size, each with the reason. None so far.
LONG: dict[str, str] = {}

HEAVY = (
    "IPython",
    "pandas",
    "matplotlib",
    "ipywidgets",
    "anywidget",
    "numpy",
    "PIL",
    "boto3",
    "botocore",
    "google",
    "requests",
)
LIGHT = (
    *(
        "",
        ".errors",
        ".capture",
        ".cells",
        ".cells.marker",
        ".cells.sources",
        ".shelf",
        ".ledger",
        ".session",
        ".children.recording",
        ".block",
        ".look.server",
        ".look.client",
    ),
    *(".profilers", ".profilers.base", ".profilers.registry", ".exporters", ".exporters.base", ".exporters.file"),
    *(".agent", ".agent.run", ".delivery", ".triggers", ".triggers.base", ".triggers.signal", ".triggers.http"),
    *(".exporters.parcels", ".exporters.registry", ".exporters.s3", ".exporters.gcs", ".exporters.memory"),
)


def each_import() -> list[tuple[Module, Import]]:
    return [(module, found) for module in MODULES for found in module.imports()]


def ours(found: Import) -> list[str]:
    """The modules of ours that an import reaches, without the package's name: "model.units"; [] for third parties."""
    if found.target == NAME:
        return list(found.names)
    return [found.target.removeprefix(f"{NAME}.")] if found.target.startswith(f"{NAME}.") else []


def test_rooms_import_only_what_lies_below_them():
    wrong = []
    assert {module.room for module in MODULES} == ALLOWED.keys(), "a room without rules, or rules without a room"
    for module, found in each_import():
        for target in ours(found):
            room = target.split(".")[0]
            allowed = ALLOWED[module.room] | {module.room, "background", "errors", "lazy"}
            upward = found.where != "module" and (module.relative, room) in UPWARD
            if room not in allowed and not upward:
                wrong.append(f"{module.relative}:{found.line} imports {target}")
    assert wrong == []


def test_nobody_imports_the_package_itself():
    """Its `__init__` is for users; inside, names come from the files that make them."""
    files = {path.stem for path in PACKAGE.iterdir()}
    wrong = [
        f"{module.relative}:{found.line}"
        for module, found in each_import()
        if module.room and found.target == NAME and not set(found.names) <= files
    ]
    assert wrong == []


def test_plugins_do_not_know_each_other():
    wrong = []
    for module, found in each_import():
        plugins = PLUGINS.get(module.room, set()) - {module.path.stem}
        for target in ours(found):
            room, _, rest = target.partition(".")
            files = {rest.split(".")[0]} if rest else set(found.names)
            if room == module.room and files & plugins and module.relative not in REGISTRIES:
                wrong.append(f"{module.relative}:{found.line} imports {sorted(files & plugins)}")
    assert wrong == []


@pytest.mark.parametrize("room", PLUGINS)
def test_plugins_are_files(room):
    assert PLUGINS[room] <= {path.stem for path in (PACKAGE / room).glob("*.py")}


def test_third_parties_stay_in_their_rooms():
    wrong = []
    for module, found in each_import():
        package = found.target.split(".")[0]
        if package in sys.stdlib_module_names or package == NAME or found.where == "typing":
            continue
        at_load, in_functions = THIRD_PARTIES.get(package, (set(), set()))
        if module.room not in (at_load if found.where == "module" else at_load | in_functions):
            wrong.append(f"{module.relative}:{found.line} imports {package} ({found.where})")
    assert wrong == []


@pytest.mark.parametrize("name", LIGHT)
def test_light_modules_load_nothing_heavy(name):
    code = f"import sys, {NAME}{name}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.relative)
def test_sizes(module):
    lines = module.text.count("\n")
    assert lines <= 300 or module.relative in LONG, (
        f"{module.relative} has {lines} lines: which two ideas does it hold?"
    )
    long = {name: size for name, size in module.functions() if size > 50 and f"{module.relative}:{name}" not in LONG}
    assert long == {}


def test_exceptions_are_still_needed():
    sizes = {module.relative: module.text.count("\n") for module in MODULES if module.text.count("\n") > 300}
    sizes |= {f"{m.relative}:{name}": size for m in MODULES for name, size in m.functions() if size > 50}
    assert LONG.keys() <= sizes.keys()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.relative)
def test_all_is_what_is_exported(module):
    exported = module.exported() or []
    assert len(exported) == len(set(exported))
    assert module.defined() <= set(exported), "public names that __all__ does not list"
    given = module.bound()
    if "__getattr__" in module.private():  # it gives its names when they are first asked for
        loaded = import_module(".".join((NAME, *Path(module.relative).parts[:-1])))
        given |= {name for name in exported if hasattr(loaded, name)}
    assert set(exported) <= given, "__all__ lists names that are not there"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.relative)
def test_nothing_is_left_lying(module):
    for word in ("TODO", "FIXME", "XXX", "print(", "NotImplementedError", "breakpoint("):
        assert word not in module.text, f"{module.relative} has {word}"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.relative)
def test_a_file_says_what_it_is_about(module):
    assert ast.get_docstring(module.tree)


def test_each_room_has_a_readme():
    rooms = [
        folder for folder in PACKAGE.rglob("*") if folder.is_dir() and folder.name not in {"__pycache__", "static"}
    ]
    assert [str(room) for room in rooms if not (room / "README.md").is_file()] == []
