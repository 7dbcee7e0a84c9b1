"""A guide for each role, and the search in all of them; anybody may read them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from coaching import permissions
from coaching.models import Cohort, User
from coaching.permissions import Rule, access, public
from meetings.views.division import supervises


@dataclass(frozen=True)
class Guide:
    """`is_for`: whether it is a role of this person. Its text is the template of its name."""

    name: str
    title: str
    lead: str
    is_for: Rule

    @property
    def template(self) -> str:
        return f"help/_{self.name.replace('-', '_')}.html"

    @property
    def address(self) -> str:
        return reverse(f"help_{self.name}")

    @property
    def sections(self) -> list["Section"]:
        return [section for section in all_sections() if section.guide == self]


def applies(user: User) -> bool:
    return user.applications.exists()


def takes_part(user: User) -> bool:
    return user.participations.exists()


GUIDES = (
    Guide(
        "applicant", "Applicant", "Apply, see where your application is, and what comes after it.", applies
    ),
    Guide(
        "team-member",
        "Team member",
        "From the question whether you agree to a team to your certificate.",
        takes_part,
    ),
    Guide(
        "supervisor",
        "Supervisor",
        "Talk about a project, sign an application, and help without being in the room.",
        supervises,
    ),
    Guide(
        "division-director",
        "Division director",
        "Sign for your division, concur with a changed project, and see who takes part.",
        permissions.director,
    ),
    Guide(
        "branch-deputy",
        "Branch deputy",
        "Decide on all applications together, visit meetings, and read how the program goes.",
        permissions.deputy,
    ),
    Guide(
        "branch-office",
        "Branch office",
        "Run a cohort through its year: applications, teams, attendance, certificates.",
        permissions.branch_office,
    ),
    Guide(
        "superintendent",
        "Superintendent",
        "Approve lists of certificates, and read the reports.",
        permissions.superintendent,
    ),
    Guide(
        "training-office",
        "Training office",
        "Give the meetings their resources, read how they were evaluated, and keep the competencies.",
        permissions.training_office,
    ),
    Guide(
        "administrator",
        "Administrator",
        "People and their offices, mail that did not arrive, records and their terms.",
        permissions.administrator,
    ),
)


@dataclass(frozen=True)
class Section:
    guide: Guide
    anchor: str
    title: str
    text: str  # without the title


class _Sections(HTMLParser):
    """Takes a guide apart into its sections: anchor, title and text."""

    BLOCKS = frozenset(("p", "li", "h2", "h3", "ol", "ul", "figure", "dt", "dd"))

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str], list[str]]] = []
        self.in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self.found.append((dict(attrs)["id"] or "", [], []))
        self.in_title = tag == "h2" or self.in_title
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        self._part(tag)
        self.in_title = self.in_title and tag != "h2"

    def handle_data(self, data: str) -> None:
        if self.found:
            _, title, text = self.found[-1]
            (title if self.in_title else text).append(data)

    def _part(self, tag: str) -> None:
        if tag in self.BLOCKS:
            self.handle_data(" ")


@cache
def all_sections() -> list[Section]:
    """Of all guides; their texts are the same for everybody."""
    return [section for guide in GUIDES for section in _sections_of(guide)]


def _sections_of(guide: Guide) -> Iterable[Section]:
    parser = _Sections()
    parser.feed(render_to_string(guide.template))
    for anchor, title, text in parser.found:
        yield Section(guide, anchor, " ".join("".join(title).split()), " ".join("".join(text).split()))


# People ask in sentences; what every sentence has finds everything.
PASSED_OVER = frozenset(
    "a an and are as at be by can do does for from how i if in is it me my of on or our the to we what when where "
    "which who why will with you your".split()
)
MOST_ASKED = 100
MOST_WORDS = 8
AROUND = 110


@dataclass(frozen=True)
class Found:
    """`title` and `excerpt` in parts: a text, and whether it is what was looked for."""

    section: Section
    title: list[tuple[str, bool]]
    excerpt: list[tuple[str, bool]]


def search(asked: str, own: Iterable[Guide] = ()) -> list[Found]:
    """Sections that have every word, as the beginning of one of theirs; words of titles and own guides come first."""
    words = re.findall(r"\w+", asked.casefold())
    words = ([word for word in words if word not in PASSED_OVER] or words)[:MOST_WORDS]
    if not words:
        return []
    mine = frozenset(own)
    patterns = [re.compile(rf"\b{re.escape(word)}", re.IGNORECASE) for word in words]
    anyone = re.compile("|".join(pattern.pattern for pattern in patterns), re.IGNORECASE)

    def order(section: Section) -> tuple[int, bool]:
        return -sum(bool(pattern.search(section.title)) for pattern in patterns), section.guide not in mine

    hits = [
        section
        for section in all_sections()
        if all(pattern.search(f"{section.title} {section.text}") for pattern in patterns)
    ]
    return [
        Found(section, _marked(section.title, anyone), _marked(_excerpt(section.text, anyone), anyone))
        for section in sorted(hits, key=order)
    ]


def _excerpt(text: str, pattern: re.Pattern[str]) -> str:
    """Some words before and after the first place where it is found."""
    hit = pattern.search(text)
    at = hit.start() if hit else 0
    start = text.rfind(" ", 0, at - AROUND) + 1 if at > AROUND else 0
    end = text.find(" ", at + AROUND)
    return f"{'… ' if start else ''}{text[start:end] if end > 0 else text[start:]}{' …' if end > 0 else ''}"


def _marked(text: str, pattern: re.Pattern[str]) -> list[tuple[str, bool]]:
    parts: list[tuple[str, bool]] = []
    at = 0
    for hit in pattern.finditer(text):
        parts += [(text[at : hit.start()], False), (hit.group(), True)]
        at = hit.end()
    return [*parts, (text[at:], False)]


def guides_of(user: User) -> list[Guide]:
    """Those of the person's own roles; whoever has none may still apply."""
    return [guide for guide in GUIDES if guide.is_for(user)] or [GUIDES[0]]


def whom_to_ask() -> list[Cohort]:
    """The newest cohort of each branch, which names whom to ask (A12)."""
    newest: dict[int, Cohort] = {}
    for cohort in Cohort.objects.select_related("branch").order_by("-first_month", "-pk"):
        newest.setdefault(cohort.branch_id, cohort)
    return sorted(newest.values(), key=lambda cohort: cohort.branch.name)


@access(public)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    user: User | None = request.user if request.user.is_authenticated else None
    own = guides_of(user) if user else []
    asked = request.GET.get("q", "").strip()[:MOST_ASKED]
    context = {
        "own": own,
        "others": [guide for guide in GUIDES if guide not in own],
        "asked": asked,
        "found": search(asked, own),
        "cohorts": whom_to_ask() if user else [],
    }
    return render(request, "help/index.html", context)


@access(public)
@require_safe
def show(request: HttpRequest, guide: Guide) -> HttpResponse:
    return render(request, "help/guide.html", {"guide": guide, "others": [g for g in GUIDES if g != guide]})
