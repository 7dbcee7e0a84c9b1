"""Opening one person's evaluation of one meeting again, after its day and until the program's last closing (C1)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from coaching import audit, outbox
from coaching.models import Cohort, Participant, User
from coaching.permissions import officers_of
from meetings import dates, deadlines, evaluations, team_space
from meetings.deadlines import State, Window
from meetings.evaluations import CannotEvaluate
from meetings.models import Attendance, EvaluationDraft, EvaluationReceipt, EvaluationReopening, Meeting


@dataclass(frozen=True)
class Missing:
    """One evaluation that somebody has not given; what they would answer nobody knows."""

    row: Attendance
    window: Window
    state: State
    reopening: EvaluationReopening | None

    @property
    def is_asked_for(self) -> bool:
        return self.reopening is not None and self.reopening.is_waiting


def missing(cohort: Cohort, *, now: datetime) -> list[Missing]:
    """For the branch office: what was asked for first, then by day; a constant number of queries."""
    lines = _lines(_unanswered().filter(meeting__cohort=cohort), now=now)
    return sorted(lines, key=lambda line: (not line.is_asked_for, line.window.until))


def to_open_again(cohorts: Iterable[Cohort], *, now: datetime) -> list[Missing]:
    """What the branch office can open again because somebody asks for it; a constant number of queries."""
    theirs = EvaluationReopening.objects.filter(
        meeting=OuterRef("meeting"), participant=OuterRef("participant"), asked_at__isnull=False
    )
    lines = _lines(_unanswered().filter(Exists(theirs), meeting__cohort__in=cohorts), now=now)
    return [line for line in lines if line.is_asked_for and line.state is State.LATE]


def _unanswered() -> QuerySet[Attendance]:
    rows = evaluations.unanswered().filter(participant__status=Participant.Status.ACTIVE)
    rows = rows.select_related("meeting__item", "meeting__cohort__program", "participant__user")
    return rows.order_by("meeting__date", "participant__user__name", "pk")


def _lines(rows: Iterable[Attendance], *, now: datetime) -> list[Missing]:
    rows = list(rows)
    found = {
        (each.meeting_id, each.participant_id): each
        for each in EvaluationReopening.objects.filter(meeting__in={row.meeting_id for row in rows})
    }
    windows = deadlines.windows(rows)
    return [
        Missing(
            row,
            windows[row.pk],
            windows[row.pk].state(row.meeting.local_today(now)),
            found.get((row.meeting_id, row.participant_id)),
        )
        for row in rows
    ]


def written(participants: Collection[int]) -> set[int]:
    """The meetings, by id, of which these people have saved an evaluation and not sent it."""
    sent = EvaluationReceipt.objects.filter(meeting=OuterRef("meeting"), participant=OuterRef("participant"))
    rows = EvaluationDraft.objects.filter(~Exists(sent), participant__in=participants)
    return set(rows.values_list("meeting_id", flat=True))


def asked_for(participants: Collection[int]) -> set[int]:
    """The meetings, by id, whose late evaluation these people wait to have opened again."""
    rows = EvaluationReopening.objects.filter(participant__in=participants)
    return {row.meeting_id for row in rows if row.is_waiting}


@transaction.atomic
def ask(*, meeting: Meeting, by: User, now: datetime) -> bool:
    """Somebody asks the branch office to open their late evaluation again; False: it was asked already.

    Raises CannotEvaluate.
    """
    meeting, row, window = _locked(meeting, by, now)
    if row.participant.status == Participant.Status.LEFT:
        raise CannotEvaluate("You have left the program, so no evaluation is asked of you any more.")
    if window.state(meeting.local_today(now)) is State.OPEN:
        raise CannotEvaluate("It is open: you can answer now.")
    known = EvaluationReopening.objects.filter(meeting=meeting, participant=row.participant).first()
    if known and known.is_waiting:
        return False
    reopening = known or EvaluationReopening(meeting=meeting, participant=row.participant)
    reopening.asked_at = now
    reopening.save()
    audit.record("evaluation.asked_for", by=by, obj=reopening, now=now)
    to = officers_of(meeting.cohort, on=meeting.local_today(now))
    key, ids = f"{reopening.pk}.{now.isoformat()}", {"reopening": reopening.pk}
    outbox.queue_many(kind="meetings.evaluation_asked", to=to, key=key, now=now, ids=ids)
    return True


@transaction.atomic
def reopen(
    *, meeting: Meeting, participant: Participant, until: date, reason: str, by: User, now: datetime
) -> EvaluationReopening:
    """The branch office opens one person's evaluation until a day; the same day twice is once, and they are told.

    Raises NotYourMeeting (T10), CannotEvaluate.
    """
    team_space.require_office(by, meeting.cohort, on=meeting.local_today(now))
    meeting, row, window = _locked(meeting, participant.user, now)
    known = EvaluationReopening.objects.filter(meeting=meeting, participant=participant).first()
    if known and not known.is_waiting and known.until_date == until:
        return known
    if until < meeting.local_today(now):
        raise CannotEvaluate(f"{dates.long_date(until)} is over. Choose a day ahead.")
    if until > window.last_day:
        raise CannotEvaluate(
            f"The program’s evaluations close for good after {dates.long_date(window.last_day)}. "
            "Choose that day or an earlier one."
        )
    if until <= window.until:
        raise CannotEvaluate(f"It is open until {dates.long_date(window.until)} already. Choose a later day.")
    reopening = known or EvaluationReopening(meeting=meeting, participant=participant)
    reopening.until_date, reopening.reason = until, reason.strip()
    reopening.reopened_by, reopening.reopened_at = by, now
    reopening.save()
    data = {"meeting": meeting.pk, "participant": participant.pk, "until": until}
    audit.record("evaluation.reopened", by=by, obj=reopening, now=now, data=data)
    ids = {"meeting": meeting.pk, "participant": participant.pk}
    key = f"{reopening.pk}.{now.isoformat()}"
    outbox.queue(kind="meetings.evaluation_reopened", to=row.participant.user, key=key, now=now, ids=ids)
    return reopening


def _locked(meeting: Meeting, user: User, now: datetime) -> tuple[Meeting, Attendance, Window]:
    """An evaluation that is missing and that is not closed for good."""
    meeting = (
        Meeting.objects.select_for_update(of=("self",)).select_related("cohort__branch").get(pk=meeting.pk)
    )
    row = evaluations.attendance_of(meeting, user)
    if row is None:
        raise CannotEvaluate("Only people who were at a meeting evaluate it. Has attendance been taken?")
    if evaluations.has_sent(meeting, row.participant):
        raise CannotEvaluate("This evaluation is in already.")
    window = deadlines.window(row)
    if window.state(meeting.local_today(now)) is State.OVER:
        raise CannotEvaluate(evaluations.OVER)
    return meeting, row, window
