"""What reaches a supervisor, a division director and everybody else of a participant's project (C7, C8, M17)."""

import csv
import io
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains
from python_calamine import load_workbook

from coaching.enrollment import leave
from coaching.in_words import long_date
from coaching.models import Cohort, Delegation, User
from coaching.site.home import cards_for
from meetings import briefing, division, laying_out, notes, project, scheduling
from tests import factories
from tests.clock import NOW, TODAY
from tests.meetings.conftest import noon

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")
AUDIENCES = ("self", "team", "supervisor", "program")


@pytest.fixture(autouse=True)
def supervised(people, supervisor):
    User.objects.filter(pk=people.alice.user_id).update(supervisor=supervisor)
    people.alice.refresh_from_db()


@pytest.fixture
def share(people):
    def shared(text, audience, *, kind="update", participant=None):
        participant = participant or people.alice
        return project.save(
            participant=participant, kind=kind, text=text, audience=audience, by=participant.user, now=NOW
        )

    return shared


@pytest.fixture
def everything(share):
    for audience in AUDIENCES:
        share(f"SECRET for {audience}", audience)


PAGES = ("home", "employees", "division_participants", "branch_meetings", "office_meetings", "meetings")


def read_by(client, user, team, participant, meeting) -> set[str]:
    """Every text that this person finds on any page on which projects or participants stand."""
    client.force_login(user)
    addresses = [reverse(name) for name in PAGES]
    addresses += [reverse("meetings_team_projects", args=[team.pk]), reverse("meetings_team", args=[team.pk])]
    addresses += [reverse("my_project", args=[participant.pk]), reverse("meeting_table", args=[meeting.pk])]
    addresses += [reverse("branch_briefing", args=[meeting.pk]), reverse("cohort", args=[team.cohort_id])]
    addresses += [reverse("office_participant", args=[participant.pk])]
    addresses += [
        reverse(f"admin:coaching_{name}_changelist") for name in ("participant", "goal", "auditevent")
    ]
    addresses += [reverse("admin:coaching_participant_change", args=[participant.pk])]
    shown = "".join(client.get(each).content.decode() for each in addresses)
    return {audience for audience in AUDIENCES if f"SECRET for {audience}" in shown}


@pytest.mark.parametrize(
    ("who", "reads"),
    [
        ("alice", {"self", "team", "supervisor", "program"}),
        ("bob", {"team", "supervisor", "program"}),
        ("former", set()),
        ("dora", set()),
        ("supervisor", {"supervisor", "program"}),
        ("director", {"program"}),
        ("other_director", set()),
        ("deputy", {"program"}),
        ("branch_officer", set()),
        ("training_officer", set()),
        ("superintendent", set()),
        ("administrator", set()),
        ("outsider", set()),
    ],
)
def test_each_of_the_others_reads_exactly_what_is_for_them(
    who, reads, request, client, org, people, team, other_team, meeting, everything
):
    by_name = {"dora": people.dora.user, "former": people.charlie.user, "other_director": org.other_director}
    if who == "former":
        leave(participant=people.charlie, by=people.charlie.user, reason="", now=NOW)
    user = by_name.get(who) or request.getfixturevalue(who)
    assert read_by(client, user, team, people.alice, meeting) == reads


# The division director


def test_who_of_the_division_takes_part_with_dates_and_what_is_shared(
    client, director, people, team, meetings, share, cohort
):
    """C8: alice and charlie are of this division, bob is not; emil is, and in no team."""
    share("Permits in nine days.", "program", kind="outcome")
    client.force_login(director)
    answer = client.get(reverse("division_participants"))
    [(found, lines, sharing)] = answer.context["cohorts"]
    rows = [row for row, _ in lines]
    assert found == cohort
    assert [str(row.participant) for row in sharing] == ["Alice Example"]
    assert [next_date for _, next_date in lines] == [meetings[0].date, meetings[0].date, None]
    assert [str(row.participant) for row in rows] == ["Alice Example", "Charlie Example", "Emil Example"]
    assert [len(row.dates) for row in rows] == [8, 8, 0]
    assert rows[0].dates == tuple(each.date for each in meetings)
    assert rows[0].project.outcome.text == "Permits in nine days."
    assertContains(answer, "Faster permits", count=4)
    assertContains(answer, 'Next: <span class="nowrap">February 17, 2027</span>', count=2)
    assertContains(answer, "The outcome", count=1)
    assertContains(answer, "Nothing yet", count=2)
    assertNotContains(answer, "Conference")
    assert "no-store" in answer["Cache-Control"]


def test_dates_alone_and_only_of_meetings_that_take_place(
    client, director, people, team, meetings, alice, cohort
):
    where = scheduling.Where("Secret room 12")
    scheduling.set_place(meeting=meetings[1], where=where, by=alice, now=NOW)
    scheduling.cancel(meeting=meetings[2], reason="SECRET reason", by=alice, now=NOW)
    client.force_login(director)
    answer = client.get(reverse("division_participants"))
    assertNotContains(answer, "ecret")
    assertNotContains(answer, meetings[2].heading)
    [(_, lines, _)] = answer.context["cohorts"]
    assert len(lines[0][0].dates) == 7


