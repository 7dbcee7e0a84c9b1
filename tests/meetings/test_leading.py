"""M9: a part is handed over in one press, and whoever leads is prepared a week ahead."""

from datetime import date, time, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from coaching.meanwhile import ChangedMeanwhile
from coaching.models import AuditEvent, Message
from meetings import due, leading, mail, notes, resources, scheduling
from meetings.leading import CannotLead
from meetings.team_space import NotYourMeeting
from tests.clock import NOW
from tests.meetings.conftest import BEFORE, noon


@pytest.fixture
def second(meetings):
    """Projects, then the first competency: Wednesday, March 17, 2027."""
    return meetings[1]


def hand_over(meeting, team, to, by, component="projects"):
    leading.hand_over(meeting=meeting, team=team, component=component, to=to, by=by, now=NOW)


def led(meeting):
    return {row.component: row.participant.user.get_short_name() for row in meeting.facilitators.all()}


class TestHandingOver:
    def test_any_member_hands_a_part_over_and_takes_it_back(self, second, team, people, alice, bob):
        hand_over(second, team, people.bob, alice)
        hand_over(second, team, people.charlie, alice, component="competency")
        assert led(second) == {"projects": "Bob", "competency": "Charlie"}
        hand_over(second, team, people.alice, bob)
        assert led(second) == {"projects": "Alice", "competency": "Charlie"}
        hand_over(second, team, None, alice)
        assert led(second) == {"competency": "Charlie"}

    def test_twice_is_once(self, second, team, people, alice):
        for _ in range(2):
            hand_over(second, team, people.bob, alice)
        assert AuditEvent.objects.filter(action="meeting.facilitators_chosen").count() == 1
        for _ in range(2):
            hand_over(second, team, None, alice)
        assert AuditEvent.objects.filter(action="meeting.facilitators_chosen").count() == 2

    def test_by_or_to_somebody_of_another_team_is_refused(self, second, team, other_team, people, alice):
        with pytest.raises(NotYourMeeting):
            hand_over(second, team, people.bob, people.dora.user)
        with pytest.raises(CannotLead, match="Only a member"):
            hand_over(second, team, people.dora, alice)
        assert led(second) == {}

    def test_of_a_part_that_is_not_on_the_agenda_is_refused(self, second, team, people, alice):
        with pytest.raises(CannotLead, match="no longer on the agenda"):
            hand_over(second, team, people.bob, alice, component="lunch")

    def test_of_a_meeting_called_off_is_refused(self, second, team, people, alice):
        scheduling.cancel(meeting=second, reason="Fire drill", by=alice, now=BEFORE)
        with pytest.raises(CannotLead, match="called off"):
            hand_over(second, team, people.bob, alice)

    def test_of_a_meeting_that_is_over_is_refused_and_not_offered(self, client, second, team, people, alice):
        during, after = second.ends_at - timedelta(minutes=1), second.ends_at
        hand_over = {"meeting": second, "team": team, "component": "projects", "by": alice}
        leading.hand_over(**hand_over, to=people.bob, now=during)
        with pytest.raises(leading.CannotLead, match="This meeting is over"):
            leading.hand_over(**hand_over, to=people.alice, now=after)
        for moment, is_offered in ((during, True), (after, False)):
            with time_machine.travel(moment, tick=False):
                client.force_login(alice)
                for page in ("meeting", "meeting_table"):
                    shown = client.get(reverse(page, args=[second.pk])).content.decode()
                    assert ("I lead this part" in shown) is is_offered
                    assert ("it would be" in shown, "not agreed yet" in shown) == (is_offered, is_offered)
                    assert ("Who led</h2>" in shown, "Bob Example</p>" in shown) == (not is_offered, True)

    def test_on_the_pages_leads_back_to_where_it_was_pressed(self, client, second, people, alice):
        client.force_login(alice)
        address = reverse("meeting_lead", args=[second.pk])
        sent = {"component": "projects", "participant": people.bob.pk}
        for at, name in (("meeting", "meeting"), ("table", "meeting_table")):
            page = reverse(name, args=[second.pk])
            assertRedirects(client.post(address, sent | {"at": at}), page + "#leads")
            assertContains(client.get(page), "Bob Example does not lead it")
        assertRedirects(client.get(address), second.get_absolute_url())
        page = client.post(address, sent | {"participant": people.dora.pk}, follow=True)
        assertContains(page, "no longer in your team")
        client.post(address, sent | {"participant": ""})
        assert led(second) == {}


