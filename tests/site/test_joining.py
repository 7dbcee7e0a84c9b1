"""Somebody who waits joins a whole team: with everybody's consent, until the second month, with a plan (T1, T4)."""

from datetime import date

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from applications.models import Outcome
from coaching import enrollment, outbox, team_agreement, team_changes
from coaching.models import Membership, TeamChange
from coaching.site import lifecycle
from coaching.site.home import cards_for
from meetings import laying_out, ledger, waivers
from meetings.standing import MonthState
from tests import factories
from tests.applications import factories as papers
from tests.clock import NOW
from tests.meetings.conftest import noon

pytestmark = pytest.mark.usefixtures("plain_not_found")
FEBRUARY, MARCH, APRIL = (noon(date(2027, month, 10)) for month in (2, 3, 4))


@pytest.fixture
def team(cohort, branch_officer):
    people = [factories.participant(cohort, factories.person(name)) for name in ("Ann", "Ben", "Cy")]
    team = factories.confirmed_team(cohort, people, by=branch_officer)
    laying_out.lay_out_meetings(team=team, by=None, now=NOW)
    return team


@pytest.fixture
def late(cohort):
    """Somebody from the waitlist."""
    return factories.participant(cohort, factories.person("Lea Late"))


@pytest.fixture
def ask(team, late, branch_officer):
    def asked(now=MARCH, joining=None):
        return lifecycle.ask_about_team(
            team=team, kind="join", joining=joining or [late], reason="A seat.", by=branch_officer, now=now
        )

    return asked


@pytest.fixture
def plan(late, branch_officer):
    return lambda now=MARCH, months=(1,): waivers.plan(
        participant=late, months=months, reason="Reads it with Ann.", by=branch_officer, now=now
    )


def agree(change, now):
    for consent in change.consents.select_related("participant__user"):
        team_agreement.answer(consent=consent, agree=True, by=consent.participant.user, now=now)


def test_in_the_first_month_without_a_plan(ask, team, late, branch_officer):
    change = ask(FEBRUARY)
    assert {each.participant.user.name for each in change.consents.all()} == {"Ann", "Ben", "Cy", "Lea Late"}
    with pytest.raises(team_agreement.NotAgreed):
        lifecycle.confirm_change(change=change, by=branch_officer, now=FEBRUARY)
    agree(change, FEBRUARY)
    for _ in range(2):
        lifecycle.confirm_change(change=change, by=branch_officer, now=FEBRUARY)
    assert Membership.objects.get(participant=late, ended_at=None).team == team


def test_in_the_second_month_with_a_plan(ask, plan, late, branch_officer):
    with pytest.raises(waivers.PlanMissing, match=r"Lea Late missed February 2027\. Record first"):
        ask()
    plan()
    change = ask()
    assert ask() == change
    agree(change, MARCH)
    lifecycle.confirm_change(change=change, by=branch_officer, now=APRIL)  # asked in time
    first, *_ = ledger.standing(late, today=APRIL.date()).months
    assert first.state is MonthState.TO_MAKE_UP
    assert ledger.standing(late, today=MARCH.date()).reachable


def test_somebody_accepted_after_the_first_month_joins(cohort, team, branch_officer, deputy, applicant):
    """From the waitlist, when meetings have begun."""
    waitlisted = papers.at_deputy(applicant, cohort)
    papers.decide(waitlisted, deputy, Outcome.WAITLISTED)
    papers.decide(waitlisted, deputy, now=MARCH)
    accepted = cohort.participants.get(user=applicant)
    waivers.plan(participant=accepted, months=[1], reason="With Ann.", by=branch_officer, now=MARCH)
    change = lifecycle.ask_about_team(
        team=team, kind="join", joining=[accepted], reason="A seat.", by=branch_officer, now=MARCH
    )
    agree(change, MARCH)
    lifecycle.confirm_change(change=change, by=branch_officer, now=MARCH)
    assert Membership.objects.get(participant=accepted, ended_at=None).team == team


def test_a_plan_that_was_taken_back_stops_it(ask, plan, late, branch_officer):
    (row,) = plan()
    change = ask()
    agree(change, MARCH)
    waivers.take_back(waiver=row, by=branch_officer, now=MARCH)
    with pytest.raises(waivers.PlanMissing):
        lifecycle.confirm_change(change=change, by=branch_officer, now=MARCH)
    assert not Membership.objects.filter(participant=late).exists()


def test_after_the_second_month_it_is_refused_in_words(ask, plan, late):
    plan()
    with pytest.raises(waivers.TooLateToJoin, match=r"Lea Late missed March 2027\. The second month of the"):
        ask(APRIL)
    assert not TeamChange.objects.exists()


def test_whoever_comes_back_with_credit_joins_later(ask, late, branch_officer):
    waivers.record(
        participant=late, kind="credit", months=[1, 2], reason="2026", by=branch_officer, now=APRIL
    )
    assert ask(APRIL).status == "open"


def test_a_whole_team_takes_one_without_a_team_and_no_more(ask, team, cohort, late, branch_officer):
    """T1"""
    people = [factories.participant(cohort, factories.person(name)) for name in ("Di", "Ed", "Flo", "Gil")]
    other = factories.confirmed_team(cohort, people, by=branch_officer)
    with pytest.raises(team_changes.NotPossible, match="Team 1 is a whole team"):
        ask(NOW, people[:1])
    with pytest.raises(team_changes.NotSmall):
        lifecycle.ask_about_team(
            team=other, kind="join", joining=[late], reason="x", by=branch_officer, now=NOW
        )
    with pytest.raises(team_changes.NotSmall):
        lifecycle.ask_about_team(team=team, kind="go_on", joining=[], reason="x", by=branch_officer, now=NOW)


