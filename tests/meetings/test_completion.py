import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.completion import judge
from meetings.dates import WEDNESDAY, add_months, end_of_month, nth_weekday
from meetings.standing import Code, History, MeetingRecord, MonthState, Presence, RequirementRow, Rules

FIRST = dt.date(2027, 1, 1)
MONTHLY = RequirementRow("attendance", 1, "count", "month")
EACH = RequirementRow("evaluation", 100, "percent", "program")
RULES = Rules(first_month=FIRST, months=8, requirements=(MONTHLY, EACH))
AFTER = dt.date(2027, 9, 1)


def meeting(month, **changes):
    start = add_months(FIRST, month - 1)
    day = nth_weekday(start.year, start.month, WEDNESDAY, 3)
    known = {
        "meeting_id": month,
        "title": f"Meeting {month}",
        "date": day,
        "month": month,
        "minutes": 120,
        "presence": Presence.ATTENDED,
        "evaluated": True,
    }
    return MeetingRecord(**(known | changes))


def all_eight(**changes):
    """A history in which everything was done, with meeting 5 changed."""
    return tuple(meeting(month, **(changes if month == 5 else {})) for month in range(1, 9))


def stand(meetings, today=AFTER, rules=RULES, **history):
    return judge(rules=rules, history=History(tuple(meetings), **history), today=today)


def codes(standing):
    return [reason.code for reason in standing.reasons]


def test_eight_months_attended_and_evaluated_are_complete():
    """C2."""
    standing = stand(all_eight())
    assert standing.complete
    assert standing.on_track
    assert standing.reasons == ()
    assert standing.minutes == 8 * 120
    assert standing.months_met == 8
    assert [month.label for month in standing.months][:2] == ["January 2027", "February 2027"]


def test_the_day_of_the_last_meeting_completes():
    assert stand(all_eight(), today=dt.date(2027, 8, 18)).complete
    assert not stand(all_eight(), today=dt.date(2027, 8, 17)).complete


def test_a_missed_month_stands_in_the_way():
    """C2: a meeting in every month."""
    standing = stand(all_eight(presence=Presence.ABSENT, evaluated=False))
    assert (standing.complete, standing.on_track) == (False, False)
    assert codes(standing) == [Code.MONTH_MISSED]
    assert standing.reasons[0].month == 5
    assert standing.reasons[0].text == (
        "May 2027: you attended no meeting. The program asks for a meeting in every month. "
        "If there was a good reason, ask the branch office about an excusal."
    )


def test_an_extra_meeting_of_the_same_month_makes_a_missed_one_good():
    """M2."""
    extra = meeting(5, meeting_id=50, date=dt.date(2027, 5, 27), title="Catching up")
    assert stand([*all_eight(presence=Presence.ABSENT, evaluated=False), extra]).complete


def test_an_extra_meeting_of_another_month_does_not():
    extra = meeting(6, meeting_id=50, date=dt.date(2027, 6, 3))
    assert codes(stand([*all_eight(presence=Presence.ABSENT, evaluated=False), extra])) == [Code.MONTH_MISSED]


def test_a_meeting_that_counts_for_no_month_counts_for_none():
    meetings = [replace(m, month=None) if m.month == 5 else m for m in all_eight()]
    standing = stand(meetings)
    assert codes(standing) == [Code.MONTH_MISSED]


def test_a_missed_meeting_can_be_made_good_until_the_month_is_over():
    missed = all_eight(presence=Presence.ABSENT, evaluated=False)[:5]
    on_the_last_day = stand(missed, today=dt.date(2027, 5, 31))
    assert on_the_last_day.reachable
    (reason,) = on_the_last_day.at_risk
    assert reason.text == (
        "May 2027 is still open: you were not at the meeting on Wednesday, May 19, 2027. "
        "Plan an extra meeting with your team by Monday, May 31, 2027, "
        "or ask the branch office about an excusal if there was a good reason."
    )
    the_day_after = stand(missed, today=dt.date(2027, 6, 1))
    assert not the_day_after.reachable
    assert [reason.month for reason in the_day_after.at_risk] == [6]


