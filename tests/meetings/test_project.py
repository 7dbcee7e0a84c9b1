"""Milestones, outcome and updates of a project: its author alone writes them and says who reads them (C4, C7, C8)."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching.enrollment import leave
from coaching.models import AuditEvent, AuditPayload, Message
from meetings import due, notes, project, vault
from meetings.models import ProjectText
from tests.clock import NOW
from tests.meetings.conftest import noon

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")
DAY = date(2027, 3, 31)
WIDER = ("self", "team", "supervisor", "program")


@pytest.fixture
def save(people):
    def saved(
        text="The pilot runs.", *, kind="update", audience="team", due=None, by=None, now=NOW, row=None
    ):
        return project.save(
            participant=people.alice,
            kind=kind,
            text=text,
            audience=audience,
            due_date=due,
            by=by or people.alice.user,
            now=now,
            row=row,
        )

    return saved


@pytest.fixture
def one_of_each(save):
    """A text for each audience, named after it."""
    return {audience: save(f"for {audience}", audience=audience) for audience in WIDER}


def texts(shared) -> set[str]:
    return {each.text for each in shared.updates}


# Who reads what


def test_each_reader_reads_what_is_for_them_and_for_more(people, team, supervisor, save):
    alice = [people.alice]
    people.alice.user.supervisor = supervisor
    people.alice.user.save()
    for audience in WIDER:
        save(f"for {audience}", audience=audience)
    assert texts(project.own(people.alice)) == {f"for {each}" for each in WIDER}
    assert texts(project.shared_with_team(alice)[people.alice.pk]) == {
        "for team",
        "for supervisor",
        "for program",
    }
    assert texts(project.shared_with_supervisor(alice, supervisor)[people.alice.pk]) == {
        "for supervisor",
        "for program",
    }
    assert texts(project.shared_with_program(alice)[people.alice.pk]) == {"for program"}


def test_widened_and_narrowed_by_its_author_alone(save, people, team, bob, supervisor, branch_officer):
    row = save("Only for me.", audience="self")
    assert save("Only for me.", audience="program", row=row).pk == row.pk
    assert texts(project.shared_with_program([people.alice])[people.alice.pk]) == {"Only for me."}
    save("Only for me.", audience="self", row=row)
    assert project.shared_with_team([people.alice])[people.alice.pk].is_empty
    for user in (bob, supervisor, branch_officer):
        for act in (
            lambda user=user: save("Mine now.", by=user, row=row),
            lambda user=user: project.delete(row=row, by=user, now=NOW),
            lambda user=user: project.set_done(row=row, done=True, by=user, now=NOW),
        ):
            with pytest.raises(project.NotYourProject):
                act()


def test_of_whoever_left_nobody_reads_anything(save, people, team):
    save(audience="program")
    leave(participant=people.alice, by=people.alice.user, reason="", now=NOW)
    people.alice.refresh_from_db()
    assert project.shared_with_program([people.alice]) == {}
    with pytest.raises(project.NotYourProject):
        save("Too late.")


def test_what_is_read_of_many_takes_one_query(save, people, django_assert_num_queries):
    save(audience="program")
    everybody = list(vars(people).values())
    with django_assert_num_queries(1):
        found = project.shared_with_program(everybody)
    assert {pk for pk, each in found.items() if not each.is_empty} == {people.alice.pk}
    assert len(found) == 6


# Writing


def test_the_same_twice_is_one(save):
    assert save() == save(" The pilot runs.\r\n")
    first = save("Two offices", kind="milestone", due=DAY)
    assert save("Two offices", kind="milestone", due=DAY) == first
    assert save("Two offices", kind="milestone", due=DAY + timedelta(days=1)) != first
    assert AuditEvent.objects.filter(action="project_text.saved").count() == 3


def test_there_is_one_outcome(save, people):
    first = save("Permits in nine days.", kind="outcome")
    assert save("Permits in eight days.", kind="outcome", audience="program").pk == first.pk
    assert project.own(people.alice).outcome.text == "Permits in eight days."
    with pytest.raises(IntegrityError, match=r"participant|projecttext_one_outcome"), transaction.atomic():
        ProjectText.objects.create(participant=people.alice, kind="outcome", ciphertext=b"", written_at=NOW)


def test_a_milestone_is_done_and_open_again(save, alice):
    row = save("Two offices", kind="milestone", due=DAY)
    for _ in range(2):
        assert project.set_done(row=row, done=True, by=alice, now=NOW).done_at == NOW
    assert AuditEvent.objects.filter(action="milestone.done").count() == 1
    assert project.set_done(row=row, done=False, by=alice, now=NOW).done_at is None


def test_milestones_alone_have_a_day(save, alice, people):
    with pytest.raises(project.CannotWrite, match="by when"):
        save("Two offices", kind="milestone")
    with pytest.raises(project.CannotWrite, match="Only a milestone"):
        project.set_done(row=save(), done=True, by=alice, now=NOW)
    with pytest.raises(IntegrityError, match=r"CHECK|projecttext_milestones_are_dated"), transaction.atomic():
        ProjectText.objects.create(participant=people.alice, kind="milestone", ciphertext=b"", written_at=NOW)


def test_nothing_and_too_much(save):
    with pytest.raises(project.CannotWrite, match="Write something"):
        save(" \n ")
    with pytest.raises(project.CannotWrite, match="Shorten it to 4,000"):
        save("a" * 4001)


def test_deleted_once_and_not_changed_afterwards(save, alice):
    row = save()
    for _ in range(2):
        project.delete(row=row, by=alice, now=NOW)
    assert AuditEvent.objects.filter(action="project_text.deleted").count() == 1
    with pytest.raises(project.CannotWrite, match="deleted meanwhile"):
        save("Again.", row=row)


def test_encrypted_for_its_row_and_in_no_trail(save):
    one, other = save("Secret words."), save("Others.")
    assert b"Secret" not in bytes(one.ciphertext)
    assert not any("Secret" in str(each.data) for each in AuditPayload.objects.all())
    assert not Message.objects.exists()
    one.ciphertext, other.ciphertext = other.ciphertext, one.ciphertext
    with pytest.raises(vault.CannotRead, match="another row"):
        project.read(one)


# How long it is kept


def test_deleted_with_the_teams_texts_unless_the_program_reads_it(cohort, one_of_each, save):
    day = notes.deleted_on(cohort)
    assert due.do_due(now=noon(day - timedelta(days=1)))["project_texts_deleted"] == 0
    assert due.do_due(now=noon(day))["project_texts_deleted"] == 3
    assert list(ProjectText.objects.all()) == [one_of_each["program"]]
    with pytest.raises(project.CannotWrite, match="The program is over"):
        save("Later.", now=noon(day))
    last = cohort.records_kept_until
    assert due.do_due(now=noon(last))["project_texts_deleted"] == 0
    assert due.do_due(now=noon(last + timedelta(days=1)))["project_texts_deleted"] == 1


def test_of_whoever_left_nothing_is_kept_longer(cohort, one_of_each, people, alice):
    leave(participant=people.alice, by=alice, reason="", now=NOW)
    assert due.do_due(now=noon(notes.deleted_on(cohort)))["project_texts_deleted"] == 4


def test_what_the_program_reads_is_taken_back_after_the_end(cohort, one_of_each, alice):
    project.delete(row=one_of_each["program"], by=alice, now=noon(notes.deleted_on(cohort)))
    assert not ProjectText.objects.filter(audience="program").exists()


# The pages


@pytest.fixture
def mine(client, people, alice):
    client.force_login(alice)
    return reverse("my_project", args=[people.alice.pk])


def test_written_changed_done_and_deleted_on_the_pages(client, people, mine, team):
    add = reverse("project_milestone", args=[people.alice.pk])
    assertContains(client.get(mine), "You have set none yet.")
    answer = client.post(
        add, {"text": "Two offices", "due_date": "2027-03-31", "audience": "program"}, follow=True
    )
    said = (
        "Saved. Who may read it: you, your team, no supervisor (none was on record), your division director"
    )
    assertContains(answer, said)
    row = ProjectText.objects.get()
    client.post(reverse("project_text_done", args=[row.pk]), {"done": "yes"})
    assertContains(client.get(mine), "planned by March 31, 2027")
    change = reverse("project_text", args=[row.pk])
    assertContains(client.get(change), "2027-03-31")
    client.post(change, {"text": "Three offices", "due_date": "2027-03-31", "audience": "self"})
    assertContains(client.get(mine), "Three offices")
    assertContains(
        client.post(reverse("project_text_delete", args=[row.pk]), follow=True), "Nobody can read it"
    )
    assert not ProjectText.objects.exists()


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-22", "Sunday, November 22, 2026 is over. Choose today or a day ahead."),
        (
            "2027-10-01",
            "The program ends on Thursday, September 30, 2027. Choose that day or an earlier one.",
        ),
    ],
)
def test_a_milestone_lies_between_today_and_the_programs_end(client, people, mine, day, said):
    address = reverse("project_milestone", args=[people.alice.pk])
    asked = {"text": "Two offices", "due_date": day, "audience": "self"}
    page = client.post(address, asked)
    assertContains(page, said)
    assertContains(page, "Two offices")
    assert not ProjectText.objects.exists()


def test_a_milestone_past_its_day_says_late_until_it_is_done(client, people, mine, save, team):
    row = save(kind="milestone", due=DAY)
    with time_machine.travel(noon(DAY), tick=False):
        client.force_login(people.alice.user)
        assertNotContains(client.get(mine), "Late")
    with time_machine.travel(noon(DAY + timedelta(days=1)), tick=False):
        client.force_login(people.alice.user)
        for address in (mine, reverse("meetings_team_projects", args=[team.pk])):
            assertContains(client.get(address), "Late")
        assert save("Changed words.", kind="milestone", due=DAY, row=row, now=noon(DAY + timedelta(days=1)))
        client.post(reverse("project_text_done", args=[row.pk]), {"done": "yes"})
        assertNotContains(client.get(mine), "Late")


def test_what_was_deleted_in_another_tab_is_saved_anew(client, people, mine, save, other_team):
    row = save(kind="milestone", due=DAY)
    change, delete = (reverse(name, args=[row.pk]) for name in ("project_text", "project_text_delete"))
    assertContains(client.get(mine), "It cannot be brought back.")
    hidden = {"participant": people.alice.pk, "kind": "milestone"}
    typed = {"text": "Three offices", "due_date": "2027-03-31", "audience": "self"}
    client.post(delete, hidden)
    page = client.post(change, {**typed, **hidden})
    assertContains(page, "It was deleted meanwhile. Save it as a new one, or leave it.")
    assertContains(page, "Three offices</textarea>")
    assertRedirects(client.post(page.context["add_address"], typed), mine)
    assert project.read(ProjectText.objects.get()).text == "Three offices"
    assertContains(client.post(delete, hidden, follow=True), "It is deleted already.")
    assert client.post(change, {**typed, **hidden, "kind": "x"}).status_code == 404
    client.force_login(people.dora.user)
    assert client.post(change, {**typed, **hidden}).status_code == 404


def test_the_outcome_comes_back_to_be_changed(client, people, mine):
    outcome = reverse("project_outcome", args=[people.alice.pk])
    client.post(outcome, {"text": "Nine days.", "audience": "self"})
    assertContains(client.get(outcome), "Nine days.")
    client.post(outcome, {"text": "Eight days.", "audience": "team"})
    assert project.own(people.alice).outcome.text == "Eight days."


def test_nothing_typed_is_lost(client, people, mine):
    update = reverse("project_update", args=[people.alice.pk])
    answer = client.post(update, {"text": "My words", "audience": "everybody"})
    assertContains(answer, "My words")
    assert not ProjectText.objects.exists()
    long = client.post(update, {"text": "a" * 4001, "audience": "team"})
    assertContains(long, "at most 4000 characters")


def test_what_each_audience_means_is_said_by_name(client, people, mine, team, supervisor):
    people.alice.user.supervisor = supervisor
    people.alice.user.save()
    answer = client.get(reverse("project_update", args=[people.alice.pk]))
    assertContains(answer, "My team: Bob Example and Charlie Example")
    assertContains(answer, "My team, and my supervisor, Sam Supervisor")
    assertContains(answer, "my division director, Dana Director; and the branch deputy, Derek Deputy")
    assert answer.context["form"]["audience"].initial == "team"
    assert "no-store" in answer["Cache-Control"]


def test_what_was_shared_with_one_supervisor_is_not_the_next_ones(
    client, save, people, mine, supervisor, director
):
    """M17: the page names who reads it, and the author chooses anew."""
    alice = people.alice.user
    alice.supervisor = supervisor
    alice.save()
    row = save("For the boss.", audience="supervisor")
    assertContains(client.get(mine), "you, your team and Sam Supervisor")
    alice.supervisor = director
    alice.save()
    shared = project.shared_with_supervisor
    assert texts(shared([people.alice], supervisor)[people.alice.pk]) == {"For the boss."}
    assert shared([people.alice], director)[people.alice.pk].is_empty
    page = client.get(mine)
    assertContains(page, "you, your team and Sam Supervisor")
    assertContains(page, "Dana Director, your supervisor now, does not read it.")
    change = reverse("project_text", args=[row.pk])
    assertNotContains(client.get(change), "checked")
    assertContains(client.post(change, {"text": "For the new boss."}), "Choose who may read it.")
    client.post(change, {"text": "For the new boss.", "audience": "supervisor"})
    assert shared([people.alice], supervisor)[people.alice.pk].is_empty
    assert texts(shared([people.alice], director)[people.alice.pk]) == {"For the new boss."}
    assertNotContains(client.get(mine), "does not read it")
    save("For the new boss.", audience="self", row=row)
    row.refresh_from_db()
    assert row.supervisor is None


@pytest.mark.parametrize("audience", ["supervisor", "program"])
def test_a_text_that_an_earlier_supervisor_reads_is_mended_without_taking_it_from_them(
    client, save, people, mine, supervisor, director, audience
):
    """M17: nothing goes to the one of now by it."""
    alice = people.alice.user
    alice.supervisor = supervisor
    alice.save()
    row = save("For the bos.", audience=audience)
    change = reverse("project_text", args=[row.pk])
    assertNotContains(client.get(change), "As it is")
    alice.supervisor = director
    alice.save()
    kept = "you, your team and Sam Supervisor"
    if audience == "program":
        kept = "you, your team, Sam Supervisor, your division director and the branch deputy"
    assertContains(client.get(change), f"As it is: {kept}")
    client.post(change, {"text": "For the boss.", "audience": "as_it_is"})
    row.refresh_from_db()
    assert (project.read(row).text, row.audience, row.supervisor) == ("For the boss.", audience, supervisor)
    assert project.shared_with_supervisor([people.alice], director)[people.alice.pk].is_empty


def test_as_it_is_is_no_choice_for_what_is_new(client, save, people, mine):
    answer = client.post(
        reverse("project_update", args=[people.alice.pk]), {"text": "New.", "audience": "as_it_is"}
    )
    assertContains(answer, "Choose who may read it.")
    with pytest.raises(project.CannotWrite, match="Choose who may read it"):
        save("New.", audience="as_it_is")
    assert not ProjectText.objects.exists()


def test_a_supervisor_stands_only_where_it_reaches_one(save, supervisor):
    row = save(audience="team")
    with pytest.raises(IntegrityError, match=r"CHECK|projecttext"), transaction.atomic():
        ProjectText.objects.filter(pk=row.pk).update(supervisor=supervisor)


def test_without_team_supervisor_or_director(client, people, mine):
    people.alice.division = None
    people.alice.save()
    answer = client.get(reverse("project_update", args=[people.alice.pk]))
    assertContains(answer, "My team, once it stands")
    assertContains(answer, "my supervisor (none is on record)")
    assertContains(answer, "my division director (nobody at present)")


def test_after_the_end_one_can_delete_and_no_longer_write(client, people, mine, one_of_each, cohort):
    with time_machine.travel(noon(notes.deleted_on(cohort))):
        client.force_login(people.alice.user)
        answer = client.get(mine)
        assertContains(answer, "The program is over.")
        assertNotContains(answer, "Write an update")
        update = reverse("project_update", args=[people.alice.pk])
        assertContains(client.get(update, follow=True), "The program is over.")
        late = client.post(update, {"text": "My words", "audience": "team"})
        assertContains(late, "My words")
        assertContains(late, "The program is over.")


@pytest.mark.parametrize("rows", [1, 3])
def test_the_teams_page_shows_what_members_share(
    client, rows, save, people, team, other_team, bob, django_assert_num_queries
):
    for number in range(rows):
        save(f"Shared {number}")
        save(f"Private {number}", audience="self")
    client.force_login(bob)
    client.get(reverse("meetings_team_projects", args=[team.pk]))
    with django_assert_num_queries(9):
        answer = client.get(reverse("meetings_team_projects", args=[team.pk]))
    assertContains(answer, "Shared ", count=rows)
    assertNotContains(answer, "Private")
    assertNotContains(answer, reverse("project_text_delete", args=[1])[:-3])
    client.force_login(people.dora.user)
    assert client.get(reverse("meetings_team_projects", args=[team.pk])).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_ones_own_page_takes_as_many_queries_for_three_as_for_one(
    client, rows, save, people, mine, django_assert_num_queries
):
    for number in range(rows):
        save(f"Update {number}")
        save(f"Milestone {number}", kind="milestone", due=DAY)
    client.get(mine)
    with django_assert_num_queries(11):
        client.get(mine)


def test_led_to_from_the_program_the_team_and_the_table(client, people, mine, team, meetings):
    shared = f"{reverse('meetings_team_projects', args=[team.pk])}#project-{people.bob.pk}"
    assertContains(client.get(reverse("meetings_team", args=[team.pk])), shared)
    assertContains(client.get(reverse("meeting_table", args=[meetings[0].pk])), shared)
    program = client.get(reverse("meetings"))
    assertContains(program, mine)
    assertContains(program, reverse("my_growth", args=[people.alice.pk]))


def test_whoever_left_reads_nothing_more(client, save, people, team, bob):
    save("Shared")
    leave(participant=people.bob, by=bob, reason="", now=NOW)
    client.force_login(bob)
    assert client.get(reverse("meetings_team_projects", args=[team.pk])).status_code == 404
    assert client.get(reverse("my_project", args=[people.bob.pk])).status_code == 404


def test_taken_along_with_ones_own_writing(client, save, people, mine, team):
    save("Two offices", kind="milestone", due=DAY)
    save("It was worth it.", kind="outcome", audience="self")
    text = client.get(reverse("meetings_own_writing", args=[people.alice.pk])).content.decode()
    assert "Milestones of my project\n\nTwo offices (by Wednesday, March 31, 2027)" in text
    assert "Outcome of my project\n\nIt was worth it." in text
    assert "Updates" not in text


def test_the_approved_project_is_changed_elsewhere(client, people, mine):
    """A14"""
    answer = client.get(mine)
    assertContains(answer, "Faster permits")
    assertContains(answer, reverse("project", args=[people.alice.pk]))


def test_a_title_from_paper_stands_without_empty_headings(client, people, mine):
    people.alice.goal.description = ""
    people.alice.goal.save()
    answer = client.get(mine)
    assertContains(answer, "The title was entered from paper.")
    assertNotContains(answer, "Expected outcome</dt>")
    assertNotContains(answer, "as it was approved")


def test_a_graduate_is_offered_no_change_and_still_records_the_outcome(client, people, mine, cohort):
    """C4"""
    type(people.alice).objects.filter(pk=people.alice.pk).update(status="completed", completed_at=NOW)
    with time_machine.travel(noon(notes.deleted_on(cohort) - timedelta(days=1))):
        client.force_login(people.alice.user)
        assertNotContains(client.get(mine), "Change the project itself")
        outcome = reverse("project_outcome", args=[people.alice.pk])
        client.post(outcome, {"text": "Nine days.", "audience": "program"})
    assert project.own(people.alice).outcome.text == "Nine days."