def test_the_plan_is_recorded_with_the_question_or_neither(team, late, cohort, branch_officer):
    def asked(**values):
        return lifecycle.ask_about_team(
            team=team, joining=[late], reason="x", plan="With Ann.", by=branch_officer, now=MARCH, **values
        )

    with pytest.raises(team_changes.NotSmall):
        asked(kind="merge")
    assert waivers.of(late) == []
    assert asked(kind="join") == asked(kind="join")
    assert [(each.month, each.reason) for each in waivers.of(late)] == [(1, "With Ann.")]


def test_whoever_is_too_late_is_not_offered(client, team, late, cohort, branch_officer, time_machine):
    time_machine.move_to(APRIL)
    client.force_login(branch_officer)
    page = client.get(reverse("team_small", args=[team.pk]))
    assertContains(page, "Lea Late is not listed: the second month is over")
    assertContains(page, "so nobody joins with a plan any more. Whoever is listed needs none")
    assertNotContains(page, "joins until the end of the second month")
    assertContains(page, reverse("office_participant", args=[late.pk]))
    assertNotContains(page, "Lea Late joins")


def test_as_many_queries_for_three_who_wait_as_for_one(
    client, team, late, cohort, branch_officer, time_machine, django_assert_num_queries
):
    time_machine.move_to(MARCH)
    client.force_login(branch_officer)
    page = reverse("team_small", args=[team.pk])
    client.get(page)
    with CaptureQueriesContext(connection) as before:
        client.get(page)
    for _ in range(2):
        factories.participant(cohort)
    with django_assert_num_queries(len(before)):
        client.get(page)


def test_the_pages(client, team, late, cohort, branch_officer, time_machine):
    time_machine.move_to(MARCH)
    client.force_login(branch_officer)
    room = client.get(reverse("cohort_teams", args=[cohort.pk]))
    page = reverse("team_small", args=[team.pk])
    assertContains(room, page)
    shown = client.get(page)
    assertContains(shown, "Who joins this team?")
    assertContains(shown, "Lea Late joins; has no team yet")
    assertNotContains(shown, "Go on with")
    sent = {"way": f"join-{late.pk}", "reason": "A seat.", "answer_by": "2027-03-17"}
    answer = client.post(page, sent)
    assertContains(answer, "Say how Lea Late makes up February 2027")
    assertContains(answer, "A seat.")
    assertContains(shown, "Lea Late missed February 2027. What is done instead")
    sent["plan"] = "Reads it with Ann."
    for _ in range(2):  # a second press finds everybody asked already
        answer = client.post(page, sent, follow=True)
    row = waivers.of(late)[0]
    assert (row.month, row.is_plan, row.reason) == (1, True, "Reads it with Ann.")
    assert TeamChange.objects.get().consents.count() == 4
    agree(TeamChange.objects.get(), MARCH)
    assertContains(client.get(reverse("cohort_teams", args=[cohort.pk])), "Confirm who joins Team 1")


def test_nobody_waits(client, team, cohort, branch_officer):
    client.force_login(branch_officer)
    page = reverse("team_small", args=[team.pk])
    assertContains(client.get(page), "Nobody can join now")
    assertNotContains(client.get(reverse("cohort_teams", args=[cohort.pk])), page)


def test_the_home_page_says_that_there_is_room(team, late, cohort, branch_officer, time_machine):
    time_machine.move_to(MARCH)

    def found():
        return [each.text for each in cards_for(branch_officer) if each.action == "Let them join a team"]

    assert found() == [f"{cohort}: Team 1 has room for one more."]
    time_machine.move_to(APRIL)
    assert found() == []  # too late to join with a plan
    (waits,) = [each for each in cards_for(branch_officer) if each.action == "See who waits"]
    assert waits.title == "1 participant waits without a team"
    assert waits.text.startswith(f"{cohort}: the second month is over.")
    credited = waivers.record(
        participant=late, kind="credit", months=[1, 2], reason="2026", by=branch_officer, now=APRIL
    )
    assert found() == [f"{cohort}: Team 1 has room for one more."]
    assert len(credited) == 2
    team.memberships.create(participant=factories.participant(cohort), joined_at=MARCH)
    assert found() == []


@pytest.mark.parametrize(
    ("number", "says"),
    [(4, "Team 1 has 3 members now. It goes on as it is"), (3, "Team 1 has 2 members now. That is fewer")],
)
def test_a_departure_says_what_can_be_done(cohort, branch_officer, number, says, time_machine):
    time_machine.move_to(NOW)
    people = [factories.participant(cohort) for _ in range(number)]
    factories.confirmed_team(cohort, people, by=branch_officer)
    enrollment.leave(participant=people[0], by=people[0].user, reason="", now=NOW)
    outbox.deliver_due(now=NOW)
    (letter,) = [
        each
        for each in mail.outbox
        if each.to == [branch_officer.email] and each.subject == f"{people[0]} left the {cohort}"
    ]
    assert says in letter.body
    assert reverse("cohort_teams", args=[cohort.pk]) in letter.body
