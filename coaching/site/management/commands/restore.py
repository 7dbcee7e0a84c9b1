from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from applications.models import Application
from coaching.models import Participant, User
from coaching.site import backups


class Command(BaseCommand):
    help = (
        "Restore a backup into the empty database that DATABASE_URL names, and verify all of it: tables, the audit chain, "
        "what was signed, every certificate. Web, worker and beat must not run meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--heads",
            type=Path,
            metavar="FILE",
            help="What export_audit_head wrote up to the day of the backup.",
        )

    def handle(self, *args: Any, file: Path, heads: Path | None, **options: Any) -> None:
        try:
            header, flagged = backups.restore(file, now=timezone.now())
        except backups.BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Restored the backup of {header.made_at}, made by version {header.program}.")
        self._migrated(header)
        call_command("verify_audit", **({"heads": heads} if heads else {}), stdout=self.stdout)
        call_command("verify_all_certificates", stdout=self.stdout)
        self.stdout.write(
            f"{User.objects.count()} people, {Application.objects.count()} applications, "
            f"{Participant.objects.count()} participants."
        )
        if flagged:
            self.stdout.write(
                f"{flagged} mails that waited in the backup may have been sent since. None is sent by itself: they stand "
                "under /mail/undelivered/."
            )

    def _migrated(self, header: backups.Header) -> None:
        try:
            call_command("migrate", check_unapplied=True, verbosity=0)
        except SystemExit:
            raise CommandError(
                f"The data are there, and are older than this version of the program: they are of version {header.program}. "
                "Run manage.py migrate, then manage.py verify_audit and manage.py verify_all_certificates."
            ) from None
