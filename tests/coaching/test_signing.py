"""Signatures: a typed name over an exact text."""

import hashlib

import pytest
from django.contrib.sessions.backends.db import SessionStore

from coaching import attribution, esign, signing
from coaching.models import Delegation, SignedText, SignOff
from tests import factories
from tests.clock import NOW, TODAY


@pytest.fixture
def text(db):
    return signing.signed_text(kind=SignedText.Kind.APPLICATION, text="I commit myself.\nÄ", by=None, now=NOW)


def sign(text, by, typed_name=None, **values):
    return signing.sign(
        text=text,
        by=by,
        capacity=values.pop("capacity", "Applicant"),
        statement="I commit myself.",
        typed_name=typed_name if typed_name is not None else by.name,
        now=NOW,
        **values,
    )


def test_text_keeps_its_digest(text):
    assert text.digest == hashlib.sha256("I commit myself.\nÄ".encode()).hexdigest()
    assert signing.digest(text.text) == text.digest
    assert signing.digest(text.text + " ") != text.digest


def test_signature_says_who_as_what_and_when(text, applicant):
    signature = sign(text, applicant)
    signature.refresh_from_db()
    assert (signature.signer, signature.capacity, signature.typed_name) == (
        applicant,
        "Applicant",
        "Ana Applicant",
    )
    assert (signature.statement, signature.signed_at) == ("I commit myself.", NOW)
    assert (signature.on_behalf_of, signature.delegation) == (None, None)


@pytest.mark.parametrize("typed", ["ana applicant", "  Ana   Applicant ", "ANA APPLICANT"])
def test_case_and_spacing_of_the_name_do_not_matter(text, applicant, typed):
    assert sign(text, applicant, typed).typed_name == " ".join(typed.split())


@pytest.mark.parametrize(
    ("on_record", "typed"), [("Zo\xeb Luz", "Zoe\u0308 Luz"), ("Zoe\u0308 Luz", "Zo\xeb Luz")]
)
def test_letters_with_accents_are_the_same_however_they_are_typed(text, applicant, on_record, typed):
    applicant.name = on_record
    assert sign(text, applicant, typed).typed_name == typed


@pytest.mark.parametrize("typed", ["", " ", "Ana", "AnaApplicant", "Sam Supervisor", "Ana Applicant Jr."])
def test_another_name_does_not_sign(text, applicant, typed):
    with pytest.raises(signing.NameDoesNotMatch, match="exactly as it is on record: Ana Applicant"):
        sign(text, applicant, typed)
    assert not SignOff.objects.exists()


def test_signing_twice_is_one_signature(text, applicant):
    assert sign(text, applicant) == sign(text, applicant, "ana applicant")
    assert SignOff.objects.get().typed_name == "Ana Applicant"


def test_one_person_signs_in_two_capacities(text, director):
    """A9"""
    sign(text, director, capacity="Supervisor")
    sign(text, director, capacity="Division Director")
    assert SignOff.objects.filter(text=text, signer=director).count() == 2


def test_both_names_stand_on_an_acting_signature(text, supervisor, director, org):
    """A9"""
    order = Delegation.objects.create(
        kind="acting",
        principal=director,
        unit=org.division,
        person=supervisor,
        reason="On leave",
        start_date=TODAY,
        end_date=TODAY,
    )
    signature = sign(
        text, supervisor, on_behalf_of=director, delegation=order, capacity="Acting Division Director"
    )
    assert (signature.signer, signature.on_behalf_of, signature.delegation) == (supervisor, director, order)


def test_without_consent_nothing_is_signed(text):
    newcomer = factories.person("Nia Newcomer", consents=False)
    with pytest.raises(signing.ConsentNeeded, match="agree to sign electronically"):
        sign(text, newcomer)
    assert not SignOff.objects.exists()
    first = esign.consent(by=newcomer, now=NOW)
    assert esign.consent(by=newcomer, now=NOW) == first
    assert sign(text, newcomer).signer == newcomer


def test_nobody_signs_in_the_session_of_another(text, applicant, supervisor, rf):
    request = rf.post("/")
    request.user, request.session = supervisor, SessionStore("key")
    with attribution.of(request), pytest.raises(signing.NotTheirSession, match="Only Ana Applicant"):
        sign(text, applicant)
    assert not SignOff.objects.exists()


def test_each_wording_has_a_version_of_its_own():
    """Whoever changes a word gives it a new version, so that everybody is asked again."""
    assert {esign.VERSION: signing.digest(esign.TEXT)} == {
        "2026-11": "eaa3a6cfd0b1787bc86538a00c80ce5245045d1357bd05525e1532e58bcaf861"
    }
