"""Two tabs, or two people at one thing: nobody's words are replaced unseen, and nothing typed is lost."""

from datetime import date

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from meetings import attendance, evaluations, feeds, leading, notes, scheduling
from meetings.models import EvaluationDraft, Note
from tests.clock import NOW
from tests.meetings.conftest import noon

HTMX = {"HX-Request": "true"}


@pytest.fixture
def as_alice(client, alice):
    with time_machine.travel(NOW, tick=False):
        client.force_login(alice)
        yield client


def shown(client, address):
    """What the form of this page would send, as it was opened."""
    form = client.get(address).context["form"]
    return {name: form[name].value() or "" for name in form.fields}


class TestUpdate:
    """M15."""

    def test_each_tab_saves_what_it_changed(self, as_alice, meeting, people):
        address = reverse("meeting_prepare", args=[meeting.pk])
        first, second = shown(as_alice, address), shown(as_alice, address)
        as_alice.post(address, {**first, "status": "Drafted."})
        as_alice.post(address, {**second, "question": "Who knows?"})
        assert notes.update_of(meeting, people.alice) == {"status": "Drafted.", "question": "Who knows?"}

    def test_a_line_that_both_changed_is_read_twice_and_decided(self, as_alice, meeting, people):
        address = reverse("meeting_prepare", args=[meeting.pk])
        first, second = shown(as_alice, address), shown(as_alice, address)
        as_alice.post(address, {**first, "status": "Drafted.", "problem": "Time"})
        page = as_alice.post(address, {**second, "status": "Begun."})
        assertContains(page, "It reads now: “Drafted.”")
        assertContains(page, "Begun.</textarea>")
        assertContains(page, "Time</textarea>")
        assert notes.update_of(meeting, people.alice) == {"status": "Drafted.", "problem": "Time"}
        form = page.context["form"]
        again = {name: form[name].value() or "" for name in form.fields}
        assertRedirects(
            as_alice.post(address, again),
            reverse("meeting_table", args=[meeting.pk]) + f"#turn-{people.alice.pk}",
        )
        assert notes.update_of(meeting, people.alice) == {"status": "Begun.", "problem": "Time"}

    def test_what_was_taken_out_elsewhere_is_said(self, as_alice, meeting, people):
        address = reverse("meeting_prepare", args=[meeting.pk])
        as_alice.post(address, {"status": "Drafted."})
        tab = shown(as_alice, address)
        as_alice.post(address, {**tab, "status": ""})
        assertContains(as_alice.post(address, {**tab, "status": "Done."}), "It reads now: nothing.")
        assert not Note.objects.exists()


def test_an_action_item_that_a_teammate_changed(as_alice, client, meeting, team, people, bob):
    item = notes.save_action(
        meeting=meeting,
        team=team,
        owner=people.bob,
        what="Call",
        how="",
        due_date=date(2027, 3, 5),
        by=bob,
        now=NOW,
    )
    address = reverse("action_change", args=[item.pk])
    tab = shown(as_alice, address)
    client.force_login(bob)
    client.post(address, {**tab, "how": "By letter", "due_date": "2027-03-12", "owner": people.alice.pk})
    client.force_login(people.alice.user)
    page = client.post(address, {**tab, "due_date": "2027-03-19", "owner": people.charlie.pk})
    assertContains(page, "It reads now: Friday, March 12, 2027.")
    assertContains(page, "It reads now: “Alice Example”")
    assertContains(page, "By letter</textarea>")
    client.post(address, {**tab, "what": "Call Dana"})
    item.refresh_from_db()
    action = notes.read_action(item)
    assert (action.what, action.how, item.owner, item.due_date) == (
        "Call Dana",
        "By letter",
        people.alice,
        date(2027, 3, 12),
    )


def test_a_note_changed_in_both_tabs(as_alice, meeting, people):
    as_alice.post(reverse("note_advice", args=[meeting.pk, people.bob.pk]), {"text": "Ask Dana."})
    note = Note.objects.get()
    address = reverse("note_change", args=[note.pk])
    tab = shown(as_alice, address)
    as_alice.post(address, {**tab, "text": "Ask Dana first."})
    page = as_alice.post(address, {**tab, "text": "Ask Sam."})
    assertContains(page, "It reads now: “Ask Dana first.”")
    assertContains(page, "Ask Sam.</textarea>")
    assert notes.read(Note.objects.get()).text == "Ask Dana first."


