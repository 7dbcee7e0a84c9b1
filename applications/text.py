"""The canonical plain text of an application: what the applicant submits and every signer signs."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from applications.checks import competencies_of
from applications.models import Application, Rating
from applications.routing import Signer
from coaching.enrollment import Project
from coaching.models import Participant, RouteStep, User

RULE = "-" * 72
ROUTE = "ROUTE OF SIGNATURES"
NO_ANSWER = "(no answer)"
INDENT = "    "


def canonical(application: Application, route: Sequence[Signer], *, on: date) -> str:
    """The text of the application as submitted on that day: the same answers give the same text, byte for byte."""
    cohort = application.cohort
    parts = [
        f"{cohort.program.name.upper()}\nApplication to the {cohort}, {cohort.branch}",
        _fields(_person(application.applicant, route, on)),
        _section("WHY I WANT TO TAKE PART", _answers(application, "why", "development")),
        _section("LEADERSHIP", _answers(application, "role_aimed_for", "ultimate_position")),
        _section("COMPETENCIES", _ratings(application)),
        _section("DIVISION PROJECT", _project(application)),
        _section("THE PROJECT CONCEPT WAS DISCUSSED", _concept(application)),
        _section("ACKNOWLEDGED BY THE APPLICANT", _acknowledged(application)),
        _section(ROUTE, [signer.line for signer in route]),
    ]
    return "\n\n".join(parts) + "\n"


@dataclass(frozen=True)
class Block:
    """One passage as it is laid out on a page: a label and an answer, or lines alone."""

    label: str
    answer: str

    @property
    def fields(self) -> list["Block"]:
        """Lines alone that are all "Label: answer", as those of the form's head, each by itself; else the block."""
        lines = [line.partition(": ") for line in self.answer.split("\n")]
        if self.label or not all(colon for _, colon, _ in lines):
            return [self]
        return [Block(f"{label}:", answer) for label, _, answer in lines]

    @property
    def paragraphs(self) -> list[str]:
        return [part for part in self.answer.split("\n\n") if part.strip()]

    @property
    def first_line(self) -> str:
        return self.answer.partition("\n")[0]

    @property
    def further_lines(self) -> str:
        return self.answer.partition("\n")[2]


@dataclass(frozen=True)
class Section:
    title: str
    blocks: list[Block]

    @property
    def is_fields(self) -> bool:
        """Short fields alone, as at the head of the form."""
        return all(len(block.fields) > 1 for block in self.blocks)

    @property
    def is_table(self) -> bool:
        """Each line a label and its answer."""
        return all(block.label.endswith(":") for block in self.blocks)


def sections(text: str) -> list[Section]:
    """A canonical text taken apart for reading: every word of it, in its order, without the drawn lines."""
    head, *rest = text.strip().split(f"\n\n{RULE}\n")
    found = [Section("", [_block(passage) for passage in head.split("\n\n")])]
    for part in rest:
        title, _, body = part.partition(f"\n{RULE}\n")
        found.append(Section(title, _blocks(body)))
    return found


def _blocks(body: str) -> list[Block]:
    """Passages are parted by empty lines; an answer's own empty lines are followed by lines that are set in."""
    passages: list[str] = []
    for passage in body.split("\n\n"):
        if passages and passage.startswith((INDENT, "\n")):
            passages[-1] += f"\n\n{passage}"
        else:
            passages.append(passage)
    return [_block(passage) for passage in passages]


def _block(passage: str) -> Block:
    """ "Label", or "Label: answer" on its first line; what is set in below belongs to the answer."""
    first, _, below = passage.partition("\n")
    if first.startswith(INDENT):
        return Block("", textwrap.dedent(passage))
    if below and not below.startswith(INDENT):
        return Block("", passage)
    label, colon, answer = first.partition(": ")
    if colon:
        return Block(f"{label}:", "\n".join(part for part in (answer, textwrap.dedent(below)) if part))
    return Block(label, textwrap.dedent(below)) if below else Block("", passage)


