"""Beginning an application and saving its answers; nothing here is seen by anybody but the applicant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from applications import conflicts, routing, text
from applications.checks import Step
from applications.models import Application, Rating
from applications.routing import Signer
from coaching import signing
from coaching.errors import Refused
from coaching.models import Cohort, Competency, Participant, User


class NotOpen(Refused):
    """The cohort does not take applications from this person on this day."""


class NotYours(Refused):
    """Only the applicant may do this."""


class NotEditable(Refused):
    """The application is with its signers, or settled."""


def today_of(cohort: Cohort, now: datetime) -> date:
    """The day it is where the cohort is: deadlines and orders count in its zone."""
    return now.astimezone(cohort.zone).date()


def reasons_not_to_start(user: User, cohort: Cohort, *, now: datetime) -> list[str]:
    """Why this person cannot begin an application to this cohort; empty: they can."""
    reasons = []
    today = today_of(cohort, now)
    if today < cohort.applications_open_date:
        reasons.append(f"Applications to the {cohort} open on {cohort.applications_open_date:%B %-d, %Y}.")
    if today > cohort.applications_close_date:
        reasons.append(f"Applications to the {cohort} closed on {cohort.applications_close_date:%B %-d, %Y}.")
    if not _works_in(user, cohort):  # F5
        reasons.append(
            f"The {cohort} is for people of the {cohort.branch}. If you work there, ask {cohort.contact_email} to put "
            "the directory right."
        )
    if cohort.participants.filter(user=user).exclude(status=Participant.Status.LEFT).exists():
        reasons.append(f"You already take part in the {cohort}.")
    conflict = conflicts.conflict_of(user, cohort, on=today)
    if conflict and not conflict.others:  # T10
        reasons.append(
            f"You are the only one in the branch office who works for the {cohort}, and whoever applies cannot. Ask an "
            "administrator to give somebody else that office first."
        )
    return reasons


def came_too_late(application: Application, *, now: datetime) -> bool:
    """A draft when applications have closed: it is kept, and goes on where the branch office gives more time."""
    cohort = application.cohort
    return (
        application.status == Application.Status.DRAFT
        and today_of(cohort, now) > cohort.applications_close_date
    )


def _works_in(user: User, cohort: Cohort) -> bool:
    unit = user.unit
    while unit is not None and unit.pk != cohort.branch_id:
        unit = unit.parent
    return unit is not None


@transaction.atomic
def start(*, cohort: Cohort, by: User, now: datetime) -> Application:
    """Begin an application; a second call returns the same one. Raises NotOpen."""
    Cohort.objects.select_for_update().get(pk=cohort.pk)
    existing = Application.objects.standing().filter(applicant=by, cohort=cohort).first()
    if existing:
        return existing
    reasons = reasons_not_to_start(by, cohort, now=now)
    if reasons:
        raise NotOpen(" ".join(reasons))
    return Application.objects.create(applicant=by, cohort=cohort, created_at=now, saved_at=now)


ANSWERS: dict[str, tuple[str, ...]] = {
    Step.WHY: ("why", "development", "role_aimed_for", "ultimate_position"),
    Step.PROJECT: (
        "project_title",
        "project_description",
        "project_outcome",
        "project_measure",
        *Application.SMART,
        "concept_supervisor_date",
        "concept_director_date",
    ),
}


@transaction.atomic
def save_answers(
    *, application: Application, by: User, answers: Mapping[str, object], now: datetime
) -> Application:
    """Save answers of the steps "why" and "project" by field name, as far as they go.

    `project_competencies` takes competencies of the cohort's model (A2, F1). Raises NotYours, NotEditable.
    """
    application = lock_own(application, by, to="change")
    allowed = {name for names in ANSWERS.values() for name in names}
    fields = [name for name in answers if name in allowed]
    for name in fields:
        setattr(application, name, answers[name])
    application.saved_at = now
    application.save(update_fields=[*fields, "saved_at"])
    if "project_competencies" in answers:
        chosen: Iterable[Competency] = answers["project_competencies"]  # type: ignore[assignment]
        ids = [each.pk for each in chosen]
        application.project_competencies.set(_of_model(application).filter(pk__in=ids))
    return application


@transaction.atomic
def save_ratings(
    *, application: Application, by: User, ratings: Mapping[Competency, tuple[str, str]], now: datetime
) -> Application:
    """Save grow, glow or neither with a sentence for each competency named; "" takes a rating back (A6)."""
    application = lock_own(application, by, to="change")
    known = set(_of_model(application).values_list("pk", flat=True))
    given = {each: answer for each, answer in ratings.items() if each.pk in known}
    taken_back = [each for each, (rating, _) in given.items() if not rating]
    application.ratings.filter(competency__in=taken_back).delete()
    Rating.objects.bulk_create(
        [
            Rating(application=application, competency=each, rating=Rating.Kind(rating), sentence=sentence)
            for each, (rating, sentence) in given.items()
            if rating
        ],
        update_conflicts=True,
        unique_fields=["application", "competency"],
        update_fields=["rating", "sentence"],
    )
    application.saved_at = now
    application.save(update_fields=["saved_at"])
    return application


def _of_model(application: Application) -> "QuerySet[Competency]":
    return application.cohort.competency_model.competencies.all()


@dataclass(frozen=True)
class Preview:
    """What would be submitted now: the exact text, and who would sign it."""

    text: str
    digest: str
    route: list[Signer]


def preview(application: Application, *, now: datetime) -> Preview:
    """The text and route as they stand now. Raises routing.NoSigner."""
    day = today_of(application.cohort, now)
    route = routing.route_for(application.applicant, application.cohort, on=day)
    whole = text.canonical(application, route, on=day)
    return Preview(whole, signing.digest(whole), route)


def lock_own(application: Application, by: User, *, to: str) -> Application:
    """The application, locked and read again, for its applicant to change or submit. Raises NotYours, NotEditable."""
    application = lock(application)
    if application.applicant_id != by.pk:
        raise NotYours(f"Only {application.applicant} can {to} this application.")
    if not application.is_editable:
        raise NotEditable(
            f"This application is “{application.get_status_display().lower()}”: you cannot {to} it now. "
            "Its page shows who has it."
        )
    return application


def lock(application: Application) -> Application:
    """Lock the row and read it again, so that of two people only one acts on what both saw."""
    # Apart: after waiting for the lock, PostgreSQL would join the new row with what the old one pointed to.
    Application.objects.select_for_update().get(pk=application.pk)
    related = ("applicant__unit__parent", "cohort__program", "cohort__branch", "current_text")
    return Application.objects.select_related(*related).get(pk=application.pk)
