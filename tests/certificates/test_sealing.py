"""The seal: whole, of the department, archival and accessible at once, and safe from every change."""

import http.server
import io
import socket
import subprocess
import threading
import zlib
from datetime import UTC, datetime, timedelta

import page
import pikepdf
import pkcs11
import pydyf
import pytest
from asn1crypto import keys, tsp, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import CertificateBuilder, ExtendedKeyUsage, Name, random_serial_number
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.conf import settings
from django.core.management import CommandError, call_command
from PIL import Image
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certificates import apart, archival, issuing, seal_check, seal_keys, sealing, signatures
from certificates.rendering import CannotRender
from certificates.seal_keys import NoSealKey
from certificates.sealing import CannotSeal, Seal
from tests.certificates.content import CONTENT, content, text_of
from tests.certificates.seals import Authority, made, new_seal, put_in_place, root_of
from tests.clock import NOW

pytestmark = pytest.mark.usefixtures("drawn")
SEALED_AT = datetime(2026, 11, 29, 18, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def seal() -> Seal:
    return sealing.current()


@pytest.fixture(scope="module")
def file(seal) -> bytes:
    return issuing.sealed(CONTENT, seal=seal, now=SEALED_AT)


def is_archival_and_accessible(pdf: bytes) -> bool:
    found = [page.validate_pdf_bytes(pdf, profile=profile) for profile in ("3a", "ua1")]
    assert [(f.rule_id, f.message) for report in found for f in report.failures] == []
    return all(report.is_compliant for report in found)


def _is_image(each: pikepdf.Object) -> bool:
    return isinstance(each, pikepdf.Stream) and each.get("/Subtype") == "/Image"


class TestFile:
    def test_it_is_archival_and_accessible_at_once(self, file):
        assert is_archival_and_accessible(file)

    @pytest.mark.parametrize("form", ["PNG", "JPEG"])
    def test_it_is_both_with_the_picture_of_a_signature(self, seal, form):
        given = io.BytesIO()
        Image.effect_noise((600, 150), 80).convert("RGB").save(given, form)
        picture = signatures.as_png(given.getvalue())
        signed = issuing.sealed(content(signature=picture), seal=seal, now=SEALED_AT)
        with pikepdf.open(io.BytesIO(signed)) as opened:
            assert [each.Width for each in opened.objects if _is_image(each)] == [600, 600]  # with its shape
        assert is_archival_and_accessible(signed)

    def test_other_tools_agree_that_it_is_whole(self, file, seal, tmp_path):
        path, root = tmp_path / "certificate.pdf", tmp_path / "root.pem"
        path.write_bytes(file)
        root.write_bytes(root_of(seal))
        qpdf = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
        assert (qpdf.returncode, "No syntax or stream encoding errors" in qpdf.stdout) == (0, True)
        poppler = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True).stdout
        assert "Signature is Valid" in poppler
        assert "Total document signed" in poppler
        assert "ETSI.CAdES.detached" in poppler
        command = [
            ".venv/bin/pyhanko",
            "sign",
            "validate",
            "--trust",
            root,
            "--validation-time",
            "claimed",
            path,
        ]
        pyhanko = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True)
        assert pyhanko.returncode == 0, pyhanko.stdout + pyhanko.stderr
        assert "INTACT:TRUSTED,UNTOUCHED" in pyhanko.stdout + pyhanko.stderr

    def test_nothing_was_appended_to_it(self, file):
        assert file.count(b"startxref") == 1
        assert file.count(b"%%EOF") == 1

    def test_no_stream_could_be_taken_for_shorter_than_it_says(self):
        """Where its last byte is a carriage return, the line end after it is a whole one."""
        assert zlib.compress(b"\x0c", 9).endswith(b"\r")
        stream = pydyf.Stream([b"\x0c"])
        stream.number = 7
        assert archival._Packed(stream).data.endswith(b"\r\r\nendstream")

    def test_the_seal_is_read_out_and_stands_over_the_drawn_one(self, file):
        with pikepdf.open(io.BytesIO(file)) as opened:
            [field] = opened.Root.AcroForm.Fields
            assert str(field.TU) == "Electronic seal of the Department of Education"
            assert int(opened.Root.Perms.DocMDP.Reference[0].TransformParams.P) == 1
            left, bottom, right, top = (float(side) for side in field.Rect)
            assert (right - left, top - bottom) == (93, 116.25)
            assert left + right == pytest.approx(792)

    def test_it_proves_whose_and_when(self, file, seal):
        found = seal_check.check(file, [root_of(seal)])
        assert (found.whole, found.is_trusted, found.why) == (True, True, "")
        assert found.owner == "Department of Education"
        assert found.sealed_at == SEALED_AT
        assert found.root == seal.root_fingerprint
        assert not found.time_stamped

    def test_it_stands_after_the_certificate_of_the_seal_has_ended(self, file, seal, time_machine):
        time_machine.move_to(datetime(2060, 1, 1, tzinfo=UTC))
        assert seal_check.check(file, [root_of(seal)]).is_trusted

    def test_a_seal_put_on_after_its_certificate_ended_is_not_trusted(self, seal):
        late = issuing.sealed(CONTENT, seal=seal, now=SEALED_AT + timedelta(days=366 * 12))
        found = seal_check.check(late, [root_of(seal)])
        assert (found.whole, found.is_trusted) == (True, False)

    def test_somebody_elses_root_does_not_vouch_for_it(self, file):
        strange = made("Department of Education")
        found = seal_check.check(file, [strange.chain])
        assert (found.whole, found.is_trusted) == (True, False)
        assert found.why == "No root certificate of this department vouches for its seal."

    def test_an_rsa_key_of_an_authority_seals_as_well(self):
        key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        own = seal_keys.make(name="Department", password="x", years=1, now=NOW, key=key)
        seal = Seal(seal_keys.FileKey(key), own.chain)
        file = issuing.sealed(CONTENT, seal=seal, now=SEALED_AT)
        assert seal_check.check(file, [root_of(seal)]).is_trusted

    def test_a_sample_has_no_seal_and_no_place_for_one(self):
        sample = issuing.render(content(sample=True))
        assert is_archival_and_accessible(sample)
        assert b"/Sig" not in sample
        assert seal_check.check(sample, []).why == "It bears no seal."


