"""The deciding office's part (A9, A10): accept, waitlist or do not select, against the three criteria.

Pages record choices (choosing.py), and releasing.py makes decisions of them together; this is what happens to each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from applications import drafting, notices, routing, settling
from applications.models import Application, Choice, Decision, Outcome, Release, ReviewStep
from applications.routing import Authority
from applications.settling import DecisionNeeded, NotWaitingOnYou, ReasonMissing, Settled
from applications.snapshots import snapshot_of
from coaching import audit, enrollment, signing
from coaching.models import Cohort, SignOff, User


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
    release: Release | None = None,
) -> Application:
    """The branch deputy's decision, signed (A9, A10). From the waitlist it can still become accepted or not selected.

    Accepting enrolls the applicant; a choice that was open is settled with it. Raises NotWaitingOnYou, TextChanged,
    ReasonMissing, DecisionNeeded, enrollment.NoSeatLeft, signing.NameDoesNotMatch.
    """
    outcome = Outcome(outcome)
    Cohort.objects.select_for_update().get(
        pk=application.cohort_id
    )  # its seats, and before what is locked below
    application, settled = lock_for_decision(application, by, now, text_id)
    check_decision(application, outcome, criteria, reason)
    if application.status == Application.Status.WAITLISTED:
        sign_off = _sign_from_waitlist(application, settled[0], by, typed_name, outcome, now)
    else:
        sign_off = settling.sign_steps(
            application, settled, by, typed_name, concept_dates or {}, now, outcome
        )
    decision = Decision.objects.create(
        application=application,
        outcome=outcome,
        interest_in_program=criteria.interest_in_program.strip(),
        interest_in_leadership=criteria.interest_in_leadership.strip(),
        division_project=criteria.division_project.strip(),
        reason=reason.strip(),
        sign_off=sign_off,
        decided_at=now,
        release=release,
    )
    application.status = Application.Status(outcome.value)
    application.waitlist_place = _last_place(application) if outcome == Outcome.WAITLISTED else None
    application.save(update_fields=["status", "waitlist_place"])
    Choice.objects.filter(application=application).delete()
    if outcome == Outcome.ACCEPTED:
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


def _last_place(application: Application) -> int:
    """Whoever is new on the waitlist stands at its end, until the branch office moves them."""
    places = Application.objects.filter(cohort=application.cohort_id).aggregate(last=Max("waitlist_place"))
    return (places["last"] or 0) + 1


def check_decision(application: Application, outcome: str, criteria: Criteria, reason: str) -> None:
    """Whether this can be decided. Raises DecisionNeeded, ReasonMissing."""
    if outcome == application.status:
        raise DecisionNeeded("This application is on the waitlist already: accept it, or do not select it.")
    if not criteria.is_complete():
        raise ReasonMissing("Record a short assessment against each of the three criteria.")  # A10
    if outcome != Outcome.ACCEPTED and not reason.strip():
        raise ReasonMissing("Give the reason; the applicant reads it.")


def _sign_from_waitlist(
    application: Application,
    settled: tuple[ReviewStep, Authority],
    by: User,
    typed_name: str,
    outcome: Outcome,
    now: datetime,
) -> SignOff:
    """The step is signed already; deciding about the waitlist is a signature of its own."""
    step, right = settled
    return signing.sign(
        text=application.current_text,  # type: ignore[arg-type]
        by=by,
        capacity=f"{routing.capacity(step, right)}, deciding about the waitlist"[:200],
        statement="\n".join(settling.statements([settled], outcome)),
        typed_name=typed_name,
        now=now,
        on_behalf_of=right.on_behalf_of,
        delegation=right.delegation,
    )


def lock_for_decision(
    application: Application, by: User, now: datetime, text_id: int | None
) -> tuple[Application, Settled]:
    application = drafting.lock(application)
    day = drafting.today_of(application.cohort, now)
    settled = routing.steps_to_decide(application, by, on=day)
    if settled:
        settling.check_text(application, text_id)
        return application, settled
    if first := routing.steps_to_settle(application, by, on=day):
        raise DecisionNeeded(
            f"It waits for your signature as {routing.capacity(*first[0])}: sign, return or decline it. The decision comes "
            "after that."
        )
    raise NotWaitingOnYou(settling.why_not(application, by))
