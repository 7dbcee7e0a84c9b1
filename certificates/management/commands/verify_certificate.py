from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from certificates import verifying
from certificates.forms import FileForm
from certificates.templatetags.certificate_text import hours, iso_date


class Command(BaseCommand):
    help = "Say what a certificate's file certifies (exit 0), or why it certifies nothing (exit 1)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The PDF file.")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            with file.open("rb") as opened:
                pdf = opened.read(FileForm.MOST_BYTES + 1)
        except OSError as error:
            raise CommandError(f"Cannot read {file}: {error.strerror}.") from error
        if len(pdf) > FileForm.MOST_BYTES:
            raise CommandError(f"{file} is larger than any certificate.")
        if not pdf.startswith(b"%PDF-"):
            raise CommandError(f"{file} is no PDF file.")
        verdict = verifying.by_file(pdf)
        if not verdict.stands or verdict.certificate is None:
            raise CommandError(verifying.in_words(verdict))
        self._tell(verdict.certificate.serial, verdict.certificate.claims)

    def _tell(self, serial: str, claims: dict[str, Any]) -> None:
        lines = [
            "This certificate is valid.",
            f"Number: {serial}",
            f"Name: {claims['name']}",
            f"Program: {claims['program']}, {claims['cohort']}",
            f"Given by: {claims['department']}, {claims['branch']}",
            f"Dates: {iso_date(claims['start_date'])} to {iso_date(claims['end_date'])}",
            f"Peer coaching: {hours(claims['hours'])}",
            f"Competencies: {'; '.join(claims['competencies'])}",
            f"Signed: {claims['signatory_name']}, {claims['signatory_title']}",
        ]
        if claims["approved_by"]:
            lines.append(f"Approved by: {claims['approved_by']}")
        lines.append(f"Issued: {iso_date(claims['issued_date'])}")
        self.stdout.write("\n".join(lines))
