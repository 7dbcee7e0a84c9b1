"""One's own statement of meetings and hours: when somebody took part, never what was said (M16).

Whoever left keeps it: it is all that stays open of the program to them (F3).
"""

from dataclasses import dataclass
from datetime import date

from django.template.loader import render_to_string
from django.utils import timezone

from coaching import pdf
from coaching.models import Cohort, Participant
from meetings import waivers
from meetings.models import Attendance, Meeting, Waiver


@dataclass(frozen=True)
class Statement:
    """`until`: the last day of the participation, None while it lasts. `waivers` have a reason, which is not shown."""

    participant: Participant
    cohort: Cohort
    since: date
    until: date | None
    meetings: tuple[Meeting, ...]
    waivers: tuple[Waiver, ...]

    @property
    def minutes(self) -> int:
        return sum(each.minutes for each in self.meetings)

    @property
    def hours(self) -> str:
        """ "1 hour", "3 hours 30 minutes" """
        hours, minutes = divmod(self.minutes, 60)
        parts = [f"{hours} hour{'' if hours == 1 else 's'}"] if hours or not minutes else []
        parts += [f"{minutes} minutes"] if minutes else []
        return " ".join(parts)


def of(participant: Participant) -> Statement:
    cohort = participant.cohort
    there = Attendance.objects.filter(
        participant=participant, status__in=(Attendance.Status.PRESENT, Attendance.Status.REMOTE)
    )
    meetings = Meeting.objects.live().filter(pk__in=there.values("meeting")).select_related("item")
    ended = participant.left_at or participant.completed_at
    return Statement(
        participant=participant,
        cohort=cohort,
        since=timezone.localdate(participant.enrolled_at, cohort.zone),
        until=timezone.localdate(ended, cohort.zone) if ended else None,
        meetings=tuple(meetings),
        waivers=tuple(each for each in waivers.of(participant) if not each.is_plan),
    )


def statement_pdf(statement: Statement, *, made_at: date) -> bytes:
    """As an accessible PDF (PDF/UA-1)."""
    context = {"statement": statement, "made_at": made_at}
    html = render_to_string("meetings/statement_file.html", context)
    with pdf.one_at_a_time:
        return pdf.written(pdf.laid_out(html, sheet="meetings/statement_file.css"))
