"""At the table, by the test client: M8, M10, M15, M16."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching.enrollment import leave
from meetings import notes
from meetings.models import ActionItem, Note
from tests.clock import NOW
from tests.meetings.conftest import noon

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def table(meeting) -> str:
    return reverse("meeting_table", args=[meeting.pk])


def test_an_update_is_written_read_and_changed(as_alice, client, meeting, table, people):
    address = reverse("meeting_prepare", args=[meeting.pk])
    assertContains(as_alice.get(address), "This is your first update.")
    saved = as_alice.post(address, {"status": "Drafted."}, follow=True)
    assertRedirects(saved, f"{table}#turn-{people.alice.pk}")
    assertContains(saved, "Your update is saved. Your team can read it.")
    assertContains(saved, "Change my update")
    assert as_alice.get(address).context["form"].initial == {"status": "Drafted."}
    assertContains(as_alice.post(address, {}, follow=True), "Your update is empty now.")
    client.force_login(people.bob.user)
    assertNotContains(client.get(table), "Drafted.")


def test_what_is_too_long_stays_in_the_form(as_alice, meeting):
    text = "a" * 4001
    page = as_alice.post(reverse("meeting_prepare", args=[meeting.pk]), {"problem": text})
    assertContains(page, text)
    assertContains(page, "at most 4000 characters")


def test_last_months_words_stand_beside(as_alice, meetings, team, alice):
    notes.save_update(meeting=meetings[0], team=team, texts={"question": "Who knows?"}, by=alice, now=NOW)
    page = as_alice.get(reverse("meeting_prepare", args=[meetings[1].pk]))
    assertContains(page, "Who knows?")


def test_advice_is_noted_changed_and_deleted(as_alice, client, meeting, table, people):
    address = reverse("note_advice", args=[meeting.pk, people.bob.pk])
    assertContains(as_alice.post(address, {"text": " "}), "Write something first.")
    page = as_alice.post(address, {"text": "Ask Dana."}, follow=True)
    assertRedirects(page, f"{table}#turn-{people.bob.pk}")
    note = Note.objects.get()
    change, delete = (reverse(name, args=[note.pk]) for name in ("note_change", "note_delete"))
    assertContains(page, change)
    as_alice.post(change, {"text": "Ask <b>Dana</b>."})
    client.force_login(people.bob.user)
    read = client.get(table)
    assertContains(read, "Ask &lt;b&gt;Dana&lt;/b&gt;.")
    assertNotContains(read, change)
    assert client.get(change).status_code == client.post(delete).status_code == 404
    client.force_login(people.alice.user)
    assertRedirects(client.get(delete), change)
    assertContains(client.post(delete, follow=True), "Deleted.")
    assert client.post(delete).status_code == 404
    assert not Note.objects.exists()


class TestDeletedMeanwhile:
    """In another tab: what was typed stays, and can be saved anew."""

    def test_a_note(self, as_alice, client, meeting, table, people):
        as_alice.post(reverse("note_advice", args=[meeting.pk, people.bob.pk]), {"text": "Ask Dana."})
        note = Note.objects.get()
        change, delete = (reverse(name, args=[note.pk]) for name in ("note_change", "note_delete"))
        assertContains(as_alice.get(change), "It cannot be brought back.")
        hidden = {"meeting": meeting.pk, "about": people.bob.pk, "kind": "advice"}
        as_alice.post(delete, hidden)
        page = as_alice.post(change, {"text": "Ask Dana, and Sam.", **hidden})
        assertContains(page, notes.DELETED)
        assertContains(page, "Ask Dana, and Sam.</textarea>")
        again = page.context["add_address"]
        assertRedirects(as_alice.post(again, {"text": "Ask Dana, and Sam."}), f"{table}#turn-{people.bob.pk}")
        assert notes.read(Note.objects.get()).text == "Ask Dana, and Sam."
        assertContains(as_alice.post(delete, hidden, follow=True), "It is deleted already.")
        for wrong in ({"meeting": "x"}, {"meeting": 10**8}, {"kind": "update"}, {"about": 10**8}):
            assert client.post(change, {"text": "x", **hidden, **wrong}).status_code == 404

    def test_of_another_team_says_nothing(self, client, meeting, other_team, people):
        client.force_login(people.dora.user)
        for name in ("note_change", "note_delete", "action_change", "action_delete"):
            assert client.post(reverse(name, args=[10**6]), {"meeting": meeting.pk}).status_code == 404

    def test_an_action_item(self, as_alice, meeting, team, people):
        asked = {"what": "Call", "how": "By phone", "owner": people.bob.pk, "due_date": "2027-03-05"}
        as_alice.post(reverse("action_add", args=[meeting.pk, people.bob.pk]), asked)
        item = ActionItem.objects.get()
        change, delete = (reverse(name, args=[item.pk]) for name in ("action_change", "action_delete"))
        as_alice.post(delete, {"meeting": meeting.pk})
        page = as_alice.post(change, {**asked, "how": "By letter", "meeting": meeting.pk})
        assertContains(page, notes.DELETED)
        as_alice.post(page.context["add_address"], {**asked, "how": "By letter"})
        assert notes.read_action(ActionItem.objects.get()).how == "By letter"
        said = as_alice.post(delete, {"meeting": meeting.pk}, follow=True)
        assertContains(said, "It is deleted already.")
        with pytest.raises(notes.DeletedMeanwhile):
            notes.save_action(
                meeting=meeting,
                team=team,
                owner=people.bob,
                what="x",
                how="",
                due_date=item.due_date,
                by=people.alice.user,
                now=NOW,
                item=item,
            )


def test_an_action_item_is_due_today_or_later(as_alice, meeting, people):
    address = reverse("action_add", args=[meeting.pk, people.bob.pk])
    asked = {"what": "Call", "how": "By phone", "owner": people.bob.pk, "due_date": "2026-11-22"}
    page = as_alice.post(address, asked)
    assertContains(page, "Sunday, November 22, 2026 is over. Choose today or a day ahead.")
    assertContains(page, "By phone")
    assert not ActionItem.objects.exists()
    as_alice.post(address, {**asked, "due_date": "2026-11-23"})
    change = reverse("action_change", args=[ActionItem.objects.get().pk])
    assertContains(as_alice.post(change, asked), "is over")


def test_how_the_competency_applies(as_alice, meetings, people):
    """M10: where the meeting has a competency, and not at the introduction."""
    first, second = (reverse("meeting_table", args=[each.pk]) for each in meetings[:2])
    assertNotContains(as_alice.get(first), "applies to this project")
    as_alice.post(reverse("note_competency", args=[meetings[1].pk, people.bob.pk]), {"text": "Trust."})
    assertContains(as_alice.get(second), "Trust.")


def test_an_action_item_from_agreed_to_done(as_alice, meetings, table, people, team):
    address = reverse("action_add", args=[meetings[0].pk, people.bob.pk])
    form = as_alice.get(address).context["form"]
    assert form.initial == {"owner": people.bob.pk, "due_date": meetings[1].date}
    asked = {"what": "Call", "how": "By phone", "owner": people.bob.pk, "due_date": "2027-01-05"}
    assertContains(as_alice.post(address, {**asked, "due_date": "soon"}), "By phone")
    assertRedirects(as_alice.post(address, asked), f"{table}#turn-{people.bob.pk}")
    item = ActionItem.objects.get()
    with time_machine.travel(noon(meetings[2].date), tick=False):
        as_alice.force_login(people.alice.user)
        board = reverse("meetings_actions", args=[team.pk])
        assertContains(as_alice.get(board), "Overdue")
        later = reverse("meeting_table", args=[meetings[2].pk])
        assertContains(as_alice.get(later), "Call")
        done = as_alice.post(
            reverse("action_done", args=[item.pk]), {"done": "yes", "meeting": meetings[2].pk}
        )
        assertRedirects(done, f"{later}#turn-{people.bob.pk}")
        assertContains(as_alice.get(board), "Open it again")
        assertRedirects(as_alice.post(reverse("action_done", args=[item.pk]), {"done": "no"}), board)
    as_alice.force_login(people.alice.user)
    as_alice.post(reverse("action_change", args=[item.pk]), {**asked, "what": "Write"})
    assert notes.read_action(ActionItem.objects.get()).what == "Write"
    as_alice.post(reverse("action_delete", args=[item.pk]))
    assert not ActionItem.objects.exists()


def test_after_the_day_everything_is_gone_and_the_pages_say_so(as_alice, meeting, table, cohort, alice):
    with time_machine.travel(noon(notes.deleted_on(cohort)), tick=False):
        as_alice.force_login(alice)
        assertContains(as_alice.get(table), "what your team wrote was deleted as announced")
        assertNotContains(as_alice.get(table), "Note it")
        assertRedirects(
            as_alice.get(reverse("meeting_prepare", args=[meeting.pk])), meeting.get_absolute_url()
        )


def test_whoever_leaves_takes_their_words_along(as_alice, meeting, team, people, alice):
    """Before, for access ends at once (M16)."""
    day = NOW.date() + timedelta(days=9)
    item = {"how": "", "due_date": day, "now": NOW, "owner": people.alice, "team": team, "meeting": meeting}
    notes.save_action(what="Mine to do", by=alice, **item)
    notes.save_action(what="Bob's words", by=people.bob.user, **item)
    notes.save_update(meeting=meeting, team=team, texts={"status": "Drafted."}, by=alice, now=NOW)
    address = reverse("meetings_own_writing", args=[people.alice.pk])
    answer = as_alice.get(address)
    assert answer["Content-Disposition"] == 'attachment; filename="my-writing.txt"'
    assert "Drafted." in answer.content.decode()
    assert "Bob's words" in answer.content.decode()
    leave(participant=people.alice, by=alice, reason="", now=NOW)
    statement = reverse("statement", args=[people.alice.pk])
    assertNotContains(as_alice.get(statement), address)
    assert as_alice.get(address).status_code == 404
    assert as_alice.get(reverse("meetings_actions", args=[team.pk])).status_code == 404


@pytest.mark.parametrize("page", ["meeting_table", "meetings_actions"])
def test_the_queries_do_not_grow_with_what_is_written(as_alice, page, meeting, team, people, alice):
    address = reverse(page, args=[meeting.pk if page == "meeting_table" else team.pk])

    def write(number: int) -> int:
        for place in range(number):
            about = (people.alice, people.bob, people.charlie)[place % 3]
            words = {"text": f"Number {number} {place}", "by": alice, "now": NOW}
            notes.write(meeting=meeting, team=team, kind="advice", about=about, **words)
            due = NOW.date() + timedelta(days=place)
            what = {"what": f"Do {place}", "how": "", "due_date": due, "by": alice, "now": NOW}
            notes.save_action(meeting=meeting, team=team, owner=about, **what)
        as_alice.get(address)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            as_alice.get(address)
        return len(queries)

    assert write(3) == write(12)


def test_nothing_of_it_is_kept_by_browsers_or_proxies(as_alice, table):
    assert "no-store" in as_alice.get(table)["Cache-Control"]