def test_a_month_that_only_another_meeting_can_save_is_not_on_track():
    """C2: nothing is lost yet, but it will be unless somebody acts; a meeting that is planned is enough."""
    missed = [meeting(1), meeting(2, presence=Presence.ABSENT, evaluated=False)]
    standing = stand(missed, today=dt.date(2027, 2, 20))
    assert (standing.reachable, standing.on_track) == (True, False)
    assert standing.months[1].state is MonthState.AT_RISK
    assert [month.state for month in standing.months[2:]] == [MonthState.OPEN] * 6
    planned = meeting(
        2, meeting_id=20, date=dt.date(2027, 2, 25), presence=Presence.UNRECORDED, evaluated=False
    )
    standing = stand([*missed, planned], today=dt.date(2027, 2, 20))
    assert (standing.on_track, standing.months[1].state) == (True, MonthState.OPEN)
    called_off = replace(planned, cancelled=True)
    assert not stand([*missed, called_off], today=dt.date(2027, 2, 20)).on_track


def test_a_month_at_risk_says_why():
    (reason,) = stand([meeting(1), meeting(2, quorate=False)], today=dt.date(2027, 2, 20)).at_risk
    assert "too few of you were at the meeting on Wednesday, February 17, 2027 for it to count" in reason.text
    assert stand([meeting(1)], today=dt.date(2027, 2, 1)).at_risk[0].text == (
        "February 2027 is still open: no meeting is planned. "
        "Plan a meeting with your team by Sunday, February 28, 2027."
    )


def test_the_months_ahead_are_named_with_their_dates():
    ahead = [meeting(month, presence=Presence.UNRECORDED, evaluated=False) for month in range(1, 9)]
    standing = stand(ahead, today=dt.date(2027, 1, 1))
    assert standing.on_track
    assert codes(standing) == [Code.MONTH_OPEN] * 8
    assert (
        standing.reasons[2].text
        == "March 2027: attend a meeting; the next one is on Wednesday, March 17, 2027."
    )


def test_a_month_without_any_meeting_says_that_none_is_planned():
    (reason,) = [r for r in stand([], today=dt.date(2027, 1, 5)).reasons if r.month == 1]
    assert (
        reason.text == "January 2027 is still open: no meeting is planned. "
        "Plan a meeting with your team by Sunday, January 31, 2027."
    )


def test_attendance_nobody_took_is_said_and_is_not_final():
    standing = stand(all_eight(presence=Presence.UNRECORDED, evaluated=False))
    assert codes(standing) == [Code.MONTH_UNRECORDED]
    assert (standing.complete, standing.on_track) == (False, True)


def test_a_cancelled_meeting_counts_for_nothing():
    assert codes(stand(all_eight(cancelled=True))) == [Code.MONTH_MISSED]


def test_an_excusal_makes_the_month_good_and_asks_for_no_evaluation():
    """An excusal is the branch office's decision."""
    standing = stand(all_eight(presence=Presence.EXCUSED, evaluated=False))
    assert standing.complete
    assert standing.months[4].state is MonthState.EXCUSED
    assert standing.minutes == 7 * 120


def test_a_missed_month_that_the_cohort_allows_is_no_obstacle():
    rules = replace(RULES, missed_months_allowed=1)
    missed = all_eight(presence=Presence.ABSENT, evaluated=False)
    assert stand(missed, rules=rules).complete
    two = [replace(m, presence=Presence.ABSENT) if m.month in (2, 5) else m for m in all_eight()]
    standing = stand(two, rules=rules)
    assert [reason.month for reason in standing.reasons] == [5]
    assert "lets 1 missed month pass, and that is used up" in standing.reasons[0].text


def test_a_month_still_open_is_not_counted_as_an_allowed_one():
    rules = replace(RULES, missed_months_allowed=1)
    standing = stand(all_eight()[:7], rules=rules, today=dt.date(2027, 8, 3))
    assert not standing.complete
    assert codes(standing) == [Code.MONTH_AT_RISK]


@pytest.mark.parametrize(("allowed", "complete"), [(False, False), (True, True)])
def test_another_teams_meeting_counts_only_where_the_setting_says_so(allowed, complete):
    guest = meeting(5, meeting_id=50, own_team=False)
    meetings = [*all_eight(presence=Presence.ABSENT, evaluated=False), guest]
    assert stand(meetings, rules=replace(RULES, other_teams_count=allowed)).complete is complete


