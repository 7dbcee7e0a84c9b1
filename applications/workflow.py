"""From draft to the deciding office; deciding.py goes on from there.

Only these two and closing.py set an application's status; each function is one transition.
"""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from applications import checks, drafting, notices, routing, settling
from applications.checks import Finding
from applications.models import Application, ReviewStep
from applications.routing import Signer
from applications.settling import DecisionNeeded, ReasonMissing, TextChanged
from coaching import audit, signing
from coaching.errors import Refused
from coaching.models import SignedText, User

TEXT_CHANGED = "Something has changed since you opened this page. Please read the text again, then sign."


class NotComplete(Refused):
    """Something is missing; `findings` say what and where."""

    def __init__(self, findings: list[Finding]):
        self.findings = findings
        super().__init__("Before you sign: " + " ".join(finding.message for finding in findings))


class NotAcknowledged(Refused):
    """Benefits and time commitment, the voluntary nature, or the commitment was not accepted (F2, F3, A7)."""


class CannotWithdraw(Refused):
    pass


@transaction.atomic
def submit(
    *,
    application: Application,
    by: User,
    typed_name: str,
    benefits_acknowledged: bool,
    voluntary_acknowledged: bool,
    commitment_made: bool,
    now: datetime,
    digest: str | None = None,
) -> Application:
    """Sign and send an application, first or after a return; it goes to the first signer (A7, A9).

    `digest` is that of the text the applicant has read. Raises NotYours, NotEditable, NotOpen, NotComplete,
    NotAcknowledged, TextChanged, routing.NoSigner, signing.NameDoesNotMatch.
    """
    application = drafting.lock_own(application, by, to="submit")
    day = drafting.today_of(application.cohort, now)
    if application.status == Application.Status.DRAFT:  # a returned one was in time
        reasons = drafting.reasons_not_to_start(by, application.cohort, now=now)
        if reasons:
            raise drafting.NotOpen(" ".join(reasons))
    findings = checks.missing(application, on=day)
    if findings:
        raise NotComplete(findings)
    if not (benefits_acknowledged and voluntary_acknowledged and commitment_made):
        raise NotAcknowledged("Please read and accept each of the three statements before you sign.")
    seen = drafting.preview(application, now=now)
    if digest is not None and digest != seen.digest:
        raise TextChanged(TEXT_CHANGED)
    signed = signing.signed_text(kind=SignedText.Kind.APPLICATION, text=seen.text, by=by, now=now)
    signing.sign(
        text=signed,
        by=by,
        capacity="Applicant",
        statement=application.cohort.program.commitment_statement,
        typed_name=typed_name,
        now=now,
    )
    send(application, signed, seen.route, submitted_at=now, now=now)
    audit.record("application.submitted", by=by, obj=application, now=now, data={"text": signed.digest})
    notices.submitted(application, now=now)
    notices.turn(application, now=now)
    return application


def send(
    application: Application,
    signed: SignedText,
    route: list[Signer],
    *,
    submitted_at: datetime,
    now: datetime,
) -> None:
    """On its way, with the applicant's signature and acknowledgements; `submitted_at` is earlier where it came on paper."""
    _set_route(application, signed, route, now)
    application.status = Application.Status.IN_REVIEW
    application.current_text = signed
    application.paper_text = None
    application.submitted_at = submitted_at
    application.benefits_acknowledged = application.voluntary_acknowledged = True
    application.commitment_made = True
    application.save()


def _set_route(application: Application, signed: SignedText, route: list[Signer], now: datetime) -> None:
    """Fix who signs: rows that stay, whatever the organization chart does later (A9)."""
    ReviewStep.objects.bulk_create(
        ReviewStep(
            application=application,
            text=signed,
            route_step=each.step,
            position=number,
            office=each.step.office,
            unit=each.unit,
            holder=each.holder,
            signer=each.signer,
            delegation=each.delegation,
            reason=each.reason,
            since_at=now if number == 1 else None,
        )
        for number, each in enumerate(route, start=1)
    )