def test_after_a_change_of_teams_the_dates_are_those_of_the_team_of_now(
    director, people, team, other_team, meetings
):
    theirs = laying_out.lay_out_meetings(team=other_team, by=None, now=NOW)
    laying_out.change_rhythm(
        team=other_team, rhythm=laying_out.Rhythm(3, 2, scheduling.time(9)), by=people.dora.user, now=NOW
    )
    people.alice.memberships.update(ended_at=NOW)
    other_team.memberships.create(participant=people.alice, joined_at=NOW)
    [(_, rows)] = division.by_cohort(division.participants_of(director, now=NOW, on=TODAY))
    days = {str(row.participant): row.dates for row in rows}
    assert len(days["Alice Example"]) == len(theirs)
    assert days["Alice Example"] == days["Emil Example"] != days["Charlie Example"]


def test_the_division_is_the_one_at_enrollment(client, people, org, director):
    """A later transfer changes nothing of it."""
    User.objects.filter(pk=people.alice.user_id).update(unit=org.other_unit)
    found = division.participants_of(director, now=NOW, on=TODAY)
    assert people.alice in found
    assert people.alice not in division.participants_of(org.other_director, now=NOW, on=TODAY)
    client.force_login(director)
    assertContains(
        client.get(reverse("division_participants")),
        "At the start: Nutrition Division; now: Finance Division",
        count=1,
    )


def test_without_whoever_left_and_as_long_as_records_are_kept(people, director, cohort):
    leave(participant=people.alice, by=people.alice.user, reason="", now=NOW)
    assert people.alice not in division.participants_of(director, now=NOW, on=TODAY)
    last = cohort.records_kept_until
    assert people.charlie in division.participants_of(director, now=noon(last), on=TODAY)
    assert division.participants_of(director, now=noon(last + timedelta(days=1)), on=TODAY) == []


def test_whoever_acts_for_the_director_reads_it_and_nobody_else(client, people, org, outsider, director):
    client.force_login(outsider)
    assert client.get(reverse("division_participants")).status_code == 404
    Delegation.objects.create(
        kind="acting",
        person=outsider,
        principal=director,
        unit=org.division,
        reason="On leave",
        start_date=TODAY,
        end_date=TODAY,
    )
    assertContains(client.get(reverse("division_participants")), "Alice Example")


@pytest.mark.parametrize("number", [1, 3])
def test_many_take_as_many_queries_as_one(client, number, org, cohort, django_assert_num_queries, share):
    for each in range(number):
        user = factories.person(f"Somebody {each}", unit=org.other_unit)
        share("Shared", "program", participant=factories.participant(cohort, user))
    client.force_login(org.other_director)
    client.get(reverse("division_participants"))
    with django_assert_num_queries(10):
        client.get(reverse("division_participants"))


def test_only_the_program_that_was_chosen(client, director, people, cohort, org):
    later = factories.cohort(cohort.program, cohort.branch, name="2028", first_month=date(2028, 2, 1))
    factories.participant(later, factories.person("Gina Later", unit=org.unit))
    client.force_login(director)
    address = reverse("division_participants")
    answer = client.get(address)
    assert [found for found, _, _ in answer.context["cohorts"]] == [later, cohort]
    answer = client.get(address, {"program": later.pk})
    [(found, [(row, _)], _)] = answer.context["cohorts"]
    assert (found, str(row.participant)) == (later, "Gina Later")
    assertContains(answer, f"{reverse('division_participants_file')}?program={later.pk}&amp;as=xlsx")
    everything = client.get(address, {"program": "nothing"}).context["cohorts"]
    assert [found for found, _, _ in everything] == [later, cohort]


def test_many_people_are_on_several_pages(client, org, cohort):
    Cohort.objects.update(seats=40)
    cohort.refresh_from_db()
    for number in range(26):  # beside bob, dora and fay
        factories.participant(cohort, factories.person(f"Somebody {number:02}", unit=org.other_unit))
    client.force_login(org.other_director)
    [(_, lines, _)] = client.get(reverse("division_participants"), {"page": 2}).context["cohorts"]
    assert [str(row.participant) for row, _ in lines] == [f"Somebody {each}" for each in range(22, 26)]


# The same as a file


