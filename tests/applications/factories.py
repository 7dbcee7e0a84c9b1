"""Applications in each state, made through the write functions."""

import io
from datetime import date, datetime, timedelta

from PIL import Image

from applications import choosing, deciding, drafting, releasing, workflow
from applications.deciding import Criteria
from applications.models import Application, Choice, Outcome, Rating, Release
from coaching.models import Cohort, Competency, Delegation, User
from tests.clock import NOW, TODAY
from tests.remembering import remembered

CRITERIA = Criteria(
    interest_in_program="Knows what it asks for.",
    interest_in_leadership="Has led two working groups.",
    division_project="Serves the division's goals.",
)

ANSWERS: dict[str, object] = {
    "why": "I want to learn from colleagues of other divisions.",
    "development": "I will practice giving and taking feedback.",
    "role_aimed_for": "Section manager",
    "ultimate_position": "Division director",
    "project_title": "One form for school meals",
    "project_description": "Bring three paper forms together into one.",
    "project_outcome": "Schools fill in one form instead of three.",
    "project_measure": "Minutes a school needs, before and after.",
    "specific": "One form for all three meal programs.",
    "measurable": "Minutes a school needs for it.",
    "achievable": "The three teams have agreed to help.",
    "realistic": "No change of the law is needed.",
    "timely": "In use before the next school year.",
    "concept_supervisor_date": date(2026, 11, 5),
    "concept_director_date": date(2026, 11, 9),
}


def _scan() -> bytes:
    out = io.BytesIO()
    Image.new("L", (20, 30), 255).save(out, "PNG")
    return out.getvalue()


A_SCAN = _scan()


def competencies(cohort: Cohort) -> list[Competency]:
    return list(cohort.competency_model.competencies.all())


@remembered
def draft(applicant: User, cohort: Cohort, *, now: datetime = NOW, **answers: object) -> Application:
    """A draft with every answer, unless `answers` says otherwise."""
    application = drafting.start(cohort=cohort, by=applicant, now=now)
    six = competencies(cohort)
    whole = {**ANSWERS, "project_competencies": six[:2], **answers}
    drafting.save_answers(application=application, by=applicant, answers=whole, now=now)
    kinds = [Rating.Kind.GROW, Rating.Kind.GROW, Rating.Kind.GLOW, *[Rating.Kind.NEITHER] * 3]
    ratings = {
        competency: (str(kind), f"About {competency.name}.")
        for competency, kind in zip(six, kinds, strict=True)
    }
    return drafting.save_ratings(application=application, by=applicant, ratings=ratings, now=now)


def submit(application: Application, *, now: datetime = NOW, **fields: object) -> Application:
    values: dict[str, object] = {
        "by": application.applicant,
        "typed_name": application.applicant.name,
        "benefits_acknowledged": True,
        "voluntary_acknowledged": True,
        "commitment_made": True,
        "now": now,
    }
    return workflow.submit(application=application, **{**values, **fields})  # type: ignore[arg-type]


@remembered
def submitted(applicant: User, cohort: Cohort, *, now: datetime = NOW, **answers: object) -> Application:
    return submit(draft(applicant, cohort, now=now, **answers), now=now)


def sign(application: Application, by: User, *, now: datetime = NOW, **fields: object) -> Application:
    values = {"typed_name": by.name, **fields}
    return workflow.sign(application=application, by=by, now=now, **values)  # type: ignore[arg-type]


def decide(
    application: Application, by: User, outcome: str = Outcome.ACCEPTED, **fields: object
) -> Application:
    values: dict[str, object] = {
        "criteria": CRITERIA,
        "typed_name": by.name,
        "now": NOW,
        "reason": "All seats are taken." if outcome != Outcome.ACCEPTED else "",
    }
    return deciding.decide(application=application, by=by, outcome=outcome, **{**values, **fields})  # type: ignore[arg-type]


def choose(application: Application, by: User, outcome: str = Outcome.ACCEPTED, **fields: object) -> Choice:
    values: dict[str, object] = {
        "criteria": CRITERIA,
        "now": NOW,
        "reason": "All seats are taken." if outcome != Outcome.ACCEPTED else "",
    }
    return choosing.choose(application=application, by=by, outcome=outcome, **{**values, **fields})  # type: ignore[arg-type]


def release(cohort: Cohort, by: User, **fields: object) -> Release:
    """Everything that this person chose in the cohort and can release now."""
    values: dict[str, object] = {
        "typed_name": by.name,
        "listed": releasing.bundle(cohort, by, now=NOW).listed,
        "now": NOW,
    }
    return releasing.release(cohort=cohort, by=by, **{**values, **fields})  # type: ignore[arg-type]


@remembered
def at_deputy(applicant: User, cohort: Cohort, **answers: object) -> Application:
    """Submitted and signed by whoever comes before the deciding office."""
    application = submitted(applicant, cohort, **answers)
    waiting = application.review_steps.current().select_related("route_step", "signer")
    while not (step := waiting.get()).route_step.decides:
        application = sign(application, step.signer)
    return application


@remembered
def accepted(applicant: User, cohort: Cohort, **answers: object) -> Application:
    application = at_deputy(applicant, cohort, **answers)
    return decide(application, application.current_step().signer)  # type: ignore[union-attr]


def delegate(principal: User, person: User, *, days: int = 7, reason: str = "Vacation.") -> Delegation:
    """By an order from today on."""
    return Delegation.objects.create(
        principal=principal,
        person=person,
        kind=Delegation.Kind.DELEGATE,
        start_date=TODAY,
        end_date=TODAY + timedelta(days=days),
        reason=reason,
    )