@transaction.atomic
def sign(
    *,
    application: Application,
    by: User,
    typed_name: str,
    now: datetime,
    concept_dates: Mapping[str, date] | None = None,
    text_id: int | None = None,
) -> Application:
    """Sign the step it waits at, and the following ones of the same signer; it goes on to the next (A8, A9).

    `concept_dates` by office corrects the dates the applicant stated; what is left out is confirmed (A3).
    `text_id` is the text that was read. Raises NotWaitingOnYou, TextChanged, ConceptNotDiscussed, DecisionNeeded,
    signing.NameDoesNotMatch.
    """
    application, settled = settling.lock_for_act(application, by, now, text_id)
    if routing.decides(settled):
        raise DecisionNeeded("Your signature here is the decision: accept, waitlist, or do not select.")
    sign_off = settling.sign_steps(application, settled, by, typed_name, concept_dates or {}, now)
    move_on(application, now)
    notices.signed(application, sign_off, now=now)
    notices.turn(application, now=now)
    return application


def move_on(application: Application, now: datetime) -> None:
    """It waits at the next step, if there is one."""
    pending = application.review_steps.current_round().filter(status=ReviewStep.Status.PENDING)
    following = pending.order_by("position").first()
    if following:
        following.since_at = now
        following.save(update_fields=["since_at"])


@transaction.atomic
def return_for_changes(
    *, application: Application, by: User, comment: str, now: datetime, text_id: int | None = None
) -> Application:
    """Give it back to the applicant with a comment; what was signed no longer holds once it is changed.

    Raises NotWaitingOnYou, TextChanged, ReasonMissing.
    """
    application, settled = settling.lock_for_act(application, by, now, text_id)
    if not comment.strip():
        raise ReasonMissing("Say what should be changed, so that the applicant knows what to do.")
    step = settling.refuse(application, settled[0], by, ReviewStep.Status.RETURNED, comment, now)
    application.status = Application.Status.RETURNED
    application.save(update_fields=["status"])
    notices.returned(application, step, now=now)
    return application


@transaction.atomic
def decline(
    *, application: Application, by: User, reason: str, now: datetime, text_id: int | None = None
) -> Application:
    """A supervisor or director does not support the participation; this ends the application.

    Raises NotWaitingOnYou, TextChanged, ReasonMissing, DecisionNeeded.
    """
    application, settled = settling.lock_for_act(application, by, now, text_id)
    if routing.decides(settled):
        raise DecisionNeeded(
            "The deciding office accepts, waitlists or does not select; it does not decline."
        )
    if not reason.strip():
        raise ReasonMissing("Give the reason; the applicant reads it.")
    step = settling.refuse(application, settled[0], by, ReviewStep.Status.DECLINED, reason, now)
    application.status = Application.Status.DECLINED
    application.save(update_fields=["status"])
    notices.declined(application, step, now=now)
    return application


@transaction.atomic
def withdraw(*, application: Application, by: User, now: datetime) -> Application:
    """Take an application back, until the decision (F3); a second call changes nothing. Raises NotYours, CannotWithdraw."""
    application = drafting.lock(application)
    if application.applicant_id != by.pk:
        raise drafting.NotYours(f"Only {application.applicant} can withdraw this application.")
    if application.status == Application.Status.WITHDRAWN:
        return application
    if not application.can_be_withdrawn:
        raise CannotWithdraw(
            f"This application has been decided: {application.get_status_display().lower()}. "
            f"To leave the program, write to {application.cohort.contact_email}."
        )
    waiting = application.current_step()
    settling.supersede(application)
    application.status = Application.Status.WITHDRAWN
    application.withdrawn_at = now
    application.waitlist_place = None
    application.save(update_fields=["status", "withdrawn_at", "waitlist_place"])
    audit.record("application.withdrawn", by=by, obj=application, now=now)
    notices.withdrawn(application, waiting, now=now)
    return application


@transaction.atomic
def report_route_problem(*, application: Application, by: User, now: datetime) -> None:
    """Tell the branch office that a post on this applicant's route has nobody to sign; once a day."""
    application = drafting.lock_own(application, by, to="submit")
    notices.route_problem(application, now=now)
