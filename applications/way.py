"""Where an application is on its way: every stop with its person and its days, and when help comes (A9, A11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from applications import routing
from applications.models import Application, ProjectChange, ReviewStep
from applications.reminders import SIGN_DAYS

Status = Application.Status
# Nobody acts on these any more; the last stop says what came of it.
ENDED = {
    Status.ACCEPTED: "Accepted",
    Status.WAITLISTED: "Waitlisted",
    Status.NOT_SELECTED: "Not selected",
    Status.DECLINED: "Ended",
    Status.CLOSED: "Closed",
    Status.WITHDRAWN: "Withdrawn",
}


@dataclass(frozen=True)
class Stop:
    """`state`: done, current, ahead or stopped; `says` tells it in words beside the day."""

    title: str
    person: str
    state: str
    says: str = ""
    day: date | None = None


def stops(application: Application, steps: Iterable[ReviewStep]) -> list[Stop]:
    """The way of the current text, from the applicant to the outcome; `steps` are those of the application's route."""
    signers = [_signer(step, application) for step in steps]
    return [_applicant(application), *signers, _outcome(application)]


def _applicant(application: Application) -> Stop:
    name = application.applicant.name
    if application.status == Status.DRAFT:
        return Stop("Applicant", name, "current", "Being written")
    if application.status == Status.RETURNED:
        return Stop("Applicant", name, "current", "Being changed")
    return Stop("Applicant", name, "done", "Submitted", _day(application.submitted_at))


def _signer(step: ReviewStep, application: Application) -> Stop:
    title, name = step.route_step.title, routing.with_whom(step, on=timezone.localdate()).name
    if step.status == ReviewStep.Status.SIGNED:
        return _signed(step, application)
    if step.acted_at:
        says = step.get_status_display()
        state = "stopped" if step.status == ReviewStep.Status.DECLINED else "done"
        return Stop(title, str(step.acted_by), state, says, _day(step.acted_at))
    if application.status in ENDED:
        return Stop(title, name, "ahead", ReviewStep.Status.SUPERSEDED.label)
    if step.status == ReviewStep.Status.PENDING and step.since_at:
        return Stop(title, name, "current", "Has it since", _day(step.since_at))
    return Stop(title, name, "ahead")


def _signed(step: ReviewStep, application: Application) -> Stop:
    """A step is signed once; what was decided last may have come later, from the waitlist."""
    title, sign_off = step.route_step.title, step.sign_off
    decisions = application.decisions.select_related("sign_off__signer")
    if step.route_step.decides and (decision := decisions.last()):
        return Stop(title, decision.sign_off.signer.name, "done", "Decided", _day(decision.decided_at))
    signed_at = sign_off.signed_at if sign_off and sign_off.on_paper else step.acted_at
    return Stop(title, str(step.acted_by), "done", "Signed", _day(signed_at))


def _outcome(application: Application) -> Stop:
    says = ENDED.get(Status(application.status), "")
    settled = application.status in (Status.ACCEPTED, Status.WAITLISTED)
    return Stop("Outcome", says or "To come", ("done" if settled else "stopped") if says else "ahead")


def _day(moment: datetime | None) -> date | None:
    return timezone.localdate(moment) if moment else None


@dataclass(frozen=True)
class Help:
    """What happens by itself while a step waits: who is reminded when, and from when the branch office knows."""

    due: date
    is_late: bool
    reminded: list[date]
    to_come: list[date]
    office_told: date


def help_for(step: ReviewStep | ProjectChange, *, on: date) -> Help:
    """The days of applications/reminders.py, as they fall for this step."""
    due, since = step.due_date, _day(step.asked_since)
    assert due is not None
    assert since is not None
    days = [day for each in SIGN_DAYS if (day := due + timedelta(days=each)) > since]
    return Help(
        due=due,
        is_late=step.is_overdue(on),
        reminded=[day for day in days if day <= on],
        to_come=[day for day in days if day > on],
        office_told=due + timedelta(days=1),
    )
