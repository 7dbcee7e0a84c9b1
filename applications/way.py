"""Where an application is on its way: every stop with its person and its days, and when help comes (A9, A11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from applications import reminders, routing
from applications.models import Application, ProjectChange, ReviewStep
from coaching import permissions, undelivered
from coaching.days import MORNING, today_of
from coaching.models import Message, Participant, User

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
# Mail about what somebody was asked for already.
REMINDERS = ("application_reminder", "application_stand_in", "project_change_reminder")


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
    """What happens by itself while it waits on a person. What has been done is mail that left; what is to come is what
    the program will do as things stand.

    `office_told`: since when the branch office knows; `office_from`: when it hears, where anybody works there.
    """

    due: date
    is_late: bool
    reminded: date | None
    is_reachable: bool
    to_come: list[date]
    office_told: date | None
    office_from: date | None


def help_for(asked: ReviewStep | ProjectChange, *, on: date) -> Help:
    due, person = asked.due_date, routing.with_whom(asked, on=on)
    assert due is not None
    is_late, is_reachable = asked.is_overdue(on), _is_reachable(person, asked)
    officers = _officers(asked, on)
    return Help(
        due=due,
        is_late=is_late,
        reminded=_reminded(person, asked),
        is_reachable=is_reachable,
        to_come=_to_come(person, asked, on) if is_reachable else [],
        office_told=_office_told(officers, asked, due) if is_late else None,
        office_from=due + timedelta(days=1) if officers else None,
    )


def _mails(person: User, asked: ReviewStep | ProjectChange) -> "QuerySet[Message]":
    return Message.objects.filter(recipient=person, created_at__gte=asked.asked_since)


def _is_reachable(person: User, asked: ReviewStep | ProjectChange) -> bool:
    """Not where the address cannot work, nor where the last mail did not leave."""
    settled = _mails(person, asked).filter(status__in=[Message.Status.SENT, Message.Status.FAILED])
    last = settled.order_by("-created_at", "-pk").values_list("status", flat=True).first()
    return last != Message.Status.FAILED and not undelivered.address_problem(person)


def _reminded(person: User, asked: ReviewStep | ProjectChange) -> date | None:
    """When the last mail about it left after the one that asked; one mail may be about several."""
    sent = _mails(person, asked).filter(kind__in=REMINDERS, status=Message.Status.SENT)
    for ids, sent_at in sent.order_by("-sent_at", "-pk").values_list("ids", "sent_at"):
        steps, changes = ids.get("steps", []), [ids.get("change"), *ids.get("changes", [])]
        if sent_at and asked.pk in (changes if isinstance(asked, ProjectChange) else steps):
            return today_of(asked.cohort, sent_at)
    return None


def _to_come(person: User, asked: ReviewStep | ProjectChange, on: date) -> list[date]:
    """Nothing is announced of whoever decides: it ends with their choice, and nobody is told that there is one."""
    if asked.route_step.decides or not person.is_active or not routing.authority(asked, person, on=on):
        return []
    return reminders.still_to_come(asked, on=on)


def _officers(asked: ReviewStep | ProjectChange, on: date) -> list[User]:
    """Who hears when it is late; nobody of a change whose participant has left."""
    if isinstance(asked, ProjectChange) and asked.participant.status != Participant.Status.ACTIVE:
        return []
    return permissions.officers_of(asked.cohort, on=on)


def _office_told(officers: list[User], asked: ReviewStep | ProjectChange, due: date) -> date | None:
    """The list of what is overdue is made when it leaves: since the morning after the day, this stands on it."""
    late = datetime.combine(due + timedelta(days=1), MORNING, tzinfo=asked.cohort.zone)
    lists = Message.objects.filter(kind="applications_overdue", ids__branch=asked.cohort.branch_id)
    sent = lists.filter(recipient__in=officers, status=Message.Status.SENT, sent_at__gte=late)
    first = sent.order_by("sent_at").values_list("sent_at", flat=True).first()
    return today_of(asked.cohort, first) if first else None