class TestEvaluation:
    """C1."""

    @pytest.fixture
    def address(self, client, meeting, people, alice):
        with time_machine.travel(noon(meeting.date), tick=False):
            marks = {people.alice: "present"}
            attendance.take_attendance(meeting=meeting, marks=marks, by=alice, now=noon(meeting.date))
            client.force_login(alice)
            yield reverse("meeting_evaluation", args=[meeting.pk])

    @pytest.fixture
    def names(self, cohort):
        questions = evaluations.questions_for(cohort)
        return [f"question_{each.pk}" for each in questions]

    def answers(self, meeting, people):
        found = evaluations.own_answers(meeting, people.alice)
        return {f"question_{key}": answer for key, answer in found.items()}

    def test_a_draft_of_two_tabs_has_what_each_wrote(self, client, address, names, meeting, people):
        first, second = shown(client, address), shown(client, address)
        client.post(address, {**first, names[0]: "5"}, headers=HTMX)
        line = client.post(address, {**second, names[-1]: "More time."}, headers=HTMX)
        assertContains(line, "Saved, not sent.")
        assert self.answers(meeting, people) == {names[0]: 5, names[-1]: "More time."}

    def test_a_tab_goes_on_from_what_it_saved(self, client, address, names, meeting, people):
        tab = shown(client, address)
        for rating in ("5", "4", "3"):
            line = client.post(address, {**tab, names[0]: rating}, headers=HTMX)
            tab["seen"] = line.context["seen"]
            assertContains(line, f'value="{tab["seen"]}" data-hx-swap-oob')
        assert self.answers(meeting, people) == {names[0]: 3}

    def test_what_both_changed_is_decided_by_the_button(self, client, address, names, meeting, people):
        tab = shown(client, address)
        client.post(address, {**tab, names[0]: "5", names[-1]: "Fine."}, headers=HTMX)
        mine = {**tab, **dict.fromkeys(names[:5], "2"), names[-1]: "Too long."}
        line = client.post(address, mine, headers=HTMX)
        assertContains(line, 'data-state="elsewhere"', status_code=409)
        assertContains(line, "It reads now: “Fully”", status_code=409)
        page = client.post(address, mine)
        assertContains(page, "It reads now: “Fine.”")
        assertContains(page, "Too long.</textarea>")
        assert self.answers(meeting, people) == {names[0]: 5, names[-1]: "Fine."}
        mine["seen"] = page.context["form"]["seen"].value()
        assertRedirects(client.post(address, mine), reverse("meetings"))
        assert self.answers(meeting, people)[names[-1]] == "Too long."
        assert EvaluationDraft.objects.count() == 1

    def test_the_page_does_not_repeat_what_was_written(self, client, address, names):
        client.post(address, {names[-1]: "A word."}, headers=HTMX)
        assertContains(client.get(address), "A word.", count=1)


def test_a_part_that_somebody_took_meanwhile_is_not_taken_from_them(as_alice, meetings, team, people, bob):
    """M9: one press on a page that says “not agreed yet”."""
    second = meetings[1]
    leads = {each.part.key: each.part.facilitator for each in leading.leads(second, team)}
    assert leads["projects"] is None
    leading.hand_over(meeting=second, team=team, component="projects", to=people.bob, by=bob, now=NOW)
    address = reverse("meeting_lead", args=[second.pk])
    press = {"component": "projects", "participant": people.alice.pk, "at": "table"}
    page = as_alice.post(address, {**press, "seen": ""}, follow=True)
    assertContains(page, "Bob Example chose who leads while this page was open.")
    assertContains(page, "“Projects” is led by Bob Example. Press again if yours still holds.")
    assertContains(page, f'name="seen" value="{people.bob.pk}"')
    assert second.facilitators.get().participant == people.bob
    for _ in range(2):
        page = as_alice.post(address, {**press, "seen": people.bob.pk}, follow=True)
        assertContains(page, "Alice Example leads this part.")
    assert second.facilitators.get().participant == people.alice