def _person(user: User, route: Sequence[Signer], on: date) -> list[tuple[str, object]]:
    """A1: as the directory has it on the day of submission."""
    people = {signer.step.office: signer.holder or signer.signer for signer in route}
    return [
        ("Name", user.name),
        ("Date submitted", _day(on)),
        ("Job classification", user.classification),
        ("Division", user.division),
        ("Unit", user.unit),
        ("Supervisor", user.supervisor),
        ("Division Director", people.get(RouteStep.Office.DIRECTOR)),
    ]


def _answers(application: Application, *names: str) -> list[str]:
    return [_answer(_label(application, name), getattr(application, name)) for name in names]


def _ratings(application: Application) -> list[str]:
    rated = {rating.competency_id: rating for rating in application.ratings.all()}
    return [_rating(competency.name, rated.get(competency.pk)) for competency in competencies_of(application)]


def _rating(name: str, rating: Rating | None) -> str:
    if rating is None:
        return f"{name}: {NO_ANSWER}"
    sentence = f"\n{_indented(rating.sentence)}" if rating.sentence.strip() else ""
    return f"{name}: {rating.get_rating_display() or NO_ANSWER}{sentence}"


def _project(application: Application) -> list[str]:
    names = ("project_title", "project_description", "project_outcome", "project_measure")
    served = ", ".join(
        competency.name for competency in application.project_competencies.order_by("position")
    )
    serves = _answer(_label(application, "project_competencies"), served)
    return [*_answers(application, *names), serves, *_answers(application, *Application.SMART)]


def _concept(application: Application) -> list[str]:
    """A3: as the applicant states it; each signer confirms or corrects the date."""
    dates = (
        ("With the supervisor", application.concept_supervisor_date),
        ("With the division director", application.concept_director_date),
    )
    return [_fields([(label, _day(stated) if stated else None) for label, stated in dates])]


def _acknowledged(application: Application) -> list[str]:
    """F2, F3, A7: what the applicant was shown and accepts by signing."""
    program = application.cohort.program
    return [
        _answer("What the program offers", program.benefits),
        _answer("The time it asks for", program.time_commitment),
        _answer("Voluntary", program.voluntary),
        _answer("Commitment", program.commitment_statement),
    ]


def _label(application: Application, name: str) -> str:
    label = str(application._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return label[:1].upper() + label[1:]


def _section(title: str, parts: Iterable[str]) -> str:
    return f"{RULE}\n{title}\n{RULE}\n" + "\n\n".join(parts)


def _answer(label: str, answer: str) -> str:
    return f"{label}\n{_indented(answer)}"


def _fields(pairs: Iterable[tuple[str, object]]) -> str:
    return "\n".join(f"{label}: {value or NO_ANSWER}" for label, value in pairs)


def _plain(text: str) -> str:
    """One kind of line ending and no trailing space, so that a browser's way of sending does not change the digest."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def _indented(text: str) -> str:
    """Set in, so that nothing an applicant writes can look like a heading or another's answer."""
    return textwrap.indent(_plain(text) or NO_ANSWER, INDENT)


def _day(day: date) -> str:
    return f"{day:%A, %B %-d, %Y}"


def of_change(
    participant: Participant, before: Project | None, after: Project, why: str, signer: Signer, *, on: date
) -> str:
    """The text of a changed project, with the approved one beside it (A14)."""
    cohort = participant.cohort
    parts = [
        f"{cohort.program.name.upper()}\nChange of a division project in the {cohort}",
        _fields([("Participant", participant.user.name), ("Date", _day(on))]),
        _section("THE CHANGED PROJECT", _whole(after)),
        _section("WHY IT CHANGES", [_indented(why)]),
        _section("THE PROJECT AS IT WAS APPROVED", _whole(before) if before else [NO_ANSWER]),
        _section("CONCURRENCE", [signer.line]),
    ]
    return "\n\n".join(parts) + "\n"


def _whole(project: Project) -> list[str]:
    served = ", ".join(competency.name for competency in project.competencies)
    return [
        _answer("Title", project.title),
        _answer("Description", project.description),
        _answer("Expected outcome", project.expected_outcome),
        _answer("How the outcome will be measured", project.measure),
        _answer("Competencies the project serves", served),
    ]
