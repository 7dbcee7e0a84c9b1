"""The team's agreement, and asking for help: M18, M16."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching import outbox
from coaching.models import AuditEvent, Message, Program, RoleAssignment
from coaching.site.home import cards_for
from meetings import agreement
from meetings.models import Acceptance
from meetings.team_space import NotYourMeeting
from tests.clock import NOW

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")


@pytest.fixture
def accept(team):
    def accepted(by, *, seen=None):
        return agreement.accept(team=team, seen=seen or agreement.digest(team), by=by, now=NOW)

    return accepted


class TestAgreement:
    def test_the_seven_expectations(self, team):
        """M18, in the order of the rule."""
        lines = agreement.expectations(team)
        assert len(lines) == 7
        for line, word in zip(
            lines,
            ("prepared", "professionals", "observe", "skills", "supportive", "confidential", "trust"),
            strict=True,
        ):
            assert word in line

    def test_accepted_once_with_the_text(self, accept, team, alice):
        row = accept(alice)
        assert accept(alice) == row
        assert row.text.splitlines() == agreement.expectations(team)
        assert AuditEvent.objects.filter(action="team_agreement.accepted").count() == 1

    def test_what_was_not_read_is_not_accepted(self, accept, team, alice):
        seen = agreement.digest(team)
        Program.objects.update(expectations="Be on time.")
        with pytest.raises(agreement.TextChanged):
            accept(alice, seen=seen)
        assert not Acceptance.objects.exists()

    @pytest.mark.parametrize("who", ["branch_officer", "supervisor", "administrator"])
    def test_by_members_alone(self, accept, who, request):
        with pytest.raises(NotYourMeeting):
            accept(request.getfixturevalue(who))

    def test_on_the_page_and_at_the_table(self, client, team, meeting, alice, bob, accept):
        accept(bob)
        client.force_login(alice)
        page, table = reverse("meetings_team", args=[team.pk]), reverse("meeting_table", args=[meeting.pk])
        shown = client.get(page)
        assertContains(shown, "Accepted: Bob Example on November 23, 2026.")
        assertContains(shown, "Not yet: Alice Example, Charlie Example.")
        assertContains(client.get(table), "You have not accepted your team’s agreement yet.")
        asked = {"seen": agreement.digest(team)}
        done = client.post(reverse("meetings_agreement", args=[team.pk]), asked, follow=True)
        assertContains(done, "You have accepted your team’s agreement.")
        assertNotContains(done, "I accept our agreement")
        assertNotContains(client.get(table), "You have not accepted")

    def test_a_program_without_expectations_asks_nothing(self, client, team, meeting, alice):
        Program.objects.update(expectations="\n")
        client.force_login(alice)
        assertNotContains(client.get(reverse("meetings_team", args=[team.pk])), "Our agreement")
        assertNotContains(client.get(reverse("meeting_table", args=[meeting.pk])), "agreement yet")


class TestHelp:
    def test_the_branch_office_hears_who_asks_and_nothing_else(self, client, team, alice, branch_officer):
        """M16"""
        client.force_login(alice)
        address = reverse("meetings_help", args=[team.pk])
        assertContains(
            client.post(address, follow=True), "The branch office is told that your team asks for help."
        )
        again = client.post(address, follow=True)
        assertContains(again, "told today already")
        assertContains(again, "Your team asked for help today.")
        assertNotContains(again, "Ask the branch office for help")
        assert [each.recipient for each in Message.objects.filter(kind=agreement.HELP)] == [branch_officer]
        outbox.deliver_due(now=NOW)
        letter = next(each for each in mail.outbox if "asks for help" in each.subject)
        assert "Alice Example writes for Team 1" in letter.body
        assert AuditEvent.objects.filter(action="team.asked_for_help").count() == 1

    def test_again_on_another_day(self, team, alice):
        assert agreement.ask_for_help(team=team, by=alice, now=NOW)
        assert not agreement.ask_for_help(team=team, by=alice, now=NOW + timedelta(hours=1))
        assert agreement.ask_for_help(team=team, by=alice, now=NOW + timedelta(days=1))

    def test_where_nobody_works_in_the_office_it_says_so(self, client, team, alice):
        RoleAssignment.objects.all().delete()
        client.force_login(alice)
        page = client.post(reverse("meetings_help", args=[team.pk]), follow=True)
        assertContains(page, "Nobody works in the branch office now.")

    def test_by_members_alone(self, team, branch_officer, people):
        for user in (branch_officer, people.dora.user):
            with pytest.raises(NotYourMeeting):
                agreement.ask_for_help(team=team, by=user, now=NOW)

    def test_it_stands_on_the_offices_home_until_it_is_marked(self, client, team, alice, branch_officer):
        agreement.ask_for_help(team=team, by=alice, now=NOW)
        (asked,) = team.help_requests.all()
        address, title = reverse("help_mark", args=[asked.pk]), "Team 1 asks for help"
        client.force_login(branch_officer)
        assert title in [card.title for card in cards_for(branch_officer)]
        page = client.post(address, {"answered": "yes"}, follow=True)
        assertContains(page, "Bo Branchoffice marked it as answered.")
        assert title not in [card.title for card in cards_for(branch_officer)]
        client.post(address, {"answered": "yes"})
        assert AuditEvent.objects.filter(action="help.answered").count() == 1
        client.post(address, {"answered": "no"})
        assert title in [card.title for card in cards_for(branch_officer)]

    def test_marked_by_the_branch_office_alone(self, client, team, alice, deputy):
        agreement.ask_for_help(team=team, by=alice, now=NOW)
        (asked,) = team.help_requests.all()
        for user in (alice, deputy):
            with pytest.raises(NotYourMeeting):
                agreement.mark_help(asked=asked, answered=True, by=user, now=NOW)
