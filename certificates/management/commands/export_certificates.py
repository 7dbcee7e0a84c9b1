import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from certificates.models import Certificate
from coaching import spreadsheet
from coaching.models import Cohort

HEADER = ("file", "serial", "name", "status", "issued", "sha256")


class Command(BaseCommand):
    help = "Write the issued files as they are into a folder, with register.csv beside them."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("cohort", type=int, nargs="?", help="Number of the cohort, as in its address.")
        which.add_argument("--all", action="store_true", help="The certificates of every cohort.")
        parser.add_argument("directory", type=Path, help="The folder to write into; made if it is not there.")

    def handle(self, *args: Any, cohort: int | None, directory: Path, **options: Any) -> None:
        certificates = Certificate.objects.order_by("serial")
        if cohort is not None:
            if not Cohort.objects.filter(pk=cohort).exists():
                raise CommandError(f"There is no cohort {cohort}.")
            certificates = certificates.filter(participant__cohort=cohort)
        try:
            directory.mkdir(parents=True, exist_ok=True)
            rows = [
                self._write(certificate, directory)
                for certificate in certificates.select_related("file").iterator(chunk_size=50)
            ]
            spreadsheet.write(directory / "register.csv", HEADER, rows)
        except OSError as error:
            raise CommandError(f"Cannot write to {directory}: {error.strerror}.") from error
        self.stdout.write(f"{len(rows)} certificates in {directory}.")

    def _write(self, certificate: Certificate, directory: Path) -> tuple[str, ...]:
        pdf = bytes(certificate.file.pdf)
        if hashlib.sha256(pdf).hexdigest() != certificate.digest:
            raise CommandError(
                f"The stored file of {certificate.serial} does not match the register. Nobody should trust it."
            )
        name = f"{certificate.serial}.pdf"
        path = directory / name
        if path.exists() and path.read_bytes() != pdf:
            raise CommandError(f"{path} is there already and differs. Choose an empty folder.")
        path.write_bytes(pdf)
        return (
            name,
            certificate.serial,
            certificate.claims["name"],
            certificate.status,
            certificate.claims["issued_date"],
            certificate.digest,
        )
