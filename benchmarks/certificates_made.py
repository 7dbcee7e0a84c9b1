"""Runs in a process of its own for benchmarks/certificates.py, and prints what it measured as JSON."""

import base64
import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from statistics import median

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coaching.site.settings")
django.setup()

from asn1crypto import keys as asn1_keys  # noqa: E402 (Django has to be ready first)
from asn1crypto import x509 as asn1_x509  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.template.loader import render_to_string  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.urls import path  # noqa: E402
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: E402
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner  # noqa: E402
from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: E402
from weasyprint import HTML  # noqa: E402

from certificates import artwork, issuing, rendering, seal_check, sealing  # noqa: E402
from certificates.claims import claims_of, content_of  # noqa: E402
from certificates.models import Batch, BatchEntry  # noqa: E402
from certificates.rendering import CertificateContent  # noqa: E402
from coaching import cohorts  # noqa: E402
from coaching.models import Cohort, OrgUnit, Participant, User  # noqa: E402
from coaching.permissions import access, public  # noqa: E402
from coaching.site import reference, urls  # noqa: E402

ROUNDS = 15
WARM = 2
CODE = "mZ0w9hJ4n7pT2xQ5rV8yB1cD3fG"
NOW = datetime.now(UTC)
NAMES = (
    "Marisol Okafor-Reyes",
    "Zoë Ñandú-Škvorecký",
    "Li Wei",
    "Maximiliana Featherstonehaugh de la Cruz",
    "Ed O’Neil",
)


def content(number: int) -> CertificateContent:
    return CertificateContent(
        name=f"{NAMES[number % len(NAMES)]} {number}",
        program="Peer Coaching Program",
        cohort="2027 program",
        department="Department of Example Education",
        branch="Curriculum and Instruction Branch",
        start_date=date(2027, 1, 1),
        end_date=date(2027, 8, 31),
        competencies=(
            "Fostering a Team Environment",
            "Creating Organizational Transformation",
            "Maximizing Performance Results",
            "Building Trust and Accountability",
            "Promoting a High Performance Culture",
            "Building Coalitions",
        ),
        hours=Decimal(16),
        signatory_name="Eleanor Whitfield",
        signatory_title="State Superintendent of Public Instruction",
        serial=f"2027-001-{number:04}",
        code=CODE,
        verification_address=f"https://coaching.example.org/verify/{CODE}",
        issued_date=date(2027, 9, 15),
    )


def ours(number: int) -> tuple[float, float]:
    """Seconds of the processor to render; and to seal, with the check that follows."""
    seal = sealing.current()
    begun = time.process_time()
    place = seal.place(made_at=NOW, reason="Issues this certificate")
    drawn = rendering.render(content(number), place=place)
    rendered = time.process_time()
    if not seal_check.check(seal.put_on(drawn, place), [seal.root]).is_trusted:
        raise RuntimeError("What was sealed is not trusted.")
    return rendered - begun, time.process_time() - rendered


# The obvious way


def as_svg(operators: str, width: int, height: int) -> str:
    """The drawings of certificates/artwork.py as somebody would have drawn them for a browser."""
    shapes, close = [], ""
    for line in operators.splitlines()[1:]:
        if line.startswith("q "):
            numbers = line.split()
            shapes.append(f'<g transform="matrix({" ".join(numbers[1:7])})">')
            close = "</g>"
            continue
        if line == "Q":
            continue
        fill = re.search(r"([\d. ]+) rg", line)
        stroke = re.search(r"([\d. ]+) RG ([\d.]+) w", line)
        way = re.sub(r"^.* (?:rg|w) (?=\S)", "", line)
        way = re.sub(r"([-\d. ]+) re", _rectangle, way)
        way = re.sub(r"([-\d. ]+) ([mlc])(?= |$)", lambda found: f"{found[2].upper()}{found[1]}", way)
        way = re.sub(r" h\b", "Z", way).rsplit(" ", 1)[0]
        look = f'fill="{_color(fill[1]) if fill else "none"}"'
        if stroke:
            look += f' stroke="{_color(stroke[1])}" stroke-width="{stroke[2]}"'
        shapes.append(f'<path d="{way}" {look}/>')
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{"".join(shapes)}{close}</svg>'


def _rectangle(found: re.Match[str]) -> str:
    x, y, width, height = found[1].split()
    return f"M{x} {y}h{width}v{height}h-{width}Z"


def _color(parts: str) -> str:
    return "#" + "".join(f"{round(255 * float(part)):02x}" for part in parts.split())


