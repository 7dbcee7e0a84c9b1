"""Where an application is on its way: every stop with its person and its days, and when help comes (A9, A11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet, Subquery
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
    is_late, officers = asked.is_overdue(on), _officers(asked, on)
    mails = Mails.about(asked, person, officers, _late_from(asked, due) if is_late else None)
    is_reachable = mails.last != Message.Status.FAILED and not undelivered.address_problem(person)
    return Help(
        due=due,
        is_late=is_late,
        reminded=mails.reminded,
        is_reachable=is_reachable,
        to_come=_to_come(person, asked, on) if is_reachable else [],
        office_told=mails.office_told,
        office_from=due + timedelta(days=1) if officers else None,
    )


@dataclass(frozen=True)
class Mails:
    """What became of the mail about it: the status of the last that was sent to this person or could not be, when one
    reminded them, and when the list of what is overdue, with this on it, first reached the branch office."""

    last: str | None
    reminded: date | None
    office_told: date | None

    @classmethod
    def about(
        cls, asked: ReviewStep | ProjectChange, person: User, officers: list[User], late: datetime | None
    ) -> "Mails":
        """In one query. `late`: from when the list has it; None where it is in time."""
        to_them = Q(recipient=person, created_at__gte=asked.asked_since)
        settled = Message.objects.filter(to_them, status__in=[Message.Status.SENT, Message.Status.FAILED])
        last, first = (
            settled.order_by("-created_at", "-pk"),
            _lists(asked, officers, late).order_by("sent_at"),
        )
        found = Message.objects.annotate(
            is_last=Q(pk=Subquery(last.values("pk")[:1])),
            is_list=Q(pk=Subquery(first.values("pk")[:1])),
            is_reminder=to_them & Q(kind__in=REMINDERS, status=Message.Status.SENT),
        ).filter(Q(is_last=True) | Q(is_list=True) | Q(is_reminder=True))
        rows = list(found.order_by("-sent_at", "-pk"))
        reminders = (row for row in rows if row.is_reminder and _is_about(row, asked))
        return cls(
            last=next((row.status for row in rows if row.is_last), None),
            reminded=_left(next(reminders, None), asked),
            office_told=_left(next((row for row in rows if row.is_list), None), asked),
        )


def _left(mail: Message | None, asked: ReviewStep | ProjectChange) -> date | None:
    return today_of(asked.cohort, mail.sent_at) if mail and mail.sent_at else None


def _is_about(mail: Message, asked: ReviewStep | ProjectChange) -> bool:
    """One reminder may be about several."""
    steps, changes = mail.ids.get("steps", []), [mail.ids.get("change"), *mail.ids.get("changes", [])]
    return asked.pk in (changes if isinstance(asked, ProjectChange) else steps)


def _lists(
    asked: ReviewStep | ProjectChange, officers: list[User], late: datetime | None
) -> "QuerySet[Message]":
    if late is None:
        return Message.objects.none()
    lists = Message.objects.filter(kind="applications_overdue", ids__branch=asked.cohort.branch_id)
    return lists.filter(recipient__in=officers, status=Message.Status.SENT, sent_at__gte=late)


def _late_from(asked: ReviewStep | ProjectChange, due: date) -> datetime:
    """The list of what is overdue is made when it leaves: since the morning after the day, this stands on it."""
    return datetime.combine(due + timedelta(days=1), MORNING, tzinfo=asked.cohort.zone)


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
