"""Whatever is done to a sealed file, the seal says so; and whatever the file is, it takes no time."""

import asyncio
import io
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pikepdf
import pytest
from asn1crypto import cms, keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.ades.api import CAdESSignedAttrSpec
from pyhanko.sign.fields import SigFieldSpec, append_signature_field
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certificates import issuing, seal_check, seal_keys, sealing
from certificates.seal_check import run_alone
from certificates.sealing import Seal
from tests.certificates.content import CONTENT, content
from tests.certificates.seals import Authority, new_seal, root_of

pytestmark = pytest.mark.usefixtures("drawn")
SEALED_AT = datetime(2026, 11, 29, 18, 30, tzinfo=UTC)
FLIPS = 400


@pytest.fixture(scope="module")
def seal() -> Seal:
    return sealing.current()


@pytest.fixture(scope="module")
def file(seal) -> bytes:
    return issuing.sealed(CONTENT, seal=seal, now=SEALED_AT)


@pytest.fixture
def look(seal) -> Callable[[bytes], seal_check.Check]:
    return lambda pdf: seal_check.check(pdf, [root_of(seal)])


def flipped(pdf: bytes, bit: int) -> bytes:
    changed = bytearray(pdf)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def gap_of(pdf: bytes) -> tuple[int, int]:
    """Where the signature stands, with what is left of its place."""
    [found] = re.finditer(rb"/Contents (<[0-9a-f]+>)", pdf)
    return found.span(1)


