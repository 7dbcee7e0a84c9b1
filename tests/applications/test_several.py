"""Several applications that were opened in one go are signed under one name, each for itself (A8, A9)."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from applications import workflow
from applications.models import Application, ReviewStep
from coaching.models import ESignConsent, SignOff
from tests.applications.counting import queries
from tests.applications.factories import at_deputy, sign, submit, submitted
from tests.applications.reading import another, words
from tests.clock import NOW

Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]
ADDRESS = reverse("approvals_several")


@pytest.fixture
def two(org, applicant, supervisor, cohort) -> list[Application]:
    return [submitted(applicant, cohort), submitted(another(org, supervisor, "Zoe Other"), cohort)]


def opened(client, user, applications) -> list[str]:
    """What the list gives out with each text that is opened there."""
    client.force_login(user)
    rows = client.get(reverse("approvals"), {"open": [each.pk for each in applications]}).context["rows"]
    return [row.reading.token for row in rows if row.reading]


def dates(application: Application, day: str = "2026-11-05") -> dict[str, str]:
    return {f"concept_{step.pk}": day for step in application.review_steps.filter(office="supervisor")}


def send(client, user, applications, *, proofs=None, **values):
    data = {"read": proofs or opened(client, user, applications), "typed_name": user.name}
    for each in applications:
        data |= dates(each)
    return client.post(ADDRESS, {**data, **values})


def signers(application: Application) -> list[str]:
    return [each.signer.name for each in application.current_text.sign_offs.all()]


def told(response, client) -> list[str]:
    assert response.url == reverse("approvals")
    return [str(message) for message in client.get(response.url).context["messages"]]


def test_page_shows_each_statement_and_its_date(client, supervisor, two):
    page = words(client.get(ADDRESS, {"read": opened(client, supervisor, two)}))
    assert page.count("was discussed with the supervisor on") == 2
    assert page.count('value="2026-11-05"') == 2
    assert "Ana Applicant" in page
    assert "Zoe Other" in page
    assert "Sign 2 applications" in page


def test_they_stand_in_the_order_of_the_list(client, org, supervisor, cohort, two):
    oldest = submitted(another(org, supervisor, "Olga Oldest"), cohort, now=NOW - timedelta(days=3))
    response = client.get(ADDRESS, {"read": opened(client, supervisor, [*two, oldest])})
    assert list(response.context["form"].settled) == [oldest.pk, two[0].pk, two[1].pk]


def test_each_is_signed_for_itself_and_goes_on(client, supervisor, director, two):
    response = send(client, supervisor, two)
    assert told(response, client) == ["Signed. 2 applications go on to the next office."]
    for each in two:
        assert signers(each) == [each.applicant.name, "Sam Supervisor"]
        assert each.current_step().signer == director


def test_a_date_is_corrected_in_its_own_application(client, supervisor, two):
    """A3."""
    send(client, supervisor, two, **dates(two[1], "2026-11-03"))
    confirmed = [each.review_steps.get(office="supervisor").concept_date for each in two]
    assert confirmed == [date(2026, 11, 5), date(2026, 11, 3)]


def test_one_wrong_date_signs_nothing(client, supervisor, two):
    response = send(client, supervisor, two, **dates(two[1], "2026-12-24"))
    assert response.status_code == 200
    assert "has to be discussed before" in words(response)
    assert [signers(each) for each in two] == [["Ana Applicant"], ["Zoe Other"]]


def test_a_wrong_name_signs_nothing_and_keeps_what_was_typed(client, supervisor, two):
    response = send(client, supervisor, two, typed_name="Sam Somebody", **dates(two[0], "2026-11-02"))
    page = words(response)
    assert response.status_code == 200
    assert "type your name exactly as it is on record" in page
    assert 'value="2026-11-02"' in page
    assert SignOff.objects.filter(signer=supervisor).count() == 0


def test_one_that_changed_is_left_out_and_said_so(client, applicant, supervisor, two):
    proofs = opened(client, supervisor, two)
    workflow.return_for_changes(application=two[0], by=supervisor, comment="Say more.", now=NOW)
    submit(two[0])
    response = send(client, supervisor, two, proofs=proofs)
    assert told(response, client) == [
        (
            "Not among them any more: Ana Applicant. "
            "Changed, withdrawn, or no longer waiting for you since you opened the list."
        ),
        "Signed. 1 application goes on to the next office.",
    ]
    assert signers(Application.objects.get(pk=two[0].pk)) == ["Ana Applicant"]


def test_a_second_press_signs_nothing_more(client, supervisor, two):
    proofs = opened(client, supervisor, two)
    told(send(client, supervisor, two, proofs=proofs), client)
    response = send(client, supervisor, two, proofs=proofs)
    assert "Not among them any more: Ana Applicant, Zoe Other." in told(response, client)[0]
    assert SignOff.objects.filter(signer=supervisor).count() == 2


def test_what_was_not_opened_is_not_signed(client, supervisor, director, two):
    client.force_login(supervisor)
    forged = [f"{two[0].pk}", "x:y:z"]
    response = send(client, supervisor, two, proofs=forged)
    assert response.url == reverse("approvals")
    foreign = opened(client, supervisor, two)
    for each in two:
        sign(each, supervisor)
    client.force_login(director)
    response = send(client, director, two, proofs=foreign)
    assert response.url == reverse("approvals")
    assert not ReviewStep.objects.filter(office="director", status="signed").exists()


def test_nothing_checked_says_what_to_do(client, supervisor, two):
    client.force_login(supervisor)
    response = client.get(ADDRESS)
    assert "check those to sign" in told(response, client)[0]


def test_a_decision_cannot_be_smuggled_in(client, applicant, deputy, supervisor, cohort):
    """A10."""
    application = at_deputy(applicant, cohort)
    assert opened(client, deputy, [application]) == [""]
    assert "Sign the checked ones together" not in words(client.get(reverse("approvals")))


def test_the_first_signature_asks_for_consent_once(client, supervisor, two):
    ESignConsent.objects.filter(person=supervisor).delete()
    response = send(client, supervisor, two)
    assert "Agree to sign electronically" in words(response)
    assert SignOff.objects.filter(signer=supervisor).count() == 0
    send(client, supervisor, two, consent="on")
    assert SignOff.objects.filter(signer=supervisor).count() == 2
    assert ESignConsent.objects.filter(person=supervisor).count() == 1


def test_three_take_as_many_queries_as_one(client, org, supervisor, cohort, two):
    def number(applications) -> int:
        address = f"{ADDRESS}?" + "&".join(
            f"read={each}" for each in opened(client, supervisor, applications)
        )
        return queries(client, address)

    third = submitted(another(org, supervisor), cohort)
    assert number(two[:1]) == number([*two, third])