@pytest.mark.parametrize("by_hand", [True, False])
def test_the_line_that_is_signed_by_hand_is_read_out(seal, by_hand):
    file = issuing.sealed(content(signed_by_hand=by_hand), seal=seal, now=SEALED_AT)
    assert is_archival_and_accessible(file)
    with pikepdf.open(io.BytesIO(file)) as opened:
        told = [
            str(each.Alt)
            for each in opened.objects
            if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Figure"
        ]
    assert ("Empty line for the signature, which is written by hand" in told) is by_hand


HARD_NAMES = (
    "O",
    "Li",
    "Zoë Ñandú-Škvorecký O’Brien d'Ávila",
    "Nguyễn Thị Phương Łukasz Þórðarson",
    "Ada & Bob <b>Lovelace</b>",
    "Ştefan Ţurcanu-Ĝis",
    "x̌ʷə́yəqʷ Sʔəlixʷ",
    "Ɲɛ́ɛ́ Kɔ̀fí",
    "Αλέξανδρος Παπαδόπουλος",
    "Ὀδυσσεύς Λαερτιάδης",
    "Владимир Щербаков",
    "Ґалаґан Їжакевич",
    "Գրիգոր Նարեկացի",
    "შოთა რუსთაველი",
    "דוד לוי",
    "רבקה בן־גוריון",
    "محمد عبد الرحمن الهاشمي",
    "شیرین فرخزاد",
    "انور مقصود",
    "ܐܦܪܝܡ ܣܘܪܝܝܐ",
    "ኃይለ ሥላሴ",
    "अनिता शर्मा",
    "राजेश कुमार त्रिपाठी",
    "সুভাষ চট্টোপাধ্যায়",
    "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
    "ગિરીશ પટેલ",
    "ଶରତ୍ ଚନ୍ଦ୍ର",
    "தமிழ்ச்செல்வி",
    "శ్రీనివాస రావు",
    "ಕೃಷ್ಣಪ್ಪ",
    "ശ്രീകുമാർ",
    "සුනිල් පෙරේරා",
    "สมชาย ใจดี",
    "ຄຳສິງ ສີສຸກ",
    "လှလှမြင့်",
    "អ៊ុំ ស្រីមុំ",
    "ཀརྨ་བསོད་ནམས།",
    "ᠪᠠᠲᠤ",
    "ᐃᓄᒃᑎᑐᑦ",
    "ᏣᎳᎩ ᎠᏂ",
    "山田太郎",
    "髙橋さくら",
    "김민준",
    "陳大文",
    "欧阳娜娜",
    "ㄌㄧˇ ㄅㄞˊ",
    "𠮷野家",
    "W" * 60,
    "Maximiliana Wilhelmina Anastasia-Konstantinopoulou Featherstonehaugh de la Cruz Y",
    "Bartholomew " * 9,
)


