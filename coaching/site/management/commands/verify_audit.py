from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coaching import audit


class Command(BaseCommand):
    help = "Walks the audit chain; exit code 1 names the first broken link."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head", help="NUMBER:DIGEST, as an earlier run printed it and you kept it elsewhere."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            expected = audit.Head.parse(options["head"]) if options["head"] else None
        except ValueError:
            raise CommandError("--head takes NUMBER:DIGEST, as an earlier run printed it.") from None
        while audit.seal():
            pass  # until everything that was committed is chained
        head, broken = audit.verify(head=expected)
        if broken:
            raise CommandError(broken)
        self.stdout.write(f"The audit chain is whole. Keep this head elsewhere:\n{head}")
