import signal
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from coaching.site import backups


class Command(BaseCommand):
    help = (
        "Write the whole database into a new file of FOLDER, which only this user can read. The keys of .env are not in it: "
        "keep them elsewhere, or nobody reads what they encrypt."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="FOLDER")
        parser.add_argument(
            "--keep", type=int, metavar="DAYS", help="Then remove backups of that folder that are older."
        )

    def handle(self, *args: Any, folder: Path, keep: int | None, **options: Any) -> None:
        if keep is not None and keep < 1:
            raise CommandError("--keep takes a number of days, 1 or more.")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing half written is left
        now = timezone.now()
        try:
            path = backups.write(folder, now=now)
            removed = backups.remove_old(folder, days=keep, now=now) if keep else 0
        except backups.BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{path}: {path.stat().st_size / 1e6:.1f} MB.")
        if removed:
            self.stdout.write(f"Removed {removed} older than {keep} days.")
        self.stderr.write(
            "The keys of .env (NOTES_KEY, EVALUATIONS_KEY, SECOND_FACTOR_KEY, SECRET_KEY) and the key of the seal are not "
            "in it. Keep them apart from it: without them what they encrypt is lost."
        )
