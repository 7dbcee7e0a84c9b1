"""Signatures over an exact text: a typed name, a statement, the capacity, and for whom."""

import hashlib
import unicodedata
from datetime import datetime

from django.db import transaction

from coaching import attribution, esign, signature_trail
from coaching.errors import Refused
from coaching.models import Delegation, SignedText, SignOff, User


class NameDoesNotMatch(Refused):
    pass


class ConsentNeeded(Refused):
    """Nobody signs electronically who has not agreed to it."""


class NotTheirSession(Refused):
    """Somebody else is signed in."""


@transaction.atomic
def signed_text(*, kind: SignedText.Kind, text: str, by: User | None, now: datetime) -> SignedText:
    """Keep a text to be signed, with its SHA-256 (hexadecimal, over UTF-8). `by` None: the system."""
    kept = SignedText.objects.create(kind=kind, text=text, digest=digest(text), created_at=now)
    signature_trail.record_text(kept, by=by, now=now)
    return kept


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def short_code(text_digest: str) -> str:
    """`1A2B-3C4D`: enough of a digest to tell by eye whether a paper is of the text at hand."""
    return f"{text_digest[:4]}-{text_digest[4:8]}".upper()


def is_name_of(user: User, typed_name: str) -> bool:
    """The typed name counts whatever its case and spacing, and whether its accents are letters of their own."""
    return _plain(typed_name) == _plain(user.name)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split()).casefold())


def check_name(signer: User, typed_name: str) -> None:
    """Raises NameDoesNotMatch unless it is the signer's."""
    if not is_name_of(signer, typed_name):
        raise NameDoesNotMatch(f"To sign, type your name exactly as it is on record: {signer.name}.")


@transaction.atomic
def sign(
    *,
    text: SignedText,
    by: User,
    capacity: str,
    statement: str,
    typed_name: str,
    now: datetime,
    on_behalf_of: User | None = None,
    delegation: Delegation | None = None,
) -> SignOff:
    """Put one signature under a text; the caller has locked the matter and checked the right to sign.

    Raises NameDoesNotMatch when the typed name is not the signer's, ConsentNeeded, NotTheirSession. The same signature
    twice is one.
    """
    session = attribution.current()
    if session.account_id not in (None, by.pk):
        raise NotTheirSession(f"Only {by} can sign here. Sign in as yourself first.")
    if not esign.has_consented(by):
        raise ConsentNeeded("Before your first signature, agree to sign electronically.")
    check_name(by, typed_name)
    sign_off, is_new = SignOff.objects.get_or_create(
        text=text,
        signer=by,
        capacity=capacity,
        defaults={
            "statement": statement,
            "typed_name": " ".join(typed_name.split()),
            "signed_at": now,
            "on_behalf_of": on_behalf_of,
            "delegation": delegation,
            "session_digest": session.session_digest,
            "address": session.address,
        },
    )
    if is_new:
        signature_trail.record_signature(sign_off, by=by, now=now)
    return sign_off
