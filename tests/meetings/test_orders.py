"""M16: what a team wrote, under a legal order: two people, some days, each reading on record, the team told."""

from datetime import timedelta

import pytest
from django.urls import reverse

from coaching import outbox
from coaching.models import Delegation, Message, OrgUnit, User
from coaching.site.home import cards_for
from meetings import due, laying_out, notes, orders
from meetings.models import LegalOrder, Note
from tests import factories
from tests.clock import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
WHAT = {
    "number": "27-1034",
    "issued_by": "Superior Court",
    "order_date": TODAY,
    "scope": "Notes of the first meeting.",
    "days": 7,
}


@pytest.fixture
def team(cohort, branch_officer):
    people = [factories.participant(cohort, factories.person(name)) for name in ("Ada", "Ben", "Chi")]
    return factories.confirmed_team(cohort, people, by=branch_officer)


@pytest.fixture
def note(team):
    ada, ben, _ = (each.participant for each in team.memberships.order_by("pk"))
    meeting = laying_out.lay_out_meetings(team=team, by=None, now=NOW)[0]
    return notes.write(
        meeting=meeting, team=team, kind="advice", about=ben, text="Begin small.", by=ada.user, now=NOW
    )


@pytest.fixture
def order(note, team, administrator) -> LegalOrder:
    return orders.ask(team=team, **WHAT, by=administrator, now=NOW)


def told() -> set[str]:
    return {each.recipient.name for each in Message.objects.filter(kind=orders.TOLD)}


def test_one_asks_another_approves_and_the_first_reads(order, administrator, superintendent):
    with pytest.raises(orders.CannotRead, match="not open"):
        orders.read(order=order, by=administrator, now=NOW)
    orders.approve(order=order, by=superintendent, now=NOW)
    opened = orders.read(order=order, by=administrator, now=NOW)
    assert [each.text for each in opened.notes] == ["Begin small."]
    orders.read(order=order, by=administrator, now=NOW + timedelta(days=1))
    assert [(each.action, each.actor) for each in orders.log(order)] == [
        ("legal_order.asked", administrator),
        ("legal_order.approved", superintendent),
        ("legal_order.read", administrator),
        ("legal_order.read", administrator),
    ]
    with pytest.raises(orders.CannotRead):
        orders.read(order=order, by=superintendent, now=NOW)
    with pytest.raises(orders.CannotRead, match="not open"):
        orders.read(order=order, by=administrator, now=NOW + timedelta(days=7))


def test_nobody_approves_alone_or_without_the_office(
    order, administrator, deputy, branch_officer, superintendent
):
    for somebody in (administrator, deputy, branch_officer):
        with pytest.raises(orders.CannotDecide):
            orders.approve(order=order, by=somebody, now=NOW)
    User.objects.filter(pk=superintendent.pk).update(is_staff=True, is_superuser=True)
    superintendent.refresh_from_db()
    own = orders.ask(team=order.team, **WHAT | {"number": "2"}, by=superintendent, now=NOW)
    with pytest.raises(orders.CannotDecide, match="another person"):
        orders.approve(order=own, by=superintendent, now=NOW)
    member = order.team.memberships.first().participant.user
    User.objects.filter(pk=member.pk).update(is_staff=True, is_superuser=True)
    member.refresh_from_db()
    with pytest.raises(orders.CannotAsk, match="another administrator"):
        orders.ask(team=order.team, **WHAT | {"number": "3"}, by=member, now=NOW)
    with pytest.raises(orders.CannotAsk, match="keeps the records"):
        orders.ask(team=order.team, **WHAT | {"number": "4"}, by=branch_officer, now=NOW)


@pytest.fixture
def ada(team) -> User:
    return team.memberships.order_by("pk")[0].participant.user


def test_who_was_in_the_team_sees_no_order_about_it_and_neither_asks_approves_nor_reads(
    order, team, ada, org, administrator, superintendent, client
):
    """Told or silent; whoever keeps the records, or is the superintendent."""
    silent = orders.ask(team=team, **WHAT | {"number": "2"}, silence="It is.", by=administrator, now=NOW)
    OrgUnit.objects.filter(pk=org.department.pk).update(head=ada)
    for each in (order, silent):
        with pytest.raises(orders.CannotDecide, match="a team that they were in"):
            orders.approve(order=each, by=ada, now=NOW)
    User.objects.filter(pk=ada.pk).update(is_staff=True, is_superuser=True)
    ada.refresh_from_db()
    team.memberships.update(ended_at=NOW)
    assert not orders.visible_to(ada, on=TODAY).exists()
    assert not orders.awaiting(ada, on=TODAY).exists()
    client.force_login(ada)
    assert "27-1034" not in client.get(reverse("legal_orders")).content.decode()
    assert "Legal order" not in client.get(reverse("home")).content.decode()
    for name in ("legal_order", "legal_order_approve", "legal_order_read"):
        assert client.get(reverse(name, args=[silent.pk])).status_code == 404
    assert set(orders.visible_to(administrator, on=TODAY)) == {order, silent}


