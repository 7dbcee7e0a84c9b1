"""Months that the branch office excuses somebody from, with the reason: leave, credit, made up otherwise (C2, T10)."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from django.db import transaction

from coaching import audit, outbox
from coaching.days import today_of
from coaching.errors import Refused
from coaching.models import Cohort, Membership, Message, Participant, User
from meetings import dates, ledger, team_space
from meetings.models import Waiver, current_memberships
from meetings.standing import MonthStanding, MonthState, Standing

LAST_MONTH_TO_JOIN = 2
TOLD, AWAY = "meetings.waivers", "meetings.away"
WAIT = timedelta(minutes=10)  # so that acts one after the other are one mail


class CannotWaive(Refused):
    pass


class TooLateToJoin(Refused):
    pass


class PlanMissing(Refused):
    pass


def of(participant: Participant) -> list[Waiver]:
    """Those in force, by month."""
    rows = Waiver.objects.in_force().filter(participant=participant)
    return list(rows.select_related("participant__cohort", "recorded_by"))


def months_of(standing: Standing, waivers: Collection[Waiver]) -> list[tuple[MonthStanding, str]]:
    """Each month, with how it came to be excused where it is."""
    words = {Waiver.Kind.CREDIT: "Credited", Waiver.Kind.MADE_UP: "Made up"}
    how = {each.month: words.get(Waiver.Kind(each.kind), "Excused") for each in waivers if not each.is_plan}
    return [(month, how.get(month.month, "Excused")) for month in standing.months]


@transaction.atomic
def record(
    *, participant: Participant, kind: str, months: Collection[int], reason: str, by: User, now: datetime
) -> list[Waiver]:
    """The branch office excuses somebody from these months of the program; the same twice changes nothing.

    Raises NotYourMeeting (T10), CannotWaive.
    """
    participant = locked(participant, by, now)
    today = today_of(participant.cohort, now)
    if kind != Waiver.Kind.LEAVE and (ahead := _ahead(participant, months, today)):
        raise CannotWaive(f"{ahead} lies ahead, so nothing of it can be credited or made up yet.")
    if kind != Waiver.Kind.LEAVE and (attended := _attended(participant, months, today)):
        raise CannotWaive(f"{participant} attended in {attended}, so there is nothing to credit or make up.")
    return write(participant, kind, months, reason, by=by, now=now, counted_at=now)


@transaction.atomic
def plan(
    *, participant: Participant, months: Collection[int], reason: str, by: User, now: datetime
) -> list[Waiver]:
    """How somebody who joins until the second month makes up the months before; the same twice changes nothing.

    Such a month is not missed for good while the plan is open. Raises NotYourMeeting (T10), TooLateToJoin, CannotWaive.
    """
    participant = locked(participant, by, now)
    cohort = participant.cohort
    if not takes_plans(cohort, on=today_of(cohort, now)):
        raise TooLateToJoin(
            f"The second month of the {cohort} is over, so nobody joins with a plan any more. "
            "Months can still be credited, or excused for a leave."
        )
    joined = _joined_in(participant)
    if any(joined is not None and month >= joined for month in months):
        raise CannotWaive(
            f"{participant} was in a team then. Excuse them from the meeting on its page, or record that it was made up."
        )
    if ahead := _ahead(participant, months, today_of(cohort, now)):
        raise CannotWaive(f"{ahead} lies ahead, so there is nothing to make up yet.")
    return write(participant, Waiver.Kind.MADE_UP, months, reason, by=by, now=now, counted_at=None)


def check_joining(participant: Participant, *, on: date) -> None:
    """Whether somebody can still join a team for the first time: what they missed is credited, excused or planned.

    Raises TooLateToJoin, PlanMissing.
    """
    months = to_make_up([participant], on=on).get(participant.pk)
    if not months:
        return
    missed = f"{participant} missed {' and '.join(month.label for month in months)}."
    if not takes_plans(participant.cohort, on=on):
        raise TooLateToJoin(
            f"{missed} The second month of the {participant.cohort} is over, so nobody joins with a plan any more. "
            "They could join a later cohort; months they attended before, or a leave, are recorded on the page of their "
            "months."
        )
    raise PlanMissing(
        f"{missed} Record first how they make it up: on the page of the cohort, under “Months” beside their name."
    )


def to_make_up(participants: Collection[Participant], *, on: date) -> dict[int, list[MonthStanding]]:
    """By participant of one cohort, of those who were in no team yet, the months missed for which nothing is recorded."""
    places = Membership.objects.filter(participant__in=participants, team__confirmed_at__isnull=False)
    had_one = set(places.values_list("participant_id", flat=True))
    new = [each for each in participants if each.pk not in had_one]
    judged = ledger.judged(new[0].cohort, new, today=on) if new else []
    missed = {
        each.pk: [month for month in standing.months if month.state is MonthState.MISSED]
        for each, _, standing in judged
    }
    return {pk: months for pk, months in missed.items() if months}


def takes_plans(cohort: Cohort, *, on: date) -> bool:
    """Until the second month somebody joins with a plan."""
    return dates.program_month(cohort.first_month, on) <= LAST_MONTH_TO_JOIN


def _ahead(participant: Participant, months: Collection[int], today: date) -> str:
    """The first of these months that has not begun, by name; empty where all have."""
    first = participant.cohort.first_month
    ahead = [month for month in sorted(months) if dates.add_months(first, month - 1) > today]
    return dates.month_name(dates.add_months(first, ahead[0] - 1)) if ahead else ""


def _attended(participant: Participant, months: Collection[int], today: date) -> str:
    standing = ledger.standing(participant, today=today)
    met = [each.label for each in standing.months if each.month in months and each.state is MonthState.MET]
    return " and ".join(met)


def _joined_in(participant: Participant) -> int | None:
    """The month of the program in which they came into their first team; None: they have had none that stood."""
    places = Membership.objects.filter(participant=participant, team__confirmed_at__isnull=False)
    first = places.order_by("joined_at").first()
    cohort = participant.cohort
    return dates.program_month(cohort.first_month, today_of(cohort, first.joined_at)) if first else None


def locked(participant: Participant, by: User, now: datetime) -> Participant:
    """Raises NotYourMeeting (T10), CannotWaive for whoever takes part no longer."""
    participant = (
        Participant.objects.select_for_update(of=("self",))
        .select_related("user", "cohort__program")
        .get(pk=participant.pk)
    )
    team_space.require_office(by, participant.cohort, on=today_of(participant.cohort, now))
    if participant.status != Participant.Status.ACTIVE:
        raise CannotWaive(f"{participant} takes part no longer, so nothing changes for them.")
    return participant


def write(
    participant: Participant,
    kind: str,
    months: Collection[int],
    reason: str,
    *,
    by: User,
    now: datetime,
    counted_at: datetime | None,
) -> list[Waiver]:
    """For whoever has locked the participant and asked whether they may."""
    reason = reason.strip()
    if not reason:
        raise CannotWaive("Say why: it needs a reason.")
    if not months or not all(1 <= month <= participant.cohort.months for month in months):
        raise CannotWaive("Choose months of the program.")
    there = {each.month: each for each in of(participant) if each.month in months}
    wanted = (kind, reason, counted_at is None)
    if set(there) == set(months) and all(
        (each.kind, each.reason, each.is_plan) == wanted for each in there.values()
    ):
        return [there[month] for month in sorted(there)]
    if there:
        names = ", ".join(f"{each.month_name} ({each.words.lower()})" for each in there.values())
        raise CannotWaive(f"Recorded already: {names}. Take that back first.")
    rows = [
        Waiver(
            participant=participant,
            month=month,
            kind=kind,
            reason=reason,
            recorded_by=by,
            recorded_at=now,
            counted_at=counted_at,
        )
        for month in sorted(set(months))
    ]
    for row in rows:
        row.save()
    action = "waiver.planned" if counted_at is None else "waiver.recorded"
    for row in rows:
        audit.record(action, by=by, obj=row, now=now, data={"month": row.month, "kind": kind})
    tell(participant, now=now)
    if kind == Waiver.Kind.LEAVE and rows[-1].month >= _this_month(participant, now):
        tell_team(participant, now=now)
    return rows


@transaction.atomic
def count(*, waiver: Waiver, by: User, now: datetime) -> Waiver:
    """What was planned is done: the month counts as made up. A second call changes nothing.

    Raises NotYourMeeting (T10), CannotWaive.
    """
    participant = locked(waiver.participant, by, now)
    waiver = Waiver.objects.select_for_update(of=("self",)).get(pk=waiver.pk)
    if waiver.taken_back_at:
        raise CannotWaive("This was taken back. Record it anew if it counts after all.")
    if not waiver.is_plan:
        return waiver
    waiver.counted_at = now
    waiver.save(update_fields=["counted_at"])
    audit.record("waiver.counted", by=by, obj=waiver, now=now)
    tell(participant, now=now)
    return waiver


@transaction.atomic
def take_back(*, waiver: Waiver, by: User, now: datetime) -> Waiver:
    """The month counts by its meetings again. A second call changes nothing. Raises NotYourMeeting (T10), CannotWaive."""
    participant = locked(waiver.participant, by, now)
    waiver = Waiver.objects.select_for_update(of=("self",)).get(pk=waiver.pk)
    if waiver.taken_back_at:
        return waiver
    end(waiver, by=by, now=now)
    tell(participant, now=now)
    if waiver.kind == Waiver.Kind.LEAVE and waiver.month >= _this_month(participant, now):
        tell_team(participant, now=now)
    return waiver


def end(waiver: Waiver, *, by: User, now: datetime) -> None:
    waiver.taken_back_at = now
    waiver.save(update_fields=["taken_back_at"])
    audit.record("waiver.taken_back", by=by, obj=waiver, now=now)


def tell(participant: Participant, *, now: datetime) -> None:
    """The participant hears what is recorded for their months; acts within minutes are one mail."""
    _queue_once(TOLD, [participant.user], participant, now)


def tell_team(participant: Participant, *, now: datetime) -> None:
    """Their teammates hear from when until when they are away; not why."""
    mates = Participant.objects.filter(
        memberships__ended_at=None, memberships__team__in=current_memberships(participant.user).values("team")
    )
    mates = mates.filter(cohort=participant.cohort_id).exclude(pk=participant.pk).select_related("user")
    _queue_once(AWAY, [each.user for each in mates], participant, now)


def _queue_once(kind: str, to: Iterable[User], participant: Participant, now: datetime) -> None:
    """A mail that has not left yet will say what is so when it leaves."""
    waits = Message.objects.filter(
        kind=kind, ids__participant=participant.pk, status=Message.Status.PENDING
    ).values_list("recipient", flat=True)
    told = set(waits)
    key, ids = f"{participant.pk}.{now.isoformat()}", {"participant": participant.pk}
    others = [each for each in to if each.pk not in told]
    outbox.queue_many(kind=kind, to=others, key=key, now=now, ids=ids, after=WAIT)


def _this_month(participant: Participant, now: datetime) -> int:
    cohort = participant.cohort
    return dates.program_month(cohort.first_month, today_of(cohort, now))