def lines_of(client, **query):
    content = client.get(reverse("division_participants_file"), query).getvalue()
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_file_has_what_the_page_shows_and_no_more(
    client, director, people, team, meetings, everything, share, cohort
):
    due = TODAY + timedelta(days=90)
    write = {"participant": people.alice, "audience": "program", "by": people.alice.user, "now": NOW}
    milestone = project.save(kind="milestone", text="Forms are drafted", due_date=due, **write)
    project.set_done(row=milestone, done=True, by=people.alice.user, now=NOW)
    share("=Permits in nine days.", "program", kind="outcome")
    client.force_login(director)
    alice, charlie, emil = lines_of(client)
    assert alice == {
        "Program": str(cohort.program),
        "Cohort": str(cohort),
        "Name": "Alice Example",
        "Division at the start": "Nutrition Division",
        "Division now": "Nutrition Division",
        "Job classification": "",
        "Project": "Faster permits",
        "Days of meetings": "; ".join(f"{each.date}" for each in meetings),
        "Milestones": f"Forms are drafted (by {long_date(due)}, reached on {long_date(TODAY)})",
        "Outcome": "'=Permits in nine days.",
        "Updates": f"{TODAY}: SECRET for program",
    }
    assert (charlie["Name"], charlie["Milestones"]) == ("Charlie Example", "")
    assert (emil["Name"], emil["Days of meetings"]) == ("Emil Example", "")
    assert lines_of(client, program=cohort.pk) == [alice, charlie, emil]


def test_the_workbook_says_the_same_and_of_what_it_is(client, director, people, cohort):
    client.force_login(director)
    answer = client.get(reverse("division_participants_file"), {"as": "xlsx", "program": cohort.pk})
    book = load_workbook(io.BytesIO(answer.content))
    rows, about = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    assert tuple(rows[0]) == division.HEADER
    assert [row[2] for row in rows[1:]] == ["Alice Example", "Charlie Example", "Emil Example"]
    assert about[1:3] == [
        ["Division", "Nutrition Division"],
        ["Program", f"{cohort.program}, {cohort}"],
    ]
    assert f"{TODAY}.xlsx" in answer["Content-Disposition"]


@pytest.mark.parametrize("who", ["alice", "supervisor", "deputy", "branch_officer", "outsider"])
def test_the_file_is_for_directors_alone(who, request, client, people):
    client.force_login(people.alice.user if who == "alice" else request.getfixturevalue(who))
    assert client.get(reverse("division_participants_file")).status_code == 404


def test_another_director_finds_nobody_of_this_division_in_the_file(client, org, people):
    client.force_login(org.other_director)
    assert {line["Name"] for line in lines_of(client)} == {"Bob Example", "Dora Example", "Fay Example"}


@pytest.mark.parametrize("number", [1, 3])
def test_the_file_takes_as_many_queries_for_many(
    client, number, org, cohort, django_assert_num_queries, share
):
    for each in range(number):
        user = factories.person(f"Somebody {each}", unit=org.other_unit)
        share("Shared", "program", participant=factories.participant(cohort, user))
    client.force_login(org.other_director)
    lines_of(client)
    with django_assert_num_queries(12):
        assert len(lines_of(client)) == 3 + number


def test_nobody_yet(client, director, people):
    for each in vars(people).values():
        leave(participant=each, by=each.user, reason="", now=NOW)
    client.force_login(director)
    assertContains(client.get(reverse("division_participants")), "Nobody of your division takes part")


# The supervisor


def test_the_supervisor_it_was_shared_with_reads_it_and_the_next_one_does_not(
    client, people, supervisor, director, share
):
    share("For the boss.", "supervisor")
    client.force_login(supervisor)
    answer = client.get(reverse("employees"))
    assertContains(answer, "For the boss.")
    assertContains(answer, "Faster permits")
    User.objects.filter(pk=people.alice.user_id).update(supervisor=director)
    assertContains(client.get(reverse("employees")), "For the boss.")  # it was shared with them by name
    client.force_login(director)
    assertContains(client.get(reverse("employees")), "Nothing is shared with you.")


def test_where_nothing_is_shared_it_says_what_would_stand_there(client, people, supervisor, share):
    share("For us.", "team")
    client.force_login(supervisor)
    answer = client.get(reverse("employees"))
    assertContains(answer, "Nothing is shared with you.")
    assertNotContains(answer, "Faster permits")
    leave(participant=people.alice, by=people.alice.user, reason="", now=NOW)
    assertContains(client.get(reverse("employees")), "None of your employees takes part at present")


def test_whoever_supervises_nobody_has_no_such_page(client, outsider):
    client.force_login(outsider)
    assert client.get(reverse("employees")).status_code == 404


def test_the_deputys_briefing_has_what_is_shared_with_the_program(people, everything):
    (shared,) = briefing.shared_by([people.alice])[people.alice.pk]
    assert shared.text == "SECRET for program"


# Home


def test_cards_of_supervisor_and_director(people, supervisor, director, share, cohort):
    """What is for the team is not counted for the supervisor."""

    def texts(user, now=NOW):
        with time_machine.travel(now, tick=False):
            return {card.title: card.text for card in cards_for(user)}

    takes_part = "Alice Example takes part in the program"
    share("For us.", "team")
    assert texts(director)["Who of your division takes part"].startswith(f"3 people in the {cohort}")
    assert texts(supervisor)[takes_part].startswith("Nothing of the project is shared with you yet.")
    share("For the boss.", "supervisor")
    assert texts(supervisor)[takes_part] == "1 person shares something of the project with you."
    assert takes_part not in texts(supervisor, noon(notes.deleted_on(cohort)))
