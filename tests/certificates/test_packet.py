"""The memo and list that are printed for a signature on paper (C3)."""

import io

import page
import pikepdf
import pytest
from django.urls import reverse

from certificates import names, packet
from certificates.approval import choose_signing, propose_batch, submit_for_approval
from certificates.templatetags.certificate_text import lines_of
from coaching import signing
from coaching.models import OrgUnit
from tests.applications.test_printing import pages_of
from tests.certificates.history import AFTER, delegate_to


def drawn(batch) -> bytes:
    return packet.packet_pdf(packet.of(batch, now=AFTER), now=AFTER)


def letters(text: str) -> str:
    return "".join(text.split())


def test_it_is_accessible_with_names_of_any_script(cohort, members, branch_officer):
    for participant, name in zip(members, ("ព្រះមុនី", "ஸ்ரீதர் கோபாலன்", "مُحَمَّد"), strict=True):
        names.write(person=participant.user, name=name, said="", now=AFTER)
    draft = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    submitted = submit_for_approval(batch=draft, by=branch_officer, now=AFTER)
    report = page.validate_pdf_bytes(drawn(submitted), profile="ua1")
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []


def test_memo_and_list_are_accessible_and_whole(submitted, members):
    """PDF/UA-1; the list is the exact text that is signed."""
    pdf = drawn(submitted)
    report = page.validate_pdf_bytes(pdf, profile="ua1")
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []
    memo, the_list, sample = pages_of(pdf)
    code = signing.short_code(submitted.text.digest)
    for said in (
        "To Sofia Superintendent, State Superintendent of Public Instruction",
        f"Peer Coaching Program, {submitted.cohort}: 3 certificates of completion",
        "I have read this list and seen a sample. As State Superintendent of Public Instruction, I approve",
        f"Code {code}, as at the foot of each page",
    ):
        assert said in memo
    assert letters(submitted.text.text) in letters(the_list)
    assert submitted.text.digest in letters(the_list)
    assert f"List {code}" in the_list
    assert sample.startswith("Sample: not a certificate")
    assert "This certifies that Ada Alvarez" in sample
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        drawn_behind = [b"/Backdrop Do" in each.Contents.read_bytes() for each in opened.pages]
    assert drawn_behind == [False, False, True]


def test_each_who_could_sign_has_a_line_with_their_own_statement(submitted, org, outsider):
    delegate_to(outsider, org)
    memo, *_ = pages_of(drawn(submitted))
    assert "Otto Outsider, delegate of the State Superintendent of Public Instruction" in memo
    assert "As delegate of the State Superintendent of Public Instruction, I approve" in memo
    assert "One signature is enough." in memo


def test_it_says_that_they_are_signed_by_hand(draft, branch_officer):
    choose_signing(batch=draft, by_hand=True, by=branch_officer, now=AFTER)
    batch = submit_for_approval(batch=draft, by=branch_officer, now=AFTER)
    memo, the_list, _ = pages_of(drawn(batch))
    assert "printed, to be signed by hand" in memo
    assert "Signature: by hand, on each printed certificate" in the_list


def test_a_letter_that_no_font_can_write_stands_as_its_number(draft, members, branch_officer):
    OrgUnit.objects.filter(pk=members[0].division_id).update(name="Ada \U0010fffd")
    propose_batch(cohort=draft.cohort, by=branch_officer, now=AFTER)
    batch = submit_for_approval(batch=draft, by=branch_officer, now=AFTER)
    assert "Ada [U+10FFFD]" in pages_of(drawn(batch))[1]


def test_nothing_is_printed_of_a_draft(draft):
    assert packet.of(draft, now=AFTER) is None


def test_nothing_is_printed_of_an_approved_one(approved):
    assert packet.of(approved, now=AFTER) is None


@pytest.mark.parametrize("who", ["branch_officer", "superintendent"])
def test_it_is_opened_by_those_concerned(request, client, submitted, who):
    client.force_login(request.getfixturevalue(who))
    response = client.get(reverse("certificate_packet", args=[submitted.pk]))
    assert response["Content-Type"] == "application/pdf"
    assert response["Cache-Control"] == "private, no-store"


def test_a_sample_that_cannot_be_drawn_is_told_on_the_page(client, submitted, branch_officer):
    type(submitted.cohort.program).objects.update(name="")
    client.force_login(branch_officer)
    page = client.get(reverse("certificate_packet", args=[submitted.pk]), follow=True)
    assert "The certificate has no program." in page.content.decode()


def test_a_name_written_from_the_right_turns_nothing_around_it():
    """On the page of the list and on paper alike, its words in the order of the certificate."""
    text = "Number of certificates: 3\n\n1. אבי <b>, Division A: 16 hours\n2. Ben, Division A: 16 hours\n"
    assert lines_of(text, ["אבי <b>", "Ben"]) == [
        "Number of certificates: 3",
        "",
        '1. <bdi dir="ltr">אבי &lt;b&gt;</bdi>, Division A: 16 hours',
        '2. <bdi dir="ltr">Ben</bdi>, Division A: 16 hours',
    ]
