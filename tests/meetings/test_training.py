"""The training office's page: what comes next, what lacks resources, and the hours that people pass on (M11, M17)."""

import csv
import io
from datetime import date, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains
from python_calamine import load_workbook

from coaching import enrollment
from coaching.models import AuditEvent, OrgUnit, Participant, RoleAssignment
from meetings import laying_out, resources, scheduling, statement, training
from tests import factories
from tests.clock import NOW
from tests.meetings.conftest import noon
from tests.meetings.test_ledger import hold

pytestmark = pytest.mark.usefixtures("plain_not_found")
DAY = noon(date(2027, 4, 12))


@pytest.fixture
def office(client, training_officer, time_machine):
    time_machine.move_to(DAY, tick=False)
    client.force_login(training_officer)
    return client


@pytest.fixture
def elsewhere(org):
    return OrgUnit.objects.create(kind="branch", name="Another Branch", parent=org.department)


def pass_on(participant, *, passed_on=True, by=None, now=DAY):
    return statement.pass_on(participant=participant, passed_on=passed_on, by=by or participant.user, now=now)


def lines_of(client, cohort):
    content = client.get(reverse("training_hours", args=[cohort.pk])).getvalue()
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


class TestNext:
    def test_meetings_ahead_by_their_dates_and_never_whose(
        self, office, meetings, other_team, people, alice, cohort
    ):
        laying_out.lay_out_meetings(team=other_team, by=None, now=NOW)
        days = [each for each in meetings if each.date > DAY.date()]
        when = scheduling.When(date(2027, 4, 28), time(9), 120)
        scheduling.move(meeting=days[0], to=when, by=alice, now=DAY)
        where = scheduling.Where("SECRET room")
        scheduling.set_place(meeting=days[0], where=where, by=alice, now=DAY)
        scheduling.add_extra(
            team=meetings[0].teams.get(), title="SECRET title", when=when, where=where, by=alice, now=DAY
        )
        answer = office.get(reverse("training"))
        first, is_missing = answer.context["ahead"][0]
        assert (first.item, first.cohort, is_missing) == (days[0].item, cohort, True)
        assert (first.first, first.last, first.number) == (date(2027, 4, 21), date(2027, 4, 28), 2)
        assert [line.item for line, _ in answer.context["ahead"]] == [each.item for each in days]
        assertContains(answer, days[0].item.competencies.get().name)
        for word in ("SECRET", "Team 1", "Alice Example", "Dora Example"):
            assertNotContains(answer, word)

    def test_what_lacks_resources(self, office, meetings, branch, training_officer, cohort):
        items = [each.item for each in meetings]
        for each in items[1:]:
            resources.add(
                item=each, branch=branch, kind="question", title="Why?", by=training_officer, now=DAY
            )
        answer = office.get(reverse("training"))
        assert [(line.item, line.branch) for line in answer.context["lacking"]] == [(items[0], branch)]
        line, is_missing = answer.context["ahead"][0]
        assert (line.resources, is_missing) == (1, False)
        resources.add(
            item=items[0], branch=branch, kind="question", title="Who?", by=training_officer, now=DAY
        )
        assertContains(office.get(reverse("training")), "Every meeting has resources.")

    def test_each_branch_has_its_own(self, office, meetings, program, elsewhere, branch):
        factories.cohort(program, elsewhere)
        found = office.get(reverse("training")).context["lacking"]
        number = program.curriculum.count()
        assert [line.branch for line in found] == [elsewhere] * number + [branch] * number

    def test_only_of_the_branches_that_it_serves(self, client, meetings, cohort, elsewhere, time_machine):
        time_machine.move_to(DAY, tick=False)
        theirs = factories.officer(elsewhere, "Theo Training", office=RoleAssignment.Office.TRAINING_OFFICE)
        client.force_login(theirs)
        answer = client.get(reverse("training"))
        assert (answer.context["ahead"], answer.context["lacking"], list(answer.context["cohorts"])) == (
            [],
            [],
            [],
        )
        assertContains(answer, "No meeting is planned")
        assertContains(answer, "There is no cohort yet.")
        assert client.get(reverse("training_hours", args=[cohort.pk])).status_code == 404


class TestPassingOn:
    def test_by_whom_they_are_about_and_taken_back(self, client, people, alice, time_machine):
        time_machine.move_to(DAY, tick=False)
        client.force_login(alice)
        address = reverse("statement_pass_on", args=[people.alice.pk])
        page = reverse("statement", args=[people.alice.pk])
        assertContains(client.get(page), "Nobody gets them unless you say so")
        for _ in range(2):
            assertContains(client.post(address, {"passed_on": "yes"}, follow=True), "Passed on")
        assert Participant.objects.get(pk=people.alice.pk).hours_passed_on_at == DAY
        assertContains(client.get(page), "their hours the training office")
        for _ in range(2):
            client.post(address, {"passed_on": "no"})
        assert Participant.objects.get(pk=people.alice.pk).hours_passed_on_at is None
        actions = AuditEvent.objects.filter(action__startswith="hours.").order_by("pk")
        assert list(actions.values_list("action", flat=True)) == ["hours.passed_on", "hours.kept"]

    @pytest.mark.parametrize("who", ["bob", "branch_officer", "training_officer", "supervisor"])
    def test_by_nobody_else(self, who, request, client, people):
        by = people.bob.user if who == "bob" else request.getfixturevalue(who)
        with pytest.raises(statement.NotYourHours, match="Only who attended"):
            pass_on(people.alice, by=by)
        client.force_login(by)
        address = reverse("statement_pass_on", args=[people.alice.pk])
        assert client.post(address, {"passed_on": "yes"}).status_code == 404
        assert Participant.objects.get(pk=people.alice.pk).hours_passed_on_at is None


