"""No message, docstring, page or notebook names a kind, verb, option, format or extra that does not exist."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from openprofiling_ipy.formats import registry as formats
from openprofiling_ipy.notebook import completion
from openprofiling_ipy.notebook.arguments import VERBS
from openprofiling_ipy.profilers import registry as profilers
from tests.source import PACKAGE, modules

#: A magic and what follows it on its line, up to where a sentence or a column ends.
MAGIC = re.compile(r"%%?oprof\b(?P<rest>(?:(?! {2})[^\n`|;:\"])*)")
EXTRA = re.compile(r"openprofiling-ipy\[([\w-]+)\]")
#: Things of later releases. They may be announced in the pages of `docs`, and nowhere else.
LATER = re.compile(r"\b(heap(?!q)\w*|leaks?\b|heapsnapshot)\b")
#: Paths that Go's tools ask for: what is not there yet has its answer too.
GO_PATHS = re.compile(r"/debug/pprof\b(/\w+)?")
PLACEHOLDERS = {"KIND", "VERB", "EXPR", "STATEMENT", "[KIND]", "...", "…"}


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Yield (where, text) of everything a user may read."""
    for module in modules():
        for line, text in module.strings():
            yield f"{module.relative}:{line}", text
    for path in (*root.glob("*.md"), *root.glob("docs/*.md"), *PACKAGE.rglob("*.md")):
        yield path.name, path.read_text(encoding="utf-8")
    for path in root.glob("notebooks/*.ipynb"):
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            yield f"{path.name}[{number}]", "".join(cell["source"])
    for path in PACKAGE.rglob("*.js"):
        yield path.name, path.read_text(encoding="utf-8")


def wrong_words(rest: str) -> list[str]:
    """Return what of the words behind a magic does not exist."""
    words = rest.split()
    known = {*profilers.names(), *VERBS, *PLACEHOLDERS}
    first = words[0].rstrip(".,)") if words else ""
    wrong = [first] if re.fullmatch(r"[a-z]+", first) and first not in known | PROSE else []
    options = {*completion.VALUED, *completion.FLAGS, *completion.LIST, *completion.AUTO, "--all", "--"}
    wrong += [word for word in re.findall(r"(?<!\S)--?[a-z]+\b", rest) if word not in options]
    wrong += [name for name in re.findall(r"--format[ =]([a-z]+)", rest) if name not in formats.names()]
    return wrong


#: Words with which a sentence may go on behind a bare `%oprof`.
PROSE = {
    "a",
    "line",
    "lines",
    "and",
    "alone",
    "in",
    "is",
    "above",
    "below",
    "or",
    "takes",
    "cell",
    "does",
    "of",
    "the",
    "for",
}


def test_the_test_sees_wrong_words():
    assert wrong_words(" cpu --rate 50") == []
    assert wrong_words(" hepa --rat 50 --format perfetto") == ["hepa", "--rat", "perfetto"]


def test_magics_are_written_with_words_that_exist(root):
    wrong = [
        f"{where}: {match[0].strip()!r} has {words}"
        for where, text in texts(root)
        for match in MAGIC.finditer(text)
        if (words := wrong_words(match["rest"]))
    ]
    assert wrong == []


def test_extras_exist(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {extra for _, text in texts(root) for extra in EXTRA.findall(text) if extra != "{}"}
    assert named <= project["optional-dependencies"].keys()


def test_nothing_of_later_releases_is_named():
    wrong = [
        f"{module.relative}:{line}: {found[0]}"
        for module in modules()
        for line, text in module.strings()
        if (found := LATER.search(GO_PATHS.sub("", text)))
    ]
    assert wrong == []


@pytest.mark.parametrize("name", formats.names())
def test_each_format_is_in_the_readme(name, root):
    assert re.search(rf"^\| `?{name}", (root / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"`{name}`" in (root / "docs" / "files.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "word",
    sorted({*profilers.names(), *VERBS, *completion.VALUED, *completion.FLAGS, *completion.LIST, *completion.AUTO}),
)
def test_each_word_is_explained(word, root):
    """Kinds, verbs and options stand in the page that lists them."""
    assert f"`{word}" in (root / "docs" / "magics.md").read_text(encoding="utf-8")
