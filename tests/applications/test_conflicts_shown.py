"""Each conflict of posts is settled by A9, and shown before anything is signed: on the first page and on the last."""

from html import unescape

import pytest
from django.urls import reverse

from coaching import delegations
from tests import factories
from tests.applications.factories import draft
from tests.clock import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]


def shown(client, applicant, cohort) -> list[str]:
    """What the applicant reads on both pages, on one line each."""
    application = draft(applicant, cohort)
    client.force_login(applicant)
    addresses = (
        reverse("application_step", args=[application.pk, "about"]),
        reverse("application_review", args=[application.pk]),
    )
    return [" ".join(unescape(client.get(each).content.decode()).split()) for each in addresses]


def acting(person, unit, *, by):
    delegations.record(
        kind="acting",
        person=person,
        principal=None,
        unit=unit,
        reason="The post is being filled.",
        start_date=TODAY,
        end_date=TODAY,
        by=by,
        now=NOW,
    )


def test_the_supervisor_who_is_the_director_signs_once(client, applicant, director, cohort):
    applicant.supervisor = director
    applicant.save()
    for page in shown(client, applicant, cohort):
        assert "Dana Director signs once, as Supervisor and as Division Director, Nutrition Division." in page


def test_whoever_signs_in_one_post_is_not_said_to_sign_once(client, applicant, cohort):
    for page in shown(client, applicant, cohort):
        assert "signs once" not in page


def test_a_director_who_applies_is_signed_for_by_the_next_higher_head(client, director, cohort):
    for page in shown(client, director, cohort):
        assert "Branch Deputy, Services Branch, in place of the Division Director" in page
        assert "The applicant holds the post Division Director, Nutrition Division." in page
        assert "Derek Deputy signs once" in page


def test_the_deputy_who_applies_is_decided_on_by_the_superintendent(client, deputy, cohort):
    for page in shown(client, deputy, cohort):
        assert "The applicant holds the post Branch Deputy, Services Branch." in page
        assert "State Superintendent of Public Instruction, Department of Education" in page
        assert "Sofia Superintendent" in page


def test_an_empty_office_says_whom_to_ask(client, applicant, org, cohort):
    org.division.head = None
    org.division.save()
    for page in shown(client, applicant, cohort):
        assert "Your application cannot be sent yet" in page
        assert "The post Division Director, Nutrition Division, is vacant" in page
        assert "coaching@example.org" in page


def test_an_acting_person_in_an_empty_office_is_named_with_the_reason(
    client, applicant, org, cohort, outsider, branch_officer
):
    org.division.head = None
    org.division.save()
    acting(outsider, org.division, by=branch_officer)
    for page in shown(client, applicant, cohort):
        assert "Otto Outsider" in page
        assert (
            "acting in the vacant post from November 23, 2026 to November 23, 2026: The post is being filled."
            in page
        )


def test_a_branch_officer_reads_what_applying_costs(client, branch_officer, supervisor, cohort):
    """T10."""
    factories.officer(cohort.branch, "Carla Colleague")
    branch_officer.supervisor = supervisor
    branch_officer.save()
    for page in shown(client, branch_officer, cohort):
        assert "Carla Colleague" in page