def test_an_evaluation_is_asked_for_each_meeting_attended():
    """C1."""
    standing = stand(all_eight(evaluated=False))
    assert (standing.complete, standing.on_track) == (False, True)
    assert codes(standing) == [Code.EVALUATION_OPEN]
    assert standing.reasons[0].meeting_id == 5
    assert standing.reasons[0].text == (
        "Fill in the evaluation of “Meeting 5” on Wednesday, May 19, 2027. It takes a minute."
    )


def test_an_evaluation_missed_for_good_is_final():
    standing = stand(all_eight(evaluated=False, evaluation_closed=True))
    assert codes(standing) == [Code.EVALUATION_CLOSED]
    assert not standing.on_track


def test_no_evaluation_is_asked_for_a_meeting_somebody_missed():
    extra = meeting(5, meeting_id=50, date=dt.date(2027, 5, 27))
    assert stand([*all_eight(presence=Presence.ABSENT, evaluated=False), extra]).reasons == ()


def test_who_left_gets_no_certificate():
    """F3: one can leave at any time; the certificate needs the whole program."""
    assert codes(stand(all_eight(), left=True)) == [Code.LEFT]


def test_a_program_without_requirements_completes_nobody():
    assert codes(stand(all_eight(), rules=replace(RULES, requirements=()))) == [Code.NO_REQUIREMENTS]


@pytest.mark.parametrize(
    "row",
    [RequirementRow("essay", 1, "count", "program"), RequirementRow("attendance", 90, "percent", "month")],
)
def test_a_requirement_nobody_can_check_completes_nobody(row):
    assert codes(stand(all_eight(), rules=replace(RULES, requirements=(MONTHLY, row)))) == [
        Code.UNKNOWN_REQUIREMENT
    ]


@pytest.mark.parametrize(
    ("enough", "short", "code"),
    [
        (("attendance", 7, "count"), ("attendance", 8, "count"), Code.ATTENDANCE_SHORT),
        (("attendance", 87, "percent"), ("attendance", 88, "percent"), Code.ATTENDANCE_SHORT),
        (("evaluation", 6, "count"), ("evaluation", 7, "count"), Code.EVALUATIONS_SHORT),
        (("evaluation", 85, "percent"), ("evaluation", 86, "percent"), Code.EVALUATION_CLOSED),
    ],
)
def test_totals_over_the_program_are_counted(enough, short, code):
    """Seven of eight meetings attended, six of the seven evaluated."""
    meetings = [
        replace(m, presence=Presence.ABSENT if m.month == 5 else m.presence, evaluated=m.month not in (2, 5))
        for m in all_eight()
    ]
    meetings = [replace(m, evaluation_closed=True) for m in meetings]
    for values, expected in ((enough, []), (short, [code])):
        rules = replace(RULES, requirements=(RequirementRow(*values, "program"),))
        standing = stand(meetings, rules=rules)
        assert codes(standing) == expected
        assert standing.complete == standing.on_track == (not expected)


@pytest.mark.parametrize(("closed", "final"), [(False, False), (True, True)])
def test_too_few_evaluations_are_final_when_none_is_open_any_more(closed, final):
    """The program's evaluations are open for some days after its last month."""
    rules = replace(RULES, requirements=(RequirementRow("evaluation", 8, "count", "program"),))
    (reason,) = stand(all_eight(evaluated=False, evaluation_closed=closed), rules=rules).reasons
    assert (reason.code, reason.final) == (Code.EVALUATIONS_SHORT, final)


def test_an_evaluation_that_is_not_needed_is_not_asked_for():
    rules = replace(RULES, requirements=(MONTHLY, replace(EACH, least=50)))
    meetings = [replace(m, evaluated=m.month <= 4) for m in all_eight()]
    assert stand(meetings, rules=rules).complete


def test_two_meetings_a_month_can_be_asked_for():
    """The rows are data: another program asks for another number."""
    rules = replace(RULES, requirements=(RequirementRow("attendance", 2, "count", "month"),))
    assert codes(stand(all_eight(), rules=rules)) == [Code.MONTH_MISSED] * 8
    assert stand(all_eight(), rules=rules).reasons[0].text.startswith("January 2027: 1 of 2.")


