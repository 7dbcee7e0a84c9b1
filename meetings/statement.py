"""One's own statement of meetings and hours: when somebody took part, never what was said (M16).

Whoever left keeps it: it is all that stays open of the program to them (F3).
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from coaching import audit, pdf
from coaching.errors import Refused
from coaching.models import Cohort, OrgUnit, Participant, User
from meetings import dates, ledger, waivers
from meetings.models import Waiver
from meetings.standing import MeetingRecord, Presence


class NotYourHours(Refused):
    pass


@dataclass(frozen=True)
class Line:
    """One meeting that they were at. `counts`: it is one of those that the certificate counts (C2)."""

    meeting: MeetingRecord
    counts: bool

    @property
    def why_not(self) -> str:
        """Why it does not count, in words; empty when it does."""
        if self.counts:
            return ""
        if not self.meeting.quorate:
            return "Not counted: too few were there"
        return "Not counted: a meeting of another team"


@dataclass(frozen=True)
class Statement:
    """`until`: the last day of the participation, or of a program that is over; None while it lasts. `minutes`: spent in
    the meetings that count, as on the certificate. `waivers` have a reason, which is not shown.
    """

    participant: Participant
    cohort: Cohort
    since: date
    until: date | None
    lines: tuple[Line, ...]
    minutes: int
    waivers: tuple[Waiver, ...]

    @property
    def number(self) -> int:
        """How many meetings count."""
        return sum(line.counts for line in self.lines)

    @property
    def hours(self) -> str:
        """ "1 hour", "3 hours 30 minutes" """
        hours, minutes = divmod(self.minutes, 60)
        parts = [f"{hours} hour{'' if hours == 1 else 's'}"] if hours or not minutes else []
        parts += [f"{minutes} minutes"] if minutes else []
        return " ".join(parts)


def of(participant: Participant, *, today: date) -> Statement:
    cohort = participant.cohort
    ((_, history, standing),) = ledger.judged(cohort, [participant], today=today)
    there = [
        record
        for record in history.meetings
        if record.presence is Presence.ATTENDED and not record.cancelled and record.date <= today
    ]
    ended = participant.left_at or participant.completed_at
    until = timezone.localdate(ended, cohort.zone) if ended else _over(cohort, today)
    return Statement(
        participant=participant,
        cohort=cohort,
        since=_since(participant, until),
        until=until,
        lines=tuple(
            Line(record, counts=record in standing.attended)
            for record in sorted(there, key=lambda record: (record.date, record.meeting_id))
        ),
        minutes=standing.minutes,
        waivers=tuple(each for each in waivers.of(participant) if not each.is_plan),
    )


def _over(cohort: Cohort, today: date) -> date | None:
    last = dates.end_of_program_month(cohort.first_month, cohort.months)
    return last if last < today else None


def _since(participant: Participant, until: date | None) -> date:
    """The day on which they joined their first team, or that on which the program began, whichever was later."""
    cohort = participant.cohort
    place = participant.memberships.order_by("joined_at", "pk").first()
    joined = timezone.localdate(place.joined_at if place else participant.enrolled_at, cohort.zone)
    since = max(joined, cohort.first_month)
    return min(since, until) if until else since


def statement_pdf(statement: Statement, *, made_at: date) -> bytes:
    """As an accessible PDF (PDF/UA-1)."""
    department = statement.cohort.branch.ancestor(OrgUnit.Kind.DEPARTMENT)
    context = {"statement": statement, "department": department, "made_at": made_at}
    html = render_to_string("meetings/statement_file.html", context)
    with pdf.one_at_a_time:
        return pdf.written(pdf.laid_out(html, "meetings/file.css", "meetings/statement_file.css"))


@transaction.atomic
def pass_on(*, participant: Participant, passed_on: bool, by: User, now: datetime) -> Participant:
    """Let the training office have the meetings that count with their hours (M17), or no longer.

    A second call changes nothing. Raises NotYourHours.
    """
    row = Participant.objects.select_for_update(of=("self",)).select_related("cohort").get(pk=participant.pk)
    if row.user_id != by.pk or row.erased_at:
        raise NotYourHours("Only who attended the meetings passes on their hours.")
    if bool(row.hours_passed_on_at) != passed_on:
        row.hours_passed_on_at = now if passed_on else None
        row.save(update_fields=["hours_passed_on_at"])
        audit.record("hours.passed_on" if passed_on else "hours.kept", by=by, obj=row, now=now)
    return row
