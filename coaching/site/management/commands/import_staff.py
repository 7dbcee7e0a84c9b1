from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.utils import timezone

from coaching import staff_file, staff_import
from coaching.csv_file import FileRefused

HELP = """Imports the department's people from a CSV file (UTF-8, comma-separated): all of it or nothing.

Columns, in any order, all of them present:
  email, name, classification, career_track, branch, division, unit, supervisor_email, role

role is superintendent, deputy (of the row's branch), director (of the row's division), supervisor, branch_office
(of the row's branch), training_office, administrator, or empty. Who supervises whom comes from supervisor_email.

The mail address says who a person is. Running it again updates: a value left empty is emptied. Nobody is removed:
people missing in the file stay as they are, and a head of a unit is replaced only when another row claims the office.

A classification that is new is added as "not a management classification" and named in the output; an administrator
marks the management ones under Administration, Job classifications.

New people get a mail with a link to choose their password, unless --no-invite is given; a later import without it
invites those who were not invited yet."""


class AsWritten(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Keeps the paragraphs of the help."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=AsWritten, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--dry-run", action="store_true", help="Check everything and write nothing.")
        parser.add_argument("--no-invite", action="store_true", help="Send no invitations.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = staff_import.import_staff(
                staff=staff_file.read(options["file"]),
                by=None,
                now=timezone.now(),
                dry_run=options["dry_run"],
                invite=not options["no_invite"],
            )
        except FileRefused as refusal:
            count = len(refusal.problems)
            raise CommandError(
                f"Nothing was imported: {count} {'problem' if count == 1 else 'problems'}.\n{refusal}"
            ) from None
        for line in _lines(report, dry_run=options["dry_run"]):
            self.stdout.write(line)


def _lines(report: staff_import.Report, *, dry_run: bool) -> list[str]:
    lines = ["A dry run: nothing was written. An import would do this:"] if dry_run else []
    lines.append(f"People: {report.added} added, {report.changed} changed, {report.unchanged} unchanged.")
    lines.append(f"Invitations: {report.invited}.")
    for title, names in (
        ("Added to the organization chart", report.units),
        (
            "Added classifications, none a management one until an administrator says so",
            report.classifications,
        ),
        ("Added career tracks", report.career_tracks),
        ("Heads", report.heads),
        ("Offices", report.offices),
        ("Please note", report.warnings),
    ):
        if names:
            lines += [f"{title}:", *(f"  {name}" for name in names)]
    return lines
