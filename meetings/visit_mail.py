"""The mails about visits: to the members who comes, to the visitor what has changed. Built when they are sent."""

from datetime import UTC, datetime

from django.utils import timezone

from coaching import outbox
from coaching.models import Message, User
from coaching.outbox import Mail
from meetings import team_space, visits
from meetings.models import Meeting, Visit


def register() -> None:
    outbox.register(visits.PLANNED, visit_planned)
    outbox.register(visits.TAKEN_BACK, visit_taken_back)
    outbox.register(visits.CHANGED, visit_changed)
    outbox.register(visits.FINALS, finals_ahead)


def visit_planned(recipient: User, *, visit: int) -> Mail | None:
    """M12: to each member, once for a visit that still stands."""
    found = _visit(visit)
    if found.taken_back_at or not _is_ahead(found.meeting, recipient):
        return None
    return _mail("visit_planned", recipient, visit=found, meeting=found.meeting)


def visit_taken_back(recipient: User, *, visit: int) -> Mail | None:
    """Only to who was told of the visit, unless it was planned again since."""
    found = _visit(visit)
    told = Message.objects.filter(
        kind=visits.PLANNED, recipient=recipient, ids__visit=visit, status=Message.Status.SENT
    )
    again = visits.standing().filter(meeting=found.meeting, person=found.person)
    if again.exists() or not told.exists() or not _is_ahead(found.meeting, recipient):
        return None
    return _mail("visit_taken_back", recipient, visit=found, meeting=found.meeting)


def visit_changed(recipient: User, *, at: int) -> Mail | None:
    """All that the visitor plans to attend, as it stands now, with what changed marked."""
    rows = visits.standing().filter(person=recipient, meeting__date__gte=timezone.localdate())
    rows = rows.select_related("meeting__item", "meeting__cohort").prefetch_related("meeting__teams")
    meetings = [each.meeting for each in rows.order_by("meeting__date", "meeting__start_time")]
    since = datetime.fromtimestamp(at, UTC)
    changed = [each for each in meetings if each.changed_at >= since]
    if not changed:
        return None
    return _mail("visit_changed", recipient, meetings=meetings, changed=changed, cohort=changed[0].cohort)


def finals_ahead(recipient: User, *, branch: int) -> Mail | None:
    """M13: all final meetings of the branch that lie ahead, to who may attend one of them."""
    finals = visits.finals_ahead(timezone.localdate()).filter(cohort__branch=branch)
    if not visits.open_to(recipient, finals).exists():
        return None
    meetings = list(finals.select_related("item", "cohort").prefetch_related("teams"))
    mine = set(visits.standing().filter(person=recipient).values_list("meeting", flat=True))
    return _mail("finals_ahead", recipient, meetings=meetings, mine=mine, cohort=meetings[0].cohort)


def _is_ahead(meeting: Meeting, recipient: User) -> bool:
    is_planned = meeting.status == Meeting.Status.PLANNED and meeting.ends_at > timezone.now()
    return is_planned and team_space.is_member(recipient, meeting)


def _visit(pk: int) -> Visit:
    return Visit.objects.select_related("person", "meeting__item", "meeting__cohort__branch").get(pk=pk)


def _mail(template: str, recipient: User, **context: object) -> Mail:
    return outbox.render_mail(f"meetings/mail/{template}.txt", {"recipient": recipient, **context})
