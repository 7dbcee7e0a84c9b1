"""The pages of the alumni network (C6)."""

from html import unescape

import pytest
from django.urls import reverse

from coaching.models import AlumniEntry, Participant
from tests import factories
from tests.clock import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def graduate(cohort, applicant):
    factories.participant(cohort, applicant, role_aimed_for="Unit manager")
    applicant.participations.update(status=Participant.Status.COMPLETED, completed_at=NOW)
    return applicant


@pytest.fixture
def signed_in(client, graduate):
    client.force_login(graduate)
    return client


def words(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


def test_the_directory_is_for_those_who_completed_alone(client, signed_in, outsider, branch_officer):
    assert signed_in.get(reverse("alumni")).status_code == 200
    for other in (outsider, branch_officer):
        client.force_login(other)
        for name in ("alumni", "alumni_own", "alumni_withdraw"):
            assert client.get(reverse(name)).status_code == 404
        assert "Alumni" not in words(client.get("/"))


def test_the_first_page_offers_it_until_one_is_listed(signed_in, graduate):
    assert "Stay in touch" in words(signed_in.get("/"))
    form = signed_in.get(reverse("alumni_own"))
    assert 'value="Unit manager"' in form.content.decode(), "what they said when they applied"
    said = {"role": "Manager of a unit", "about": "Pilots", "agreed": "on"}
    assert signed_in.post(reverse("alumni_own"), said).url == reverse("alumni")
    assert "Stay in touch" not in words(signed_in.get("/"))
    page = words(signed_in.get(reverse("alumni")))
    assert "Manager of a unit" in page
    assert graduate.email in page


def test_without_agreeing_nothing_is_saved_and_what_was_typed_is_there(signed_in):
    page = words(signed_in.post(reverse("alumni_own"), {"role": "Manager", "about": "My pilots"}))
    assert "Nobody is listed who does not agree to it." in page
    assert "My pilots" in page
    assert not AlumniEntry.objects.exists()


def test_ended_with_one_click_and_a_second_one_is_harmless(signed_in):
    signed_in.post(reverse("alumni_own"), {"role": "Manager", "agreed": "on"})
    for _ in range(2):
        assert signed_in.post(reverse("alumni_withdraw")).url == reverse("alumni")
    assert not AlumniEntry.objects.exists()
    assert "You are not listed yet" in words(signed_in.get(reverse("alumni")))


def test_a_filter_that_is_none_says_so(signed_in):
    page = words(signed_in.get(reverse("alumni"), {"division": "x"}))
    assert "Show all" in page
    assert "Nobody found" in page
