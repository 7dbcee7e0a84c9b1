"""Whoever takes part again finds what they wrote of their own project and growth; nobody else does (F3)."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching.enrollment import leave
from coaching.models import AuditEvent, User
from meetings import growth, inputs, project, returning
from meetings.models import ProjectText, SelfRating
from tests import factories

JUNE = datetime(2027, 6, 10, 20, 0, tzinfo=UTC)


@pytest.fixture
def left(people, supervisor):
    """Alice wrote of her project, was answered, asked again, rated herself, and left."""
    alice = people.alice.user
    User.objects.filter(pk=alice.pk).update(supervisor=supervisor)
    for kind, audience in (("outcome", "program"), ("update", "team")):
        project.save(participant=people.alice, kind=kind, text=kind, audience=audience, by=alice, now=JUNE)
    row = inputs.ask(participant=people.alice, question="Whom?", by=alice, now=JUNE)
    inputs.answer(row=row, text="Dana.", by=supervisor, now=JUNE)
    inputs.share(row=row, shared=True, by=alice, now=JUNE)
    inputs.ask(participant=people.alice, question="And whom next?", by=alice, now=JUNE)
    steps = {each.pk: "glow" for each in growth.competencies(people.alice)}
    growth.rate(participant=people.alice, moment="middle", steps=steps, by=alice, now=JUNE)
    return leave(participant=people.alice, by=alice, reason="", now=JUNE)


def test_in_the_same_cohort_for_their_own_eyes(left, cohort, branch_officer):
    again = returning.take_in_again(participant=left, cohort=cohort, by=branch_officer, now=JUNE)
    assert (again, again.status, again.left_at) == (left, "active", None)
    mine = project.own(again)
    assert (mine.outcome.text, [each.text for each in mine.updates]) == ("outcome", ["update"])
    assert project.shared_with_team([again])[again.pk].is_empty
    assert project.shared_with_program([again])[again.pk].is_empty
    asked = [(each.question, each.answer) for each in inputs.of(again)]
    assert asked == [("And whom next?", ""), ("Whom?", "Dana.")]
    assert inputs.shared_with_team([again]) == {}
    assert {line.points[1].words for line in growth.lines(again)} == {"Glow"}
    assert returning.take_in_again(participant=left, cohort=cohort, by=branch_officer, now=JUNE) == again
    assert AuditEvent.objects.filter(action="participant.writing_is_their_own").count() == 1
    project.save(participant=again, kind="update", text="Now", audience="team", by=again.user, now=JUNE)
    returning.take_in_again(participant=left, cohort=cohort, by=branch_officer, now=JUNE)
    assert not project.shared_with_team([again])[again.pk].is_empty  # a second press narrows nothing


def test_in_another_cohort_they_begin_anew(left, program, branch, branch_officer):
    later = factories.cohort(program, branch, by=branch_officer, first_month=date(2028, 2, 1))
    again = returning.take_in_again(participant=left, cohort=later, by=branch_officer, now=JUNE)
    assert project.own(again).is_empty
    assert inputs.of(again) == []
    assert set(ProjectText.objects.values_list("participant", flat=True)) == {left.pk}
    assert SelfRating.objects.get().participant == left


def test_while_they_wait_for_a_team_what_is_theirs_is_led_to(meetings, left, cohort, branch_officer, client):
    """F3: from the home page and from the meetings, in words that fit a program under way."""
    again = returning.take_in_again(participant=left, cohort=cohort, by=branch_officer, now=JUNE)
    with time_machine.travel(JUNE, tick=False):
        client.force_login(again.user)
        home, page = client.get("/"), client.get(reverse("meetings"))
        wishes = client.get(reverse("team_wishes", args=[again.pk]))
        for each in (home, wishes):
            assertNotContains(each, "before teams are formed")
        assertContains(home, "Say when you can meet, so that a team is found for you")
        assertContains(home, f"You wait for a team of the {cohort}")
        assertContains(page, "You wait for a team")
        assertContains(page, "0 of 8 months are done.")
        for name in ("my_project", "my_growth", "statement"):
            address = reverse(name, args=[again.pk])
            assertContains(page, address)
            assert client.get(address).status_code == 200


def test_before_the_months_begin_there_is_no_standing_yet(cohort, client):
    early = factories.participant(cohort, factories.person("Zoe Early"))
    with time_machine.travel(datetime(2027, 1, 12, 20, 0, tzinfo=UTC), tick=False):
        client.force_login(early.user)
        page = client.get(reverse("meetings"))
        assertContains(page, reverse("my_project", args=[early.pk]))
        assertNotContains(page, "months are done")
        assertContains(client.get("/"), "Say when you can meet, before teams are formed")
