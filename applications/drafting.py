"""Beginning an application and saving its answers; nothing here is seen by anybody but the applicant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from applications import conflicts, routing, text
from applications.answers import FIELDS, differing, digest, plain, rating_name
from applications.checks import SERVED, Step
from applications.models import Application, Rating
from applications.routing import Signer
from coaching import signing
from coaching.days import today_of
from coaching.errors import Refused
from coaching.models import Cohort, Competency, Participant, User


class NotOpen(Refused):
    """The cohort does not take applications from this person on this day."""


class NotYours(Refused):
    """Only the applicant may do this."""


class NotEditable(Refused):
    """The application is with its signers, or settled."""


class SavedElsewhere(Refused):
    """Something else was saved since this page was made; `names` are the answers that differ."""

    def __init__(self, application: Application, names: list[str]) -> None:
        self.application = application
        self.names = names
        super().__init__(
            "This step was saved from another page in the meantime. Compare both, and choose what to keep."
        )


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
def start(
    *, cohort: Cohort, by: User, now: datetime, from_application: Application | None = None
) -> Application:
    """Begin an application, empty or from an earlier one; a second call returns the same one. Raises NotOpen, NotYours."""
    Cohort.objects.select_for_update().get(pk=cohort.pk)
    existing = Application.objects.standing().filter(applicant=by, cohort=cohort).first()
    if existing:
        return existing
    reasons = reasons_not_to_start(by, cohort, now=now)
    if reasons:
        raise NotOpen(" ".join(reasons))
    application = Application.objects.create(applicant=by, cohort=cohort, created_at=now, saved_at=now)
    if from_application is not None:
        _copy(from_application, application)
    return application


COPIED = [
    name for names in FIELDS.values() for name in names if not name.startswith("concept_")
]  # A3: a new application is talked about anew


def _copy(earlier: Application, application: Application) -> None:
    """The answers, and of the same competency model also the ratings (F1)."""
    if earlier.applicant_id != application.applicant_id:
        raise NotYours("You can begin only from an application of your own.")
    for name in COPIED:
        setattr(application, name, getattr(earlier, name))
    application.save(update_fields=COPIED)
    if earlier.cohort.competency_model_id != application.cohort.competency_model_id:
        return
    application.project_competencies.set(earlier.project_competencies.all())
    Rating.objects.bulk_create(
        Rating(
            application=application,
            competency_id=each.competency_id,
            rating=each.rating,
            sentence=each.sentence,
        )
        for each in earlier.ratings.all()
    )


def earlier_answers(user: User) -> Application | None:
    """The last application of this person that has anything in it, to begin another one from."""
    written = ~Q(why="") | ~Q(project_title="") | ~Q(project_description="") | Q(ratings__isnull=False)
    mine = Application.objects.filter(written, applicant=user)
    return mine.select_related("cohort").order_by("-created_at", "-pk").first()


@transaction.atomic
def save_answers(
    *,
    application: Application,
    by: User,
    answers: Mapping[str, object],
    now: datetime,
    seen: str | None = None,
) -> Application:
    """Save answers of the steps "why" and "project" by field name, as far as they go.

    `project_competencies` takes competencies of the cohort's model (A2, F1). `seen` is the digest of the step's
    answers that the writer had before them. Raises NotYours, NotEditable, SavedElsewhere.
    """
    application = lock_own(application, by, to="change")
    fields = [name for names in FIELDS.values() for name in names if name in answers]
    _refuse_if_saved_elsewhere(application, _step_of(answers), answers, seen)
    for name in fields:
        setattr(application, name, plain(answers[name]))
    application.saved_at = now
    application.save(update_fields=[*fields, "saved_at"])
    if SERVED in answers:
        chosen: Iterable[Competency] = answers[SERVED]  # type: ignore[assignment]
        ids = [each.pk for each in chosen]
        application.project_competencies.set(_of_model(application).filter(pk__in=ids))
    return application


def _step_of(answers: Mapping[str, object]) -> str:
    """The step whose page these answers come from."""
    return next(
        (step for step, names in FIELDS.items() if any(name in answers for name in names)), Step.PROJECT
    )


@transaction.atomic
def save_ratings(
    *,
    application: Application,
    by: User,
    ratings: Mapping[Competency, tuple[str, str]],
    now: datetime,
    seen: str | None = None,
) -> Application:
    """Save grow, glow or neither with a sentence for each competency named; two empty texts take both back (A6).

    `seen` and what is raised: see save_answers.
    """
    application = lock_own(application, by, to="change")
    known = set(_of_model(application).values_list("pk", flat=True))
    given = {
        each.pk: (rating, str(plain(sentence)))
        for each, (rating, sentence) in ratings.items()
        if each.pk in known
    }
    by_name = {rating_name(pk): answer for pk, answer in given.items()}
    _refuse_if_saved_elsewhere(application, Step.COMPETENCIES, by_name, seen)
    taken_back = [pk for pk, answer in given.items() if not any(answer)]
    application.ratings.filter(competency__in=taken_back).delete()
    Rating.objects.bulk_create(
        [
            Rating(application=application, competency_id=pk, rating=rating, sentence=sentence)
            for pk, (rating, sentence) in given.items()
            if rating or sentence
        ],
        update_conflicts=True,
        unique_fields=["application", "competency"],
        update_fields=["rating", "sentence"],
    )
    application.saved_at = now
    application.save(update_fields=["saved_at"])
    return application


def _refuse_if_saved_elsewhere(
    application: Application, step: str, given: Mapping[str, object], seen: str | None
) -> None:
    """Two tabs: what was saved after this page was made is not overwritten unseen."""
    if seen is None or seen == digest(application, step):
        return
    if names := differing(application, step, given):
        raise SavedElsewhere(application, names)


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
    Application.objects.select_for_update().only("pk").get(pk=application.pk)
    related = ("applicant__unit__parent", "cohort__program", "cohort__branch", "current_text")
    return Application.objects.select_related(*related).get(pk=application.pk)
