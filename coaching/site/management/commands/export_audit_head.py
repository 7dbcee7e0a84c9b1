from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from coaching.audit_heads import HeadsRefused, export_head


class Command(BaseCommand):
    help = (
        "Adds the head of the audit chain to FILE, which is kept where the database's owner cannot write; "
        "exit code 1 when the chain does not hold against the heads in it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            head = export_head(options["file"], now=timezone.now())
        except (HeadsRefused, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(str(head))
