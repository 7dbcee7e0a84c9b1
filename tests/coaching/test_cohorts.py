"""Opening and changing a cohort, its phases, and closed days: F1, F5, M3, T10."""

from datetime import date, time

import pytest
from django.core.exceptions import ValidationError

from coaching import cohorts
from coaching.cohorts import CohortNotValid, NotYourBranch, Phase, standing
from coaching.models import AuditEvent, ClosedDay, Cohort, CompetencyModel
from coaching.permissions import NotYourCohort
from tests import factories
from tests.clock import NOW, TODAY

pytestmark = pytest.mark.usefixtures("frozen")


def new(program, branch, **values):
    return Cohort(
        **{
            "program": program,
            "branch": branch,
            "name": "2027",
            "applications_open_date": date(2026, 11, 1),
            "applications_close_date": date(2026, 12, 31),
            "first_month": date(2027, 2, 1),
            "seats": 12,
            "contact_role": "Program coordinator",
            "contact_email": "coaching@example.org",
            **values,
        }
    )


def test_cohort_keeps_the_competency_model_of_its_opening(program, branch, branch_officer):
    """F1"""
    cohort = cohorts.open_cohort(cohort=new(program, branch), by=branch_officer, now=NOW)
    program.competency_model = CompetencyModel.objects.create(name="Another", version="2030")
    program.save()
    cohort.refresh_from_db()
    assert cohort.competency_model.version == "January 2010"
    assert (cohort.opened_by, cohort.opened_at) == (branch_officer, NOW)
    assert AuditEvent.objects.get(action="cohort.opened").object_id == cohort.pk


def test_defaults_are_the_third_wednesday_and_no_missed_month(cohort):
    """M3"""
    assert (cohort.meeting_week, cohort.meeting_weekday, cohort.meeting_start_time) == (3, 2, time(9, 0))
    assert (cohort.missed_months_allowed, cohort.other_team_counts, cohort.quorum) == (0, False, 2)
    assert cohort.keep_signers_apart


def test_cohort_is_opened_once(cohort, branch_officer):
    with pytest.raises(CohortNotValid, match="is open already"):
        cohorts.open_cohort(cohort=cohort, by=branch_officer, now=NOW)


def test_only_the_own_branch_opens_a_cohort(program, branch, org, outsider, deputy):
    """F5"""
    foreign = factories.officer(factories.unit("branch", parent=org.department))
    for somebody in (outsider, deputy, foreign):
        with pytest.raises(NotYourBranch):
            cohorts.open_cohort(cohort=new(program, branch), by=somebody, now=NOW)
    assert not Cohort.objects.filter(name="2027").exists()


def test_values_that_cannot_be_are_not_saved(program, branch, branch_officer):
    with pytest.raises(ValidationError):
        cohorts.open_cohort(cohort=new(program, branch, seats=2), by=branch_officer, now=NOW)
    assert not Cohort.objects.filter(name="2027").exists()


def test_only_what_was_named_is_saved_and_audited(cohort, branch_officer):
    cohort.meeting_place = "Room 5"
    values = {"seats": 30, "quorum": cohort.quorum}
    assert cohorts.change_cohort(cohort=cohort, values=values, by=branch_officer, now=NOW) == ["seats"]
    cohort.refresh_from_db()
    assert (cohort.seats, cohort.meeting_place) == (30, "")
    assert AuditEvent.objects.get(action="cohort.changed").payload.data == {"fields": ["seats"]}


def test_no_change_is_no_event(cohort, branch_officer):
    assert cohorts.change_cohort(cohort=cohort, values={"seats": 12}, by=branch_officer, now=NOW) == []
    assert not AuditEvent.objects.filter(action="cohort.changed").exists()


@pytest.mark.parametrize("field", ["program", "branch", "competency_model"])
def test_what_a_cohort_stands_on_is_fixed(cohort, branch_officer, field):
    """F1, F5"""
    with pytest.raises(CohortNotValid, match="cannot change"):
        cohorts.change_cohort(cohort=cohort, values={field: None}, by=branch_officer, now=NOW)


def test_cohort_is_changed_by_its_office_alone(cohort, deputy, outsider, branch_officer):
    """F5, T10"""
    for somebody in (deputy, outsider):
        with pytest.raises(NotYourCohort):
            cohorts.change_cohort(cohort=cohort, values={"seats": 13}, by=somebody, now=NOW)
    factories.participant(cohort, branch_officer)
    with pytest.raises(NotYourCohort):
        cohorts.change_cohort(cohort=cohort, values={"seats": 13}, by=branch_officer, now=NOW)


