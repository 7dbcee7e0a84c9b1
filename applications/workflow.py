"""From draft to decision: the only code that sets an application's status. Each function is one transition."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from applications import checks, drafting, notices, routing
from applications.checks import Finding
from applications.models import Application, Decision, ReviewStep
from applications.routing import Authority, Signer
from applications.snapshots import snapshot_of
from coaching import audit, enrollment, signing
from coaching.errors import Refused
from coaching.models import RouteStep, SignedText, SignOff, User

Settled = list[tuple[ReviewStep, Authority]]


class NotComplete(Refused):
    """Something is missing; `findings` say what and where."""

    def __init__(self, findings: list[Finding]):
        self.findings = findings
        super().__init__("Before you sign: " + " ".join(finding.message for finding in findings))


class NotAcknowledged(Refused):
    """Benefits and time commitment, the voluntary nature, or the commitment was not accepted (F2, F3, A7)."""


class TextChanged(Refused):
    """What was read is not what would be signed."""


class NotWaitingOnYou(Refused):
    """The application does not wait on this person, or no longer."""


class ReasonMissing(Refused):
    pass


class ConceptNotDiscussed(Refused):
    """A3: the date given lies after the submission; `office` is the one it was discussed with."""

    def __init__(self, office: str) -> None:
        self.office = office
        super().__init__(
            "The project concept has to be discussed before the application is submitted. If that has not happened, "
            "return the application with a comment."
        )


class DecisionNeeded(Refused):
    """The deciding office signs by deciding (A9), and nobody else decides."""


class CannotWithdraw(Refused):
    pass


@dataclass(frozen=True)
class Criteria:
    """A10: a short assessment of each."""

    interest_in_program: str
    interest_in_leadership: str
    division_project: str

    def is_complete(self) -> bool:
        return all(
            each.strip()
            for each in (self.interest_in_program, self.interest_in_leadership, self.division_project)
        )


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
        raise TextChanged(
            "Something has changed since you opened this page. Please read the text again, then sign."
        )
    signed = signing.signed_text(kind=SignedText.Kind.APPLICATION, text=seen.text, now=now)
    signing.sign(
        text=signed,
        by=by,
        capacity="Applicant",
        statement=application.cohort.program.commitment_statement,
        typed_name=typed_name,
        now=now,
    )
    _set_route(application, signed, seen.route, now)
    application.status = Application.Status.IN_REVIEW
    application.current_text = signed
    application.submitted_at = now
    application.benefits_acknowledged = application.voluntary_acknowledged = True
    application.commitment_made = True
    application.save()
    audit.record("application.submitted", by=by, obj=application, now=now, data={"text": signed.digest})
    notices.submitted(application, now=now)
    notices.turn(application, now=now)
    return application


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
    application, settled = _lock_for_act(application, by, now, text_id)
    if _decides(settled):
        raise DecisionNeeded("Your signature here is the decision: accept, waitlist, or do not select.")
    sign_off = _sign_steps(application, settled, by, typed_name, concept_dates or {}, now)
    _move_on(application, now)
    notices.signed(application, sign_off, now=now)
    notices.turn(application, now=now)
    return application


def _decides(settled: Settled) -> bool:
    return any(step.route_step.decides for step, _ in settled)


def _sign_steps(
    application: Application,
    settled: Settled,
    by: User,
    typed_name: str,
    concept_dates: Mapping[str, date],
    now: datetime,
    outcome: Decision.Outcome | None = None,
) -> SignOff:
    """One signature for all steps this person settles, in each capacity (A9)."""
    right = settled[0][1]
    sign_off = signing.sign(
        text=application.current_text,  # type: ignore[arg-type]
        by=by,
        capacity="; also ".join(routing.capacity(step, each) for step, each in settled)[:200],
        statement="\n".join(statements(settled, outcome)),
        typed_name=typed_name,
        now=now,
        on_behalf_of=right.on_behalf_of,
        delegation=right.delegation,
    )
    for step, _ in settled:
        step.status = ReviewStep.Status.SIGNED
        step.since_at = step.since_at or now
        step.acted_at, step.acted_by, step.sign_off = now, by, sign_off
        step.concept_date = _concept_date(application, step, concept_dates)
        step.save()
    audit.record(
        "application.signed",
        by=by,
        obj=application,
        now=now,
        on_behalf_of=right.on_behalf_of,
        data={"steps": [step.pk for step, _ in settled], "sign_off": sign_off.pk},
    )
    return sign_off


RECEIPT = "I have read this application. My signature does not support the participation."


def statements(settled: Settled, outcome: Decision.Outcome | None = None) -> list[str]:
    """What is signed, a line for each capacity, then the decision (A8, A9).

    One person who supervises or directs and also decides signs once. Whoever does not select the applicant supports
    nothing with it: of the steps before the decision they sign that they have read the application.
    """
    lines = []
    for step, right in settled:
        refused = outcome == Decision.Outcome.NOT_SELECTED and not step.route_step.decides
        said = RECEIPT if refused else step.route_step.statement
        lines.append(f"As {routing.capacity(step, right)}: {said}" if len(settled) > 1 else said)
    return [*lines, f"Decision: {outcome.label}."] if outcome else lines


def _concept_date(application: Application, step: ReviewStep, given: Mapping[str, date]) -> date | None:
    stated = stated_concept_date(application, step)
    if stated is None:
        return None
    confirmed = given.get(step.office) or stated
    if confirmed > drafting.today_of(application.cohort, application.submitted_at):  # type: ignore[arg-type]
        raise ConceptNotDiscussed(step.office)
    return confirmed


def stated_concept_date(application: Application, step: ReviewStep) -> date | None:
    """When the applicant says they discussed the concept with this office; None for offices that are not asked (A3)."""
    if step.office == RouteStep.Office.SUPERVISOR:
        return application.concept_supervisor_date
    return application.concept_director_date if step.office == RouteStep.Office.DIRECTOR else None


def _move_on(application: Application, now: datetime) -> None:
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
    application, settled = _lock_for_act(application, by, now, text_id)
    if not comment.strip():
        raise ReasonMissing("Say what should be changed, so that the applicant knows what to do.")
    step = _refuse(application, settled[0], by, ReviewStep.Status.RETURNED, comment, now)
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
    application, settled = _lock_for_act(application, by, now, text_id)
    if _decides(settled):
        raise DecisionNeeded(
            "The deciding office accepts, waitlists or does not select; it does not decline."
        )
    if not reason.strip():
        raise ReasonMissing("Give the reason; the applicant reads it.")
    step = _refuse(application, settled[0], by, ReviewStep.Status.DECLINED, reason, now)
    application.status = Application.Status.DECLINED
    application.save(update_fields=["status"])
    notices.declined(application, step, now=now)
    return application


def _refuse(
    application: Application,
    settled: tuple[ReviewStep, Authority],
    by: User,
    status: ReviewStep.Status,
    comment: str,
    now: datetime,
) -> ReviewStep:
    step, right = settled
    step.status, step.comment = status, comment.strip()
    step.acted_at, step.acted_by = now, by
    step.save(update_fields=["status", "comment", "acted_at", "acted_by"])
    _supersede(application)
    audit.record(
        f"application.{status.value}",
        by=by,
        obj=application,
        now=now,
        on_behalf_of=right.on_behalf_of,
        data={"step": step.pk, "comment": step.comment},
    )
    return step


def _supersede(application: Application) -> None:
    pending = application.review_steps.filter(status=ReviewStep.Status.PENDING)
    pending.update(status=ReviewStep.Status.SUPERSEDED)


@transaction.atomic
def decide(
    *,
    application: Application,
    by: User,
    outcome: str,
    criteria: Criteria,
    typed_name: str,
    now: datetime,
    reason: str = "",
    concept_dates: Mapping[str, date] | None = None,
    text_id: int | None = None,
) -> Application:
    """The branch deputy's decision, signed (A9, A10). From the waitlist it can still become accepted or not selected.

    Accepting enrolls the applicant. Raises NotWaitingOnYou, TextChanged, ReasonMissing, DecisionNeeded,
    enrollment.NoSeatLeft, signing.NameDoesNotMatch.
    """
    outcome = Decision.Outcome(outcome)
    application, settled = _lock_for_decision(application, by, now, text_id)
    _check_decision(application, outcome, criteria, reason)
    if application.status == Application.Status.WAITLISTED:
        sign_off = _sign_from_waitlist(application, settled[0], by, typed_name, outcome, now)
    else:
        sign_off = _sign_steps(application, settled, by, typed_name, concept_dates or {}, now, outcome)
    decision = Decision.objects.create(
        application=application,
        outcome=outcome,
        interest_in_program=criteria.interest_in_program.strip(),
        interest_in_leadership=criteria.interest_in_leadership.strip(),
        division_project=criteria.division_project.strip(),
        reason=reason.strip(),
        sign_off=sign_off,
        decided_at=now,
    )
    application.status = Application.Status(outcome.value)
    application.save(update_fields=["status"])
    if outcome == Decision.Outcome.ACCEPTED:
        user, cohort = application.applicant, application.cohort
        enrollment.enroll(user=user, cohort=cohort, snapshot=snapshot_of(application), by=by, now=now)
    audit.record(
        "application.decided",
        by=by,
        obj=application,
        now=now,
        on_behalf_of=sign_off.on_behalf_of,
        data={"outcome": outcome.value, "decision": decision.pk},
    )
    notices.decided(application, decision, now=now)
    return application


def _check_decision(application: Application, outcome: str, criteria: Criteria, reason: str) -> None:
    if outcome == application.status:
        raise DecisionNeeded("This application is on the waitlist already: accept it, or do not select it.")
    if not criteria.is_complete():
        raise ReasonMissing("Record a short assessment against each of the three criteria.")  # A10
    if outcome != Decision.Outcome.ACCEPTED and not reason.strip():
        raise ReasonMissing("Give the reason; the applicant reads it.")


def _sign_from_waitlist(
    application: Application,
    settled: tuple[ReviewStep, Authority],
    by: User,
    typed_name: str,
    outcome: Decision.Outcome,
    now: datetime,
) -> SignOff:
    """The step is signed already; deciding about the waitlist is a signature of its own."""
    step, right = settled
    return signing.sign(
        text=application.current_text,  # type: ignore[arg-type]
        by=by,
        capacity=f"{routing.capacity(step, right)}, deciding about the waitlist"[:200],
        statement="\n".join(statements([settled], outcome)),
        typed_name=typed_name,
        now=now,
        on_behalf_of=right.on_behalf_of,
        delegation=right.delegation,
    )


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
    _supersede(application)
    application.status = Application.Status.WITHDRAWN
    application.withdrawn_at = now
    application.save(update_fields=["status", "withdrawn_at"])
    audit.record("application.withdrawn", by=by, obj=application, now=now)
    notices.withdrawn(application, waiting, now=now)
    return application


def _lock_for_act(
    application: Application, by: User, now: datetime, text_id: int | None
) -> tuple[Application, Settled]:
    application = drafting.lock(application)
    settled = routing.steps_to_settle(application, by, on=drafting.today_of(application.cohort, now))
    if not settled:
        raise NotWaitingOnYou(_why_not(application, by))
    _check_text(application, text_id)
    return application, settled


def _lock_for_decision(
    application: Application, by: User, now: datetime, text_id: int | None
) -> tuple[Application, Settled]:
    application = drafting.lock(application)
    day = drafting.today_of(application.cohort, now)
    settled = routing.steps_to_decide(application, by, on=day)
    if settled:
        _check_text(application, text_id)
        return application, settled
    if routing.steps_to_settle(application, by, on=day):
        raise DecisionNeeded("The decision is not yours: sign, return or decline the application instead.")
    raise NotWaitingOnYou(_why_not(application, by))


def _check_text(application: Application, text_id: int | None) -> None:
    if text_id is not None and text_id != application.current_text_id:
        raise TextChanged(
            "The applicant has changed the application since you opened it. Please read it again."
        )


def _why_not(application: Application, by: User) -> str:
    """Who was first, or whom it waits on: what somebody needs to know whose act came to nothing."""
    if by.pk == application.applicant_id:
        return "Nobody signs their own application."  # A9
    waiting = application.current_step()
    if waiting:
        return f"This application waits on {waiting.signer} ({waiting.route_step.title}), not on you."
    return f"This application does not wait on anybody: it is “{application.get_status_display().lower()}”."


@transaction.atomic
def report_route_problem(*, application: Application, by: User, now: datetime) -> None:
    """Tell the branch office that a post on this applicant's route has nobody to sign; once a day."""
    application = drafting.lock_own(application, by, to="submit")
    notices.route_problem(application, now=now)
