"""The department's seal on a certificate's file: PAdES baseline B, or T where a time-stamp server is set.

pyHanko makes the signature alone (certificates/signer.py), over the bytes around a place that certificates/archival.py left
for it: nothing is appended and nothing else in the file is touched.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from asn1crypto import pem
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.conf import settings
from django.utils.formats import date_format

from certificates.archival import BYTE_RANGE, Place
from certificates.rendering import CannotRender
from certificates.seal_check import HASH, SIGNED, opened, owner_of
from certificates.seal_keys import DoesNotSign, Key, NoSealKey, belongs, load_file, load_token
from coaching.errors import Refused

if TYPE_CHECKING:
    from certificates.signer import KeptSigner

SLACK = 256  # bytes: two signatures with one key differ a little in length
NOT_SIGNED = "The key of the seal did not sign. Ask whoever runs this program."


class CannotSeal(Refused):
    pass


@dataclass(frozen=True)
class Seal:
    """A key with its certificate, PEM, followed by the chain up to and with the root; and a time-stamp server, if any."""

    key: Key
    chain_pem: bytes
    time_stamp_server: str = ""

    @cached_property
    def chain(self) -> list[Certificate]:
        return [Certificate.load(der) for *_, der in pem.unarmor(self.chain_pem, multiple=True)]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its certificate."""
        return self.chain[0].sha256.hex()

    @property
    def root_fingerprint(self) -> str:
        return self.chain[-1].sha256.hex()

    @property
    def root(self) -> bytes:
        """As PEM."""
        return pem.armor("CERTIFICATE", self.chain[-1].dump())

    @property
    def valid(self) -> tuple[datetime, datetime]:
        return self.chain[0].not_valid_before, self.chain[0].not_valid_after

    @property
    def owner(self) -> str:
        return owner_of(self.chain[0])

    def is_trusted(self, *, now: datetime) -> bool:
        """By its own root, as whoever verifies would have it; tried once a day. Raises CannotSeal."""
        day = now.date()
        if day not in self._trusted_on and opened(self.around(b"Trusted?", now=now), [self.root]):
            self._trusted_on.add(day)
        return day in self._trusted_on

    @cached_property
    def _trusted_on(self) -> set[date]:
        return set()

    @cached_property
    def _signer(self) -> "KeptSigner":
        from certificates.signer import KeptSigner  # noqa: PLC0415 (loads pyHanko, which takes a while)

        return KeptSigner(self.key, self.chain, self.time_stamp_server)

    @cached_property
    def _size(self) -> int:
        return len(self._signature(bytes(32), dry_run=True)) + SLACK

    def place(self, *, made_at: datetime, reason: str) -> Place:
        return Place(size=self._size, name=self.owner, made_at=made_at.astimezone(UTC), reason=reason)

    def put_on(self, pdf: bytes, place: Place) -> bytes:
        """The same file with the seal in its place. Raises CannotSeal; and CannotRender where another seems to be in it."""
        at = pdf.index(BYTE_RANGE, _only_place(pdf))
        start = pdf.index(place.gap, at)
        end = start + len(place.gap)
        sealed = bytearray(pdf)
        around = b"[0 %d %d %d]" % (start, end, len(pdf) - end)
        sealed[at : at + len(BYTE_RANGE)] = around.ljust(len(BYTE_RANGE))
        digest = hashlib.new(HASH)
        with memoryview(sealed) as view:
            digest.update(view[:start])
            digest.update(view[end:])
        signature = self._signature(digest.digest()).hex().encode()
        if len(signature) > 2 * place.size:
            raise CannotSeal("The seal is larger than its place on the certificate. Try again.")
        sealed[start + 1 : start + 1 + len(signature)] = signature
        return bytes(sealed)

    def around(self, content: bytes, *, now: datetime) -> bytes:
        """The content in a signature of the seal (CMS): one file, checked with the root alone. Raises CannotSeal."""
        try:
            return self._signer.around(content, now=now)
        except DoesNotSign as problem:
            raise CannotSeal(NOT_SIGNED) from problem

    def _signature(self, digest: bytes, *, dry_run: bool = False) -> bytes:
        try:
            return self._signer.over(digest, dry_run=dry_run)
        except OSError as problem:
            raise CannotSeal(
                "The time-stamp server gave no time stamp, so nothing was sealed. Try again; if it stays so, ask whoever "
                "runs this program to look at SEAL_TIME_STAMP_SERVER (docs/operations.md)."
            ) from problem
        except DoesNotSign as problem:
            raise CannotSeal(NOT_SIGNED) from problem