@pytest.mark.parametrize("name", HARD_NAMES)
def test_a_hard_name_is_whole_searchable_archival_and_sealed(name, seal):
    """script/bootstrap installs the fonts."""
    file = issuing.sealed(content(name=name.strip()), seal=seal, now=SEALED_AT)
    assert is_archival_and_accessible(file)
    assert seal_check.check(file, [root_of(seal)]).is_trusted
    with pikepdf.open(io.BytesIO(file)) as opened:
        assert len(opened.pages) == 1
    assert letters(name) in letters(text_of(file))


WORDS_OF_PDF = (
    "Ada /ByteRange Alvarez",
    "Zoë \\/ByteRange (/ByteRange",
    "Ada /ByteRange[0 1 2 3]",
    f"Ada {archival.BYTE_RANGE.decode()}",
    "Ada <00000000>",
    "Ada /M (D:20200101000000Z)",
    "Ada endstream endobj",
    "Ada %%EOF startxref 0 trailer %PDF-1.7",
    "Ada ]]> --> </rdf:RDF>",
)


@pytest.mark.parametrize("words", WORDS_OF_PDF)
def test_words_that_mean_something_in_a_file_are_printed_as_any_others(words, seal):
    file = issuing.sealed(content(name=words, program=words), seal=seal, now=SEALED_AT)
    assert is_archival_and_accessible(file)
    assert seal_check.check(file, [root_of(seal)]).is_trusted
    assert letters(text_of(file)).count(letters(words)) >= 2
    claims = apart.look(file, []).says.claims
    assert (claims["name"], claims["program"]) == (words, words)
    with pikepdf.open(io.BytesIO(file)) as opened:
        title = f"Certificate of Completion for {words}"
        assert str(opened.docinfo.Title) == opened.open_metadata()["dc:title"] == title


def test_a_second_place_for_a_seal_is_refused_as_something_that_cannot_be_printed(seal):
    """Of this one certificate, whosever name it is; the seal itself is not at fault."""
    place = seal.place(made_at=SEALED_AT, reason="Issues this certificate")
    with pytest.raises(CannotRender, match="“/ByteRange” cannot be written"):
        seal.put_on(issuing.render(CONTENT, place=place) + b"/ByteRange", place)


def letters(text: str) -> str:
    """Without spaces, and without hyphens: pdftotext drops one that stands at the end of a line."""
    return "".join(text.split()).replace("-", "")


