from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coaching import audit, signature_trail
from coaching.audit_heads import HeadsRefused, read_heads


class Command(BaseCommand):
    help = (
        "Walks the audit chain, against heads that were kept elsewhere, and compares what was signed with it; exit code "
        "1 names the first broken link, and each signed text, signature or scan that is not what it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head", help="NUMBER:DIGEST, as an earlier run printed it and you kept it elsewhere."
        )
        parser.add_argument(
            "--heads", metavar="FILE", type=Path, help="A file that export_audit_head has written."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        heads = []
        try:
            heads += [audit.Head.parse(options["head"])] if options["head"] else []
        except ValueError:
            raise CommandError("--head takes NUMBER:DIGEST, as an earlier run printed it.") from None
        if options["heads"]:
            try:
                heads += read_heads(options["heads"])
            except HeadsRefused as refusal:
                raise CommandError(str(refusal)) from refusal
        audit.seal_all()
        head, broken = audit.verify(heads=heads)
        if found := [*([broken] if broken else []), *signature_trail.differences()]:
            raise CommandError("\n".join(found))
        against = f" It holds against {len(heads)} kept head{'s' if len(heads) > 1 else ''}." if heads else ""
        number = signature_trail.number_erased()
        erased = f" {number} signed text{'s' * (number > 1)} reached the end of the term." if number else ""
        self.stdout.write(
            f"The audit chain is whole.{against} What was signed is as it was.{erased} Keep this head elsewhere:\n{head}"
        )
