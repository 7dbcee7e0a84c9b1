"""A step of an application in review is given to somebody else: both names stay, with the reason (A9)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from applications import drafting, notices, routing
from applications.models import Application, ReviewStep
from applications.settling import ReasonMissing
from coaching import audit, offices, permissions
from coaching.errors import Refused
from coaching.models import RouteStep, User


class NotReassigned(Refused):
    """The step no longer waits, or must not go to this person."""


@transaction.atomic
def reassign(*, step: ReviewStep, to: User, reason: str, by: User, now: datetime) -> ReviewStep:
    """Let `to` sign a step, now or later, in place of whoever it named; returns the row that takes its place.

    Raises permissions.NotYourCohort (T10), NotReassigned, ReasonMissing.
    """
    application = drafting.lock(step.application)
    permissions.require_office(cohort=application.cohort, by=by, now=now)
    day = drafting.today_of(application.cohort, now)
    old = _waiting(application, step)
    reason = " ".join(reason.split())
    _check(application, old, to, by, day)
    if not reason:
        raise ReasonMissing("Give the reason; the applicant and both signers read it.")
    new = _replace(old, to, reason, by, now)
    audit.record(
        "application.reassigned",
        by=by,
        obj=application,
        now=now,
        data={"step": new.pk, "replaces": old.pk, "reason": reason},
    )
    notices.reassigned(application, old, new, now=now)
    if new.since_at:
        notices.turn(application, now=now)
    return new


def _waiting(application: Application, step: ReviewStep) -> ReviewStep:
    """The row as it is now; whoever comes too late is told who was first."""
    row = ReviewStep.objects.with_people().select_related("assigned_by").get(pk=step.pk)
    if row.status == ReviewStep.Status.REASSIGNED:
        later = row.replaced_by
        raise NotReassigned(f"{later.assigned_by} has already given this step to {later.signer}.")
    if application.status != Application.Status.IN_REVIEW or row.status != ReviewStep.Status.PENDING:
        who = f" by {row.acted_by}" if row.acted_by else ""
        raise NotReassigned(f"This step no longer waits: {row.get_status_display().lower()}{who}.")
    return row


def _check(application: Application, step: ReviewStep, to: User, by: User, day: date) -> None:
    if to.pk == application.applicant_id:
        raise NotReassigned("Nobody signs their own application. Name somebody else.")  # A9
    if to.pk == by.pk:
        raise NotReassigned(
            "You cannot give a step to yourself. Ask a colleague of the branch office to do it."
        )
    if not to.is_active:
        raise NotReassigned(f"{to} is no longer active in the directory.")
    if to.pk == step.signer_id:
        raise NotReassigned(f"This step is with {to} already.")
    if step.route_step.decides and step.unit not in offices.units_led_by(to, on=day):  # A9
        raise NotReassigned(
            f"The decision stays with the {step.route_step.title.lower()} or a designee. If {step.signer} is away, record "
            "a designee under “Who signs for whom”."
        )


def _replace(old: ReviewStep, to: User, reason: str, by: User, now: datetime) -> ReviewStep:
    first = old
    while first.replaces:
        first = first.replaces
    old.status = ReviewStep.Status.REASSIGNED
    old.save(update_fields=["status"])
    return ReviewStep.objects.create(
        application=old.application,
        text=old.text,
        route_step=old.route_step,
        position=old.position,
        office=old.office,
        unit=old.unit,
        signer=to,
        # In whose place: of whom the route had named. Given back to them, they sign in their own right.
        holder=None if to.pk == first.signer_id else first.signer,
        reason=reason[:500],
        assigned_by=by,
        assigned_at=now,
        replaces=old,
        since_at=now if old.since_at else None,
    )


@dataclass(frozen=True)
class Offer:
    """A step that can be given to somebody else, and whom the directory names in its post by now."""

    step: ReviewStep
    successor: User | None

    @property
    def reason(self) -> str:
        """Why the successor signs, for the one press that takes the name over."""
        return f"The directory names {self.successor} as {routing.post_title(self.step.route_step, self.step.unit)} now."


def offers(application: Application, route: list[ReviewStep]) -> list[Offer]:
    """The steps of its route that its branch office can give to somebody else (F5, T10)."""
    if application.status != Application.Status.IN_REVIEW:
        return []
    pending = (step for step in route if step.status == ReviewStep.Status.PENDING)
    return [Offer(step, successor(application, step)) for step in pending]


def successor(application: Application, step: ReviewStep) -> User | None:
    """Whom the directory names in this post today, where it is somebody else than the step names."""
    named: User | None = step.unit.head if step.unit else None
    if step.office == RouteStep.Office.SUPERVISOR:
        named = application.applicant.supervisor
    if named is None or not named.is_active or named.pk == application.applicant_id:
        return None
    return None if named.pk in (step.signer_id, step.holder_id) else named