@pytest.mark.parametrize(
    ("day", "phase", "words"),
    [
        (date(2026, 10, 31), Phase.NOT_OPEN, "Opens Sunday, November 1, 2026"),
        (date(2026, 11, 1), Phase.APPLICATIONS, "Open for applications until Thursday, December 31, 2026"),
        (date(2026, 12, 31), Phase.APPLICATIONS, "Open for applications until Thursday, December 31, 2026"),
        (date(2027, 1, 1), Phase.SELECTION, "Selection and teams; meetings begin in February 2027"),
        (date(2027, 1, 31), Phase.SELECTION, "Selection and teams; meetings begin in February 2027"),
        (date(2027, 2, 1), Phase.MEETINGS, "Month 1 of 8"),
        (date(2027, 9, 30), Phase.MEETINGS, "Month 8 of 8"),
        (date(2027, 10, 1), Phase.OVER, "Meetings are over"),
        (date(2029, 2, 1), Phase.OVER, "Meetings are over"),
    ],
)
def test_phase_follows_from_the_dates(cohort, day, phase, words):
    found = standing(cohort, today=day)
    assert (found.phase, found.words) == (phase, words)


def test_applications_are_accepted_from_the_first_to_the_last_day(cohort):
    days = [date(2026, 10, 31), date(2026, 11, 1), date(2026, 12, 31), date(2027, 1, 1)]
    assert [cohort.accepts_applications(day) for day in days] == [False, True, True, False]
    assert [Cohort.objects.accepting_applications(day).exists() for day in days] == [False, True, True, False]


def test_state_holidays_of_the_meetings_are_known(cohort):
    """M3"""
    found = cohorts.closed_days(cohort, start=date(2027, 3, 1), end=date(2027, 9, 30))
    assert found[date(2027, 3, 31)] == "César Chávez Day" or "Chavez" in found[date(2027, 3, 31)]
    assert date(2027, 7, 5) in found  # July 4 is a Sunday
    assert date(2027, 2, 15) not in found  # outside of the dates


def test_state_holidays_are_known_from_the_first_day_to_apply(program, branch):
    values = {"name": "2028", "applications_close_date": date(2027, 1, 15), "first_month": date(2027, 3, 1)}
    ClosedDay.objects.all().delete()
    cohorts.open_cohort(cohort=new(program, branch, **values), by=None, now=NOW)
    assert ClosedDay.objects.filter(date=date(2026, 12, 25)).exists()


def test_days_on_which_the_offices_are_open_are_not_closed_days(cohort):
    names = " ".join(ClosedDay.objects.values_list("name", flat=True))
    for name in ("Susan B. Anthony", "Diwali", "Lunar New Year", "Genocide", "Columbus"):
        assert name not in names


def test_seeding_again_leaves_what_the_office_changed(program):
    ClosedDay.objects.filter(date=date(2027, 1, 1)).update(name="New Year, office closed")
    assert cohorts.seed_closed_days(range(2027, 2028)) == 0
    assert ClosedDay.objects.get(date=date(2027, 1, 1)).name == "New Year, office closed"


def test_closed_days_of_a_branch_are_its_own(cohort, org):
    """F5"""
    other = factories.unit("branch", parent=org.department)
    ClosedDay.objects.create(date=TODAY, name="Moving", branch=other)
    assert TODAY not in cohorts.closed_days(cohort, start=TODAY, end=TODAY)
    ClosedDay.objects.create(date=TODAY, name="Retreat", branch=cohort.branch)
    assert cohorts.closed_days(cohort, start=TODAY, end=TODAY) == {TODAY: "Retreat"}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("first_month", date(2027, 5, 1), "the first month is fixed"),
        ("quorum", 1, "rules of what counts"),
        ("missed_months_allowed", 2, "rules of what counts"),
        ("other_team_counts", True, "rules of what counts"),
    ],
)
def test_what_counts_is_fixed_once_a_team_stands(cohort, branch_officer, name, value, words):
    """C2"""
    factories.confirmed_team(cohort, [factories.participant(cohort) for _ in range(3)], by=branch_officer)
    with pytest.raises(CohortNotValid, match=words):
        cohorts.change_cohort(cohort=cohort, values={name: value}, by=branch_officer, now=NOW)