class TestThePack:
    def test_has_what_whoever_leads_needs_and_nothing_that_was_written(
        self, client, second, team, cohort, people, alice, branch_officer
    ):
        values = {"item": second.item, "branch": cohort.branch, "by": branch_officer, "now": NOW}
        resources.add(kind="question", title="When do you listen?", **values)
        resources.add(kind="link", title="An article", link="https://example.org/a", **values)
        notes.save_action(
            meeting=second,
            team=team,
            owner=people.bob,
            what="SECRET task",
            how="",
            due_date=second.date,
            by=alice,
            now=NOW,
        )
        hand_over(second, team, people.bob, alice)
        client.force_login(alice)
        page = client.get(reverse("meeting_pack", args=[second.pk]))
        for words in (
            "9:00 to 9:25 a.m.",
            "Skills: interpersonal relationships, communication",
            "When do you listen?",
            "An article",
            "1 action item is open",
            "Hear the whole update before the first question",
            "Read the skills aloud",
        ):
            assertContains(page, words)
        assertContains(page, "Bob Example</h3>")
        assertContains(page, "by turns, not agreed yet")
        assertNotContains(page, "SECRET")

    def test_of_another_team_is_not_found(self, client, second, other_team, people):
        client.force_login(people.dora.user)
        assert client.get(reverse("meeting_pack", args=[second.pk])).status_code == 404

    def test_of_an_extra_meeting_has_no_parts(self, client, team, meetings, alice):
        extra = scheduling.add_extra(
            team=team,
            when=scheduling.When(date(2027, 3, 24), time(9), 60),
            where=scheduling.Where(),
            title="Again",
            by=alice,
            now=BEFORE,
        )
        client.force_login(alice)
        page = client.get(reverse("meeting_pack", args=[extra.pk]))
        assertContains(page, "What each member brings")
        assertNotContains(page, "Who leads, and how")

    @pytest.mark.parametrize("position", range(8))
    def test_every_part_of_the_curriculum_has_its_checklist(self, meetings, team, position):
        for lead in leading.leads(meetings[position], team):
            assert lead.checklist == leading.CHECKLISTS[lead.part.key]


def packs(day):
    due.do_due(now=noon(day))
    rows = Message.objects.filter(kind=leading.PACK).select_related("recipient").order_by("pk")
    return [row.recipient.get_short_name() for row in rows]


class TestTheMail:
    def test_a_week_ahead_once_to_whoever_leads_or_would_by_turns(self, second, team, people, alice):
        hand_over(second, team, people.bob, alice)
        assert packs(second.date - timedelta(days=8)) == []
        suggested = leading.leads(second, team)[1].leader
        expected = sorted({"Bob", suggested.user.get_short_name()})
        for days in (7, 6, 1):
            assert sorted(packs(second.date - timedelta(days=days))) == expected

    def test_comes_again_for_another_day(self, second, team, people, alice):
        hand_over(second, team, people.bob, alice)
        hand_over(second, team, people.bob, alice, component="competency")
        day = second.date - timedelta(days=7)
        assert packs(day) == ["Bob"]
        to = scheduling.When(second.date + timedelta(days=1), time(9), 120)
        scheduling.move(meeting=second, to=to, by=alice, now=noon(day))
        assert packs(day) == ["Bob"]
        assert packs(day + timedelta(days=1)) == ["Bob", "Bob"]

    def test_says_which_part_and_falls_away_when_it_is_handed_on(self, second, team, people, alice, bob):
        hand_over(second, team, people.bob, alice)
        hand_over(second, team, people.alice, alice, component="competency")
        now = noon(second.date - timedelta(days=7))
        with time_machine.travel(now, tick=False):
            due.do_due(now=now)
            ids = Message.objects.get(kind=leading.PACK, recipient=bob).ids
            letter = mail.pack(bob, **ids)
            assert "- Projects\n" in letter.body
            assert "Fostering a Team Environment\n" not in letter.body.split("You lead:")[1]
            assert f"/meetings/{second.pk}/pack/" in letter.body
            hand_over(second, team, people.charlie, alice)
            assert mail.pack(bob, **ids) is None

    def test_comes_to_whoever_takes_a_part_over_within_the_week(self, second, team, people, alice):
        hand_over(second, team, people.bob, alice)
        hand_over(second, team, people.bob, alice, component="competency")
        day = second.date - timedelta(days=7)
        leading.hand_over(
            meeting=second, team=team, component="projects", to=people.bob, by=alice, now=noon(day)
        )
        assert packs(day) == ["Bob"]
        later = noon(day + timedelta(days=3))
        for _ in range(2):
            leading.hand_over(
                meeting=second, team=team, component="projects", to=people.charlie, by=alice, now=later
            )
        assert packs(later.date()) == ["Bob", "Charlie"]
        chosen = {"projects": people.alice, "competency": people.bob}
        assert leading.choose(meeting=second, team=team, chosen=chosen, by=alice, now=later)
        assert not leading.choose(meeting=second, team=team, chosen=chosen, by=alice, now=later)
        assert packs(later.date()) == ["Bob", "Charlie", "Alice"]