class Server(http.server.BaseHTTPRequestHandler):
    """A time-stamp server, or one that refuses."""

    stamper: DummyTimeStamper | None = None
    answer: bytes | None = None

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        if self.stamper is None and self.answer is None:
            self.send_error(503)
            return
        answer = self.answer
        if answer is None:
            answer = self.stamper.request_tsa_response(tsp.TimeStampReq.load(asked)).dump()
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def time_stamp_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def time_stamper() -> tuple[DummyTimeStamper, bytes]:
    """One that vouches for itself, and its certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = Name.from_rfc4514_string("CN=Time")
    certificate = (
        CertificateBuilder(name, name, key.public_key(), random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=4000))
        .add_extension(ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    der = serialization.Encoding.DER
    private = key.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    stamper = DummyTimeStamper(
        x509.Certificate.load(certificate.public_bytes(der)),
        keys.PrivateKeyInfo.load(private),
        fixed_dt=SEALED_AT,
    )
    return stamper, certificate.public_bytes(serialization.Encoding.PEM)


class TestTimeStamp:
    def test_it_stands_on_the_seal_and_stays_archival(self, seal, time_stamp_server, monkeypatch):
        stamper, root = time_stamper()
        monkeypatch.setattr(Server, "stamper", stamper)
        stamping = Seal(seal.key, seal.chain_pem, time_stamp_server)
        file = issuing.sealed(CONTENT, seal=stamping, now=SEALED_AT)
        assert is_archival_and_accessible(file)
        found = seal_check.check(file, [root_of(seal)], time_stamp_roots=[root])
        assert (found.is_trusted, found.time_stamped) == (True, True)
        assert not seal_check.check(file, [root_of(seal)]).time_stamped

    def test_a_server_that_gives_none_stops_the_sealing_in_words(self, seal, time_stamp_server):
        stamping = Seal(seal.key, seal.chain_pem, time_stamp_server)
        with pytest.raises(CannotSeal, match="time-stamp server gave no time stamp"):
            issuing.sealed(CONTENT, seal=stamping, now=SEALED_AT)


# A status alone, without a token.
GRANTED, REFUSED = b"\x30\x05\x30\x03\x02\x01\x00", b"\x30\x05\x30\x03\x02\x01\x02"


class TestTimeStampServer:
    """Whatever it answers, it is said in words, and nothing is issued."""

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"<html>Busy</html>",
            b"0\x03\x02\x01\x02",
            GRANTED,
            REFUSED,
            b"0\x84\x7f\xff\xff\xff" + bytes(100_000),
        ],
        ids=["nothing", "a page", "no answer", "no token", "a refusal", "no end"],
    )
    def test_an_answer_that_is_no_time_stamp_stops_the_sealing(
        self, seal, time_stamp_server, monkeypatch, answer
    ):
        monkeypatch.setattr(Server, "answer", answer)
        with pytest.raises(CannotSeal, match="time-stamp server gave no time stamp"):
            issuing.sealed(CONTENT, seal=Seal(seal.key, seal.chain_pem, time_stamp_server), now=SEALED_AT)

    @pytest.mark.parametrize(
        "answer", [b"HELLO\r\n", b"HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\nshort", b""]
    )
    def test_one_that_does_not_speak_http_stops_the_sealing(self, seal, answer):
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def serve() -> None:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(100_000)
                    connection.sendall(answer)

            threading.Thread(target=serve, daemon=True).start()
            address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
            with pytest.raises(CannotSeal, match="time-stamp server gave no time stamp"):
                issuing.sealed(CONTENT, seal=Seal(seal.key, seal.chain_pem, address), now=SEALED_AT)

    def test_a_time_stamp_that_no_reader_would_take_is_found_before_anything_is_issued(
        self, seal, time_stamp_server, monkeypatch
    ):
        """With more certificates than are looked at."""
        stamper, _ = time_stamper()
        others = SimpleCertificateStore()
        others.register_multiple(each for _ in range(6) for each in new_seal().chain)
        stamper.certs_to_embed = others
        monkeypatch.setattr(Server, "stamper", stamper)
        stamping = Seal(seal.key, seal.chain_pem, time_stamp_server)
        with pytest.raises(
            CannotSeal, match="nobody would trust it, so nothing was issued: It bears a signature"
        ):
            issuing.file_of(CONTENT, seal=stamping, now=SEALED_AT)


class TestTrust:
    """A seal that nobody would trust is not put on anything."""

    @pytest.mark.parametrize(
        "what",
        [
            {"usage": ("digital_signature",)},
            {"usage": ("key_encipherment",)},
            {"purpose": ExtendedKeyUsageOID.SERVER_AUTH},
        ],
    )
    def test_a_certificate_for_something_else_is_refused(self, settings, tmp_path, what):
        put_in_place(Authority().seal("Department", **what), settings=settings, folder=tmp_path)
        with pytest.raises(NoSealKey, match="not for signing documents"):
            sealing.usable(now=NOW)

    def test_a_chain_that_does_not_lead_to_its_last_certificate_is_refused(self, settings, tmp_path):
        seal, other = new_seal(), new_seal()  # of one name
        own = seal.chain_pem.removesuffix(root_of(seal))
        put_in_place(seal, settings=settings, folder=tmp_path, chain=own + root_of(other))
        with pytest.raises(NoSealKey, match="do not lead to the last one"):
            sealing.usable(now=NOW)

    def test_that_of_an_authority_is_taken(self, settings, tmp_path):
        put_in_place(Authority().seal("Department"), settings=settings, folder=tmp_path)
        assert sealing.usable(now=NOW).owner == "Department"

    def test_it_is_asked_once_a_day(self, settings, tmp_path, monkeypatch):
        put_in_place(new_seal(), settings=settings, folder=tmp_path)
        asked = []
        monkeypatch.setattr(sealing, "opened", lambda signed, roots: asked.append(1) or signed)
        for hours in (0, 1, 2, 30):
            sealing.usable(now=NOW + timedelta(hours=hours))
        assert len(asked) == 2

    def test_a_file_that_nobody_would_trust_is_not_issued(self):
        expired = new_seal(years=1)
        late = NOW + timedelta(days=800)
        with pytest.raises(CannotSeal, match="No root certificate of this department vouches for its seal"):
            issuing.file_of(CONTENT, seal=expired, now=late)


class TestKey:
    def test_the_command_makes_one_that_seals(self, tmp_path, capsys, settings):
        call_command("make_seal_key", tmp_path / "seal", name="Example Department")
        for line in capsys.readouterr().out.splitlines():
            setting, _, value = line.partition("=")
            setattr(settings, setting, value)
        assert (tmp_path / "seal" / "key.pem").stat().st_mode & 0o777 == 0o600
        assert b"ENCRYPTED" in (tmp_path / "seal" / "key.pem").read_bytes()
        seal = sealing.current()
        assert seal.owner == "Example Department"
        file = issuing.sealed(CONTENT, seal=seal, now=datetime.now(UTC))
        assert seal_check.check(file, [root_of(seal)]).is_trusted

    @pytest.mark.parametrize("there", ["key.pem", "seal.pem"])
    def test_the_command_overwrites_nothing_and_leaves_no_half(self, tmp_path, there):
        (tmp_path / there).write_bytes(b"of somebody")
        with pytest.raises(CommandError, match=f"{there} is there already"):
            call_command("make_seal_key", tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [there]
        assert (tmp_path / there).read_bytes() == b"of somebody"

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"SEAL_CERTIFICATE": ""}, "no key of a seal is set up yet"),
            ({"SEAL_KEY": ""}, "no key of a seal is set up yet"),
            ({"SEAL_CERTIFICATE": "var/nowhere.pem"}, "certificate of the seal cannot be read: No such file"),
            ({"SEAL_KEY": "var/nowhere.pem"}, "key of the seal cannot be read: No such file"),
            ({"SEAL_KEY_PASSWORD": "another"}, "does not open"),
            ({"SEAL_CERTIFICATE": "README.md"}, "certificate of the seal is no PEM file"),
            ({"SEAL_TOKEN_MODULE": "/nowhere.so"}, "token with the key of the seal does not open"),
        ],
    )
    def test_what_is_missing_is_named(self, settings, change, says):
        for setting, value in change.items():
            setattr(settings, setting, value)
        with pytest.raises(NoSealKey, match=says):
            sealing.current()

    @pytest.mark.parametrize(("years", "says"), [(-3, "is valid from"), (30, "expired on")])
    def test_nothing_is_sealed_outside_the_time_of_its_certificate(self, seal, years, says):
        assert sealing.usable(now=NOW).fingerprint == seal.fingerprint
        with pytest.raises(NoSealKey, match=says):
            sealing.usable(now=NOW + timedelta(days=365 * years))

    def test_a_renewed_certificate_of_the_same_file_name_is_taken_without_a_new_start(
        self, tmp_path, settings
    ):
        for number in (1, 2):
            put_in_place(new_seal(f"Department {number}"), settings=settings, folder=tmp_path)
            assert sealing.usable(now=NOW).owner == f"Department {number}"

    @pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
    def test_what_stands_around_the_certificates_does_not_matter(self, tmp_path, settings, db, encoding):
        seal = new_seal()
        remark = "# Département\n".encode(encoding)
        put_in_place(seal, settings=settings, folder=tmp_path, chain=remark + seal.chain_pem + remark)
        assert sealing.current().chain_pem == seal.chain_pem
        assert issuing.kept(sealing.current(), NOW).root == root_of(seal)

    def test_a_key_that_does_not_belong_to_the_certificate_is_refused(self, tmp_path, settings):
        (tmp_path / "seal.pem").write_bytes(made().chain)
        settings.SEAL_CERTIFICATE = str(tmp_path / "seal.pem")
        with pytest.raises(NoSealKey, match="does not belong to its certificate"):
            sealing.current()


MODULE = "/usr/lib/softhsm/libsofthsm2.so"


@pytest.fixture
def token(tmp_path, monkeypatch, settings) -> Seal:
    """PKCS#11, with a token made of software."""
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    material = made("Department with a token")
    plain = serialization.load_pem_private_key(material.key, b"of-tests").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(plain)
    (tmp_path / "seal.pem").write_bytes(material.chain)
    secret = ["--pin", "1234", "--label", "seal"]
    for command in (
        ["softhsm2-util", "--init-token", "--free", "--so-pin", "5678", *secret],
        ["softhsm2-util", "--import", tmp_path / "key.pem", "--token", "seal", "--id", "01", *secret],
    ):
        subprocess.run(command, check=True, capture_output=True)
    (tmp_path / "key.pem").unlink()
    settings.SEAL_CERTIFICATE, settings.SEAL_KEY = str(tmp_path / "seal.pem"), ""
    settings.SEAL_TOKEN_MODULE = MODULE
    settings.SEAL_TOKEN, settings.SEAL_TOKEN_PIN, settings.SEAL_TOKEN_KEY = "seal", "1234", "seal"
    # The library may stand open from another test, with the tokens of that one.
    pkcs11.lib(MODULE).reinitialize()
    return sealing.current()