class TestAtTheTable:
    """M8: several notes are typed on one page."""

    def test_a_note_that_is_saved_brings_the_others_back(self, as_alice, meetings, people):
        table = reverse("meeting_table", args=[meetings[1].pk])
        bob, charlie = (f"advice-{each.pk}" for each in (people.bob, people.charlie))
        applies = f"competency-{people.bob.pk}"
        typed = {bob: "Ask Dana.", charlie: "Try <b>a pilot", applies: ""}
        page = as_alice.post(table, {**typed, "note": bob})
        assertContains(page, "Saved. Your team can read it.")
        assertContains(page, "What else you typed is still on this page, and not saved yet.")
        assertContains(page, "\nTry &lt;b&gt;a pilot</textarea>")
        assertContains(page, "Ask Dana.</textarea>", count=0)
        assertContains(page, '<details class="more" open>', count=1)
        assert [(note.kind, note.about) for note in Note.objects.all()] == [("advice", people.bob)]
        saved = as_alice.post(table, {charlie: "Try a pilot", "note": charlie})
        assertRedirects(saved, f"{table}#turn-{people.charlie.pk}")

    def test_what_cannot_be_saved_stays(self, as_alice, meetings, people):
        table = reverse("meeting_table", args=[meetings[1].pk])
        name = f"advice-{people.bob.pk}"
        page = as_alice.post(table, {name: "a" * 4001, "note": name})
        assertContains(page, "Shorten it to 4,000.")
        assertContains(page, "a" * 4001 + "</textarea>")
        assertContains(as_alice.post(table, {name: " ", "note": name}), "Write something first.")
        for wrong in ("", "advice-", f"advice-{people.dora.pk}", f"update-{people.bob.pk}"):
            assertContains(as_alice.post(table, {name: "Kept", "note": wrong}), "Kept</textarea>")
        assert not Note.objects.exists()

    def test_what_is_typed_about_a_meeting_that_was_called_off_stays(self, as_alice, meetings, people, bob):
        table = reverse("meeting_table", args=[meetings[1].pk])
        scheduling.cancel(meeting=meetings[1], reason="Snow", by=bob, now=NOW)
        name = f"advice-{people.bob.pk}"
        page = as_alice.post(table, {name: "Ask Dana.", "note": name})
        assertContains(page, "This meeting was called off.")
        assertContains(page, "Ask Dana.</textarea>")


class TestOwnCalendar:
    """M4."""

    def press(self, client, page, way):
        seen = page.context["choice"].pk if page.context["choice"] else feeds.NEITHER
        return client.post(reverse("calendar_choose"), {"way": way, "seen": seen}, follow=True)

    def test_withdrawing_an_address_that_is_none_any_more_leaves_the_invitations(
        self, as_alice, meetings, alice
    ):
        start = as_alice.get(reverse("calendar_feed"))
        assertContains(start, 'name="seen" value="neither"', count=2)
        address = self.press(as_alice, start, "address")
        self.press(as_alice, address, "mail")
        said = self.press(as_alice, address, "none")
        assertContains(said, "Invitations by mail were chosen while this page was open. Nothing was changed.")
        assert feeds.choice_of(alice).way == "mail"
        said = self.press(as_alice, start, "address")
        assertContains(said, "Nothing was changed.")
        assertContains(said, "Make my address instead of the invitations")
        assert feeds.choice_of(alice).way == "mail"

    def test_an_address_made_anew_is_not_withdrawn_and_a_second_press_is_nothing(
        self, as_alice, meetings, alice
    ):
        first = self.press(as_alice, as_alice.get(reverse("calendar_feed")), "address")
        none = self.press(as_alice, first, "none")
        assertContains(self.press(as_alice, first, "none"), "no longer go to your calendar")
        assertContains(self.press(as_alice, first, "mail"), "was ended while it was open")
        self.press(as_alice, none, "address")
        assertContains(self.press(as_alice, first, "none"), "Another calendar address was made")
        assert feeds.choice_of(alice).way == "address"
