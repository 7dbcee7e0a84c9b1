"""The branch office's room for teams, and the member's page: T1 to T10."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coaching import enrollment, jobs, pairings, team_agreement, team_formation, team_mail
from coaching.models import Consent, Job, Participant, Program, Team, TeamChange, TeamProposal, TeamWishes
from meetings.models import Meeting
from tests import factories
from tests.clock import NOW
from tests.promises import promised, written_to

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")


@pytest.fixture(scope="module", autouse=True)
def kept_people(kept_cast, django_db_blocker) -> list[Participant]:
    with django_db_blocker.unblock():
        return enrolled(kept_cast.cohort, kept_cast.org)


@pytest.fixture
def people(kept_people, fresh) -> list[Participant]:
    return fresh(kept_people)


def enrolled(cohort, org) -> list[Participant]:
    units = [org.unit, org.other_unit, org.unit, org.other_unit, org.unit]
    return [
        factories.participant(
            cohort,
            factories.person(
                f"P{number} Person", unit=unit, classification=factories.classification(f"C{number}")
            ),
        )
        for number, unit in enumerate(units)
    ]


@pytest.fixture
def office(client, branch_officer):
    client.force_login(branch_officer)
    return client


@pytest.fixture
def draft(cohort, people, branch_officer) -> TeamProposal:
    return team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)


@pytest.fixture
def team(draft, people, branch_officer) -> Team:
    draft.document = {"teams": [[each.pk for each in people[:3]]]}
    draft.save()
    return team_formation.publish(proposal=draft, by=branch_officer, now=NOW, reasons={1: "One site."})[0]


def move(client, draft, participant, target, version=None):
    values = {
        "participant": participant.pk,
        "version": draft.version if version is None else version,
        "target": target,
    }
    return client.post(reverse("proposal_place", args=[draft.pk]), values)


def publish(client, draft, version=None, **values):
    version = draft.version if version is None else version
    values = {"version": version, "answer_by": "2026-11-30", **values}
    return client.post(reverse("proposal_publish", args=[draft.pk]), values)


def room(client, cohort):
    return client.get(reverse("cohort_teams", args=[cohort.pk]))


def said(response):
    return [str(message) for message in response.wsgi_request._messages]


# The room


def test_room_shows_who_waits_and_their_backgrounds(office, cohort, people):
    """T1, T5"""
    response = room(office, cohort)
    assert response.context["people"] == people
    assert response.context["why_waiting"].startswith(
        "5 people cannot be split into teams of 3 or 4: 1 must wait."
    )
    assert response.context["backgrounds"][0] == (
        "Divisions",
        [("Nutrition Division", 3), ("Finance Division", 2)],
    )
    text = response.content.decode()
    for words in ("Applications: none yet.", "Faster permits", "Grow: Fostering a Team Environment", "C4"):
        assert words in text


@pytest.mark.parametrize(
    ("least", "most", "words"), [(3, 4, "three or four"), (4, 4, "four"), (3, 5, "three, four or five")]
)
def test_room_says_how_many_a_team_has(office, cohort, least, most, words):
    """T1"""
    Program.objects.update(min_team_size=least, max_team_size=most)
    assert f"A team has {words} people and stands" in room(office, cohort).content.decode()


def test_person_is_moved_by_links_and_buttons_alone(office, cohort, draft, people):
    page = office.get(reverse("cohort_teams", args=[cohort.pk]), {"picked": people[0].pk})
    assert page.context["board"].picked == people[0]
    assert "Where to with P0 Person?" in page.content.decode()
    response = move(office, draft, people[0], "1")
    assert response.status_code == 302
    assert response.url == reverse("cohort_teams", args=[cohort.pk]) + f"#person-{people[0].pk}"
    draft.refresh_from_db()
    assert draft.document == {"teams": [[people[0].pk]]}
    page = room(office, cohort)
    [team] = page.context["board"].explained.teams
    assert team.members == [people[0]]
    assert f'id="person-{people[0].pk}" tabindex="-1"' in page.content.decode()
    assert "1 person; a team has 3 or 4." in page.content.decode()
    assert "P0 Person was moved to a new team: 30 points more (30)." in page.content.decode()
    move(office, draft, people[0], "pool")
    draft.refresh_from_db()
    assert draft.document == {"teams": []}


def test_a_script_gets_what_has_changed_alone(office, draft, people):
    draft.document = {"teams": [[each.pk for each in people[:2]], [people[2].pk], [people[3].pk]]}
    draft.save()
    values = {"participant": people[1].pk, "version": 1, "target": "2"}
    response = office.post(reverse("proposal_place", args=[draft.pk]), values, headers={"HX-Request": "true"})
    text = response.content.decode()
    for part in ("board-versions", "board-status", "board-done", "draft-team-1", "draft-team-2"):
        assert re.search(f'id="{part}"[^>]* data-hx-swap-oob="true"', text)
    for part in ("draft-team-3", "draft-pool", "board"):
        assert f'id="{part}"' not in text
    assert "P1 Person was moved to draft team 2" in text
    assert 'name="version" value="2"' in text


def by_script(client, draft, participant, target, version=1):
    values = {"participant": participant.pk, "version": version, "target": target}
    address = reverse("proposal_place", args=[draft.pk])
    return client.post(address, values, headers={"HX-Request": "true"})


@pytest.mark.parametrize(
    ("target", "version", "words"),
    [
        ("3", 1, "P0 Person was moved to a new team"),
        ("2", 7, "The draft was changed since you opened it. Nothing of this was done."),
        ("9", 1, "The draft has no team 9."),
    ],
)
def test_a_script_gets_the_whole_board_where_teams_come_or_go_or_it_is_refused(
    office, draft, people, target, version, words
):
    draft.document = {"teams": [[people[0].pk], [people[1].pk]]}
    draft.save()
    response = by_script(office, draft, people[0], target, version)
    text = response.content.decode()
    assert '<div id="board" data-hx-swap-oob="innerHTML">' in text
    assert text.count('data-hx-swap-oob="true"') == 4
    assert words in text
    assert (said(response), "HX-Refresh" in response.headers) == ([], False)


def test_a_script_reads_the_room_anew_where_the_draft_is_none_any_more(office, draft, people):
    office.post(reverse("proposal_discard", args=[draft.pk]), {"version": draft.version})
    response = by_script(office, draft, people[0], "1")
    assert response.headers["HX-Refresh"] == "true"
    assert said(response)[-1] == "This draft was discarded meanwhile."


def test_a_script_is_told_quietly_that_nothing_changed(office, draft, people):
    draft.document = {"teams": [[each.pk for each in people[:2]]]}
    draft.save()
    for _ in range(2):
        text = by_script(office, draft, people[0], "1").content.decode()
        assert "Nobody was moved: the teams stay as they are." in text
        assert re.search('id="board-versions" data-hx-swap-oob="true"><input [^>]*value="1"', text)
    assert said(move(office, draft, people[0], "1")) == ["Nobody was moved: the teams stay as they are."]


def test_nobody_is_offered_where_they_are_already(office, cohort, draft, people):
    draft.document = {"teams": [[each.pk for each in people[:2]], [people[2].pk]]}
    draft.save()

    def offered(picked):
        page = office.get(reverse("cohort_teams", args=[cohort.pk]), {"picked": picked.pk}).content.decode()
        buttons = re.findall(r'name="(target|other)" value="(\w+)" data-put( hidden)?', page)
        return {value for _, value, hidden in buttons if not hidden}

    others = {str(each.pk) for each in people}
    assert offered(people[0]) == others - {str(each.pk) for each in people[:2]} | {"2", "3", "pool"}
    assert offered(people[3]) == others - {str(each.pk) for each in people[3:]} | {"1", "2", "3"}


def test_two_change_places(office, draft, people):
    draft.document = {"teams": [[people[0].pk], [people[1].pk]]}
    draft.save()
    values = {"participant": people[0].pk, "other": people[1].pk, "version": 1}
    response = office.post(reverse("proposal_place", args=[draft.pk]), values)
    assert said(response)[0].startswith("P0 Person and P1 Person changed places: as many points")
    draft.refresh_from_db()
    assert draft.document["teams"] == [[people[1].pk], [people[0].pk]]


def test_pinning_and_undoing(office, cohort, draft, people):
    draft.document = {"teams": [[each.pk for each in people[:3]]]}
    draft.save()
    pin, undo = (reverse(name, args=[draft.pk]) for name in ("proposal_pin", "proposal_undo"))
    office.post(pin, {"pin_team": "1", "version": 1})
    assert room(office, cohort).context["board"].pinned == {each.pk for each in people[:3]}
    office.post(pin, {"release": people[0].pk, "version": 2})
    assert room(office, cohort).context["board"].pinned == {each.pk for each in people[1:3]}
    response = office.post(undo, {"version": 3})
    assert said(response)[-1].startswith("Undone: P0 Person was released")
    assert room(office, cohort).context["board"].pinned == {each.pk for each in people[:3]}
    response = office.post(undo, {"version": 3})
    assert said(response)[-1].startswith(
        "You changed the draft yourself at 10:00 a.m.: Undone: P0 Person was"
    )


def test_a_team_that_is_pinned_can_be_released(office, cohort, draft, people):
    draft.document = {"teams": [[each.pk for each in people[:3]], [people[3].pk]]}
    draft.save()
    address = reverse("proposal_pin", args=[draft.pk])

    def offered():
        return re.findall(r'name="(\w+_team)" value="(\d)"', room(office, cohort).content.decode())

    assert offered() == [("pin_team", "1"), ("pin_team", "2")]
    office.post(address, {"pin_team": "1", "version": 1})
    assert offered() == [("release_team", "1"), ("pin_team", "2")]
    response = office.post(address, {"release_team": "1", "version": 2})
    assert said(response)[-1] == "No longer pinned: P0 Person, P1 Person, P2 Person."
    assert offered() == [("pin_team", "1"), ("pin_team", "2")]


@pytest.mark.parametrize("button", ["pin_team", "release_team"])
def test_a_team_that_is_not_there_is_not_pinned(office, draft, button):
    response = office.post(reverse("proposal_pin", args=[draft.pk]), {button: "9", "version": 1})
    assert said(response) == ["The draft has no such team. Look at it again."]


def test_a_script_gets_the_board_anew_after_pinning_and_undoing(office, draft, people):
    """Nothing is left to say on the next page, and the page stays where it is."""
    draft.document = {"teams": [[each.pk for each in people[:3]]]}
    draft.save()
    pin, undo = (reverse(name, args=[draft.pk]) for name in ("proposal_pin", "proposal_undo"))

    def answer(address, **asked):
        response = office.post(address, asked, headers={"hx-request": "true"})
        assert list(get_messages(response.wsgi_request)) == []
        return " ".join(response.content.decode().split())

    pinned = answer(pin, pin=people[0].pk, version=1)
    assert "<p>Pinned: P0 Person. Pin a teammate as well" in pinned
    assert 'name="release"' in pinned
    assert 'value="2" form="undo"' in pinned
    assert "<p>Undone: P0 Person was pinned" in answer(undo, version=2)
    assert "Nothing of this was done." in answer(undo, version=2)
    assert "There is nothing to undo" in answer(undo, version=3)
    assert "The draft has no such team." in answer(pin, pin_team=9, version=3)


def test_a_bent_rule_needs_its_reason(office, draft, people):
    """T6: three of one division."""
    draft.document = {"teams": [[people[0].pk, people[2].pk, people[4].pk]]}
    draft.save()
    address = reverse("proposal_publish", args=[draft.pk])
    assert "Draft team 1: why?" in office.get(address).content.decode()
    response = publish(office, draft)
    assert "Say why" in response.context["form"].errors["reason_1"][0]
    assert not Team.objects.exists()
    publish(office, draft, reason_1="One site.")
    assert Team.objects.get().bent_reason == "One site."


def test_same_move_twice_is_made_once(office, draft, people):
    move(office, draft, people[0], "1")
    response = move(office, draft, people[0], "1", version=1)
    assert said(response)[-1] == (
        "You changed the draft yourself at 10:00 a.m.: P0 Person was moved to a new team. Nothing of this was done. "
        "Look at the draft again, then decide."
    )
    draft.refresh_from_db()
    assert (draft.document, draft.version) == ({"teams": [[people[0].pk]]}, 2)


@pytest.mark.parametrize("target", ["", "0", "-1", "7", "x", "9999999999999999999999"])
def test_target_that_is_not_there_moves_nobody(office, draft, people, target):
    response = move(office, draft, people[0], target)
    assert said(response)[0].startswith("The draft has no team")
    assert response.url.endswith(f"#person-{people[0].pk}")
    draft.refresh_from_db()
    assert draft.document == {"teams": []}


def test_person_of_another_cohort_is_not_found(office, draft, program, branch):
    other = factories.participant(factories.cohort(program, branch))
    assert move(office, draft, other, "1").status_code == 404


def test_publishing_asks_first(office, cohort, draft, people):
    for each in people[:3]:
        move(office, draft, each, "1")
        draft.refresh_from_db()
    address = reverse("proposal_publish", args=[draft.pk])
    page = office.get(address)
    assert page.context["asked"] == 3
    assert "Who stays without a team: 2" in page.content.decode()
    assert not Team.objects.exists()
    number = promised(page)
    response = publish(office, draft)
    assert (number, written_to("team_proposed")) == (3, 3)
    assert said(response) == ["1 team was published. Every member is asked by mail."]
    assert Consent.objects.count() == 3
    publish(office, draft)
    assert Team.objects.count() == 1
    assert office.get(address).status_code == 302


def test_publishing_suggests_a_day_and_takes_another(office, draft, people):
    """T4"""
    draft.document = {"teams": [[each.pk for each in people[:3]]]}
    draft.save()
    text = office.get(reverse("proposal_publish", args=[draft.pk])).content.decode()
    [field] = re.findall(r'<input type="date" name="answer_by"[^>]*>', text)
    for words in ('value="2026-11-30"', 'min="2026-11-23"', 'max="2027-01-22"'):
        assert words in field
    publish(office, draft, answer_by="2026-12-08")
    assert TeamChange.objects.get().answer_by == date(2026, 12, 8)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("", "Say by which day people are to answer."),
        ("2026-11-22", "Sunday, November 22, 2026 is over."),
        ("2027-01-23", "Choose a day within 60 days, Friday, January 22, 2027 at the latest."),
        ("soon", "Enter a valid date."),
    ],
)
def test_a_day_that_cannot_be_asks_nobody(office, draft, people, day, words):
    draft.document = {"teams": [[each.pk for each in people[:3]]]}
    draft.save()
    response = publish(office, draft, answer_by=day)
    assert response.context["form"].errors["answer_by"][0].startswith(words)
    assert words in response.content.decode()
    assert not Team.objects.exists()


def test_broken_rules_are_listed_instead_of_a_button(office, draft, people):
    """T1, T8"""
    draft.document = {"teams": [[each.pk for each in people[:2]]]}
    draft.save()
    people[0].signers.add(people[1].user)
    text = office.get(reverse("proposal_publish", args=[draft.pk])).content.decode()
    assert "Draft team 1, Team size: 2 people; a team has 3 or 4." in text
    assert "Draft team 1, Kept apart: P0 Person and P1 Person are kept apart." in text
    assert 'name="version"' not in text
    response = publish(office, draft)
    assert "P1 Person signed P0 Person’s application." in said(response)[0]
    assert not Team.objects.exists()


@pytest.mark.parametrize("version", ["", "1", "99", "x"])
def test_publishing_what_was_not_seen_is_refused(office, draft, people, version):
    for each in people[:3]:
        move(office, draft, each, "1")
        draft.refresh_from_db()
    response = publish(office, draft, version)
    assert "changed the draft" in said(response)[-1]
    assert not Team.objects.exists()


@pytest.mark.parametrize("reason", ["One site.", "x" * 301])
def test_what_was_typed_stays_where_the_draft_changed_meanwhile(office, draft, people, reason):
    draft.document = {"teams": [[people[0].pk, people[2].pk, people[4].pk]]}
    draft.save()
    office.post(reverse("proposal_pin", args=[draft.pk]), {"pin_team": "1", "version": 1})
    response = publish(office, draft, 1, reason_1=reason, answer_by="2026-12-08")
    assert (
        "You changed the draft yourself at 10:00 a.m.: P0 Person, P2 Person, P4 Person were pinned"
        in said(response)[-1]
    )
    text = response.content.decode()
    for words in (reason, 'value="2026-12-08"', 'name="version" value="2"'):
        assert words in text
    assert not Team.objects.exists()


def test_a_discarded_draft_is_not_published(office, draft, people):
    draft.document = {"teams": [[each.pk for each in people[:3]]]}
    draft.save()
    office.post(reverse("proposal_discard", args=[draft.pk]), {"version": draft.version})
    for day in ("2026-11-30", ""):
        response = publish(office, draft, answer_by=day)
        assert (response.status_code, said(response)[-1]) == (302, "This draft was discarded meanwhile.")


def test_discarding_asks_first_and_spares_a_colleagues_work(office, draft, cohort, people):
    address = reverse("proposal_discard", args=[draft.pk])
    assert address in room(office, cohort).content.decode()
    page = office.get(address).content.decode()
    assert "0 changes can still be undone in it." in page
    move(office, draft, people[0], "1")
    response = office.post(address, {"version": 1})
    assert "Nothing of this was done." in said(response)[-1]
    page = office.get(address).content.decode()
    assert (
        "1 change can still be undone in it. Last: P0 Person was moved to a new team, by Bo Branchoffice"
        in page
    )
    assert said(office.post(address, {"version": 2}))[-1].startswith("The draft was discarded.")
    assert office.get(address).url == reverse("cohort_teams", args=[cohort.pk])


def test_draft_is_discarded(office, draft, cohort):
    response = office.post(reverse("proposal_discard", args=[draft.pk]), {"version": draft.version})
    assert said(response) == ["The draft was discarded. Nobody was told anything."]
    assert room(office, cohort).context["draft"] is None


def test_second_draft_is_refused_in_words(office, draft, cohort):
    response = office.post(reverse("teams_by_hand", args=[cohort.pk]))
    assert "has a draft of its teams already" in said(response)[0]
    response = office.post(reverse("teams_propose", args=[cohort.pk]))
    assert "There is a draft already" in said(response)[-1]
    assert not Job.objects.exists()


# Proposing


@pytest.fixture
def no_worker(monkeypatch):
    monkeypatch.setattr(jobs, "_nudge", lambda pk: None)


@pytest.mark.usefixtures("no_worker")
def test_proposal_is_waited_for_and_found(office, cohort, people):
    response = office.post(reverse("teams_propose", args=[cohort.pk]))
    job = Job.objects.get()
    address = reverse("teams_job", args=[job.pk])
    assert response.url == address
    assert office.post(reverse("teams_propose", args=[cohort.pk])).url == address
    assert "Waiting to start" in office.get(address).content.decode()
    part = office.get(address, headers={"HX-Request": "true"}).content.decode()
    assert 'id="job"' in part
    assert "<html" not in part
    jobs.run(job.pk)
    assert office.get(address).url == reverse("cohort_teams", args=[cohort.pk])
    done = office.get(address, headers={"HX-Request": "true"})
    assert done.headers["HX-Redirect"] == reverse("cohort_teams", args=[cohort.pk])
    page = room(office, cohort)
    assert [len(team.members) for team in page.context["board"].explained.teams] == [4]
    assert (
        page.context["board"]
        .explained.pool[0]
        .why_here.startswith("5 people cannot be split into teams of 3 or 4: 1 must wait.")
    )


@pytest.mark.usefixtures("no_worker")
def test_failed_proposal_says_why(office, program, branch, branch_officer):
    cohort = factories.cohort(program, branch, by=branch_officer)
    office.post(reverse("teams_propose", args=[cohort.pk]))
    job = Job.objects.get()
    jobs.run(job.pk)
    response = office.get(reverse("teams_job", args=[job.pk]))
    assert said(response)[0].startswith(f"Nobody in the {cohort} waits for a team")


@pytest.mark.usefixtures("no_worker")
def test_waiting_proposal_is_stopped(office, cohort, people):
    office.post(reverse("teams_propose", args=[cohort.pk]))
    job = Job.objects.get()
    office.post(reverse("teams_job_stop", args=[job.pk]))
    jobs.run(job.pk)
    response = office.get(reverse("teams_job", args=[job.pk]))
    assert said(response) == ["The proposal was stopped. Nothing was changed."]
    assert not TeamProposal.objects.exists()


@pytest.mark.usefixtures("no_worker")
def test_running_proposal_shows_how_score_and_bound_come_closer(office, cohort, people):
    office.post(reverse("teams_propose", args=[cohort.pk]), {"seconds": "30"})
    job = Job.objects.get()
    assert job.arguments["seconds"] == 30
    so_far = {"score": 110, "bound": 121, "points": [[1.0, 100, 140], [2.0, 110, 121]]}
    Job.objects.update(status="running", done=2, total=30, result=so_far)
    page = office.get(reverse("teams_job", args=[job.pk])).content.decode()
    assert 'points="160.0,120.0 320.0,90.0"' in page
    assert 'points="160.0,0.0 320.0,57.0"' in page
    assert "at most 10.0 % more" in page
    assert "Teams are being proposed." in room(office, cohort).content.decode()


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize("seconds", ["", "x", "99999", "-1"])
def test_any_other_limit_is_the_shortest(office, cohort, people, seconds):
    office.post(reverse("teams_propose", args=[cohort.pk]), {"seconds": seconds})
    assert Job.objects.get().arguments["seconds"] == 10


@pytest.mark.usefixtures("no_worker")
def test_failure_is_still_told_after_the_page_was_left(office, program, branch, branch_officer):
    cohort = factories.cohort(program, branch, by=branch_officer)
    office.post(reverse("teams_propose", args=[cohort.pk]))
    jobs.run(Job.objects.get().pk)
    assert "The last proposal was not made: Nobody in the" in room(office, cohort).content.decode()


@pytest.mark.usefixtures("no_worker", "solver_here")
def test_another_proposal_is_compared_taken_over_and_undone(office, cohort, people, draft):
    draft.document = {"teams": [[each.pk for each in people[0::2]]]}
    draft.save()
    response = office.post(reverse("proposal_again", args=[draft.pk]))
    job = Job.objects.get()
    assert response.url == reverse("teams_job", args=[job.pk])
    jobs.run(job.pk)
    found = office.get(response.url)
    assert found.url == f"{reverse('cohort_teams', args=[cohort.pk])}#alternative"
    page = room(office, cohort).content.decode()
    assert "As it would be" in page
    assert "1 would wait" in page
    taken = office.post(reverse("proposal_take", args=[draft.pk]), {"version": draft.version})
    assert said(taken)[0].startswith("The other proposal was taken over: ")
    page = room(office, cohort)
    assert "As it would be" not in page.content.decode()
    assert [len(team.members) for team in page.context["board"].explained.teams] == [4]
    undone = office.post(reverse("proposal_undo", args=[draft.pk]), {"version": draft.version + 1})
    assert "Undone: The other proposal was taken over" in said(undone)[-1]


def test_another_proposal_is_put_away(office, cohort, people, draft):
    draft.alternative = {
        "result": {"teams": [[each.pk for each in people[:4]]], "words": ""},
        "version": draft.version,
    }
    draft.save()
    response = office.post(reverse("proposal_put_away", args=[draft.pk]))
    assert said(response) == ["The other proposal was put away. The draft is as it was."]
    response = office.post(reverse("proposal_take", args=[draft.pk]), {"version": draft.version})
    assert "There is no other proposal any more" in said(response)[-1]


@pytest.mark.usefixtures("no_worker", "solver_here")
def test_change_after_somebody_declined(office, client, cohort, team, people, branch_officer):
    """T4"""
    answer(client, Consent.objects.get(participant=people[0]), "decline", "I know them all.")
    client.force_login(branch_officer)
    address = reverse("teams_reopen", args=[cohort.pk])
    assert address in room(client, cohort).content.decode()
    page = client.get(address).content.decode()
    assert "“I know them all.”" in page
    assert "Keep P0 Person apart from" in page
    consent = Consent.objects.get(participant=people[0])
    asked = {f"apart_{consent.pk}": [people[1].pk, people[2].pk], "seconds": "10"}
    response = client.post(address, asked)
    job = Job.objects.get()
    assert response.url == reverse("teams_job", args=[job.pk])
    jobs.run(job.pk)
    page = room(client, cohort)
    draft = page.context["draft"]
    assert draft.reopened == [team.pk]
    text = page.content.decode()
    asked = draft.result["asked"]
    assert asked == sum(len(ids) for ids in draft.teams_drawn) > 0
    assert f"It forms Team 1 anew after somebody declined: {asked} people are asked again" in text
    assert "Whoever declined is kept apart from those you chose." in text
    assert draft.apart == [(people[0].pk, people[1].pk), (people[0].pk, people[2].pk)]
    assert "The draft forms this team anew." in text
    assert "publish or discard it first" not in text
    again = client.get(address)
    assert "There is a draft already" in said(again)[-1]
    shown = " ".join(client.get(reverse("proposal_publish", args=[draft.pk])).content.decode().split())
    assert "Team 1 ends when you publish. Whoever agreed to it is asked anew, or waits again" in shown
    published = publish(client, draft, reason_1="One site.")
    assert "published" in said(published)[-1]
    team.refresh_from_db()
    assert team.status == "ended"


def test_a_draft_of_a_team_that_stands_by_now_is_only_discarded(office, cohort, team, draft, people):
    """The board and publishing say so, and nothing else that would not help."""
    team_formation.start_by_hand(cohort=cohort, by=team.proposal.created_by, now=NOW)
    draft = cohort.proposals.get(status="draft")
    draft.document = {"teams": [[each.pk for each in people[:3]]], "reopened": [team.pk]}
    draft.save()
    words = "Confirmed meanwhile: Team 1. Discard this draft, and work out the change again."
    assert words not in room(office, cohort).content.decode()
    Team.objects.filter(pk=team.pk).update(status="confirmed", confirmed_at=NOW)
    assert words in room(office, cohort).content.decode()
    response = office.get(reverse("proposal_publish", args=[draft.pk]))
    assert (response.url, said(response)) == (reverse("cohort_teams", args=[cohort.pk]), [words])


def test_before_confirming_the_card_says_when_the_team_will_meet(
    office, client, cohort, team, people, branch_officer
):
    """M3, M4"""
    for each in people[:3]:
        answer(client, Consent.objects.get(participant=each), "agree")
    client.force_login(branch_officer)
    words = "Its meetings are laid out for 9:00 a.m. on the third Wednesday of the month"
    assert f"{words}. The team" in room(client, cohort).content.decode()
    TeamWishes.objects.create(participant=people[0], times=["3-0900"], answered_at=NOW)
    assert "9:00 a.m. on the third Thursday of the month. The" in room(client, cohort).content.decode()


def test_the_card_says_who_declined_and_who_has_not_answered(
    office, client, cohort, team, people, branch_officer
):
    answer(client, Consent.objects.get(participant=people[0]), "decline")
    client.force_login(branch_officer)
    assert "agreed: 1 declined, 2 have not answered." in room(client, cohort).content.decode()


def test_kept_pairs_are_found_from_the_room_when_everybody_has_a_team(
    office, cohort, people, team, branch_officer
):
    for each in people[3:]:
        enrollment.leave(participant=each, by=each.user, reason="", now=NOW)
    assert reverse("team_pairings", args=[cohort.pk]) in room(office, cohort).content.decode()


def test_who_is_kept_together_says_so_on_the_board(office, cohort, draft, people, branch_officer):
    pairings.keep(
        cohort=cohort, kind="together", people=people[:2], reason="One car.", by=branch_officer, now=NOW
    )
    text = room(office, cohort).content.decode()
    assert "Kept together with P1 Person: they move as one." in text
    assert "Kept together with P0 Person: they move as one." in text


@pytest.mark.usefixtures("no_worker")
def test_whom_the_branch_office_keeps_together_is_not_parted_by_a_decline(
    office, client, cohort, team, people, branch_officer
):
    """What was chosen stays chosen."""
    consent = Consent.objects.get(participant=people[0])
    answer(client, consent, "decline")
    pairings.keep(
        cohort=cohort, kind="together", people=people[:2], reason="One car.", by=branch_officer, now=NOW
    )
    client.force_login(branch_officer)
    address = reverse("teams_reopen", args=[cohort.pk])
    response = client.post(address, {f"apart_{consent.pk}": [people[1].pk], "seconds": "30"})
    form = response.context["form"]
    assert "P0 Person and P1 Person are kept together." in form.non_field_errors()[0]
    assert form[f"apart_{consent.pk}"].value() == [str(people[1].pk)]
    assert form["seconds"].value() == "30"
    assert not Job.objects.exists()


@pytest.mark.usefixtures("no_worker")
def test_the_next_change_keeps_apart_whom_the_last_one_did(
    office, client, cohort, team, people, branch_officer
):
    """Checked at first; who unchecks it lets them be in one team again."""
    pair = (people[3].pk, people[4].pk)
    TeamProposal.objects.create(
        cohort=cohort, status="published", published_at=NOW, document={"teams": [], "apart": [list(pair)]}
    )
    answer(client, Consent.objects.get(participant=people[0]), "decline")
    client.force_login(branch_officer)
    address = reverse("teams_reopen", args=[cohort.pk])
    form = client.get(address).context["form"]
    assert form.fields["earlier"].choices == [(f"{pair[0]}-{pair[1]}", "P3 Person and P4 Person")]
    assert form["earlier"].value() == [f"{pair[0]}-{pair[1]}"]
    client.post(address, {"earlier": form["earlier"].value(), "seconds": "10"})
    job = Job.objects.get()
    assert job.arguments["apart"] == [list(pair)]
    jobs.cancel(job=job, by=branch_officer, now=NOW)
    client.post(address, {"seconds": "10"})
    assert Job.objects.exclude(pk=job.pk).get().arguments["apart"] == []


def test_whoever_is_in_a_team_that_a_draft_forms_anew_has_a_published_team(
    office, cohort, team, people, draft
):
    """Until it is published they are neither counted among those who wait nor asked when they can meet."""
    team_formation.start_by_hand(cohort=cohort, by=team.proposal.created_by, now=NOW)
    draft = cohort.proposals.get(status="draft")
    draft.document = {"teams": [[each.pk for each in people[:4]]], "reopened": [team.pk]}
    draft.save()
    text = " ".join(room(office, cohort).content.decode().split())
    assert "0 of 2 people without a published team have said when they can meet" in text
    assert "Of the people who can have a place in the draft:" in text
    assert "Of the people without a published team:" not in text
    assert "2 people are asked by mail" in said(office.post(reverse("team_wishes_ask", args=[cohort.pk])))[-1]
    for each in people[3:]:
        enrollment.leave(participant=each, by=each.user, reason="", now=NOW)
    text = room(office, cohort).content.decode()
    assert "without a published team" not in text
    assert "Ask the others by mail" not in text
    assert reverse("team_pairings", args=[cohort.pk]) in text


def test_decline_beside_a_draft_says_what_to_do_first(office, client, cohort, team, people, branch_officer):
    """T4: the card and the mail name the way that exists."""
    consent = Consent.objects.get(participant=people[0])
    answer(client, consent, "decline", "I know them all.")
    client.force_login(branch_officer)
    assert "publish or discard it first" not in room(client, cohort).content.decode()
    assert (
        "beside the team, work out the change"
        in team_mail.team_declined(branch_officer, consent=consent.pk).body
    )
    draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
    text = room(client, cohort).content.decode()
    assert "there is one already: publish or discard it first, then work out the change here." in text
    assert reverse("teams_reopen", args=[cohort.pk]) not in text
    body = team_mail.team_declined(branch_officer, consent=consent.pk).body
    assert "publish or discard the draft that is in progress and then" in body
    draft.document = {"teams": [], "reopened": [team.pk]}
    draft.save()
    assert (
        "publish the draft, which forms it anew"
        in team_mail.team_declined(branch_officer, consent=consent.pk).body
    )


def test_nobody_declined(office, cohort, team):
    response = office.get(reverse("teams_reopen", args=[cohort.pk]))
    assert said(response) == ["Nobody declines now, so no team has to be formed anew."]


def test_job_of_another_kind_is_not_shown(office, cohort):
    job = Job.objects.create(kind="other", key="other", arguments={"cohort": cohort.pk})
    assert office.get(reverse("teams_job", args=[job.pk])).status_code == 404


# Answers, confirmation


def answer(client, consent, said_answer, reason=""):
    client.force_login(consent.participant.user)
    return client.post(reverse("team_answer", args=[consent.pk]), {"answer": said_answer, "reason": reason})


def test_team_is_agreed_to_and_confirmed(client, team, cohort, branch_officer):
    """T4"""
    for consent in Consent.objects.all():
        client.force_login(branch_officer)
        assert not room(client, cohort).context["cards"][0].can_be_confirmed
        answer(client, consent, "agree")
    client.force_login(branch_officer)
    assert room(client, cohort).context["cards"][0].can_be_confirmed
    number = promised(room(client, cohort))
    for _ in range(2):
        response = client.post(reverse("team_confirm", args=[team.pk]))
    assert (number, written_to("team_confirmed", "meetings.laid_out")) == (3, 3)
    assert said(response)[-1] == "Team 1 stands, and its meetings are planned. Its members are told by mail."
    team.refresh_from_db()
    assert (team.status, team.confirmed_by) == ("confirmed", branch_officer)
    assert Meeting.objects.of_team(team).count() == 8


def test_confirming_too_early_is_refused_in_words(office, team):
    """T4"""
    response = office.post(reverse("team_confirm", args=[team.pk]))
    assert said(response) == ["Team 1 cannot be confirmed: not agreed yet: P0 Person, P1 Person, P2 Person."]


def test_reason_of_a_decline_is_read_by_the_office_alone(client, team, cohort, people, branch_officer):
    """T4"""
    first, second, _ = Consent.objects.all()
    answer(client, first, "decline", "We share an office")
    client.force_login(second.participant.user)
    assert "We share an office" not in client.get(reverse("my_team")).content.decode()
    client.force_login(branch_officer)
    assert "We share an office" in room(client, cohort).content.decode()


def test_answer_without_a_choice_is_refused(client, team):
    first = Consent.objects.first()
    response = answer(client, first, "perhaps")
    assert said(response)[0].startswith("Your answer was not saved")
    first.refresh_from_db()
    assert first.answer == "pending"


def test_a_reason_that_is_too_long_stays_to_be_shortened(client, team):
    consent = Consent.objects.first()
    response = answer(client, consent, "decline", "y" * 501)
    text = response.content.decode()
    assert "y" * 501 in text
    assert "Ensure this value has at most 500 characters" in text
    assert '<details class="more" open>' in text
    consent.refresh_from_db()
    assert consent.answer == "pending"


def move_date(client, team, day):
    return client.post(reverse("team_change_date", args=[team.changes.get().pk]), {"answer_by": day})


def test_the_day_is_moved_on_the_card(office, team, cohort):
    """T4"""
    page = room(office, cohort)
    assert "Answers are asked for by Monday, November 30, 2026." in page.content.decode()
    response = move_date(office, team, "2026-12-08")
    assert response.url == reverse("cohort_teams", args=[cohort.pk]) + f"#team-{team.pk}"
    assert said(response)[0].startswith("Team 1: the answers are asked for by Tuesday, December 8, 2026.")
    assert (promised(page), written_to("team_date_moved")) == (3, 3)
    assert "Answers are asked for by Tuesday, December 8, 2026." in room(office, cohort).content.decode()
    assert said(move_date(office, team, "2026-12-08"))[-1] == (
        "Tuesday, December 8, 2026 is the day already. Nobody was written to."
    )


@pytest.mark.parametrize("day", ["", "2026-11-22", "2027-01-23", "soon"])
def test_the_day_is_not_moved_where_it_cannot_be(office, team, day):
    assert said(move_date(office, team, day))[0].startswith("The day was not moved. ")
    assert team.changes.get().answer_by == date(2026, 11, 30)
    assert written_to("team_date_moved") == 0


def test_a_settled_question_has_no_day_to_move(office, team, branch_officer):
    team_agreement.dissolve(team=team, by=branch_officer, reason="x", now=NOW)
    assert said(move_date(office, team, "2026-12-08")) == [
        "This question is cancelled; it has no day any more."
    ]


def test_overdue_answers_are_named_on_the_card(client, team, cohort, branch_officer):
    """T4: the day itself still counts; whoever answered is not named."""
    answer(client, Consent.objects.first(), "agree")
    for day, words in ((30, False), (31, True)):
        with time_machine.travel(NOW + timedelta(days=day - 23), tick=False):
            client.force_login(branch_officer)
            text = room(client, cohort).content.decode()
            assert ("Not answered: P1 Person, P2 Person." in text) is words
            assert ("Overdue" in text) is words
            client.force_login(Consent.objects.last().participant.user)
            mine = client.get(reverse("my_team")).content.decode()
            assert ("You were asked to answer by Monday, November 30, 2026." in mine) is words
            assert ("Please answer by Monday, November 30, 2026." in mine) is not words
            client.force_login(Consent.objects.first().participant.user)
            assert "November 30" not in client.get(reverse("my_team")).content.decode()


def test_answer_of_another_is_not_found(client, team):
    first, second, _ = Consent.objects.all()
    client.force_login(second.participant.user)
    assert client.post(reverse("team_answer", args=[first.pk]), {"answer": "agree"}).status_code == 404


def test_dissolving_asks_for_a_reason(office, team, cohort):
    address = reverse("team_dissolve", args=[team.pk])
    page = office.get(address)
    assert "P0 Person" in page.content.decode()
    assert office.post(address, {"reason": ""}).status_code == 200
    team.refresh_from_db()
    assert team.status == "awaiting_agreement"
    response = office.post(address, {"reason": "One declined"})
    assert said(response) == ["Team 1 was dissolved. Its members wait for another team."]
    assert (promised(page), written_to("team_dissolved")) == (3, 3)
    team.refresh_from_db()
    assert team.status == "ended"
    assert len(room(office, cohort).context["people"]) == 5
    assert office.get(address).status_code == 302


def test_small_team_is_pointed_out(office, cohort, branch_officer):
    """T1"""
    factories.confirmed_team(cohort, [factories.participant(cohort) for _ in range(2)], by=branch_officer)
    assert "This team has become small" in room(office, cohort).content.decode()


def test_impossible_proposal_says_the_true_reason(office, program, branch, branch_officer):
    """T8: who signed whose application, and no points where there is no team."""
    cohort = factories.cohort(program, branch, by=branch_officer)
    people = [factories.participant(cohort, factories.person(name)) for name in ("Ann", "Ben", "Cy")]
    people[0].signers.add(people[1].user)
    team_formation.propose(cohort=cohort, by=branch_officer, now=NOW, steps=50)
    text = room(office, cohort).content.decode()
    assert "No team could be proposed" in text
    assert "they are kept apart from Ben. Ben signed Ann’s application." in text
    for words in ("0 points", "share a time"):
        assert words not in text


def test_participants_are_counted_as_on_the_page_of_cohorts(office, cohort, people):
    """Who completed the program is a participant still; who left is none."""
    Participant.objects.filter(pk=people[0].pk).update(status="completed", completed_at=NOW)
    Participant.objects.filter(pk=people[1].pk).update(status="left", left_at=NOW)
    assert "4 participants · 0 confirmed teams" in office.get(reverse("teams")).content.decode()
    assert "4 participants" in office.get(reverse("cohorts")).content.decode()


# The member's page


def test_member_sees_teammates_but_neither_ratings_nor_contact_before_confirmation(client, team, people):
    client.force_login(people[0].user)
    text = client.get(reverse("my_team")).content.decode()
    for words in (
        "P1 Person",
        "P2 Person",
        "Finance Division",
        "C1",
        "Faster permits",
        "0 of 3 agreed so far",
    ):
        assert words in text
    for words in (
        "Grow:",
        "Fostering a Team Environment",
        "Shorten the way",
        people[1].user.email,
        "P3 Person",
    ):
        assert words not in text


def test_contact_is_shown_once_confirmed(client, cohort, people, branch_officer):
    factories.confirmed_team(cohort, people[:3], by=branch_officer)
    client.force_login(people[0].user)
    assert people[1].user.email in client.get(reverse("my_team")).content.decode()


def test_members_see_the_same(client, team, people):
    """T7"""
    seen = []
    for each in people[:3]:
        client.force_login(each.user)
        [place] = client.get(reverse("my_team")).context["places"]
        seen.append({each.pk, *(mate.pk for mate in place.mates)})
        assert place.form is not None
    assert seen == [{each.pk for each in people[:3]}] * 3


def test_member_without_a_team_is_told_so(client, people):
    client.force_login(people[0].user)
    assert "You are not in a team yet." in client.get(reverse("my_team")).content.decode()


def test_member_finds_what_they_said_until_the_team_stands(client, team, people, branch_officer):
    """T4"""
    address = reverse("team_wishes", args=[people[0].pk])

    def links():
        client.force_login(people[0].user)
        return client.get(reverse("my_team")).content.decode().count(f'href="{address}"')

    assert links() == 1
    for consent in Consent.objects.all():
        answer(client, consent, "agree")
    assert links() == 1
    team_agreement.confirm(team=team, by=branch_officer, now=NOW)
    assert links() == 0
    client.force_login(people[3].user)
    assert reverse("team_wishes", args=[people[3].pk]) in client.get(reverse("my_team")).content.decode()


def test_teams_leads_a_member_to_their_own(client, people):
    client.force_login(people[0].user)
    assert client.get(reverse("teams")).url == reverse("my_team")


def test_whoever_left_has_no_page(client, team, people):
    client.force_login(people[0].user)
    Participant.objects.filter(pk=people[0].pk).update(status="left", left_at=NOW)
    assert client.get(reverse("my_team")).status_code == 404


# Access


def office_addresses(cohort, draft, team=None):
    return [
        ("get", reverse("cohort_teams", args=[cohort.pk])),
        ("post", reverse("teams_propose", args=[cohort.pk])),
        ("post", reverse("teams_by_hand", args=[cohort.pk])),
        ("post", reverse("proposal_place", args=[draft.pk])),
        ("post", reverse("proposal_discard", args=[draft.pk])),
        ("get", reverse("proposal_publish", args=[draft.pk])),
        ("post", reverse("proposal_publish", args=[draft.pk])),
        ("post", reverse("team_confirm", args=[team.pk])),
        ("get", reverse("team_dissolve", args=[team.pk])),
        ("post", reverse("team_dissolve", args=[team.pk])),
        ("post", reverse("team_change_date", args=[team.changes.get().pk])),
    ]


ROLES = [
    "member",
    "supervisor",
    "director",
    "deputy",
    "superintendent",
    "training_officer",
    "administrator",
    "outsider",
]


@pytest.mark.parametrize("role", ROLES)
def test_office_pages_do_not_exist_for_others(client, cohort, draft, team, people, request, role):
    client.force_login(people[0].user if role == "member" else request.getfixturevalue(role))
    for method, address in office_addresses(cohort, draft, team):
        assert getattr(client, method)(address).status_code == 404, address


@pytest.mark.parametrize("why", ["another branch", "takes part"])
def test_office_pages_do_not_exist_for_foreign_and_conflicted_officers(
    client, cohort, draft, team, org, branch_officer, why
):
    """F5, T10"""
    if why == "takes part":
        factories.participant(cohort, branch_officer)
        client.force_login(branch_officer)
    else:
        client.force_login(factories.officer(factories.unit("branch", parent=org.department)))
    for method, address in office_addresses(cohort, draft, team):
        assert getattr(client, method)(address).status_code == 404, address
    job = Job.objects.create(kind="propose_teams", key="x", arguments={"cohort": cohort.pk})
    assert client.get(reverse("teams_job", args=[job.pk])).status_code == 404
    assert client.post(reverse("teams_job_stop", args=[job.pk])).status_code == 404


@pytest.mark.parametrize("role", [role for role in ROLES if role != "member"])
def test_team_pages_do_not_exist_for_others(client, cohort, team, request, role):
    client.force_login(request.getfixturevalue(role))
    assert client.get(reverse("teams")).status_code == 404
    assert client.get(reverse("my_team")).status_code == 404


def test_nothing_is_written_by_looking(office, cohort, draft, team):
    for method, address in office_addresses(cohort, draft, team):
        if method == "post" and not address.endswith(("publish/", "dissolve/")):
            assert office.get(address).url.partition("#")[0] == reverse("cohort_teams", args=[cohort.pk])


# Queries


def queries(client, address):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_room_takes_the_same_queries_for_any_number(office, program, branch, cohort, branch_officer, org):
    def somebody():
        user = factories.person(unit=org.unit, classification=factories.classification("Analyst"))
        return factories.participant(cohort, user)

    def fill(teams):
        people = [somebody() for _ in range(3 * teams)]
        draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
        draft.document = {"teams": [[each.pk for each in people[3 * n : 3 * n + 3]] for n in range(teams)]}
        draft.save()
        reasons = dict.fromkeys(range(1, teams + 1), "One site.")
        team_formation.publish(proposal=draft, by=branch_officer, now=NOW, reasons=reasons)
        more = [somebody() for _ in range(teams)]
        draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
        draft.document = {"teams": [[each.pk] for each in more]}
        draft.save()
        return draft

    cohort.seats = 60
    cohort.save()
    addresses = [reverse("cohort_teams", args=[cohort.pk]), reverse("teams")]
    draft = fill(1)
    with_one = [queries(office, address) for address in addresses]
    team_formation.discard(proposal=draft, by=branch_officer, now=NOW)
    fill(2)
    factories.cohort(program, branch)
    factories.cohort(program, branch)
    assert [queries(office, address) for address in addresses] == with_one


# The command


def test_command_prints_and_keeps_a_proposal(cohort, people, capsys):
    call_command("form_teams", str(cohort.pk), "--seed", "3")
    text = capsys.readouterr().out
    proposal = cohort.proposals.get()
    assert text.startswith(f"{cohort}: draft {proposal.pk}\nScore {proposal.result['score']}, at most ")
    assert "Team 1: P0 Person, P1 Person" in text
    assert "  Team size (T1): 4 people." in text
    assert "Without a team:\n  P4 Person: 5 people cannot be split" in text


def test_command_refuses_a_second_draft_unless_told(cohort, people):
    call_command("form_teams", cohort.name)
    with pytest.raises(CommandError, match="--replace"):
        call_command("form_teams", cohort.name)
    call_command("form_teams", cohort.name, "--replace")
    assert sorted(cohort.proposals.values_list("status", flat=True)) == ["discarded", "draft"]


def test_command_names_the_cohorts_there_are(cohort):
    with pytest.raises(CommandError, match=f"Cohorts: {cohort.pk}"):
        call_command("form_teams", "nowhere")


def test_command_asks_which_of_two(cohort, program, org):
    factories.cohort(program, factories.unit("branch", parent=org.department), name=cohort.name)
    with pytest.raises(CommandError, match="Several cohorts"):
        call_command("form_teams", cohort.name)


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf", "10000", "x"])
def test_command_refuses_senseless_limits(cohort, people, seconds):
    with pytest.raises(CommandError):
        call_command("form_teams", str(cohort.pk), f"--seconds={seconds}")
