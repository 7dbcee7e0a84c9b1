"""A cohort like an earlier one: F1, F5, M3."""

from datetime import date

import pytest

from coaching import cohorts, next_cohort
from coaching.cohorts import NotYourBranch
from coaching.models import AuditEvent, ClosedDay, Cohort, Message
from tests import factories
from tests.clock import NOW

pytestmark = pytest.mark.usefixtures("frozen")

DATES = {"applications_open_date", "applications_close_date", "first_month"}


def test_every_setting_is_taken_along(cohort):
    other = {
        "seats": 33,
        "meeting_weekday": 1,
        "meeting_week": 2,
        "meeting_place": "Room 7",
        "quorum": 3,
        "missed_months_allowed": 1,
        "formation_weights": {"division": 1},
        "final_meeting_contents": "Posters",
    }
    Cohort.objects.filter(pk=cohort.pk).update(**other)
    cohort.refresh_from_db()
    new = next_cohort.like(cohort, today=date(2027, 8, 2))
    kept = {field.name for field in Cohort._meta.concrete_fields} - next_cohort.ANEW
    assert set(other) <= kept
    assert {name: getattr(new, name) for name in kept} == {name: getattr(cohort, name) for name in kept}
    assert new.pk is None


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 1), date(2027, 10, 31)),  # Sundays
        (date(2026, 12, 31), date(2027, 12, 30)),
        (date(2027, 3, 17), date(2028, 3, 15)),
        (date(2028, 2, 29), date(2029, 2, 27)),
    ],
)
def test_a_day_a_year_later_is_the_same_weekday(day, expected):
    found = next_cohort.later(day, 1)
    assert (found, found.weekday()) == (expected, day.weekday())


@pytest.mark.parametrize(
    ("today", "opens", "closes", "first_month"),
    [
        (date(2027, 8, 2), date(2027, 10, 31), date(2027, 12, 30), date(2028, 2, 1)),
        (date(2027, 11, 20), date(2027, 11, 20), date(2027, 12, 30), date(2028, 2, 1)),
        (date(2027, 12, 31), date(2028, 10, 29), date(2028, 12, 28), date(2029, 2, 1)),
        (date(2030, 1, 7), date(2030, 11, 3), date(2031, 1, 2), date(2031, 2, 1)),
    ],
    ids=["in August", "applications should be open already", "too late for that year", "years later"],
)
def test_dates_lie_in_the_next_year_in_which_people_can_apply(cohort, today, opens, closes, first_month):
    new = next_cohort.like(cohort, today=today)
    found = (new.applications_open_date, new.applications_close_date, new.first_month)
    assert found == (opens, closes, first_month)
    assert today <= found[1] < found[2]


def test_applications_close_before_the_first_month(cohort):
    cohort.applications_close_date = date(2027, 1, 29)  # a Friday; a year later the nearest is January 28
    cohort.first_month = date(2027, 2, 1)
    assert next_cohort.like(cohort, today=date(2027, 8, 1)).applications_close_date == date(2028, 1, 28)
    cohort.applications_close_date = date(2027, 1, 31)  # a Sunday; January 30
    assert next_cohort.like(cohort, today=date(2027, 8, 1)).applications_close_date == date(2028, 1, 30)
    cohort.applications_close_date = date(2028, 1, 31)
    cohort.first_month = date(2028, 2, 1)  # the nearest Monday is January 29, 2029
    assert next_cohort.like(cohort, today=date(2028, 8, 1)).applications_close_date == date(2029, 1, 29)
    cohort.applications_close_date = date(2026, 3, 31)
    cohort.first_month = date(2026, 4, 1)  # a Tuesday, whose nearest is March 30
    assert next_cohort.like(cohort, today=date(2026, 8, 1)).applications_close_date == date(2027, 3, 30)


def test_a_day_to_close_that_has_passed_before_the_first_month_is_one_of_the_year_after(cohort):
    cohort.applications_close_date = date(2027, 1, 29)  # of the Fridays, February 1, 2030 is the nearest
    cohort.first_month = date(2027, 2, 1)
    found = [next_cohort.like(cohort, today=date(2030, 1, day)).applications_close_date for day in (25, 26)]
    assert found == [date(2030, 1, 25), date(2031, 1, 31)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("2027", "2028"), ("2027-4", "2028-4"), ("2027/2028", "2028/2029"), ("Pilot", "Pilot 2028")],
)
def test_the_year_in_a_name_moves_along(cohort, name, expected):
    cohort.name = name
    assert next_cohort.like(cohort, today=date(2027, 8, 2)).name == expected


def test_closed_days_of_the_branch_come_along_where_they_are_not_known(cohort, org):
    """F5, M3"""
    other = factories.unit("branch", parent=org.department)
    for day, name, branch in (
        (date(2026, 12, 23), "Retreat", cohort.branch),
        (date(2027, 3, 31), "Stock-taking", cohort.branch),  # becomes César Chávez Day's neighbor, March 29
        (date(2027, 4, 1), "Moving", cohort.branch),  # becomes March 30
        (date(2027, 5, 5), "Theirs", other),
        (date(2026, 10, 30), "Before it opened", cohort.branch),
        (date(2027, 10, 1), "After it ended", cohort.branch),
        (date(2028, 3, 30), "Moving again", cohort.branch),  # known already
    ):
        ClosedDay.objects.create(date=day, name=name, branch=branch)
    new = next_cohort.like(cohort, today=date(2027, 8, 2))
    assert next_cohort.closed_again(cohort, new) == {
        date(2027, 12, 22): "Retreat",
        date(2028, 3, 29): "Stock-taking",
    }


def test_opening_writes_the_closed_days_and_to_nobody(cohort, branch_officer):
    new = next_cohort.like(cohort, today=NOW.date())
    messages = Message.objects.count()
    cohorts.open_cohort(
        cohort=new, by=branch_officer, now=NOW, closed={date(2027, 12, 22): "Retreat"}, like=cohort
    )
    assert cohorts.closed_days(new, start=date(2027, 12, 20), end=date(2027, 12, 23)) == {
        date(2027, 12, 22): "Retreat"
    }
    assert AuditEvent.objects.filter(action="cohort.opened").latest("pk").payload.data == {"like": cohort.pk}
    assert AuditEvent.objects.get(action="closed_days.changed").payload.data == {
        "closed": ["2027-12-22"],
        "open": [],
    }
    assert Message.objects.count() == messages


def test_closed_days_are_changed_by_their_branch_once(branch, branch_officer, deputy, org):
    """F5"""
    foreign = factories.officer(factories.unit("branch", parent=org.department))
    for somebody in (deputy, foreign):
        with pytest.raises(NotYourBranch):
            cohorts.change_closed_days(
                branch=branch, add={date(2027, 5, 5): "Retreat"}, remove=(), by=somebody, now=NOW
            )
    for _ in range(2):
        cohorts.change_closed_days(
            branch=branch, add={date(2027, 5, 5): "Retreat"}, remove=(), by=branch_officer, now=NOW
        )
    assert AuditEvent.objects.filter(action="closed_days.changed").count() == 1
    cohorts.change_closed_days(
        branch=branch,
        add={date(2027, 5, 5): "Retreat of all"},
        remove=[date(2027, 5, 6)],
        by=branch_officer,
        now=NOW,
    )
    assert list(ClosedDay.objects.filter(branch=branch).values_list("date", "name")) == [
        (date(2027, 5, 5), "Retreat of all")
    ]
    cohorts.change_closed_days(branch=branch, add={}, remove=[date(2027, 5, 5)], by=branch_officer, now=NOW)
    assert not ClosedDay.objects.filter(branch=branch).exists()
