"""Pages about people: profile, corrections, who signs for whom."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coaching import delegations, directory, outbox
from coaching.models import Delegation, DirectoryCorrection, Message
from tests import factories
from tests.clock import NOW, TODAY

pytestmark = pytest.mark.usefixtures("frozen", "plain_not_found")

IN_A_WEEK = TODAY + timedelta(days=7)


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def correction(applicant) -> DirectoryCorrection:
    return directory.report_correction(user=applicant, field="name", says="Ana Reyes", now=NOW)


@pytest.fixture
def order(deputy, director, branch) -> Delegation:
    return delegations.record(
        kind="delegate",
        person=director,
        principal=deputy,
        unit=branch,
        reason="Annual leave",
        start_date=TODAY,
        end_date=IN_A_WEEK,
        by=deputy,
        now=NOW,
    )


# One's own entry


def test_profile_shows_what_the_directory_says(as_user, applicant):
    page = as_user(applicant).get(reverse("people_me")).content.decode()

    for fact in ("Ana Applicant", "Education Programs Consultant", "Nutrition Division", "Sam Supervisor"):
        assert fact in page


def test_profile_shows_posts_and_orders(as_user, deputy, director, order):
    assert (
        "Dana Director</strong> signs for you" in as_user(deputy).get(reverse("people_me")).content.decode()
    )
    page = as_user(director).get(reverse("people_me")).content.decode()
    assert "You sign for <strong>Derek Deputy" in page
    assert "Division Director, Nutrition Division" in page


def test_a_correction_is_reported_from_the_profile(as_user, applicant, branch_officer):
    client = as_user(applicant)

    answer = client.post(reverse("people_me"), {"field": "name", "says": "Ana Reyes"})

    assert answer["Location"] == reverse("people_me")
    assert applicant.corrections.get().says == "Ana Reyes"
    assert "Ana Reyes" in client.get(reverse("people_me")).content.decode()


def test_a_correction_that_changes_nothing_is_explained(as_user, applicant):
    answer = as_user(applicant).post(reverse("people_me"), {"field": "name", "says": "Ana Applicant"})

    assert answer.status_code == 200
    assert "That is what the directory says already." in answer.content.decode()


# Corrections


def test_the_branch_office_sees_its_corrections_and_no_others(as_user, branch_officer, correction, org):
    elsewhere = factories.unit("branch", "Other Branch", parent=org.department)
    stranger = factories.person("Nia Stranger", unit=elsewhere)
    theirs = directory.report_correction(user=stranger, field="name", says="Nia Known", now=NOW)

    page = as_user(branch_officer).get(reverse("people_corrections")).content.decode()

    assert "Ana Reyes" in page
    assert "Nia Known" not in page
    assert as_user(branch_officer).get(reverse("people_correction", args=[theirs.pk])).status_code == 404


@pytest.mark.parametrize(
    "who", ["applicant", "supervisor", "director", "deputy", "outsider", "training_officer"]
)
def test_corrections_are_hidden_from_everybody_else(as_user, correction, who, request):
    client = as_user(request.getfixturevalue(who))

    assert client.get(reverse("people_corrections")).status_code == 404
    address = reverse("people_correction", args=[correction.pk])
    assert client.get(address).status_code == 404
    assert client.post(address, {"decision": "confirm"}).status_code == 404


def test_a_correction_is_confirmed_on_its_page(as_user, branch_officer, correction, applicant):
    client = as_user(branch_officer)
    address = reverse("people_correction", args=[correction.pk])

    assert "Confirm and change the directory" in client.get(address).content.decode()
    assert client.post(address, {"decision": "confirm"})["Location"] == reverse("people_corrections")
    applicant.refresh_from_db()
    assert applicant.name == "Ana Reyes"
    assert "Confirm and change the directory" not in client.get(address).content.decode()


def test_a_correction_is_declined_without_a_choice(as_user, branch_officer, applicant):
    row = directory.report_correction(user=applicant, field="supervisor", says="Olga", now=NOW)

    as_user(branch_officer).post(
        reverse("people_correction", args=[row.pk]), {"decision": "decline", "value": ""}
    )

    row.refresh_from_db()
    assert row.status == DirectoryCorrection.Status.DECLINED


def test_a_supervisor_is_chosen_by_mail_address(as_user, branch_officer, applicant, org):
    row = directory.report_correction(user=applicant, field="supervisor", says="Olga", now=NOW)
    client, address = as_user(branch_officer), reverse("people_correction", args=[row.pk])

    assert (
        "Nobody on record" in client.post(address, {"decision": "confirm", "value": "Olga"}).content.decode()
    )
    client.post(address, {"decision": "confirm", "value": org.other_director.email})

    applicant.refresh_from_db()
    assert applicant.supervisor == org.other_director


def test_a_refusal_stands_on_the_form(as_user, branch_officer, applicant):
    row = directory.report_correction(user=applicant, field="supervisor", says="myself", now=NOW)

    answer = as_user(branch_officer).post(
        reverse("people_correction", args=[row.pk]), {"decision": "confirm", "value": applicant.email}
    )

    assert "Nobody is their own supervisor." in answer.content.decode()


def queries(client, name: str) -> int:
    """How many a list takes, once what is cached between requests is there."""
    client.get(reverse(name))
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse(name)).status_code == 200
    return len(captured)


def test_the_list_of_corrections_takes_as_many_queries_for_three_as_for_one(
    as_user, branch_officer, correction, org
):
    client = as_user(branch_officer)
    with_one = queries(client, "people_corrections")
    for number in range(2):
        user = factories.person(unit=org.unit, supervisor=org.director)
        directory.report_correction(user=user, field="supervisor", says=f"Person {number}", now=NOW)

    assert queries(client, "people_corrections") == with_one


# Who signs for whom


def order_data(**values) -> dict[str, str]:
    return {
        "person": "",
        "reason": "Annual leave",
        "start_date": TODAY.isoformat(),
        "end_date": IN_A_WEEK.isoformat(),
        **values,
    }


def test_a_head_names_a_delegate(as_user, deputy, director, branch):
    client = as_user(deputy)

    assert "Branch Deputy, Services Branch" in client.get(reverse("people_delegate")).content.decode()
    answer = client.post(reverse("people_delegate"), order_data(person=director.email, unit=branch.pk))

    assert answer["Location"] == reverse("people_delegations")
    order = Delegation.objects.get()
    assert (order.kind, order.principal, order.person, order.unit) == ("delegate", deputy, director, branch)


def test_a_post_of_somebody_else_is_no_choice(as_user, director, applicant, branch):
    answer = as_user(director).post(
        reverse("people_delegate"), order_data(person=applicant.email, unit=branch.pk)
    )

    assert answer.status_code == 200
    assert not Delegation.objects.exists()


def test_a_supervisor_has_nothing_to_choose(as_user, supervisor, applicant, director):
    client = as_user(supervisor)

    assert "What for?" not in client.get(reverse("people_delegate")).content.decode()
    client.post(reverse("people_delegate"), order_data(person=director.email))

    assert Delegation.objects.get().principal == supervisor


def test_a_refused_order_is_explained(as_user, deputy, branch):
    answer = as_user(deputy).post(reverse("people_delegate"), order_data(person=deputy.email, unit=branch.pk))

    assert "holds this post already; name somebody else" in answer.content.decode()


def test_the_branch_office_records_an_acting_person(as_user, branch_officer, supervisor, org):
    client = as_user(branch_officer)

    page = client.get(reverse("people_acting")).content.decode()
    assert "Division Director, Nutrition Division (Dana Director)" in page
    assert "Unit Manager, Field Unit (vacant)" in page
    client.post(reverse("people_acting"), order_data(person=supervisor.email, unit=org.division.pk))

    order = Delegation.objects.get()
    assert (order.kind, order.principal, order.person) == ("acting", org.director, supervisor)


def test_an_acting_person_is_recorded_for_an_absent_supervisor(as_user, branch_officer, supervisor, outsider):
    as_user(branch_officer).post(
        reverse("people_acting"), order_data(person=outsider.email, absent=supervisor.email)
    )

    assert Delegation.objects.get().principal == supervisor


@pytest.mark.parametrize("both", [True, False])
def test_an_acting_person_is_for_one_post(as_user, branch_officer, supervisor, outsider, org, both):
    data = {"unit": org.division.pk, "absent": supervisor.email} if both else {}

    answer = as_user(branch_officer).post(reverse("people_acting"), order_data(person=outsider.email, **data))

    assert "one of the two" in answer.content.decode()
    assert not Delegation.objects.exists()


@pytest.mark.parametrize("name", ["people_delegate", "people_acting"])
def test_without_a_post_or_office_there_is_nothing_to_record(as_user, outsider, name):
    client = as_user(outsider)

    assert client.get(reverse(name)).status_code == 404
    assert client.post(reverse(name), order_data()).status_code == 404


def test_an_order_is_ended_from_the_list(as_user, deputy, order):
    client = as_user(deputy)

    page = client.get(reverse("people_delegations")).content.decode()
    assert "In force" in page
    client.post(reverse("people_delegation_end", args=[order.pk]))

    page = client.get(reverse("people_delegations")).content.decode()
    assert "Ended early, November 23, 2026" in page
    assert "End<span" not in page


def test_the_list_says_what_is_over_and_what_has_not_begun(as_user, deputy, order):
    client = as_user(deputy)

    Delegation.objects.update(start_date=TODAY + timedelta(days=1))
    assert "Not begun" in client.get(reverse("people_delegations")).content.decode()
    Delegation.objects.update(start_date=TODAY - timedelta(days=9), end_date=TODAY - timedelta(days=1))
    assert "Over" in client.get(reverse("people_delegations")).content.decode()


def test_an_order_of_others_is_not_there(as_user, outsider, order):
    client = as_user(outsider)

    assert "Derek Deputy" not in client.get(reverse("people_delegations")).content.decode()
    assert client.post(reverse("people_delegation_end", args=[order.pk])).status_code == 404
    order.refresh_from_db()
    assert order.ended_at is None


def test_an_order_is_not_ended_by_opening_the_address(as_user, deputy, order):
    answer = as_user(deputy).get(reverse("people_delegation_end", args=[order.pk]))

    assert answer.url == reverse("people_delegations")
    order.refresh_from_db()
    assert order.ended_at is None


def test_the_list_of_orders_takes_as_many_queries_for_three_as_for_one(
    as_user, branch_officer, deputy, order, org
):
    client = as_user(branch_officer)
    with_one = queries(client, "people_delegations")
    for _ in range(2):
        delegations.record(
            kind="delegate",
            person=factories.person(),
            principal=deputy,
            unit=org.branch,
            reason="Leave",
            start_date=TODAY,
            end_date=IN_A_WEEK,
            by=deputy,
            now=NOW,
        )

    assert queries(client, "people_delegations") == with_one


# Mail


def send(mailoutbox) -> dict[str, str]:
    """What was sent, by recipient."""
    outbox.deliver_due(now=NOW)
    return {mail.to[0]: f"{mail.subject}\n{mail.body}" for mail in mailoutbox}


def test_both_names_stand_in_the_mail_about_an_order(order, deputy, director, mailoutbox):
    mails = send(mailoutbox)

    assert mails.keys() == {deputy.email, director.email}
    assert mails[director.email].startswith("Dana Director for Derek Deputy, from November 23, 2026\n")
    assert "Post: Branch Deputy, Services Branch" in mails[director.email]
    assert "Reason: Annual leave" in mails[director.email]


def test_an_order_ended_before_its_mail_left_is_mailed_as_ended_only(order, deputy, director, mailoutbox):
    delegations.end(delegation=order, by=deputy, now=NOW)

    mails = send(mailoutbox)

    assert mails[director.email].startswith("Ended: Dana Director for Derek Deputy\n")
    assert Message.objects.filter(status="dropped").count() == 2


def test_a_correction_is_mailed_to_the_office_and_its_outcome_to_the_person(
    branch_officer, applicant, correction, mailoutbox
):
    assert "It should be: Ana Reyes" in send(mailoutbox)[branch_officer.email]
    directory.settle_correction(correction=correction, confirm=True, by=branch_officer, now=NOW)
    mail = send(mailoutbox)[applicant.email]
    assert mail.startswith("Your entry in the directory was corrected\n")
    assert "Name on record now: Ana Reyes" in mail


def test_a_declined_correction_is_mailed_as_such(branch_officer, applicant, correction, mailoutbox):
    directory.settle_correction(correction=correction, confirm=False, by=branch_officer, now=NOW)

    mails = send(mailoutbox)

    assert mails[applicant.email].startswith("Your entry in the directory stays as it is\n")
    assert branch_officer.email not in mails  # nothing to check any more


def test_the_branch_office_records_a_written_order(
    as_user, branch_officer, deputy, outsider, branch, mailoutbox
):
    """A9: the deputy never signs in."""
    client = as_user(branch_officer)
    values = {
        "unit": branch.pk,
        "person": outsider.email,
        "reason": "Long leave",
        "order_date": TODAY,
        "order_reference": "DO-12",
        "start_date": TODAY,
        "end_date": TODAY + timedelta(days=7),
    }
    response = client.post(reverse("people_written_order"), values)
    assert response["Location"] == reverse("people_delegations")
    order = Delegation.objects.get()
    assert (order.kind, order.principal, order.person, order.recorded_by) == (
        "delegate",
        deputy,
        outsider,
        branch_officer,
    )
    page = " ".join(client.get(response["Location"]).content.decode().split())
    assert "By written order of November 23, 2026 (DO-12)" in page
    outbox.deliver_due(now=NOW)
    assert sorted(letter.to[0] for letter in mailoutbox) == sorted([deputy.email, outsider.email])
    assert all("written order of November 23, 2026 (DO-12)" in letter.body for letter in mailoutbox)


def test_a_vacant_post_has_no_written_order(as_user, branch_officer, branch):
    branch.head = None
    branch.save()
    page = as_user(branch_officer).get(reverse("people_written_order"))
    assert branch not in page.context["form"].fields["unit"].queryset
