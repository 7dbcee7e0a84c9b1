"""The issued files of a list or a cohort in one ZIP, sent while it is made: never all of them in memory."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zipfile import ZIP_STORED

from django.db import transaction
from zipstream import ZipStream

from certificates.models import Batch, Certificate, CertificateFile
from coaching import audit
from coaching.errors import Refused
from coaching.models import Cohort, User
from coaching.permissions import require_office

MOST_OF_A_NAME = 120  # bytes


class NothingIssued(Refused):
    pass


@dataclass(frozen=True)
class Bundle:
    """`files`: the key of each, and its name in the ZIP. `name`: of the ZIP itself."""

    name: str
    files: list[tuple[int, str]]

    def parts(self) -> Iterator[bytes]:
        """The ZIP's bytes; each file is read when it is its turn."""
        zipped = ZipStream(compress_type=ZIP_STORED)  # a PDF is packed already
        for pk, name in self.files:
            zipped.add(_content(pk), name)
        yield from zipped


def _content(pk: int) -> Iterator[bytes]:
    yield bytes(CertificateFile.objects.get(pk=pk).pdf)


def of_batch(*, batch: Batch, by: User | None, now: datetime) -> Bundle:
    """Those of a list that stand. Raises NotYourCohort, NothingIssued."""
    return _taken(batch.cohort, batch, by=by, now=now)


def of_cohort(*, cohort: Cohort, by: User | None, now: datetime) -> Bundle:
    """Those of a cohort that stand. Raises NotYourCohort, NothingIssued."""
    return _taken(cohort, None, by=by, now=now)


@transaction.atomic
def _taken(cohort: Cohort, batch: Batch | None, *, by: User | None, now: datetime) -> Bundle:
    """Who takes the certificates of others is on record, with which."""
    require_office(cohort=cohort, by=by, now=now)
    rows = Certificate.objects.valid().filter(participant__cohort=cohort)
    rows = rows.filter(batch=batch) if batch else rows
    certificates = list(rows.only("serial", "claims").order_by("serial"))
    if not certificates:
        raise NothingIssued("No certificate that stands was issued yet. Issue them first.")
    serials = [certificate.serial for certificate in certificates]
    audit.record("certificates.taken", by=by, obj=batch or cohort, now=now, data={"serials": serials})
    name = f"certificates-{cohort.first_month.year}-{cohort.pk}" + (f"-list-{batch.pk}" if batch else "")
    return Bundle(f"{name}.zip", [(each.pk, file_name(each)) for each in certificates])


def file_name(certificate: Certificate) -> str:
    """`2027-003-0012-Ada-Alvarez.pdf`: unique by its number, and of letters and digits alone, in any script."""
    name = unicodedata.normalize("NFC", certificate.claims["name"])
    kept = "".join(letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in name)
    slug = "-".join(kept.split()).encode()[:MOST_OF_A_NAME].decode(errors="ignore")
    return f"{certificate.serial}-{slug}".rstrip("-") + ".pdf"