class ObviousWay:
    def __init__(self) -> None:
        sheet, _ = rendering.PAPERS["letter"]
        operators = artwork.backdrop(sheet.width, sheet.height, *sheet.seal_at).decode()
        drawing = base64.b64encode(as_svg(operators, sheet.width, sheet.height).encode()).decode()
        style = (settings.BASE_DIR / "static" / "certificates" / "certificate.css").read_text()
        behind = f"@page {{ background: url(data:image/svg+xml;base64,{drawing}) no-repeat }}"
        self.style = f"<style>{self._fonts()}\n{style}\n{behind}</style>"
        self.signer = self._signer()

    def _fonts(self) -> str:
        folder = settings.BASE_DIR / "node_modules" / "@fontsource" / "public-sans" / "files"
        return "\n".join(
            f'@font-face {{ font-family: "Public Sans {part}"; font-weight: {weight}; '
            f'src: url("{(folder / f"public-sans-{part}-{weight}-normal.woff2").as_uri()}") }}'
            for part in ("latin", "latin-ext", "vietnamese")
            for weight in (400, 600)
        )

    def _signer(self) -> SimpleSigner:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name.from_rfc4514_string("CN=Obvious")
        usage = dict.fromkeys(
            ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"), False
        )
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + timedelta(days=1))
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    content_commitment=True,
                    encipher_only=False,
                    decipher_only=False,
                    **usage,
                ),
                critical=True,
            )
            .sign(key, hashes.SHA256())
        )
        der = serialization.Encoding.DER
        private = key.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return SimpleSigner(
            signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(der)),
            signing_key=asn1_keys.PrivateKeyInfo.load(private),
            cert_registry=SimpleCertificateStore(),
        )

    def __call__(self, number: int) -> tuple[float, float]:
        begun = time.process_time()
        what = content(number)
        html = render_to_string("certificates/certificate.html", {"content": what, "name_size": "name-1"})
        picture = base64.b64encode(rendering.qr_code(what.verification_address)).decode()
        html = html.replace("certificate:qr", f"data:image/svg+xml;base64,{picture}")
        drawn = HTML(string=html.replace("</head>", f"{self.style}</head>")).write_pdf(pdf_variant="pdf/a-3a")
        rendered = time.process_time()
        settings_of_it = PdfSignatureMetadata(field_name="Seal", certify=True)
        PdfSigner(settings_of_it, self.signer).sign_pdf(IncrementalPdfFileWriter(BytesIO(drawn)))
        return rendered - begun, time.process_time() - rendered


def beside() -> dict[str, float]:
    obvious = ObviousWay()
    mine, theirs = [], []
    for number in range(ROUNDS + WARM):
        mine.append(ours(number))
        theirs.append(obvious(number))
    rows = zip(("ours", "sealing"), zip(*mine[WARM:], strict=True), strict=True)
    other = zip(("obvious", "obvious sealing"), zip(*theirs[WARM:], strict=True), strict=True)
    return {name: median(times) for name, times in [*rows, *other]}


def many(number: int) -> dict[str, float]:
    """Seconds on the clock, without the start; memory in MiB."""
    ours(0)
    begun, early = time.monotonic(), 0.0
    for turn in range(1, number + 1):
        ours(turn)
        if turn == number // 5:  # the caches are full by then
            early = _memory()
    return {"seconds": time.monotonic() - begun, "early": early, "most": _memory()}


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# The page


@access(public)
def empty(request: HttpRequest) -> HttpResponse:
    return render(request, "base.html")


def registered() -> str:
    """The code of a certificate in the database: sealed, with its file."""
    top = OrgUnit.objects.create(kind="department", name="Department")
    branch = OrgUnit.objects.create(kind="branch", name="Branch", parent=top)
    cohort = cohorts.open_cohort(
        cohort=Cohort(
            program=reference.load(today=NOW.date()),
            branch=branch,
            name="Measured",
            applications_open_date=NOW.date(),
            applications_close_date=NOW.date() + timedelta(days=30),
            first_month=(NOW.date() + timedelta(days=90)).replace(day=1),
            seats=12,
            contact_role="Program coordinator",
            contact_email="office@example.org",
        ),
        by=None,
        now=NOW,
    )
    user = User.objects.create(email="person@example.org", name="Marisol Okafor-Reyes")
    participant = Participant.objects.create(user=user, cohort=cohort, enrolled_at=NOW)
    batch = Batch.objects.create(cohort=cohort)
    entry = BatchEntry.objects.create(batch=batch, participant=participant, name=user.name, minutes=960)
    claims = claims_of(entry, sign_off=None, issued_date=NOW.date())
    seal = sealing.usable(now=NOW)
    drawn = content_of(claims, serial="2027-001-0001", code=CODE)
    prepared = issuing.Prepared(
        "2027-001-0001", CODE, claims, issuing.file_of(drawn, seal=seal, now=NOW), seal
    )
    issuing.register(participant, batch, prepared, by=None, now=NOW)
    return CODE


def page() -> dict[str, float]:
    urls.urlpatterns.append(path("empty/", empty))
    address = f"/verify/{registered()}"
    site, requests = WSGIHandler(), RequestFactory(SERVER_NAME="127.0.0.1")
    connection.ensure_connection()

    def start(*_: object) -> Callable[[bytes], object]:
        return bytes  # of WSGI's old way to write, which Django does not use

    def ask(where: str) -> float:
        request = requests.get(where)
        begun = time.process_time()
        response = site(request.environ, start)
        b"".join(response)
        response.close()
        taken = time.process_time() - begun
        if response.status_code != 200:
            raise RuntimeError(f"{where} answered {response.status_code}")
        return taken

    times: dict[str, list[float]] = {"page": [], "empty": []}
    for _ in range(200):
        times["page"].append(ask(address))
        times["empty"].append(ask("/empty/"))
    return {name: median(found[20:]) for name, found in times.items()}


def main() -> None:
    ways: dict[str, Callable[..., dict[str, float]]] = {"beside": beside, "many": many, "page": page}
    name, *given = sys.argv[1:]
    print(json.dumps(ways[name](*map(int, given))))


if __name__ == "__main__":
    main()