def current() -> Seal:
    """The seal that the settings name. Raises NoSealKey, which says what to do."""
    path = settings.BASE_DIR / settings.SEAL_CERTIFICATE
    if not settings.SEAL_CERTIFICATE or not (settings.SEAL_KEY or settings.SEAL_TOKEN_MODULE):
        raise NoSealKey(
            "Certificates are sealed, and no key of a seal is set up yet. Ask whoever runs this program: "
            "manage.py make_seal_key makes one for trying (docs/operations.md, “The seal”)."
        )
    try:
        how = (
            settings.SEAL_KEY,
            settings.SEAL_KEY_PASSWORD,
            settings.SEAL_TOKEN_MODULE,
            settings.SEAL_TOKEN_PIN,
        )
        return _loaded(path, path.stat().st_mtime_ns, settings.SEAL_TIME_STAMP_SERVER, how)
    except OSError as problem:
        raise NoSealKey(
            f"The certificate of the seal cannot be read: {problem.strerror}. Look at SEAL_CERTIFICATE."
        ) from problem


def usable(*, now: datetime) -> Seal:
    """The current seal, where what it seals now can be trusted. Raises NoSealKey, which says what to do."""
    seal = current()
    valid_from, valid_until = seal.valid
    if now < valid_from:
        raise NoSealKey(
            f"The certificate of the seal is valid from {date_format(valid_from)} on, and nothing is sealed before. "
            "Look at SEAL_CERTIFICATE, and at the clock of the worker."
        )
    if now > valid_until:
        raise NoSealKey(
            f"The certificate of the seal expired on {date_format(valid_until)}, so nothing more is sealed with it. "
            "Ask whoever runs this program for a new one (docs/operations.md, “The seal”)."
        )
    if not seal.is_trusted(now=now):
        raise NoSealKey(
            "Nobody would trust what this seal is put on, so nothing is sealed with it: its certificate is not for signing "
            "documents (key usage: digital signature and non-repudiation), or those that follow it do not lead to the last "
            "one, the root. Look at SEAL_CERTIFICATE (docs/operations.md, “The seal”)."
        )
    return seal


def time_stamp_roots() -> list[bytes]:
    """Root certificates (PEM) of the time-stamp servers that were ever used."""
    path = settings.BASE_DIR / settings.SEAL_TIME_STAMP_ROOTS
    return [path.read_bytes()] if path.is_file() else []


@lru_cache(maxsize=1)
def _loaded(path: Path, _changed: int, time_stamp_server: str, _opens: object) -> Seal:
    """Opened once by each process, and again after the certificate was replaced."""
    if settings.SEAL_TOKEN_MODULE:
        key: Key = load_token(
            settings.SEAL_TOKEN_MODULE,
            settings.SEAL_TOKEN,
            settings.SEAL_TOKEN_PIN,
            settings.SEAL_TOKEN_KEY,
        )
    else:
        key = load_file(settings.BASE_DIR / settings.SEAL_KEY, settings.SEAL_KEY_PASSWORD)
    chain = _chain(path.read_bytes())
    if not _belongs(key, chain[0]):
        raise NoSealKey(
            "The key of the seal does not belong to its certificate. Look at SEAL_CERTIFICATE and SEAL_KEY."
        )
    plain = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain)
    return Seal(key, plain, time_stamp_server)


def _chain(file: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file)
    except ValueError as problem:
        raise NoSealKey(
            "The certificate of the seal is no PEM file, whose certificates begin with “-----BEGIN CERTIFICATE-----”. "
            "Look at SEAL_CERTIFICATE."
        ) from problem


def _belongs(key: Key, certificate: x509.Certificate) -> bool:
    try:
        return belongs(key, certificate)
    except DoesNotSign as problem:
        raise NoSealKey(NOT_SIGNED) from problem


def _only_place(pdf: bytes) -> int:
    at = pdf.index(SIGNED)
    if pdf.find(SIGNED, at + 1) != -1:
        word = SIGNED.decode()
        raise CannotRender(
            f"“{word}” cannot be written on a certificate: it marks the place of a seal. Take it out."
        )
    return at
