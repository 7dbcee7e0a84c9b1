"""Names that no certificate can be made of are told before anybody approves them."""

import pytest
from django.urls import reverse

from certificates import approval
from certificates.approval import NamesChanged, propose_batch, submit_for_approval
from certificates.models import Batch, HolderName
from certificates.printable import CannotPrint, unwritable
from tests.certificates.history import AFTER

pytestmark = pytest.mark.usefixtures("plain_not_found")

NO_LETTER = "\u0378"  # stands for no letter, in any font


def draft_with(members, name, by):
    HolderName.objects.create(person=members[0].user, name=name, written_at=AFTER)
    return propose_batch(cohort=members[0].cohort, by=by, now=AFTER)


def test_it_is_said_which_letters_of_which_name():
    names = ["Ada", "Zoë", "李小龍", f"Ben {NO_LETTER}", f"Chi {NO_LETTER}\u0379"]
    assert unwritable(names) == {
        f"Ben {NO_LETTER}": NO_LETTER,
        f"Chi {NO_LETTER}\u0379": f"{NO_LETTER}\u0379",
    }


def test_a_list_with_such_a_name_is_not_submitted(members, branch_officer):
    batch = draft_with(members, f"Ada {NO_LETTER}", branch_officer)
    with pytest.raises(CannotPrint, match=f"can write “{NO_LETTER}” in the name of Ada {NO_LETTER}"):
        submit_for_approval(batch=batch, by=branch_officer, now=AFTER)
    batch.refresh_from_db()
    assert batch.status == Batch.Status.DRAFT


def test_neither_is_one_with_more_than_the_page_takes(drawn, members, branch_officer):
    program = members[0].cohort.program
    program.name = "Program of many words " * 9
    program.save()
    batch = draft_with(members, "W" * 200, branch_officer)
    with pytest.raises(CannotPrint, match=r"WWW: The name, or .* too long"):
        submit_for_approval(batch=batch, by=branch_officer, now=AFTER)


def test_a_long_name_that_fits_is_submitted(drawn, members, branch_officer):
    batch = draft_with(members, "W" * 200, branch_officer)
    assert submit_for_approval(batch=batch, by=branch_officer, now=AFTER).status == Batch.Status.AWAITING


def test_a_name_that_came_on_the_list_meanwhile_is_looked_at_first(
    members, draft, branch_officer, monkeypatch
):
    look = approval.refuse_unprintable

    def slow(batch, **how):
        found = look(batch, **how)
        draft_with(members, f"Ada {NO_LETTER}", branch_officer)
        return found

    monkeypatch.setattr(approval, "refuse_unprintable", slow)
    with pytest.raises(NamesChanged, match="brought up to date meanwhile"):
        submit_for_approval(batch=draft, by=branch_officer, now=AFTER)
    draft.refresh_from_db()
    assert draft.status == Batch.Status.DRAFT


def test_whoever_saves_such_a_name_reads_so(client, members):
    client.force_login(members[0].user)
    address = reverse("certificate_name")
    told = f"No font of ours can write “{NO_LETTER}” in your name"
    assert told in client.post(address, {"name": f"Ada {NO_LETTER}"}, follow=True).content.decode()
    assert told not in client.post(address, {"name": "Ada Ånde"}, follow=True).content.decode()