records = st.lists(
    st.builds(
        lambda number, day, minutes, presence, flags: (number, day, minutes, presence, flags),
        st.integers(1, 99),
        st.integers(-20, 280),
        st.sampled_from([0, 60, 120]),
        st.sampled_from(list(Presence)),
        st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()),
    ).map(
        lambda parts: MeetingRecord(
            meeting_id=parts[0],
            title="Meeting",
            date=FIRST + dt.timedelta(days=parts[1]),
            month=((FIRST + dt.timedelta(days=parts[1])).month if parts[1] >= 0 else None),
            minutes=parts[2],
            presence=parts[3],
            cancelled=parts[4][0] and parts[4][1],
            evaluated=parts[4][2],
            own_team=parts[4][3] or parts[4][0],
        )
    ),
    max_size=14,
)


def counted_by_hand(rules, meetings, left, today, waived=()):
    """The certificate's conditions as the manual words them, counted without the code under test."""
    real = [
        m for m in meetings if not m.cancelled and m.date <= today and (m.own_team or rules.other_teams_count)
    ]
    bare = 0
    for month in range(1, rules.months + 1):
        present = [
            m for m in real if m.month == month and m.presence in (Presence.ATTENDED, Presence.EXCUSED)
        ]
        begun = today >= add_months(rules.first_month, month - 1)
        if present or (month in waived and begun):
            continue
        over = today > end_of_month(add_months(rules.first_month, month - 1))
        waiting = any(m.month == month and m.presence is Presence.UNRECORDED for m in real)
        if not over or waiting:
            return False
        bare += 1
    evaluated = all(m.evaluated for m in real if m.presence is Presence.ATTENDED)
    return not left and bare <= rules.missed_months_allowed and evaluated


@given(
    extra=records,
    dropped=st.sets(st.integers(1, 8), max_size=2),
    allowed=st.integers(0, 2),
    others=st.booleans(),
    left=st.sampled_from([False, False, False, True]),
    day=st.integers(-5, 260),
    waived=st.frozensets(st.integers(1, 8), max_size=2),
    planned=st.frozensets(st.integers(1, 8), max_size=2),
)
def test_nobody_is_complete_whom_the_requirements_do_not_complete(
    extra, dropped, allowed, others, left, day, waived, planned
):
    """C1, C2: and everybody whom they, and the months that were waived, do complete is; a plan changes nothing of it."""
    rules = replace(RULES, missed_months_allowed=allowed, other_teams_count=others)
    meetings = [m for m in all_eight() if m.month not in dropped] + extra
    today = FIRST + dt.timedelta(days=day)
    planned -= waived
    standing = stand(meetings, today=today, rules=rules, left=left, waived=waived, planned=planned)
    by_hand = counted_by_hand(rules, meetings, left, today, waived)
    assert standing.complete == by_hand
    assert standing.complete == (not standing.reasons)
    assert standing.on_track or not standing.complete
    assert all(reason.text.endswith(".") for reason in standing.reasons)


@given(extra=records, day=st.integers(0, 260), gone=st.integers(0, 7))
def test_attending_less_never_completes_more(extra, day, gone):
    meetings = [*all_eight(), *extra]
    today = FIRST + dt.timedelta(days=day)
    fewer = [replace(m, presence=Presence.ABSENT) if n == gone else m for n, m in enumerate(meetings)]
    before, after = stand(meetings, today=today), stand(fewer, today=today)
    assert after.minutes <= before.minutes
    assert after.months_met <= before.months_met


def test_a_month_whose_meeting_one_is_excused_from_ahead_asks_for_nothing():
    """C2: it says so already, and counts when the day has come."""
    meetings = all_eight(presence=Presence.EXCUSED, evaluated=False)
    ahead = stand(meetings, today=dt.date(2027, 5, 18))
    assert [(month.state, month.excused_ahead) for month in ahead.months[4:6]] == [
        (MonthState.OPEN, True),
        (MonthState.OPEN, False),
    ]
    assert [reason.month for reason in ahead.missing] == [6, 7, 8]
    assert not ahead.complete
    on_the_day = stand(meetings, today=dt.date(2027, 5, 19)).months[4]
    assert (on_the_day.state, on_the_day.excused_ahead) == (MonthState.EXCUSED, False)


def test_to_be_excused_ahead_completes_nobody_before_the_day():
    last = [*all_eight()[:7], meeting(8, presence=Presence.EXCUSED, evaluated=False)]
    before, on_the_day = (stand(last, today=dt.date(2027, 8, day)) for day in (17, 18))
    assert (before.complete, before.missing, on_the_day.complete) == (False, (), True)


