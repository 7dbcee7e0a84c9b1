"""A draft read by supervisor and division director, for the talk about the project concept; nothing is submitted (A3)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from applications import answers, drafting, routing
from applications.checks import Step, competencies_of
from applications.models import Application, DraftShare
from applications.routing import Signer
from coaching import audit, outbox
from coaching.errors import Refused
from coaching.models import User


class NotAPartner(Refused):
    """A draft is shared with those with whom its concept is discussed, and nobody else."""


class NotADraft(Refused):
    """Submitted, its signers read it on their own page."""


def names(application: Application) -> list[str]:
    """Who else reads this draft now; for "who reads this"."""
    return list(open_shares(application).values_list("person__name", flat=True))


def open_shares(application: Application) -> QuerySet:
    return application.shares.open().select_related("person")


def partners(application: Application, *, now: datetime) -> list[Signer]:
    """Supervisor and division director as they stand today, each person once."""
    day = drafting.today_of(application.cohort, now)
    found: dict[int, Signer] = {}
    for partner in routing.concept_partners(application.applicant, application.cohort, on=day):
        found.setdefault(partner.signer.pk, partner)
    return list(found.values())


@transaction.atomic
def share(*, application: Application, by: User, person: User, now: datetime) -> DraftShare:
    """Let this person read the draft from now on; a second call changes nothing.

    Raises NotYours, NotEditable, NotADraft, NotAPartner.
    """
    application = _lock_draft(application, by)
    existing = application.shares.filter(person=person, ended_at=None).first()
    if existing:
        return existing
    if person not in [each.signer for each in partners(application, now=now)]:
        raise NotAPartner(
            f"A draft can be shared with your supervisor and your division director. {person} is neither of them today."
        )
    shared = DraftShare.objects.create(application=application, person=person, shared_at=now)
    audit.record("draft.shared", by=by, obj=shared, now=now)
    outbox.queue(kind="draft_shared", to=person, key=str(shared.pk), ids={"share": shared.pk}, now=now)
    return shared


@transaction.atomic
def end(*, share: DraftShare, by: User, now: datetime) -> DraftShare:
    """Stop it; a second call changes nothing. Raises NotYours."""
    application = drafting.lock(share.application)
    if application.applicant_id != by.pk:
        raise drafting.NotYours(f"Only {application.applicant} can stop sharing this draft.")
    share = DraftShare.objects.select_related("person").get(pk=share.pk)
    if share.ended_at is None:
        share.ended_at = now
        share.save(update_fields=["ended_at"])
        audit.record("draft.share_ended", by=by, obj=share, now=now)
    return share


def _lock_draft(application: Application, by: User) -> Application:
    application = drafting.lock_own(application, by, to="share")
    if application.status != Application.Status.DRAFT:
        raise NotADraft(
            "Only a draft can be shared; those who sign this application read it on their own page."
        )
    return application


@dataclass(frozen=True)
class Section:
    """`rows` are questions with their answers so far."""

    title: str
    rows: list[tuple[str, str]]


def sections(application: Application) -> list[Section]:
    """A draft as its readers see it; the project comes first, for it is what they talk about."""
    return [_section(application, step) for step in (Step.PROJECT, Step.WHY, Step.COMPETENCIES)]


def _section(application: Application, step: Step) -> Section:
    there = answers.stored(application, step)
    names = answers.NAMES.get(step) or [answers.rating_name(each.pk) for each in competencies_of(application)]
    return Section(step.label, answers.readable(application, {name: there.get(name) for name in names}))
