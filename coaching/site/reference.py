"""Reference data of the Peer Coaching Program: the competency model (F1), curriculum (M1), route (A9), requirements (C2)."""

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

COMPETENCY_COMPONENTS = [
    {"kind": "projects", "title": "Projects", "minutes": None},
    {"kind": "competency", "title": "Competency", "minutes": None},
]

ROUTE = (  # A8, A9
    (
        RouteStep.Office.SUPERVISOR,
        "Supervisor",
        "I support this employee's participation and have discussed the project concept with them.",
        False,
    ),
    (
        RouteStep.Office.DIRECTOR,
        "Division Director",
        (
            "I support this employee's participation for the whole duration of the program and concur with the project. "
            "It is a high priority of the division and part of the participant's workload."
        ),  # A13
        False,
    ),
    (
        RouteStep.Office.DEPUTY,
        "Branch Deputy",
        (
            "I have considered the applicant's interest in the program, their interest in leadership and the division "
            "project, and decide on this application."
        ),
        True,
    ),
)


@transaction.atomic
def load(*, today: date) -> Program:
    """Create what is missing and leave what is there: an office may have changed texts since."""
    model = _competency_model()
    program, created = Program.objects.get_or_create(
        slug="peer-coaching", defaults={**PROGRAM_TEXTS, "competency_model": model}
    )
    if created:
        _curriculum(program, list(model.competencies.all()))
        _route(program)
        _requirements(program)
    seed_questions(program)
    seed_closed_days(range(today.year, today.year + 3))
    return program


def _competency_model() -> CompetencyModel:
    model, created = CompetencyModel.objects.get_or_create(name=MODEL[0], version=MODEL[1])
    if created:
        for position, (name, skills) in enumerate(COMPETENCIES.items(), start=1):
            competency = Competency.objects.create(model=model, position=position, name=name)
            for place, skill in enumerate(skills, start=1):
                CompetencySkill.objects.create(competency=competency, position=place, name=skill)
    return model


def _curriculum(program: Program, competencies: list[Competency]) -> None:
    """Eight meetings: an introduction, one for each competency, and a final one (M1)."""
    kinds = CurriculumItem.Kind
    CurriculumItem.objects.create(
        program=program,
        position=1,
        month=1,
        kind=kinds.INTRODUCTION,
        title="Introduction to Program",
        components=[
            {"kind": "program", "title": "The program: concepts and process", "minutes": None},  # M5
            {"kind": "introductions", "title": "Introductions and projects", "minutes": None},
        ],
    )
    for position, competency in enumerate(competencies, start=2):
        item = CurriculumItem.objects.create(
            program=program,
            position=position,
            month=position,
            kind=kinds.COMPETENCY,
            title=competency.name,
            components=COMPETENCY_COMPONENTS,  # M6
        )
        item.competencies.add(competency)
    CurriculumItem.objects.create(
        program=program,
        position=8,
        month=8,
        kind=kinds.FINAL,
        title="Final Program Meeting",
        components=[
            {"kind": "outcomes", "title": "Project outcomes", "minutes": None},
            {"kind": "review", "title": "Looking back over the competencies", "minutes": None},
        ],
    )


def _route(program: Program) -> None:
    for position, (office, title, statement, decides) in enumerate(ROUTE, start=1):
        RouteStep.objects.create(
            program=program,
            position=position,
            office=office,
            title=title,
            statement=statement,
            decides=decides,
        )


def _requirements(program: Program) -> None:
    """C2: a meeting attended in every month, an evaluation for each meeting attended."""
    kinds, units, per = Requirement.Kind, Requirement.Unit, Requirement.Per
    Requirement.objects.create(
        program=program, kind=kinds.ATTENDANCE, least=1, unit=units.COUNT, per=per.MONTH
    )
    Requirement.objects.create(
        program=program, kind=kinds.EVALUATION, least=100, unit=units.PERCENT, per=per.PROGRAM
    )
