"""What a program is made of, as data; and the Peer Coaching Program so: competency model (F1), curriculum (M1), route
(A9), requirements (C2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from coaching.cohorts import seed_closed_days
from coaching.models import (
    Competency,
    CompetencyModel,
    CompetencySkill,
    CurriculumItem,
    Program,
    Requirement,
    RouteStep,
)
from meetings.evaluations import seed_questions

Kind = CurriculumItem.Kind


def component(kind: str, title: str) -> dict[str, object]:
    """A part of a meeting that takes what time its kind takes (`meetings.agenda.DEFAULTS`)."""
    return {"kind": kind, "title": title, "minutes": None}


@dataclass(frozen=True)
class Item:
    """A meeting of the curriculum, one for each month in their order."""

    kind: Kind
    title: str
    components: Sequence[Mapping[str, object]]
    competencies: Sequence[str] = ()


@dataclass(frozen=True)
class Signature:
    office: RouteStep.Office
    title: str
    statement: str
    decides: bool = False


@dataclass(frozen=True)
class Definition:
    """Everything that tells one program from another."""

    slug: str
    texts: Mapping[str, str]
    model: tuple[str, str]
    """of the competencies: its name and version"""
    competencies: Mapping[str, Sequence[str]]
    """with their skills"""
    curriculum: Sequence[Item]
    minutes: int
    """of each meeting"""
    route: Sequence[Signature]
    requirements: Sequence[tuple[Requirement.Kind, int, Requirement.Unit, Requirement.Per]]
    team_sizes: tuple[int, int]


MODEL = ("State of California Leadership Competency Model", "January 2010")

COMPETENCIES = {  # F1
    "Fostering a Team Environment": (
        "interpersonal relationships",
        "communication",
        "team leadership",
        "conflict management",
    ),
    "Creating Organizational Transformation": (
        "change leadership",
        "vision and strategic thinking",
        "organizational awareness",
        "flexibility",
        "global perspective",
    ),
    "Maximizing Performance Results": (
        "analytical thinking",
        "decision making",
        "focusing on the customer",
        "planning and organizing",
        "ensuring completed staff work",
        "looking for results",
        "forward thinking",
    ),
    "Building Trust and Accountability": ("ethics and awareness", "personal credibility"),
    "Promoting a High Performance Culture": (
        "fostering diversity",
        "workforce management",
        "developing others",
    ),
    "Building Coalitions": ("relationship building", "influencing others"),
}

PROGRAM_TEXTS = {
    "name": "Peer Coaching Program",
    "benefits": (
        "You work on a project that matters to your division, with two or three colleagues who want it to succeed.\n"
        "You practice six leadership competencies, one at a time, with people from other divisions.\n"
        "You get honest questions, ideas and support every month, and you learn to give them.\n"
        "Those who keep the commitment receive a certificate signed by the State Superintendent of Public Instruction."
    ),
    "time_commitment": (
        "Eight meetings of two hours, at least one every month for eight months, on work time.\n"
        "Some preparation before each meeting, a short evaluation after it, and the work on your project in between."
    ),
    "voluntary": (
        "Taking part is voluntary. The program is for personal and professional growth; it does not assure advancement. "
        "You can withdraw your application, or leave the program, at any time."
    ),
    "commitment_statement": (
        "I commit myself to the program and to my team: I will take part in at least one meeting every month for the "
        "whole program. I have read what the program offers and the time it asks for."
    ),
    "expectations": (
        "Come prepared: your update is written before the meeting.\n"
        "Talk with each other as professionals.\n"
        "Say what you observe, and comment on what the others observe.\n"
        "Work on your own skills along with the others.\n"
        "Be supportive: everybody’s project matters as much as your own.\n"
        "Keep what is said in the team confidential.\n"
        "Maintain the trust that the others put in you."
    ),  # M18
}

COMPETENCY_COMPONENTS = (component("projects", "Projects"), component("competency", "Competency"))  # M6

PEER_COACHING = Definition(
    slug="peer-coaching",
    texts=PROGRAM_TEXTS,
    model=MODEL,
    competencies=COMPETENCIES,
    curriculum=(  # M1
        Item(
            Kind.INTRODUCTION,
            "Introduction to Program",
            (
                component("program", "The program: concepts and process"),  # M5
                component("introductions", "Introductions and projects"),
            ),
        ),
        *(Item(Kind.COMPETENCY, name, COMPETENCY_COMPONENTS, (name,)) for name in COMPETENCIES),
        Item(
            Kind.FINAL,
            "Final Program Meeting",
            (
                component("outcomes", "Project outcomes"),
                component("review", "Looking back over the competencies"),
            ),
        ),
    ),
    minutes=120,
    route=(  # A8, A9
        Signature(
            RouteStep.Office.SUPERVISOR,
            "Supervisor",
            "I support this employee's participation and have discussed the project concept with them.",
        ),
        Signature(
            RouteStep.Office.DIRECTOR,
            "Division Director",
            "I support this employee's participation for the whole duration of the program and concur with the project. "
            "It is a high priority of the division and part of the participant's workload.",  # A13
        ),
        Signature(
            RouteStep.Office.DEPUTY,
            "Branch Deputy",
            "I have considered the applicant's interest in the program, their interest in leadership and the division "
            "project, and decide on this application.",
            decides=True,
        ),
    ),
    requirements=(  # C2: a meeting attended in every month, an evaluation for each meeting attended
        (Requirement.Kind.ATTENDANCE, 1, Requirement.Unit.COUNT, Requirement.Per.MONTH),
        (Requirement.Kind.EVALUATION, 100, Requirement.Unit.PERCENT, Requirement.Per.PROGRAM),
    ),
    team_sizes=(3, 4),  # T1
)


@transaction.atomic
def load(*, today: date, definition: Definition = PEER_COACHING) -> Program:
    """Create what is missing and leave what is there: an office may have changed texts since."""
    model = _competency_model(definition)
    least, most = definition.team_sizes
    program, created = Program.objects.get_or_create(
        slug=definition.slug,
        defaults={
            **definition.texts,
            "competency_model": model,
            "min_team_size": least,
            "max_team_size": most,
        },
    )
    if created:
        _curriculum(program, definition)
        for position, step in enumerate(definition.route, start=1):
            RouteStep.objects.create(program=program, position=position, **vars(step))
        for kind, number, unit, per in definition.requirements:
            Requirement.objects.create(program=program, kind=kind, least=number, unit=unit, per=per)
    seed_questions(program)
    seed_closed_days(range(today.year, today.year + 3))
    return program


def _competency_model(definition: Definition) -> CompetencyModel:
    name, version = definition.model
    model, created = CompetencyModel.objects.get_or_create(name=name, version=version)
    if created:
        for position, (each, skills) in enumerate(definition.competencies.items(), start=1):
            competency = Competency.objects.create(model=model, position=position, name=each)
            for place, skill in enumerate(skills, start=1):
                CompetencySkill.objects.create(competency=competency, position=place, name=skill)
    return model


def _curriculum(program: Program, definition: Definition) -> None:
    by_name = {each.name: each for each in program.competency_model.competencies.all()}
    for position, planned in enumerate(definition.curriculum, start=1):
        item = CurriculumItem.objects.create(
            program=program,
            position=position,
            month=position,
            kind=planned.kind,
            title=planned.title,
            minutes=definition.minutes,
            components=list(planned.components),
        )
        item.competencies.set([by_name[name] for name in planned.competencies])