def test_a_waived_month_stands_for_a_meeting_of_the_program():
    """A count over the whole program: a month without a meeting of one's own, and a meeting missed in that month."""
    for meetings in (all_eight()[:4] + all_eight()[5:], all_eight(presence=Presence.ABSENT)):
        for values in (("attendance", 8, "count"), ("attendance", 100, "percent")):
            rules = replace(RULES, requirements=(RequirementRow(*values, "program"),))
            assert stand(meetings, rules=rules, waived=frozenset({5})).complete
    rules = replace(RULES, requirements=(RequirementRow("attendance", 8, "count", "program"),))
    missed_two = [replace(m, presence=Presence.ABSENT) if m.month in (2, 5) else m for m in all_eight()]
    assert codes(stand(missed_two, rules=rules, waived=frozenset({5}))) == [Code.ATTENDANCE_SHORT]


def test_a_waived_month_stands_for_one_meeting_however_many_the_team_had():
    """Two meetings missed in a month that is waived make up for none that is missed in another."""
    again = meeting(7, meeting_id=70, date=dt.date(2027, 7, 28), presence=Presence.ABSENT)
    missed = [replace(m, presence=Presence.ABSENT) if m.month in (7, 8) else m for m in all_eight()]
    rules = replace(RULES, requirements=(RequirementRow("attendance", 8, "count", "program"),))
    standing = stand([*missed, again], rules=rules, waived=frozenset({7}))
    assert codes(standing) == [Code.ATTENDANCE_SHORT]
    assert standing.reasons[0].text == "You have 7 of the 8 meetings that the program asks for."
    rules = replace(RULES, requirements=(RequirementRow("attendance", 86, "percent", "program"),))
    assert codes(stand([*missed, again], rules=rules, waived=frozenset({7}))) == [Code.ATTENDANCE_SHORT]
    rules = replace(RULES, requirements=(RequirementRow("attendance", 85, "percent", "program"),))
    assert stand([*missed, again], rules=rules, waived=frozenset({7})).complete


def test_a_plan_to_make_up_a_month_takes_nothing_from_what_may_be_missed():
    """The allowance goes first to months without a plan, so that the plan can still mend the other."""
    rules = replace(RULES, missed_months_allowed=1)
    one = [replace(m, presence=Presence.ABSENT) if m.month == 1 else m for m in all_eight()]
    assert stand(one, rules=rules, planned=frozenset({1})).complete
    two = [replace(m, presence=Presence.ABSENT) if m.month in (1, 5) else m for m in all_eight()]
    standing = stand(two, rules=rules, planned=frozenset({1}))
    assert codes(standing) == [Code.MONTH_TO_MAKE_UP]
    assert (standing.months[0].state, standing.months[4].state) == (
        MonthState.TO_MAKE_UP,
        MonthState.ALLOWED,
    )


ROWS = st.sampled_from(
    [
        (MONTHLY, EACH),
        (RequirementRow("attendance", 7, "count", "program"), EACH),
        (RequirementRow("attendance", 80, "percent", "program"), replace(EACH, least=80)),
        (MONTHLY, RequirementRow("evaluation", 6, "count", "program")),
    ]
)


@given(
    extra=records,
    rows=ROWS,
    dropped=st.sets(st.integers(1, 8), max_size=1),
    month=st.integers(1, 8) | st.none(),
    ago=st.integers(0, 200),
    waived=st.frozensets(st.integers(1, 8), max_size=1),
)
def test_a_meeting_more_that_was_attended_and_evaluated_never_completes_less(
    extra, rows, dropped, month, ago, waived
):
    """C2: extra meetings are welcome."""
    meetings = [m for m in all_eight() if m.month not in dropped] + extra
    more = replace(meeting(5, meeting_id=500, date=AFTER - dt.timedelta(days=ago)), month=month)
    rules = replace(RULES, requirements=rows)
    before = stand(meetings, rules=rules, waived=waived)
    after = stand([*meetings, more], rules=rules, waived=waived)
    assert after.complete or not before.complete
    assert after.months_met >= before.months_met
    assert after.minutes == before.minutes + more.minutes
    assert after.reachable or not before.reachable