class TestHours:
    def test_only_of_whoever_passes_them_on_and_only_what_they_attended(
        self, office, meetings, people, alice, cohort, training_officer
    ):
        """M17: nobody reads of a meeting that was missed, nor of anybody who did not say so."""
        hold(meetings[0], people, alice)
        hold(meetings[1], people, alice, absent=[people.bob])
        pass_on(people.bob)
        header, *rows = lines_of(office, cohort)
        assert header == list(training.HEADER)
        assert rows == [
            [
                people.bob.user.email,
                "Bob Example",
                "Peer Coaching Program",
                "peer-coaching",
                cohort.name,
                "Introduction to Program",
                "2027-02-17",
                "2.0",
            ]
        ]
        (row,) = office.get(reverse("training")).context["cohorts"]
        assert (row.people, row.passing) == (6, 1)
        pass_on(people.bob, passed_on=False)
        assert lines_of(office, cohort) == [list(training.HEADER)]

    def test_what_does_not_count_is_not_on_it(self, office, meetings, people, alice, cohort):
        hold(meetings[0], people, alice, absent=[people.bob, people.charlie])  # below the quorum
        pass_on(people.alice)
        assert lines_of(office, cohort) == [list(training.HEADER)]

    def test_the_title_of_an_extra_meeting_is_the_teams(self, office, meetings, people, team, alice, cohort):
        when = scheduling.When(date(2027, 3, 10), time(9), 45)
        extra = scheduling.add_extra(
            team=team,
            title="SECRET title",
            when=when,
            where=scheduling.Where("Here"),
            by=alice,
            now=noon(date(2027, 3, 9)),
        )
        hold(extra, people, alice)
        pass_on(people.alice)
        (_, line) = lines_of(office, cohort)
        assert line[5:] == ["Extra meeting", "2027-03-10", "0.75"]

    def test_whoever_left_passes_on_what_they_attended(self, office, meetings, people, alice, cohort):
        hold(meetings[0], people, alice)
        left = enrollment.leave(participant=people.alice, by=alice, reason="", now=DAY)
        pass_on(left)
        assert [line[1] for line in lines_of(office, cohort)[1:]] == ["Alice Example"]

    def test_whose_records_are_erased_is_not_on_it(self, office, meetings, people, alice, cohort):
        hold(meetings[0], people, alice)
        pass_on(people.alice)
        Participant.objects.filter(pk=people.alice.pk).update(erased_at=DAY)
        assert lines_of(office, cohort) == [list(training.HEADER)]

    def test_the_workbook_has_days_and_numbers(self, office, meetings, people, alice, cohort):
        hold(meetings[0], people, alice)
        pass_on(people.alice)
        answer = office.get(reverse("training_hours", args=[cohort.pk]), {"as": "xlsx"})
        book = load_workbook(io.BytesIO(answer.content))
        rows, about = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
        assert rows[1][6:] == [date(2027, 2, 17), 2.0]
        assert about[2] == ["Who is on it", "Whoever takes part and passes on their hours"]

    @pytest.mark.parametrize("who", ["alice", "supervisor", "director", "deputy", "branch_officer"])
    def test_neither_page_nor_file_is_for_others(self, who, request, client, people, cohort):
        client.force_login(people.alice.user if who == "alice" else request.getfixturevalue(who))
        assert client.get(reverse("training")).status_code == 404
        assert client.get(reverse("training_hours", args=[cohort.pk])).status_code == 404


def test_as_many_queries_for_three_as_for_one(
    office, meetings, people, alice, other_team, cohort, program, branch, elsewhere
):
    hold(meetings[0], people, alice)
    pass_on(people.alice)
    addresses = [reverse("training"), reverse("training_hours", args=[cohort.pk])]

    def queries(address) -> int:
        with CaptureQueriesContext(connection) as found:
            assert office.get(address).getvalue()
        return len(found)

    assert all(map(queries, addresses))
    one = list(map(queries, addresses))
    laying_out.lay_out_meetings(team=other_team, by=None, now=NOW)
    hold(meetings[1], people, alice)
    for each in (people.bob, people.charlie, people.dora):
        pass_on(each)
    for place in (branch, elsewhere):
        another = factories.cohort(program, place)
        seats = [factories.participant(another, factories.person()) for _ in range(3)]
        team = factories.confirmed_team(another, seats, by=alice)
        laying_out.lay_out_meetings(team=team, by=None, now=NOW)
    assert len(office.get(addresses[0]).context["cohorts"]) == 3
    assert list(map(queries, addresses)) == one
