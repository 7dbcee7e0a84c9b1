"""At the table, by the test client: M8, M10, M15, M16."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

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
    """And loses access at once."""
    notes.save_update(meeting=meeting, team=team, texts={"status": "Drafted."}, by=alice, now=NOW)
    address = reverse("meetings_own_writing", args=[people.alice.pk])
    answer = as_alice.get(address)
    assert answer["Content-Disposition"] == 'attachment; filename="my-writing.txt"'
    assert "Drafted." in answer.content.decode()
    people.alice.memberships.update(ended_at=NOW)
    assert as_alice.get(address).status_code == 404


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
