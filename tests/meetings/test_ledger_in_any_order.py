"""Whatever is done in whatever order: nobody is complete but by the requirements and the recorded waivers (C2).

The checker reads rows, month by month, as one would with paper and pencil; it shares nothing with the ledger.
"""

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from coaching import enrollment
from coaching.errors import Refused
from coaching.models import Cohort, Membership, Participant, Requirement, Team, User
from meetings import (
    absence,
    attendance,
    evaluations,
    laying_out,
    ledger,
    reopening,
    returning,
    scheduling,
    together,
    waivers,
)
from meetings.models import Attendance, EvaluationReceipt, Meeting, Waiver
from tests import factories
from tests.clock import NOW
from tests.meetings.conftest import noon
from tests.walking import walk

pytestmark = pytest.mark.django_db

BEGIN = date(2027, 2, 1)
MONTHS = [date(2027, month, 1) for month in range(2, 10)]
THERE = ("present", "remote")


@pytest.fixture(scope="module", autouse=True)
def two_teams(kept_people, kept_cast, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        officer = User.objects.get(name="Bo Branchoffice")
        people = list(Participant.objects.order_by("pk"))
        for members in (people[:3], people[3:6]):
            team = factories.confirmed_team(kept_cast.cohort, members, by=officer)
            team.memberships.update(joined_at=NOW)
            laying_out.lay_out_meetings(team=team, by=None, now=NOW)
        late = factories.participant(kept_cast.cohort, factories.person("Lea Late"))
        took_part_before(late.user, kept_cast.cohort, officer)


def took_part_before(user: User, cohort: Cohort, officer: User) -> None:
    """A year ago, in the first two months; they evaluated the first meeting and left."""
    earlier = factories.cohort(
        cohort.program,
        cohort.branch,
        by=officer,
        name="Earlier",
        applications_open_date=date(2025, 11, 1),
        applications_close_date=date(2025, 12, 31),
        first_month=date(2026, 2, 1),
        quorum=1,
    )
    participant = factories.participant(earlier, user)
    for item in cohort.program.curriculum.order_by("position")[:2]:
        values = {"item": item, "month": item.month, "date": date(2026, 1 + item.month, 18)}
        fixed = {"start_time": time(9), "minutes": 120, "status": "held"}
        meeting = Meeting.objects.create(cohort=earlier, time_zone=earlier.time_zone, **values, **fixed)
        meeting.teams.add(Team.objects.create(cohort=earlier, number=item.month))
        Membership.objects.create(
            team=meeting.teams.get(), participant=participant, joined_at=NOW, ended_at=noon(date(2026, 12, 1))
        )
        Attendance.objects.create(meeting=meeting, participant=participant, status="present", recorded_at=NOW)
    EvaluationReceipt.objects.create(meeting=earlier.meetings.get(month=1), participant=participant)
    Participant.objects.filter(pk=participant.pk).update(status="left", left_at=NOW)


def month_is_over(number: int, today: date) -> bool:
    return (number < 8 and today >= MONTHS[number]) or today >= date(2027, 10, 1)


def is_entitled(participant: Participant, cohort: Cohort, today: date) -> bool:
    """A meeting in every month, but those that are excused, waived or allowed to miss; an evaluation of each attended.

    And as many meetings in all as a second row may ask for: a month that is waived stands for one.
    """
    if participant.status == "left":
        return False
    teams = set(Membership.objects.filter(participant=participant).values_list("team", flat=True))
    attended, excused = [], []
    for mark in Attendance.objects.filter(participant=participant).select_related("meeting"):
        meeting = mark.meeting
        in_own_team = teams & set(meeting.teams.values_list("pk", flat=True))
        if meeting.status == "cancelled" or meeting.date > today:
            continue
        if not in_own_team and not cohort.other_team_counts:
            continue
        enough = meeting.attendance.filter(status__in=THERE).count() >= cohort.quorum
        if mark.status in THERE and enough:
            attended.append(meeting)
        if mark.status == "excused":
            excused.append(meeting.month)
    waived = {
        row.month
        for row in Waiver.objects.filter(participant=participant, taken_back_at=None)
        if row.counted_at and MONTHS[row.month - 1] <= today
    }
    met = {meeting.month for meeting in attended} | set(excused) | waived
    missed = [number for number in range(1, 9) if number not in met]
    of_own = {meeting.month for meeting in attended} | set(excused)
    in_all = len(attended) + len(excused) + len(waived - of_own)
    if any(in_all < row.least for row in Requirement.objects.filter(kind="attendance", per="program")):
        return False
    if not all(month_is_over(number, today) for number in missed):
        return False
    answered = set(
        EvaluationReceipt.objects.filter(participant=participant).values_list("meeting", flat=True)
    )
    return len(missed) <= cohort.missed_months_allowed and {each.pk for each in attended} <= answered


def something_is_unmarked(participant: Participant, today: date) -> bool:
    """Then the ledger waits, whatever else is there."""
    teams = Membership.objects.filter(participant=participant).values("team")
    held = Meeting.objects.filter(teams__in=teams, date__lte=today).exclude(status="cancelled")
    return held.exclude(attendance__participant=participant).exists()


ODD = ("absent", "silent", "alone", "alone", "alone", "called off", "waived", "excused", "moved")
KIND = st.sampled_from([*["good"] * 20, *ODD])


class AnyOrder(RuleBasedStateMachine):
    number = st.integers(0, 99)
    marks = st.lists(st.sampled_from(["present", "remote", "absent"]), min_size=6, max_size=6)

    def __init__(self) -> None:
        self.around = transaction.atomic()
        self.around.__enter__()
        super().__init__()
        self.officer = User.objects.get(name="Bo Branchoffice")
        self.cohort = Cohort.objects.select_related("program").get(first_month=BEGIN)
        self.now = noon(BEGIN)
        self.done: set[str] = set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)

    @initialize(
        allowed=st.sampled_from([0, 0, 0, 1]),
        quorum=st.integers(1, 2),
        others=st.booleans(),
        months=st.lists(st.tuples(KIND, number), min_size=5, max_size=8),
        total=st.sampled_from([None, None, 7, 8]),
        late=st.sampled_from([None, "planned", "made up", "credited", "credited and planned"]),
        together=st.booleans(),
    )
    def they_have_begun(
        self,
        allowed: int,
        quorum: int,
        others: bool,
        months: list[tuple[str, int]],
        total: int | None,
        late: str | None,
        together: bool,
    ) -> None:
        settings = {"missed_months_allowed": allowed, "quorum": quorum, "other_team_counts": others}
        Cohort.objects.filter(pk=self.cohort.pk).update(**settings)
        if total:
            values = {"kind": "attendance", "unit": "count", "per": "program", "least": total}
            Requirement.objects.create(program=self.cohort.program, **values)
            self.done.add("meetings in all")
        if together:
            self.all_meet_together("final")
        for place, (kind, who) in enumerate(months):
            if place == 1 and late:
                self.somebody_joins_late(late)
            self.a_month(kind, who)

    def all_meet_together(self, which: str) -> None:
        item = self.cohort.program.curriculum.get(kind=which)
        when = scheduling.When(date(2027, 1 + item.month, 23), time(14), item.minutes)
        self.attempt(
            "joined",
            lambda: together.join(
                cohort=self.cohort,
                item=item,
                when=when,
                where=scheduling.Where(),
                by=self.officer,
                now=self.now,
            ),
        )

    def somebody_joins_late(self, how: str) -> None:
        """In the second month, with what they attended a year ago or a plan; not all plans come true."""
        late = Participant.objects.get(user__name="Lea Late", cohort=self.cohort)
        if "credited" in how:
            self.credit(late)
        if "planned" in how or how == "made up":
            self.attempt(
                "planned",
                lambda: waivers.plan(
                    participant=late, months=[1], reason="With Ann", by=self.officer, now=self.now
                ),
            )
        team = Team.objects.filter(cohort=self.cohort).order_by("pk").first()
        Membership.objects.create(team=team, participant=late, joined_at=self.now)
        if how == "made up":
            self.the_office_says_that_it_was_made_up(0)

    def credit(self, participant: Participant) -> None:
        offered = absence.to_credit(participant, today=self.today)
        self.attempt(
            "credited" if offered else "nothing to credit",
            lambda: absence.credit(
                participant=participant, chosen=[each.key for each in offered], by=self.officer, now=self.now
            ),
        )

    @rule(which=number)
    def the_office_says_that_it_was_made_up(self, which: int) -> None:
        if plans := list(Waiver.objects.filter(counted_at=None).order_by("pk")):
            waiver = plans[which % len(plans)]
            self.attempt("made up", lambda: waivers.count(waiver=waiver, by=self.officer, now=self.now))

    @rule(who=number)
    def the_office_credits_what_was_attended_before(self, who: int) -> None:
        self.credit(self.person(who))

    @rule()
    def all_meet_together_at_the_end(self) -> None:
        self.all_meet_together("final")

    @rule(who=number)
    def somebody_who_left_is_taken_in_again(self, who: int) -> None:
        left = list(Participant.objects.filter(cohort=self.cohort, status="left").order_by("pk"))
        if left:
            participant = left[who % len(left)]
            self.attempt(
                "taken in again",
                lambda: returning.take_in_again(
                    participant=participant, cohort=self.cohort, by=self.officer, now=self.now
                ),
            )

    @property
    def today(self) -> date:
        return self.now.date()

    def meeting(self, number: int, *, held: bool = True) -> Meeting | None:
        rows = self.cohort.meetings.all()
        rows = rows.filter(date__lte=self.today) if held else rows
        found = list(rows.order_by("-date", "pk")[:8])
        return found[number % len(found)] if found else None

    def person(self, number: int) -> Participant:
        found = list(self.cohort.participants.order_by("pk"))
        return found[number % len(found)]

    def attempt(self, name: str, act: Callable[[], object]) -> None:
        """It may be refused; nothing else may be raised."""
        try:
            with transaction.atomic():
                act()
        except Refused:
            return
        self.done.add(name)

    @rule(days=st.integers(1, 12))
    def time_goes_by(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(kind=KIND, who=number)
    def a_month(self, kind: str, who: int) -> None:
        """Held and evaluated by everybody, so that somebody gets far; or all but that."""
        until = self.now + timedelta(days=31)
        rows = Meeting.objects.exclude(status="cancelled").filter(date__gt=self.today, date__lte=until.date())
        for meeting in rows.order_by("date"):
            people = attendance.expected(meeting)
            odd = people[who % len(people)] if people else None
            self.now = noon(meeting.date)
            if kind == "called off" and who % 2:
                self.attempt(
                    kind, lambda it=meeting: scheduling.cancel(meeting=it, reason="x", by=None, now=self.now)
                )
                continue
            marks = dict.fromkeys(people, "absent" if kind == "alone" else "present")
            if odd and kind in ("alone", "absent", "waived", "excused"):
                marks[odd] = "present" if kind == "alone" else "absent"
            self.take(meeting, marks)
            for each in people:
                if not (kind == "silent" and each == odd):
                    self.answer(meeting, each)
            if odd and kind == "excused":
                self.correct(meeting, odd, "excused")
            if odd and kind == "waived" and meeting.month:
                self.waive(odd, [meeting.month], Waiver.Kind.LEAVE)
            if odd and kind == "moved":
                self.move(odd)
        self.now = until

    def take(self, meeting: Meeting, marks: dict[Participant, str]) -> None:
        self.attempt(
            "marked",
            lambda: attendance.take_attendance(
                meeting=meeting, marks=marks, by=None, now=self.now, reason="It was so"
            ),
        )

    def answer(self, meeting: Meeting, participant: Participant) -> None:
        questions = evaluations.questions_for(meeting.cohort)
        given = {each.pk: 4 for each in questions if each.kind == "rating"}
        self.attempt(
            "evaluated",
            lambda: evaluations.submit_evaluation(
                meeting=meeting, answers=given, by=participant.user, now=self.now
            ),
        )

    @rule(which=number, marks=marks)
    def members_mark(self, which: int, marks: list[str]) -> None:
        if meeting := self.meeting(which):
            people = attendance.expected(meeting) + attendance.possible_guests(meeting)
            self.take(meeting, dict(zip(people, marks, strict=False)))

    @rule(which=number, who=number)
    def somebody_evaluates(self, which: int, who: int) -> None:
        if meeting := self.meeting(which):
            self.answer(meeting, self.person(who))

    @rule(which=number, days=st.integers(0, 20))
    def the_office_opens_an_evaluation_again(self, which: int, days: int) -> None:
        if rows := list(evaluations.unanswered().select_related("meeting__cohort", "participant__user")):
            row = rows[which % len(rows)]
            self.attempt(
                "reopened",
                lambda: reopening.reopen(
                    meeting=row.meeting,
                    participant=row.participant,
                    until=self.today + timedelta(days=days),
                    reason="",
                    by=self.officer,
                    now=self.now,
                ),
            )
            self.answer(row.meeting, row.participant)

    @rule(which=number, who=number, status=st.sampled_from(["present", "absent", "excused", "excused"]))
    def the_office_corrects(self, which: int, who: int, status: str) -> None:
        if meeting := self.meeting(which):
            self.correct(meeting, self.person(who), status)

    def correct(self, meeting: Meeting, participant: Participant, status: str) -> None:
        self.attempt(
            f"corrected {status}",
            lambda: attendance.correct(
                meeting=meeting,
                participant=participant,
                status=status,
                reason="Was away",
                by=self.officer,
                now=self.now,
            ),
        )

    @rule(which=number, month=st.sampled_from([None, *range(1, 9)]))
    def the_office_lets_it_count_for_another_month(self, which: int, month: int | None) -> None:
        if meeting := self.meeting(which):
            self.attempt(
                "counted elsewhere",
                lambda: scheduling.count_for(
                    meeting=meeting, month=month, reason="Late start", by=self.officer, now=self.now
                ),
            )

    @rule(which=number)
    def a_meeting_is_called_off(self, which: int) -> None:
        if meeting := self.meeting(which, held=False):
            self.attempt(
                "called off",
                lambda: scheduling.cancel(meeting=meeting, reason="Fire drill", by=None, now=self.now),
            )

    @rule(which=number, days=st.integers(-9, 9))
    def a_team_meets_once_more(self, which: int, days: int) -> None:
        team = Team.objects.filter(cohort=self.cohort).order_by("pk")[which % 2]
        when = scheduling.When(self.today + timedelta(days=days), time(14), 60)
        self.attempt(
            "met once more",
            lambda: scheduling.add_extra(
                team=team, when=when, where=scheduling.Where(), by=None, now=self.now, title="Again"
            ),
        )

    @rule(
        who=number,
        months=st.lists(st.integers(1, 8), min_size=1, max_size=2),
        kind=st.sampled_from(Waiver.Kind.values),
    )
    def the_office_excuses_months(self, who: int, months: list[int], kind: str) -> None:
        self.waive(self.person(who), months, kind)

    def waive(self, participant: Participant, months: list[int], kind: str) -> None:
        self.attempt(
            "waived",
            lambda: waivers.record(
                participant=participant,
                kind=kind,
                months=months,
                reason="Protected leave",
                by=self.officer,
                now=self.now,
            ),
        )

    @rule(which=number)
    def the_office_takes_it_back(self, which: int) -> None:
        found = list(Waiver.objects.order_by("pk"))
        if found:
            waiver = found[which % len(found)]
            self.attempt(
                "taken back", lambda: waivers.take_back(waiver=waiver, by=self.officer, now=self.now)
            )

    @rule(who=number)
    def somebody_comes_into_the_other_team(self, who: int) -> None:
        self.move(self.person(who))

    def move(self, participant: Participant) -> None:
        """As a change of small teams leaves it: one place ends, another begins."""
        place = participant.memberships.filter(ended_at=None).first()
        if place:
            place.ended_at = self.now
            place.save()
            teams = Team.objects.filter(cohort=self.cohort).exclude(pk=place.team_id)
            other = teams.order_by("pk").first()
            Membership.objects.create(team=other, participant=participant, joined_at=self.now)
            self.done.add("moved")

    @rule(who=number, what=st.sampled_from(["stays", "stays", "stays", "leaves", "leaves and comes back"]))
    def somebody_leaves(self, who: int, what: str) -> None:
        participant = self.person(who)
        if what == "stays":
            return
        self.attempt(
            "left",
            lambda: enrollment.leave(
                participant=participant, by=participant.user, reason="A new post", now=self.now
            ),
        )
        if what == "leaves and comes back":
            self.somebody_who_left_is_taken_in_again(0)

    @invariant()
    def nobody_is_credited_with_what_they_did_not_evaluate(self) -> None:
        credited = Waiver.objects.filter(reason__startswith="Attended in the")
        assert set(credited.values_list("month", flat=True)) <= {1}

    @invariant()
    def only_who_is_entitled_is_complete(self) -> None:
        cohort = Cohort.objects.select_related("program").get(pk=self.cohort.pk)
        found = ledger.standings(cohort, today=self.today)
        for participant in cohort.participants.order_by("pk"):
            complete = found[participant.pk].complete
            entitled = is_entitled(participant, cohort, self.today)
            assert entitled or not complete, participant
            assert complete or not entitled or something_is_unmarked(participant, self.today), participant
            if complete:
                self.done.add("somebody complete")
            elif self.today > MONTHS[-1]:
                self.done.add("somebody not complete")


FAR = {
    "meetings in all",
    "joined",
    "planned",
    "credited",
    "marked",
    "evaluated",
    "corrected excused",
    "called off",
    "waived",
    "moved",
    "somebody complete",
    "somebody not complete",
}


def test_no_order_of_acts_completes_anybody_who_is_not_entitled():
    """Every step asserts it; here only that the walk went somewhere."""
    found = walk(AnyOrder, lambda walked: walked.done, examples=9, steps=5, same=True)
    assert found.acts >= 40
    assert found.reached >= FAR


@pytest.mark.deep
def test_many_more_acts_complete_nobody_who_is_not_entitled():
    found = walk(AnyOrder, lambda walked: walked.done, examples=120, steps=14, same=False)
    assert found.acts >= 1_200
    assert found.reached >= FAR | {
        "reopened",
        "taken back",
        "counted elsewhere",
        "met once more",
        "left",
        "made up",
        "taken in again",
    }


def test_the_checker_itself_refuses(db):
    """It is no copy of the ledger, and says no where nothing was done."""
    cohort = Cohort.objects.get(first_month=BEGIN)
    for participant in cohort.participants.all():
        assert not is_entitled(participant, cohort, date(2027, 10, 2))