@pytest.mark.services
class TestToken:
    def test_a_key_on_it_seals_and_never_leaves_it(self, token, settings):
        file = issuing.sealed(CONTENT, seal=token, now=SEALED_AT)
        assert seal_check.check(file, [root_of(token)]).is_trusted
        settings.SEAL_TOKEN_PIN = "9999"
        with pytest.raises(NoSealKey, match="token with the key of the seal does not open"):
            sealing.current()

    def test_one_that_was_away_is_opened_again(self, token):
        pkcs11.lib(MODULE).reinitialize()
        file = issuing.sealed(CONTENT, seal=sealing.current(), now=SEALED_AT)
        assert seal_check.check(file, [root_of(token)]).is_trusted

    def test_one_that_stays_away_is_said_in_words_until_it_is_back(self, token, tmp_path):
        [its_place] = (tmp_path / "tokens").iterdir()
        away = its_place.rename(tmp_path / "away")
        pkcs11.lib(MODULE).reinitialize()
        for _ in range(2):
            with pytest.raises(CannotSeal, match="key of the seal did not sign"):
                issuing.sealed(CONTENT, seal=sealing.current(), now=SEALED_AT)
            with pytest.raises(CannotSeal, match="key of the seal did not sign"):
                token.around(b"x", now=SEALED_AT)
        away.rename(its_place)
        pkcs11.lib(MODULE).reinitialize()
        assert issuing.sealed(CONTENT, seal=sealing.current(), now=SEALED_AT)