class TestChoosingForAllParts:
    """On a page that was open while somebody else chose."""

    @pytest.fixture
    def opened(self, client, second, alice):
        with time_machine.travel(NOW, tick=False):
            client.force_login(alice)
            address = reverse("meeting_facilitators", args=[second.pk])
            yield address, {each.html_name: each.value() for each in client.get(address).context["form"]}

    def test_only_what_was_touched_is_saved(self, client, opened, second, team, people, bob):
        address, typed = opened
        hand_over(second, team, people.charlie, bob)
        client.post(address, {**typed, "part_competency": people.alice.pk})
        assert led(second) == {"projects": "Charlie", "competency": "Alice"}

    def test_a_choice_of_somebody_else_is_named_and_undone_only_by_a_second_press(
        self, client, opened, second, team, people, bob
    ):
        address, typed = opened
        hand_over(second, team, people.charlie, bob)
        hand_over(second, team, people.bob, bob, component="competency")
        answer = client.post(address, {**typed, "part_projects": people.alice.pk})
        assertContains(answer, "Bob Example chose who leads while this page was open.")
        assertContains(answer, "“Projects” is led by Charlie Example.")
        assertNotContains(answer, "is led by Bob Example")
        assert led(second) == {"projects": "Charlie", "competency": "Bob"}
        again = {name: answer.context["form"][name].value() for name in typed}
        assert (again["part_projects"], again["part_competency"]) == (
            str(people.alice.pk),
            str(people.bob.pk),
        )
        assertRedirects(client.post(address, again), second.get_absolute_url())
        assert led(second) == {"projects": "Alice", "competency": "Bob"}

    def test_the_write_refuses_too_and_the_same_choice_is_none(self, second, team, people, alice, bob):
        hand_over(second, team, people.charlie, bob)
        choice = {"meeting": second, "team": team, "by": alice, "now": NOW, "seen": {"projects": None}}
        with pytest.raises(ChangedMeanwhile, match="Bob Example chose who leads"):
            leading.choose(chosen={"projects": people.alice}, **choice)
        assert not leading.choose(chosen={"projects": people.charlie}, **choice)
        assert led(second) == {"projects": "Charlie"}

    def test_of_a_meeting_that_is_over_is_refused(self, client, second, team, people, alice):
        with time_machine.travel(second.ends_at, tick=False):
            with pytest.raises(CannotLead, match="This meeting is over"):
                leading.choose(
                    meeting=second, team=team, chosen={"projects": people.bob}, by=alice, now=second.ends_at
                )
            client.force_login(alice)
            page = client.get(reverse("meeting_facilitators", args=[second.pk]), follow=True)
            assertContains(page, "This meeting is over, so nobody takes a part of it any more.")
        assert led(second) == {}


def test_at_the_table_skills_and_questions_stand_with_the_competency(
    client, second, cohort, alice, branch_officer
):
    """M10, M11."""
    values = {"item": second.item, "branch": cohort.branch, "by": branch_officer, "now": NOW}
    resources.add(kind="question", title="When do you listen?", **values)
    client.force_login(alice)
    page = client.get(reverse("meeting_table", args=[second.pk])).content.decode()
    part = page[page.index('id="competency"') :]
    assert "When do you listen?" in part
    assert "<li>conflict management</li>" in part
    assert page.count("When do you listen?") == 1
