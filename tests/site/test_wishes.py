"""The page before teams are formed (T3), and the branch office's question to those who have not answered."""

from html import unescape

import pytest
from django.urls import reverse

from coaching import team_wishes
from coaching.models import Message, TeamWishes
from tests import factories
from tests.clock import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def participant(cohort, applicant):
    return factories.participant(cohort, applicant)


@pytest.fixture
def address(client, participant):
    client.force_login(participant.user)
    return reverse("team_wishes", args=[participant.pk])


def words(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


def test_the_first_page_asks_until_it_is_answered(client, participant, address):
    assert "Say when you can meet, before teams are formed" in words(client.get("/"))
    page = words(client.get(address))
    assert "Who reads this: the branch office alone" in page.replace("</span>", "").replace(
        '<span class="who-reads-label">', ""
    )
    response = client.post(address, {"times_0": ["0-0900"], "times_2": ["2-1300"], "track": "different"})
    assert response.url == reverse("my_team")
    assert TeamWishes.objects.get().times == ["0-0900", "2-1300"]
    assert "Say when you can meet" not in words(client.get("/"))


def test_what_was_said_is_there_again(client, participant, address, outsider):
    team_wishes.save(
        participant=participant,
        times=["1-1100"],
        track="same",
        rather_not=[outsider],
        by=participant.user,
        now=NOW,
    )
    form = client.get(address).context["form"]
    assert (form["times_1"].value(), form["track"].value()) == (["1-1100"], "same")
    assert form["rather_not_1"].value() == outsider.name


def test_a_refusal_keeps_what_was_typed(client, address, outsider):
    response = client.post(
        address, {"track": "same", "rather_not_1": "Nobody Knows", "rather_not_2": outsider.email}
    )
    form = response.context["form"]
    assert set(form.errors) == {"times_0", "rather_not_1"}
    assert "Choose at least one time" in form.errors["times_0"][0]
    assert form["rather_not_2"].value() == outsider.email
    assert not TeamWishes.objects.exists()


def test_a_time_that_is_missing_is_asked_of_no_single_day(client, address):
    """The summary leads to the first of all times."""
    text = words(client.post(address, {"track": "same"}))
    assert (
        '<a href="#id_times_0_0">Times</a>: Choose at least one time at which you can meet, on any day.'
        in text
    )
    assert ">Monday</a>:" not in text
    wrong = words(client.post(address, {"track": "same", "times_0": ["9-9999"]}))
    assert '<a href="#id_times_0_0">Monday</a>: Select a valid choice.' in wrong


def test_names_come_back_as_names(client, participant, address, outsider):
    """As typed after an error; by name afterwards, and by address where several have it."""
    typed = {"track": "same", "rather_not_1": f" {outsider.name.upper()}"}
    assert client.post(address, typed).context["form"]["rather_not_1"].value() == typed["rather_not_1"]
    client.post(address, {**typed, "times_0": ["0-0900"]})
    assert client.get(address).context["form"]["rather_not_1"].value() == outsider.name
    factories.person(outsider.name.lower())
    assert client.get(address).context["form"]["rather_not_1"].value() == outsider.email


def test_oneself_is_not_named(client, participant, address):
    response = client.post(
        address, {"times_0": ["0-0900"], "track": "none", "rather_not_1": participant.user.email}
    )
    assert "This is you" in response.context["form"].errors["rather_not_1"][0]


def test_once_the_team_stands_the_team_decides(client, participant, address, cohort, branch_officer):
    mates = [factories.participant(cohort) for _ in range(2)]
    factories.confirmed_team(cohort, [participant, *mates], by=branch_officer)
    assert client.get(address).url == reverse("my_team")
    assert client.post(address, {"times_0": ["0-0900"], "track": "none"}).url == reverse("my_team")
    assert not TeamWishes.objects.exists()


def test_the_office_asks_those_who_have_not_answered(client, participant, cohort, branch_officer):
    client.force_login(branch_officer)
    ask = reverse("team_wishes_ask", args=[cohort.pk])
    room = reverse("cohort_teams", args=[cohort.pk])
    assert client.post(ask).url == room
    assert Message.objects.filter(kind="team_wishes_asked").count() == 1
    assert "1 person is asked by mail." in words(client.get(room))
    client.post(ask)
    said = words(client.get(room))
    assert "1 person was asked today already; nobody is written to twice a day." in said
    assert "asked by mail." not in said
    for _ in range(2):
        factories.participant(cohort)
    client.post(ask)
    assert "2 people are asked by mail. 1 person was asked today already;" in words(client.get(room))
    assert Message.objects.filter(kind="team_wishes_asked").count() == 3
    for each in cohort.participants.all():
        TeamWishes.objects.create(participant=each, times=["0-0900"], answered_at=NOW)
    client.post(ask)
    assert "Everybody has answered." in words(client.get(room))
