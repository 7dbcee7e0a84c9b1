from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from coaching.csv_file import FileRefused
from coaching.days import today_of
from coaching.site import history, history_file
from coaching.site.management.commands.form_teams import cohort_named
from coaching.site.management.commands.import_staff import AsWritten

HELP = """Enters the history of a cohort that began on paper, from a CSV file: all of it or nothing.

Columns, in any order: email and team; project; and for each month that was held month1, date1, evaluated1 and so on.
A month is P (there), R (there online), A (absent) or E (excused); a date is written 2027-02-17; evaluated is yes or no.

The cohort has begun, and each of its teams has met. Nobody is written to about the past, nor reminded of evaluations of it;
each member gets one mail with the meetings ahead, where there are any. Running it again changes nothing."""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=AsWritten, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cohort", metavar="COHORT", help="Its number or its name.")
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--dry-run", action="store_true", help="Check everything and write nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        cohort = cohort_named(options["cohort"])
        now = timezone.now()
        try:
            report = history.enter(
                cohort=cohort,
                history=history_file.read(options["file"], cohort, today=today_of(cohort, now)),
                by=None,
                now=now,
                dry_run=options["dry_run"],
            )
        except FileRefused as refusal:
            count = len(refusal.problems)
            raise CommandError(
                f"Nothing was entered: {count} {'problem' if count == 1 else 'problems'}.\n{refusal}"
            ) from None
        if options["dry_run"]:
            self.stdout.write("A dry run: nothing was written. It would do this:")
        self.stdout.write(", ".join(f"{name}: {count}" for name, count in report.counts.items()))
        for line in (*report.lines, *(f"Please note: {each}" for each in report.warnings)):
            self.stdout.write(line)
