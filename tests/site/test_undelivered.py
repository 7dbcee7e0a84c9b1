"""The page of mail that did not arrive, and the card that leads to it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coaching import outbox
from coaching.models import Message, User
from coaching.site.mail_words import ABOUT, about
from tests.clock import NOW

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")

MOST_QUERIES = 12
Status = Message.Status


@pytest.fixture
def office(client, branch_officer):
    client.force_login(branch_officer)
    return client


def lost(
    to: User, status: str = Status.FAILED, error: str = "ConnectionRefusedError", key: str = "1"
) -> Message:
    outbox.queue(kind="application_outcome", to=to, key=key, now=NOW, ids={"decision": 1})
    found = Message.objects.filter(key=f"application_outcome:{key}:{to.pk}")
    found.update(status=status, error=error)
    return found.get()


def page_of(client) -> str:
    return " ".join(client.get(reverse("undelivered")).content.decode().split())


def test_every_kind_of_mail_has_words():
    assert sorted(ABOUT) == outbox.kinds()


def test_a_kind_of_an_earlier_version_is_named_by_itself():
    assert about("meetings.long_gone") == "Long gone"


def test_page_says_to_whom_about_what_since_when_and_why(office, applicant):
    lost(applicant)
    page = page_of(office)
    for words in (
        "Ana Applicant",
        applicant.email,
        "Outcome of the application",
        "Monday, November 23, 2026",
        "The mail server could not be reached.",
        "Did not leave",
    ):
        assert words in page


def test_what_perhaps_arrived_warns_before_it_is_sent_again(office, applicant):
    message = lost(applicant, Status.UNKNOWN, "WorkerStopped")
    page = page_of(office)
    assert "Ask Ana first: sent again, it may come twice." in page
    assert "Send again all the same" in page
    office.post(reverse("undelivered_again", args=[message.pk]))
    assert Message.objects.get().status == Status.PENDING


def test_a_broken_address_is_corrected_first(office, client, applicant, administrator):
    User.objects.filter(pk=applicant.pk).update(email="no-at")
    message = lost(applicant, error="The mail address has no @.")
    page = page_of(office)
    assert "An administrator corrects the address in the directory." in page
    assert reverse("undelivered_again", args=[message.pk]) not in page
    client.force_login(administrator)
    assert reverse("admin:coaching_user_change", args=[applicant.pk]) in page_of(client)


@pytest.mark.parametrize("forged", ["9" * 40, "-1", "x", "٣"])
def test_forged_numbers_send_nothing(office, forged):
    response = office.post(reverse("undelivered_all_again"), {"mail": [forged]}, follow=True)
    assert "Nothing was left to send again." in response.content.decode()


def test_sending_again_twice_is_told(office, applicant):
    message = lost(applicant)
    address = reverse("undelivered_again", args=[message.pk])
    office.post(address)
    assert "is sent again within a minute" in page_of(office)
    office.post(address)
    assert "has been settled in the meantime: waiting" in page_of(office)


def test_settling_takes_it_from_the_list(office, applicant):
    message = lost(applicant)
    office.post(reverse("undelivered_settled", args=[message.pk]))
    page = page_of(office)
    assert "Settled: the mail to Ana Applicant is not sent again." in page
    assert "All mail has arrived" in page


def test_several_are_sent_again_in_one_go_after_saying_to_how_many(office, applicant, supervisor, outsider):
    lost(applicant)
    lost(applicant, key="2")
    lost(supervisor)
    lost(outsider, Status.UNKNOWN)
    page = page_of(office)
    assert "This writes to 2 people." in page
    assert "Send 3 mails again" in page
    pks = list(Message.objects.values_list("pk", flat=True))
    office.post(reverse("undelivered_all_again"), {"mail": [*pks, "x"]})
    assert "3 mails are sent again within a minute." in page_of(office)
    assert Message.objects.filter(status=Status.PENDING).count() == 3
    office.post(reverse("undelivered_all_again"), {"mail": pks})
    assert "Nothing was left to send again." in page_of(office)


def test_list_is_paged_oldest_first(office, applicant):
    for number in range(27):
        lost(applicant, key=str(number))
    rows = office.get(reverse("undelivered")).context["rows"]
    assert [row.message.key.split(":")[1] for row in rows] == [str(number) for number in range(25)]
    assert len(office.get(reverse("undelivered"), {"page": 2}).context["rows"]) == 2


def test_page_takes_as_many_queries_for_three_as_for_one(office, applicant, supervisor, outsider):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            office.get(reverse("undelivered"))
        return len(captured)

    lost(applicant)
    one = queries()
    lost(supervisor)
    lost(outsider)
    assert queries() == one <= MOST_QUERIES


def test_first_page_of_the_office_says_how_many(office, client, applicant, supervisor, administrator):
    def titles() -> list[str]:
        return [card.title for card in client.get(reverse("home")).context["waiting"]]

    assert not any("arrive" in title for title in titles())
    lost(applicant)
    assert "1 mail did not arrive" in titles()
    lost(supervisor)
    assert "2 mails did not arrive" in titles()
    client.force_login(administrator)
    assert "2 mails did not arrive" in titles()
    client.force_login(applicant)
    assert not any("arrive" in title for title in titles())
