"""A self-rating at the start, in the middle and at the end: for oneself alone, and no ranking (M17)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from coaching.enrollment import leave
from coaching.models import AuditEvent, AuditPayload, Message
from coaching.site.home import cards_for
from meetings import due, growth, notes, vault
from meetings.models import SelfRating
from tests import factories
from tests.meetings.conftest import noon

pytestmark = pytest.mark.usefixtures("plain_not_found")
TITLE = "How do you see yourself now?"


def at(month: int, day: int = 10) -> datetime:
    """Noon of a day of 2027 in California; the program runs from February to September."""
    return datetime(2027, month, day, 20, 0, tzinfo=UTC)


MIDDLE, END = at(6), at(9)


@pytest.fixture
def six(people):
    return [each.pk for each in growth.competencies(people.alice)]


@pytest.fixture
def rate(people, six):
    def rated(*steps, moment="middle", by=None, now=MIDDLE, participant=None):
        participant = participant or people.alice
        chosen = dict(zip(six, steps or ("glow",) * 6, strict=True))
        return growth.rate(
            participant=participant, moment=moment, steps=chosen, by=by or participant.user, now=now
        )

    return rated


@pytest.fixture
def newcomer(cohort):
    """Entered without an application."""
    return factories.participant(cohort, factories.person("Newt Example"), grow=(), glow=(), project=None)


def words(participant) -> list[list[str]]:
    return [[point.words for point in line.points] for line in growth.lines(participant)]


def test_the_start_is_what_the_application_said(people, rate):
    """A6: competencies that were neither were not copied."""
    rate("neither", "glow", "glow", "grow", "neither", "neither")
    rate("glow", "glow", "glow", "grow", "grow", "neither", moment="end", now=END)
    assert words(people.alice) == [
        ["Grow", "Neither", "Glow"],
        ["Glow", "Glow", "Glow"],
        ["Neither", "Glow", "Glow"],
        ["Neither", "Grow", "Grow"],
        ["Neither", "Neither", "Grow"],
        ["Neither", "Neither", "Neither"],
    ]
    assert [line.change for line in growth.lines(people.alice)] == [
        "From grow to glow",
        "Unchanged",
        "From neither to glow",
        "From neither to grow",
        "From neither to grow",
        "Unchanged",
    ]


def test_whoever_came_without_an_application_says_where_they_start(rate, newcomer, people):
    assert words(newcomer) == [["Not rated"] * 3] * 6
    rate(moment="start", now=at(3, 31), participant=newcomer)
    assert words(newcomer)[0] == ["Glow", "Not rated", "Not rated"]
    assert growth.lines(newcomer)[0].change == ""
    rate(moment="start", now=at(5, 31), participant=newcomer)
    for who, now in ((newcomer, at(6, 1)), (newcomer, at(1, 31)), (people.alice, at(2))):
        with pytest.raises(growth.CannotRate, match="is over"):
            rate(moment="start", now=now, participant=who)


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        (at(5, 31), None),
        (at(6, 1), "middle"),
        (at(8, 31), "middle"),
        (at(9, 1), "end"),
        (at(12, 28), "end"),
        (at(12, 29), None),
    ],
)
def test_one_moment_at_a_time(people, now, moment):
    """The middle from the month after half of the program, the end from its last month."""
    found = growth.opening(people.alice, now)
    assert (found and found.moment) == moment


@pytest.mark.parametrize(("now", "first"), [(at(2), at(6, 1)), (at(6), at(9, 1)), (at(9), None)])
def test_when_one_can_rate_oneself_next(people, now, first):
    assert growth.next_month(people.alice, now) == (first and first.date())


def test_changed_while_it_is_open_and_the_same_twice_is_once(people, rate):
    first = rate()
    assert rate().rated_at == first.rated_at
    assert rate(*["grow"] * 6, now=MIDDLE + timedelta(days=1)).pk == first.pk
    assert words(people.alice)[0] == ["Grow", "Grow", "Not rated"]
    assert AuditEvent.objects.filter(action="self_rating.saved").count() == 2
    with pytest.raises(growth.CannotRate, match="What you said before stands"):
        rate(now=END)
    with pytest.raises(IntegrityError, match=r"moment|selfrating_once_a_moment"), transaction.atomic():
        SelfRating.objects.create(participant=people.alice, moment="middle", ciphertext=b"", rated_at=MIDDLE)


def test_only_oneself_and_only_while_one_takes_part(rate, people, bob, branch_officer):
    for user in (bob, branch_officer):
        with pytest.raises(growth.CannotRate, match="Only who takes part"):
            rate(by=user)
    leave(participant=people.alice, by=people.alice.user, reason="", now=MIDDLE)
    with pytest.raises(growth.CannotRate, match="Only who takes part"):
        rate()


def test_every_competency_has_one_of_three_steps(people, six):
    for steps in ({}, dict.fromkeys(six[:5], "grow"), dict.fromkeys(six, "best")):
        with pytest.raises(growth.CannotRate, match="one of the three steps"):
            growth.rate(
                participant=people.alice, moment="middle", steps=steps, by=people.alice.user, now=MIDDLE
            )


def test_encrypted_for_its_row_and_in_no_trail_or_mail(rate, people):
    one = rate()
    other = rate(participant=people.bob)
    assert b"glow" not in bytes(one.ciphertext)
    assert not any(
        "glow" in str(each.data) for each in AuditPayload.objects.filter(event__action__startswith="self")
    )
    assert not Message.objects.exists()
    one.ciphertext = other.ciphertext
    with pytest.raises(vault.CannotRead, match="another row"):
        growth.read(one)


def test_deleted_with_what_the_teams_wrote(cohort, rate):
    rate()
    day = notes.deleted_on(cohort)
    assert due.do_due(now=noon(day - timedelta(days=1)))["self_ratings_deleted"] == 0
    assert due.do_due(now=noon(day))["self_ratings_deleted"] == 1


# The page and the card


def post(client, address, six, step="glow", moment="middle"):
    return client.post(address, {"moment": moment, **{f"competency_{pk}": step for pk in six}}, follow=True)


def test_rated_on_the_page_and_shown_as_picture_and_table(client, people, alice, six):
    address = reverse("my_growth", args=[people.alice.pk])
    with time_machine.travel(MIDDLE):
        client.force_login(alice)
        assertContains(client.get(address), "In the middle: how do you see yourself now?")
        assertContains(post(client, address, six), "Saved. Nobody but you reads it.")
        answer = client.get(address)
    assertContains(answer, "You have said so already, and can change it until August 31, 2027")
    assertContains(answer, '<polyline class="growth-line" points="100,96 180,20"/>', html=True)
    assertContains(answer, "At the start: grow. In the middle: glow. At the end: not rated.")
    assertContains(answer, "From grow to glow")
    assertContains(answer, "deleted on December 29, 2027")
    assert "no-store" in answer["Cache-Control"]


def test_nothing_chosen_is_lost_where_something_is_missing_or_late(client, people, alice, six):
    address = reverse("my_growth", args=[people.alice.pk])
    with time_machine.travel(MIDDLE):
        client.force_login(alice)
        answer = post(client, address, six[:5])
        assertContains(answer, "Choose a step for Building Coalitions.")
        assertContains(answer, "checked", count=5)
    with time_machine.travel(END):
        client.force_login(alice)
        answer = post(client, address, six)
        assertContains(answer, "The time for this self-rating is over.")
        assertContains(answer, "checked", count=6)
    assert not SelfRating.objects.exists()


def test_before_it_is_time_the_page_says_when(client, people, alice):
    with time_machine.travel(at(2)):
        client.force_login(alice)
        answer = client.get(reverse("my_growth", args=[people.alice.pk]))
    assertContains(answer, "From June 1, 2027 on you can rate yourself again.")
    assertNotContains(answer, '<form method="post" novalidate')


@pytest.mark.parametrize(
    "who", ["bob", "supervisor", "director", "deputy", "branch_officer", "training_officer", "administrator"]
)
def test_nobody_else_reads_it(client, request, people, rate, who, team):
    rate()
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse("my_growth", args=[people.alice.pk])).status_code == 404


def test_the_home_page_says_when_it_is_time_until_it_is_done(alice, rate, people):
    def titles(now):
        with time_machine.travel(now):
            return [card.title for card in cards_for(alice)]

    assert TITLE not in titles(at(5, 31))
    assert TITLE in titles(MIDDLE)
    rate()
    assert TITLE not in titles(MIDDLE)
    assert TITLE in titles(END)
    leave(participant=people.alice, by=alice, reason="", now=END)
    assert TITLE not in titles(END)


def test_after_the_last_moment_the_page_says_that_the_time_is_over(client, people, alice, cohort):
    day = notes.deleted_on(cohort)
    with time_machine.travel(at(day.month, day.day), tick=False):
        client.force_login(alice)
        page = client.get(reverse("my_growth", args=[people.alice.pk]))
        assertContains(page, "The time for rating yourself in this program is over.")