def test_who_asked_and_came_into_the_team_later_does_not_read(order, team, administrator, superintendent):
    orders.approve(order=order, by=superintendent, now=NOW)
    factories.participant(team.cohort, administrator)
    team.memberships.create(participant=administrator.participations.get(), joined_at=NOW)
    with pytest.raises(orders.CannotRead, match="that they were in"):
        orders.read(order=order, by=administrator, now=NOW)


def test_whoever_may_approve_gets_a_mail_and_a_card_but_who_was_in_the_team(
    note, team, ada, org, administrator, superintendent, outsider
):
    for person in (ada, outsider):
        Delegation.objects.create(
            principal=superintendent, person=person, reason="Travels.", start_date=TODAY, end_date=TODAY
        )
    order = orders.ask(team=team, **WHAT, by=administrator, now=NOW)
    asked = Message.objects.filter(kind=orders.ASKED)
    assert {each.recipient for each in asked} == {superintendent, outsider}
    card = ("Legal order 27-1034 to decide on", reverse("legal_order", args=[order.pk]))
    for person, sees in ((superintendent, True), (outsider, True), (ada, False), (administrator, False)):
        assert (card in [(each.title, each.address) for each in cards_for(person)]) == sees, person
    orders.decline(order=order, reason="It names another team.", by=outsider, now=NOW)
    assert "Legal order 27-1034 to decide on" not in [each.title for each in cards_for(superintendent)]


def test_the_team_is_told_without_its_words(order, superintendent, mailoutbox):
    assert told() == set()
    orders.approve(order=order, by=superintendent, now=NOW)
    assert told() == {"Ada", "Ben", "Chi"}
    outbox.deliver_due(now=NOW)
    letters = [each for each in mailoutbox if "legal order" in each.subject]
    assert len(letters) == 3  # the superintendent is not asked any more
    assert not [each for each in letters if "Begin small" in each.body]
    assert "27-1034" in letters[-1].body


def test_an_order_that_forbids_it_says_so_on_record(note, team, administrator, superintendent):
    order = orders.ask(team=team, **WHAT, silence="Section 4 of the order.", by=administrator, now=NOW)
    orders.approve(order=order, by=superintendent, now=NOW)
    assert told() == set()
    (approved,) = orders.log(order).filter(action="legal_order.approved")
    assert approved.payload.data == {"told": False}


def test_declined_or_closed_opens_nothing(order, administrator, superintendent):
    other = orders.ask(team=order.team, **WHAT | {"number": "2"}, by=administrator, now=NOW)
    orders.decline(order=order, reason="It names another team.", by=superintendent, now=NOW)
    orders.approve(order=other, by=superintendent, now=NOW)
    orders.close(order=other, by=administrator, now=NOW)
    for each in (order, other):
        with pytest.raises(orders.CannotRead):
            orders.read(order=each, by=administrator, now=NOW)
    with pytest.raises(orders.CannotDecide, match="decided already"):
        orders.approve(order=order, by=superintendent, now=NOW)


def test_nothing_is_deleted_while_it_waits(order, note, administrator):
    day = NOW + (notes.deleted_on(order.team.cohort) - NOW.date()) + timedelta(days=1)
    due.do_due(now=day)
    assert Note.objects.filter(pk=note.pk).exists()
    orders.close(order=order, by=administrator, now=day)
    due.do_due(now=day)
    assert not Note.objects.filter(pk=note.pk).exists()


def test_on_the_pages(note, team, administrator, superintendent, client):
    client.force_login(administrator)
    sent = WHAT | {"cohort": team.cohort_id, "team": team.number}
    client.post(reverse("legal_order_ask"), sent)
    order = LegalOrder.objects.get()
    address = reverse("legal_order", args=[order.pk])
    assert "another person" in client.get(address).content.decode()
    client.force_login(superintendent)
    client.post(reverse("legal_order_approve", args=[order.pk]))
    assert client.post(reverse("legal_order_read", args=[order.pk])).status_code == 404
    client.force_login(administrator)
    assert "Begin small." not in client.get(address).content.decode()
    assert "Begin small." in client.post(reverse("legal_order_read", args=[order.pk])).content.decode()
    assert "read what the team wrote" in client.get(address).content.decode()


def test_an_administrator_with_another_task_sees_no_order(order, outsider, client):
    User.objects.filter(pk=outsider.pk).update(is_staff=True)
    client.force_login(outsider)
    for name, keys in (("records", []), ("records_due", []), ("legal_order", [order.pk])):
        assert client.get(reverse(name, args=keys)).status_code == 404
    outsider.refresh_from_db()
    with pytest.raises(orders.CannotAsk, match="keeps the records"):
        orders.ask(team=order.team, **WHAT | {"number": "5"}, by=outsider, now=NOW)
