"""What is left of an output where a front end does not trust it: the rules of JupyterLab and of GitHub, in short."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

VOID = {"img", "br", "hr", "col", "wbr"}
#: Elements that go with all that is in them; of others that are not allowed the content stays.
SILENT = {"script", "style", "textarea", "option"}


@dataclass(frozen=True)
class Policy:
    tags: frozenset[str]
    everywhere: frozenset[str]
    attributes: dict[str, frozenset[str]]


_TAGS = (
    "a b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p "
    "pre q s samp small span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var"
)
#: JupyterLab 4.6, `Sanitizer` of apputils: of styles only such properties that cannot hide or load anything are kept;
#: custom ones are not among them, so the test drops all.
LAB = Policy(
    frozenset(_TAGS.split()),
    frozenset({"class", "dir", "hidden", "id", "lang", "title"}),
    {
        "details": frozenset({"open"}),
        "img": frozenset({"alt", "src", "width", "height"}),
        "td": frozenset({"align", "colspan"}),
        "th": frozenset({"align", "colspan"}),
    },
)
#: GitHub's published allowlist: no class, no style, no id.
GITHUB = Policy(
    frozenset(_TAGS.split()),
    frozenset({"align", "alt", "colspan", "height", "open", "title", "width"}),
    {"img": frozenset({"src"}), "a": frozenset({"href"})},
)


class _Cleaner(HTMLParser):
    def __init__(self, policy: Policy) -> None:
        super().__init__(convert_charrefs=True)
        self.policy = policy
        self.out: list[str] = []
        self.silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.silent:
            return
        if tag in SILENT:
            self.silent = tag
        elif tag in self.policy.tags:
            allowed = self.policy.everywhere | self.policy.attributes.get(tag, frozenset())
            kept = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs if name in allowed)
            self.out.append(f"<{tag}{kept}>")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.silent:
            self.silent = ""
        elif not self.silent and tag in self.policy.tags and tag not in VOID:
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.out.append(escape(data))


def sanitized(html: str, policy: Policy) -> str:
    cleaner = _Cleaner(policy)
    cleaner.feed(html)
    cleaner.close()
    return "".join(cleaner.out)
