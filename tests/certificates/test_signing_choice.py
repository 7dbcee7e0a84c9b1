"""By a picture or by hand, as the branch office chooses it on the page of a draft (C3)."""

import pytest
from django.urls import reverse

from certificates.models import Batch


@pytest.fixture
def send(client, draft, branch_officer):
    def do(name: str, **data) -> Batch:
        client.force_login(branch_officer)
        response = client.post(reverse(name, args=[draft.pk]), data)
        assert response["Location"] == reverse("certificate_batch", args=[draft.pk])
        draft.refresh_from_db()
        return draft

    return do


def test_it_is_saved_by_itself(send):
    batch = send("certificate_signing", by_hand="True")
    assert (batch.signed_by_hand, batch.status) == (True, "draft")
    assert send("certificate_signing", by_hand="False").signed_by_hand is False


def test_what_is_chosen_beside_the_button_is_submitted(send):
    """Nothing that was marked is lost because another button was pressed."""
    batch = send("certificate_submit", by_hand="True")
    assert (batch.signed_by_hand, batch.status) == (True, "awaiting_approval")
    assert "Signature: by hand" in batch.text.text


def test_without_a_choice_it_stays_as_it_is(send, client):
    send("certificate_signing", by_hand="True")
    assert send("certificate_signing").signed_by_hand is True
    assert send("certificate_signing", by_hand="perhaps").signed_by_hand is True
    assert send("certificate_submit").signed_by_hand is True


def test_on_the_page_the_choice_belongs_to_both_buttons(client, draft, branch_officer):
    client.force_login(branch_officer)
    page = client.get(reverse("certificate_batch", args=[draft.pk])).content.decode()
    assert f'action="{reverse("certificate_submit", args=[draft.pk])}" id="to-submit"' in page
    assert f'formaction="{reverse("certificate_signing", args=[draft.pk])}"' in page
    assert 'form="to-submit">Submit for approval' in page


def test_a_second_press_after_it_was_submitted_changes_nothing(send):
    send("certificate_submit", by_hand="False")
    assert send("certificate_submit", by_hand="False").status == "awaiting_approval"
    assert send("certificate_submit", by_hand="True").signed_by_hand is False
