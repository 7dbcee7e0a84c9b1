"""The day by which people are asked whether they agree to a team (T4): choosing and moving it, and reminders of it.

An answer after that day counts as long as the question is open.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from coaching import audit, outbox
from coaching.days import day_of, latest, today_of, working_day
from coaching.errors import Refused
from coaching.in_words import long_date
from coaching.models import Cohort, Consent, Message, TeamChange, User
from coaching.permissions import require_office
from coaching.team_agreement import AlreadySettled, tell_office

MOST_DAYS = 60
# Days from the one asked for: two before, and the day after; then the branch office hears who has not answered.
REMIND_DAYS = (-2, 1)
# A reminder that is later than this is no news: the question was forgotten, or the program stood still.
REMIND_WITHIN = timedelta(days=14)


class WrongDay(Refused):
    pass


def usual_day(cohort: Cohort, *, today: date) -> date:
    return working_day(cohort, today + timedelta(days=cohort.agreement_days))


def last_day(today: date) -> date:
    """The furthest that can be chosen."""
    return today + timedelta(days=MOST_DAYS)


def why_not(day: date, *, today: date) -> str:
    """Why people cannot be asked to answer by this day; empty: they can."""
    if day < today:
        return f"{long_date(day)} is over. Choose today or a later day."
    if day > last_day(today):
        return f"Choose a day within {MOST_DAYS} days, {long_date(last_day(today))} at the latest."
    return ""


def chosen(cohort: Cohort, day: date | None, *, now: datetime) -> date:
    """The day that was chosen, or the usual one. Raises WrongDay."""
    today = today_of(cohort, now)
    day = day or usual_day(cohort, today=today)
    if why := why_not(day, today=today):
        raise WrongDay(why)
    return day


@transaction.atomic
def move(*, change: TeamChange, answer_by: date, by: User | None, now: datetime) -> TeamChange:
    """Ask for the answers by another day; whoever has not answered is told. The same day again changes nothing.

    Raises NotYourCohort, AlreadySettled, WrongDay.
    """
    require_office(cohort=change.team.cohort, by=by, now=now)
    rows = TeamChange.objects.select_for_update(of=("self",)).select_related("team__cohort")
    change = rows.get(pk=change.pk)
    if change.status != TeamChange.Status.OPEN:
        raise AlreadySettled(
            f"This question is {change.get_status_display().lower()}; it has no day any more."
        )
    if change.answer_by == answer_by:
        return change
    data = {"from": change.answer_by, "to": chosen(change.team.cohort, answer_by, now=now)}
    change.answer_by, change.date_moved_at = answer_by, now
    change.save(update_fields=["answer_by", "date_moved_at"])
    audit.record("team_change.date_moved", by=by, obj=change, now=now, data=data)
    people = [consent.participant.user for consent in unanswered(change)]
    ids = {"change": change.pk, "day": answer_by.toordinal()}
    key = f"{change.pk}:{now.isoformat()}"
    outbox.queue_many(kind="team_date_moved", to=people, key=key, now=now, ids=ids)
    return change


def unanswered(change: TeamChange) -> list[Consent]:
    rows = change.consents.filter(answer=Consent.Answer.PENDING).select_related("participant__user")
    return list(rows)


def _declined() -> QuerySet[Consent]:
    return Consent.objects.filter(answer=Consent.Answer.DECLINED)


def is_declined(change: TeamChange) -> bool:
    """Then it is the branch office's turn, which has heard so: no answer of the others settles the question."""
    return _declined().filter(change=change).exists()


def reminded_for(change: TeamChange, now: datetime) -> date | None:
    """The latest day of a reminder that has come; none on the day when people were asked or told of a new date."""
    assert change.answer_by is not None
    told_at = change.date_moved_at or change.created_at
    days = [change.answer_by + timedelta(days=each) for each in REMIND_DAYS]
    today = day_of(change.team.cohort.zone, now)
    came = latest(days, after=today_of(change.team.cohort, told_at), until=today)
    return came if came and came > today - REMIND_WITHIN else None


def do_due(*, now: datetime) -> dict[str, int]:
    """Remind whoever has not answered, and tell the branch office when the day is over.

    Safe to run at any time and twice: a day's reminder of a question is asked for once. Returns counts for the log.
    """
    due = list(_due(now))
    for change, came in due:
        _remind(change, came, now)
    return {"team_questions_reminded": len(due)}


def _due(now: datetime) -> Iterator[tuple[TeamChange, date]]:
    around = timezone.localdate(now)
    first, last = around - REMIND_WITHIN, around - timedelta(days=min(REMIND_DAYS) - 1)
    waiting = Consent.objects.filter(answer=Consent.Answer.PENDING).select_related("participant__user")
    rows = TeamChange.objects.filter(status=TeamChange.Status.OPEN, answer_by__range=(first, last))
    rows = rows.exclude(pk__in=_declined().values("change"))
    rows = rows.select_related("team__cohort").prefetch_related(
        Prefetch("consents", queryset=waiting, to_attr="waiting")
    )
    since = now - REMIND_WITHIN - timedelta(days=1)
    queued = Message.objects.filter(kind="team_answer_reminder", created_at__gte=since)
    done = {key.split(":")[1] for key in queued.values_list("key", flat=True)}
    for change in rows.order_by("pk"):
        came = reminded_for(change, now)
        if came and change.waiting and _key(change, came) not in done:
            yield change, came


def _key(change: TeamChange, came: date) -> str:
    return f"{change.pk}.{came}"


@transaction.atomic
def _remind(change: TeamChange, came: date, now: datetime) -> None:
    assert change.answer_by is not None
    people = [consent.participant.user for consent in change.waiting]  # type: ignore[attr-defined]
    ids = {"change": change.pk}
    outbox.queue_many(kind="team_answer_reminder", to=people, key=_key(change, came), now=now, ids=ids)
    if came > change.answer_by:
        ids["day"] = change.answer_by.toordinal()
        tell_office(change.team, "team_answers_missing", f"{change.pk}.{change.answer_by}", now, ids)