def updated(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """An update in the way of PDF: appended, all that was there stays."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(pdf)
    return out.getvalue()


def set_title(writer: IncrementalPdfFileWriter) -> None:
    writer.set_info(generic.DictionaryObject({generic.pdf_name("/Title"): generic.pdf_string("Another")}))


def cover_page(writer: IncrementalPdfFileWriter) -> None:
    white = generic.StreamObject(stream_data=b"1 1 1 rg 0 0 792 612 re f")
    writer.add_stream_to_page(0, writer.add_object(white))


def sign_again(writer: IncrementalPdfFileWriter) -> None:
    append_signature_field(writer, SigFieldSpec("Another"))
    place = generic.DictionaryObject(
        {generic.pdf_name("/ByteRange"): generic.ArrayObject(map(generic.NumberObject, (0, 9, 9, 9)))}
    )
    writer.add_object(place)


def saved_anew(pdf: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        change(opened)
        opened.save(out)
    return out.getvalue()


class TestChanges:
    def test_single_bits_anywhere(self, file, look):
        random = Random(6)
        for bit in random.sample(range(8 * len(file)), FLIPS):
            found = look(flipped(file, bit))
            assert not found.whole, bit
            assert found.why, bit

    def test_single_bits_of_the_seal_itself(self, file, look):
        """Where a signature does not cover its own envelope, the envelope is compared."""
        random = Random(7)
        start, end = gap_of(file)
        for bit in random.sample(range(8 * start, 8 * end), 200):
            assert not look(flipped(file, bit)).whole, bit

    @pytest.mark.deep
    def test_each_bit_of_the_seal_itself(self, file, look):
        start, end = gap_of(file)
        for bit in range(8 * start, 8 * end):
            assert not look(flipped(file, bit)).whole, bit

    @pytest.mark.parametrize("change", [set_title, cover_page, sign_again])
    def test_an_appended_update(self, file, look, seal, change):
        found = look(updated(file, change))
        assert (found.whole, found.why) == (False, "Something was added to it after it was sealed.")
        assert found.seal == seal.fingerprint

    @pytest.mark.parametrize("more", [b"\n", b" ", b"\0", b"%%EOF\n"])
    def test_bytes_at_the_end(self, file, look, more):
        assert look(file + more).why == "Something was added to it after it was sealed."

    def test_bytes_before_it(self, file, look):
        assert not look(b"\n" + file).whole

    @pytest.mark.parametrize("left", [1, 2, 1000])
    def test_bytes_taken_away(self, file, look, left):
        assert not look(file[:-left]).whole

    def test_a_page_swapped(self, file, look, seal):
        other = issuing.sealed(content(name="Somebody Else"), seal=seal, now=SEALED_AT)

        def swap(opened: pikepdf.Pdf) -> None:
            with pikepdf.open(io.BytesIO(other)) as source:
                opened.pages[0].Contents = opened.copy_foreign(source.pages[0].Contents)

        assert not look(saved_anew(file, swap)).whole

    def test_a_seal_moved_to_another_certificate(self, file, look, seal):
        other = issuing.sealed(content(name="Marisol Okafor-Peyes"), seal=seal, now=SEALED_AT)
        (start, end), (its_start, its_end) = gap_of(file), gap_of(other)
        assert end - start == its_end - its_start
        moved = other[:its_start] + file[start:end] + other[its_end:]
        assert look(other).is_trusted
        assert look(moved).why == "It was changed after it was sealed."

    def test_the_claims_swapped(self, file, look):
        forged = file.replace(b'"name": "Marisol', b'"name": "Mirasol')
        assert forged != file
        assert look(forged).why == "It was changed after it was sealed."

    def test_saved_anew_by_another_program(self, file, look):
        assert not look(saved_anew(file, lambda opened: None)).whole

    def test_its_seal_taken_off(self, file, look):
        def take_off(opened: pikepdf.Pdf) -> None:
            del opened.Root.AcroForm, opened.Root.Perms, opened.Root.StructTreeRoot, opened.pages[0].Annots

        assert look(saved_anew(file, take_off)).why == "It bears no seal."


class TestOthers:
    def test_a_key_that_calls_itself_the_same(self, look):
        found = look(issuing.sealed(CONTENT, seal=new_seal(), now=SEALED_AT))
        assert (found.whole, found.is_trusted) == (True, False)
        assert found.why == "No root certificate of this department vouches for its seal."
        assert found.owner == "Department of Education"

    def test_a_certificate_of_another_site(self, look):
        other = new_seal("Department of Parks")
        found = look(issuing.sealed(CONTENT, seal=other, now=SEALED_AT))
        assert (found.whole, found.is_trusted, found.owner) == (True, False, "Department of Parks")
        assert found.seal == other.fingerprint

    def test_our_certificate_with_the_key_of_a_stranger(self, seal, look):
        forged = Seal(new_seal().key, seal.chain_pem)
        found = look(issuing.sealed(CONTENT, seal=forged, now=SEALED_AT))
        assert (found.whole, found.why) == (False, "It was changed after it was sealed.")

    @pytest.mark.parametrize(
        ("purpose", "seals"),
        [
            (None, True),
            (x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"), True),
            (ExtendedKeyUsageOID.EMAIL_PROTECTION, True),
            (ExtendedKeyUsageOID.SERVER_AUTH, False),
            (ExtendedKeyUsageOID.CLIENT_AUTH, False),
            (ExtendedKeyUsageOID.CODE_SIGNING, False),
        ],
    )
    def test_a_certificate_for_something_else_under_our_root_seals_nothing(self, purpose, seals):
        authority = Authority()
        printer = authority.seal("Printer 7", purpose=purpose)
        found = seal_check.check(issuing.sealed(CONTENT, seal=printer, now=SEALED_AT), [authority.root])
        assert (found.whole, found.is_trusted) == (True, seals)
        listed = seal_check.opened(printer.around(b"x", now=SEALED_AT), [authority.root])
        assert (listed is not None) == seals

    @pytest.mark.parametrize(
        ("name", "owner"),
        [
            ("\x1b[2J\x1b[32mThis certificate\nis valid", "[2J [32mThis certificate is valid"),
            ("x”\u202e evil\u200b", "x” evil"),
            ("W" * 64, "W" * 64),
            ("شیر\u200cین", "شیر\u200cین"),
        ],
    )
    def test_what_a_stranger_calls_themself_is_one_line_of_letters_that_are_seen(self, look, name, owner):
        assert look(issuing.sealed(CONTENT, seal=new_seal(name), now=SEALED_AT)).owner == owner

    def test_a_stranger_with_many_long_names_has_a_short_one(self):
        seal = Authority().seal("A", *"BCDEFGHIJ" * 20)
        assert seal.owner == ", ".join("A" + "BCDEFGHIJ" * 20)[: seal_check.LONGEST_OWNER]


@dataclass(frozen=True)
class Stamping(Seal):
    """Puts a time stamp of this server on a signature, or under it, among what is signed."""

    server: DummyTimeStamper | None = None
    signed: bool = False

    def _signature(self, digest: bytes, *, dry_run: bool = False) -> bytes:
        told = PdfCMSSignedAttributes(cades_signed_attrs=CAdESSignedAttrSpec(timestamp_content=self.signed))
        making = self._signer.async_sign(
            digest, "sha256", use_pades=True, timestamper=self.server, signed_attr_settings=told
        )
        whole = run_alone(making)["content"]
        [signer] = whole["signer_infos"]
        if self.signed:
            signer["unsigned_attrs"] = None
        whole["signer_infos"] = [signer]
        made = cms.ContentInfo({"content_type": "signed_data", "content": whole})
        return made.dump(force=True)


def stamper(certificates: int, at: datetime) -> tuple[DummyTimeStamper, bytes]:
    """A time-stamp server, and its own certificate. Where there are more, any could vouch for every second other."""
    names = [x509.Name.from_rfc4514_string(f"CN={name}") for name in "AB"]
    own_key = rsa.generate_private_key(65537, 2048)
    private: list[seal_keys.Private] = [
        own_key,
        *(ec.generate_private_key(ec.SECP256R1()) for _ in range(certificates - 1)),
    ]
    made = []
    for number, key in enumerate(private):
        names.reverse()
        issuer = private[(number + 1) % certificates]
        builder = (
            x509.CertificateBuilder(names[0], names[1] if certificates > 1 else names[0])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(days=1))
            .not_valid_after(at + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        )
        if number == 0:
            stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(stamping, critical=True)
        made.append(builder.sign(issuer, hashes.SHA256()))
    der = serialization.Encoding.DER
    own, *others = [asn1_x509.Certificate.load(each.public_bytes(der)) for each in made]
    plain = own_key.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    store = SimpleCertificateStore()
    store.register_multiple(others)
    server = DummyTimeStamper(own, keys.PrivateKeyInfo.load(plain), certs_to_embed=store, fixed_dt=at)
    return server, made[0].public_bytes(serialization.Encoding.PEM)


class TestTimeStamps:
    def stamped(self, seal: Seal, *, at: datetime, said: datetime) -> tuple[bytes, bytes]:
        server, root = stamper(1, at)
        stamping = Stamping(seal.key, seal.chain_pem, server=server)
        return issuing.sealed(CONTENT, seal=stamping, now=said), root

    def test_the_moment_is_that_of_the_server(self, seal):
        at = SEALED_AT + timedelta(minutes=3)
        file, root = self.stamped(seal, at=at, said=SEALED_AT)
        found = seal_check.check(file, [root_of(seal)], time_stamp_roots=[root])
        assert (found.is_trusted, found.time_stamped, found.sealed_at) == (True, True, at)
        assert seal_check.check(file, [root_of(seal)]).sealed_at == SEALED_AT  # nobody vouches for the server

    @pytest.mark.parametrize("trusted", [True, False])
    def test_a_seal_cannot_name_another_day_than_its_time_stamp(self, seal, trusted):
        file, root = self.stamped(seal, at=SEALED_AT + timedelta(hours=25), said=SEALED_AT)
        found = seal_check.check(file, [root_of(seal)], time_stamp_roots=[root] if trusted else [])
        assert (found.is_trusted, found.why) == (False, seal_check.TWO_DAYS)

    def test_a_certificate_that_ended_just_before_the_time_stamp_seals_nothing(self):
        seal = new_seal(years=1)
        _, until = seal.valid
        for at, trusted in ((until - timedelta(hours=1), True), (until + timedelta(hours=1), False)):
            file, root = self.stamped(seal, at=at, said=until - timedelta(hours=2))
            assert seal_check.check(file, [root_of(seal)], time_stamp_roots=[root]).is_trusted == trusted, at

    def test_one_among_what_is_signed_is_not_followed(self, look):
        """Of 40 certificates, any of which could vouch for 20 others."""
        server, _ = stamper(40, SEALED_AT)
        stranger = new_seal()
        hostile = Stamping(stranger.key, stranger.chain_pem, server=server, signed=True)
        file = issuing.sealed(CONTENT, seal=hostile, now=SEALED_AT)
        assert len(file) < 100_000
        began = time.process_time()
        assert look(file) == seal_check.ANOTHER
        assert time.process_time() - began < 2


RANGE = b"%PDF-1.7\n/ByteRange [0 40 99 9]"
HOSTILE = {
    "nothing": b"",
    "no PDF": b"hello",
    "a bare head": b"%PDF-1.7",
    "brackets": b"%PDF-1.7\n" + b"[" * 4_900_000,
    "places without end": b"%PDF-1.7\n" + b"/ByteRange" * 490_000,
    "places and spaces": b"%PDF-1.7\n" + (b"/ByteRange" + b" " * 98) * 45_000,
    "a range out of the file": b"%PDF-1.7\n/ByteRange [0 9999999999 9999999999 9999999999]",
    "a range turned around": b"%PDF-1.7\n/ByteRange [0 50 10 5]" + b"<00>" * 20,
    "a signature of megabytes": RANGE.replace(b"99 9", b"4900000 9") + b"<" + b"0" * 4_900_000 + b">",
    "nested without end": RANGE.replace(b"40 99", b"42 60044") + b"<" + b"3080" * 15_000 + b">" + b"x" * 9,
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_certificate_is_answered_at_once(hostile, look):
    began = time.process_time()
    found = look(hostile)
    assert (found.whole, found.is_trusted) == (False, False)
    assert found.why
    assert time.process_time() - began < 2


def test_many_certificates_that_vouch_for_each_other_are_not_followed(file, look):
    start, end = gap_of(file)
    signed = cms.ContentInfo.load(bytes.fromhex(file[start + 1 : end - 1].decode()))["content"]
    for _ in range(20):
        signed["certificates"].append(cms.CertificateChoices("certificate", new_seal().chain[0]))
    forged = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump().hex().encode()
    at = len(file) - end
    pdf = b"%%PDF-1.7\n/ByteRange [0 40 %d %d]".ljust(40) % (40 + 2 + len(forged), at)
    assert look(pdf + b"<" + forged + b">" + file[end:]).why == (
        "It bears a signature of another kind than a seal, or a seal that was damaged."
    )


def test_an_event_loop_that_runs_already_is_no_hindrance(file, look, seal):
    async def beside() -> seal_check.Check:
        return look(issuing.sealed(CONTENT, seal=seal, now=SEALED_AT))

    assert asyncio.run(beside()).is_trusted
