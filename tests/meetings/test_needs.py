"""What somebody needs to take part: the branch office alone reads it (M16)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from pytest_django.asserts import assertContains

from coaching import outbox
from coaching.enrollment import leave
from coaching.models import AuditEvent, AuditPayload, Message
from meetings import due, needs, notes
from meetings.models import Need
from meetings.team_space import NotYourMeeting
from tests import factories
from tests.clock import NOW
from tests.meetings.conftest import noon

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")
TEXT = "Captions, please."


@pytest.fixture
def say(people):
    def said(text=TEXT, *, by=None, now=NOW):
        return needs.say(participant=people.alice, text=text, by=by or people.alice.user, now=now)

    return said


def test_the_branch_office_reads_it_and_hears_that_it_was_said(say, cohort, branch_officer, people):
    assert say() == say(f" {TEXT}\r\n")
    [asked] = needs.of_cohort(cohort, by=branch_officer, now=NOW)
    assert (asked.participant, asked.text) == (people.alice, TEXT)
    assert [each.recipient for each in Message.objects.filter(kind="meetings.need")] == [branch_officer]
    outbox.deliver_due(now=NOW)
    letter = next(each for each in mail.outbox if "said what they need" in each.subject)
    assert "Captions" not in letter.body
    assert AuditEvent.objects.filter(action="need.said").count() == 1


def test_it_lies_encrypted_and_is_in_no_trail(say):
    say()
    assert b"Captions" not in bytes(Need.objects.get().ciphertext)
    assert not any("Captions" in str(each.data) for each in AuditPayload.objects.all())


def test_changed_and_taken_back(say, cohort, branch_officer):
    say()
    say("A room without steps.")
    assert [each.text for each in needs.of_cohort(cohort, by=branch_officer, now=NOW)] == [
        "A room without steps."
    ]
    assert say("") is None
    assert say("") is None
    assert not Need.objects.exists()
    outbox.deliver_due(now=NOW)
    assert not any("said what they need" in each.subject for each in mail.outbox)


def test_by_oneself_alone_while_one_takes_part(say, people, branch_officer):
    for user in (people.bob.user, branch_officer):
        with pytest.raises(needs.NotYours):
            say(by=user)
    leave(participant=people.alice, by=people.alice.user, reason="", now=NOW)
    with pytest.raises(needs.NotYours):
        say()


def test_too_long(say):
    with pytest.raises(needs.TooLong, match="Shorten it to 2,000"):
        say("a" * 2001)


@pytest.mark.parametrize(
    "who", ["alice", "supervisor", "director", "deputy", "training_officer", "administrator"]
)
def test_no_other_office_reads_it(say, cohort, who, request, client):
    say()
    user = request.getfixturevalue(who)
    with pytest.raises(NotYourMeeting):
        needs.of_cohort(cohort, by=user, now=NOW)
    client.force_login(user)
    assert client.get(reverse("office_needs", args=[cohort.pk])).status_code == 404


def test_an_officer_who_takes_part_does_not_read_the_others(say, cohort, branch):
    """T10"""
    say()
    officer = factories.officer(branch, "Olive Officer")
    factories.participant(cohort, officer)
    with pytest.raises(NotYourMeeting):
        needs.of_cohort(cohort, by=officer, now=NOW)


def test_deleted_with_what_the_teams_wrote(say, cohort):
    say()
    day = notes.deleted_on(cohort)
    assert due.do_due(now=noon(day - timedelta(days=1)))["needs_deleted"] == 0
    assert due.do_due(now=noon(day))["needs_deleted"] == 1
    assert not Need.objects.exists()


def test_the_pages(client, people, alice, branch_officer, cohort):
    client.force_login(alice)
    address = reverse("my_need", args=[people.alice.pk])
    assertContains(client.get(reverse("my_team")), address)
    assertContains(client.post(address, {"text": TEXT}, follow=True), "The branch office reads it")
    assertContains(client.get(address), TEXT)
    assertContains(client.post(address, {"text": "a" * 2001}), "at most 2000 characters")
    client.force_login(branch_officer)
    office = reverse("office_needs", args=[cohort.pk])
    assertContains(client.get(office), TEXT)
    assert "no-store" in client.get(office)["Cache-Control"]
    client.force_login(alice)
    assertContains(client.post(address, {"text": ""}, follow=True), "Nothing is noted any more.")
    assertContains(client.post(address, {"text": ""}, follow=True), "Nothing was noted, and nothing is.")
    client.force_login(branch_officer)
    assertContains(client.get(office), "Nobody has said that they need something")
