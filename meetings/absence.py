"""Coming back: from a leave before it is over (`meetings.leave`), and into the program with what was attended before."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from coaching import audit, outbox
from coaching.days import today_of
from coaching.models import Cohort, Participant, Requirement, User
from meetings import dates, leave, ledger, waivers
from meetings.models import Waiver
from meetings.standing import MonthState

BACK = "meetings.came_back"


@transaction.atomic
def come_back(*, participant: Participant, by: User, now: datetime) -> bool:
    """Back before the leave is over: the month that runs stays waived, those after it count by their meetings again.

    False: they are not on leave now, as after a second press. Raises NotYourMeeting (T10), CannotWaive.
    """
    participant = waivers.locked(participant, by, now)
    cohort = participant.cohort
    this = dates.program_month(cohort.first_month, today_of(cohort, now))
    leaves = Waiver.objects.in_force().filter(participant=participant, kind=leave.KIND, month__gte=this)
    rows = list(leaves.select_for_update(of=("self",)).order_by("month"))
    if not rows or rows[0].month != this or rows[0].back_at:
        return False
    rows[0].back_at = now
    rows[0].save(update_fields=["back_at"])
    for expected, row in enumerate(rows[1:], start=this + 1):
        if row.month != expected:
            break  # another leave, later
        waivers.end(row, by=by, now=now)
    audit.record("waiver.came_back", by=by, obj=rows[0], now=now)
    ids = {"waiver": rows[0].pk}
    outbox.queue(kind=BACK, to=participant.user, key=f"{rows[0].pk}", now=now, ids=ids)
    waivers.tell_team(participant, now=now)
    return True


@dataclass(frozen=True)
class Earlier:
    """A month that somebody attended before they left, and that is not met in their program of now.

    `unanswered`: how many evaluations of its meetings are missing; with one it is not credited (C2).
    """

    participant: Participant
    month: int
    unanswered: int = 0

    @property
    def key(self) -> str:
        return f"{self.participant.pk}-{self.month}"

    @property
    def words(self) -> str:
        cohort = self.participant.cohort
        return f"{dates.month_name(dates.add_months(cohort.first_month, self.month - 1))} of the {cohort}"


def to_credit(participant: Participant, *, today: date) -> list[Earlier]:
    """The months met in participations of the same program and branch that ended, each month of the program once."""
    cohort = participant.cohort
    asks_for_evaluations = cohort.program.requirements.filter(kind=Requirement.Kind.EVALUATION).exists()
    before = Participant.objects.filter(
        user=participant.user_id,
        status=Participant.Status.LEFT,
        cohort__program=cohort.program_id,
        cohort__branch=cohort.branch_id,
    )
    standing = ledger.standing(participant, today=today)
    settled = {each.month for each in standing.months if each.is_met}
    settled |= {each.month for each in waivers.of(participant)}
    found: dict[int, Earlier] = {}
    for each in before.exclude(pk=participant.pk).select_related("cohort__program").order_by("-left_at"):
        for month in ledger.standing(each, today=today).months:
            if month.state is MonthState.MET and month.month not in settled:
                earlier = Earlier(each, month.month, month.unanswered if asks_for_evaluations else 0)
                known = found.setdefault(month.month, earlier)
                if known.unanswered and not earlier.unanswered:
                    found[month.month] = earlier
    return [found[month] for month in sorted(found)]


@transaction.atomic
def credit(*, participant: Participant, chosen: Collection[str], by: User, now: datetime) -> list[Waiver]:
    """Count months that were attended before (`Earlier.key`) for the program of now; a second call changes nothing.

    Raises NotYourMeeting (T10), CannotWaive.
    """
    participant = waivers.locked(participant, by, now)
    offered = to_credit(participant, today=today_of(participant.cohort, now))
    rows = [each for each in offered if each.key in chosen and not each.unanswered]
    by_cohort: dict[Cohort, list[int]] = defaultdict(list)
    for each in rows:
        by_cohort[each.participant.cohort].append(each.month)
    written = []
    for cohort, months in by_cohort.items():
        written += waivers.write(
            participant,
            Waiver.Kind.CREDIT,
            months,
            f"Attended in the {cohort}, before they left.",
            by=by,
            now=now,
            counted_at=now,
        )
    return written
