"""What a page shows by name: its headings, buttons, links, fields and columns, as somebody reads them on the screen."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

NAMED = frozenset("h1 h2 h3 h4 a button label legend summary th dt caption".split())
CONTROLS = frozenset("h1 h2 h3 h4 button label legend summary dt".split())
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
SILENT = frozenset(("script", "style", "template"))
# A field that has to be filled in says so by a mark behind its name.
MARKS = re.compile(r"\s*(?:\*|\(required\))$")


@dataclass
class Named:
    """`text` is what is seen; `spoken` has what stands there for screen readers alone, too."""

    tag: str
    href: str
    in_main: bool
    is_control: bool
    text: str = ""
    spoken: str = ""


@dataclass
class _Open:
    tag: str
    hidden: bool
    named: Named | None = None


@dataclass
class Shown(HTMLParser):
    html: str
    named: list[Named] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.stack: list[_Open] = []
        self.feed(self.html)
        for each in self.named:
            each.text, each.spoken = (MARKS.sub("", " ".join(t.split())) for t in (each.text, each.spoken))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        given = dict(attrs)
        hidden = "visually-hidden" in (given.get("class") or "") or given.get("aria-hidden") == "true"
        in_main = any(each.tag == "main" for each in self.stack)
        is_control = tag in CONTROLS or "btn" in (given.get("class") or "").split()
        named = Named(tag, given.get("href") or "", in_main, is_control) if tag in NAMED else None
        if named:
            self.named.append(named)
        self.stack.append(_Open(tag, hidden, named))

    def handle_endtag(self, tag: str) -> None:
        while self.stack and self.stack.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        if any(each.tag in SILENT for each in self.stack):
            return
        seen = not any(each.hidden for each in self.stack)
        for each in self.stack:
            if each.named:
                each.named.spoken += data
                each.named.text += data if seen else " "

    def link(self, step: str) -> str:
        """Where the first link leads whose text begins so, or whose address it is; head and foot come last."""
        links = sorted((each for each in self.named if each.tag == "a"), key=lambda each: not each.in_main)
        for each in links:
            if re.fullmatch(step, each.href) if step.startswith("/") else each.spoken.startswith(step):
                return each.href
        raise AssertionError(f"no link {step!r} among {[each.spoken for each in links]}")

    def has(self, words: str) -> bool:
        """Whether something on the page is called so, or begins so."""
        return any(f"{each.text} ".startswith(f"{words} ") for each in self.named)

    def controls(self) -> list[str]:
        """What the main part is made of, each name once, up to where a number, a date or a count begins."""
        names = (each.text for each in self.named if each.in_main and each.is_control)
        cut = (re.split(r"\s*\S*\d", name)[0] for name in names)
        return sorted({name for name in cut if len(name) > 1})
