from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from certificates.issuing import issue_batch
from certificates.models import Batch
from coaching.errors import Refused
from coaching.models import Cohort


class Command(BaseCommand):
    help = "Issue the certificates of a cohort's approved lists. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cohort", type=int, help="Number of the cohort, as in its address.")

    def handle(self, *args: Any, cohort: int, **options: Any) -> None:
        found = Cohort.objects.filter(pk=cohort).first()
        if found is None:
            raise CommandError(f"There is no cohort {cohort}.")
        batches = found.certificate_batches.filter(status=Batch.Status.APPROVED).order_by("pk")
        if not batches:
            raise CommandError("No list of this cohort is approved. Propose one, and have it approved first.")
        refused = []
        for batch in batches:
            try:
                outcome = issue_batch(batch=batch, by=None, now=timezone.now())
            except Refused as refusal:  # of one list, which keeps nobody from issuing the others
                refused.append(f"Batch {batch.pk}: {refusal}")
                continue
            self.stdout.write(
                f"Batch {batch.pk}: {outcome.issued} issued, {outcome.already} issued before, "
                f"{len(outcome.refused)} not issued."
            )
            for name, reason in outcome.refused.items():
                self.stdout.write(f"  {name}: {reason}")
        if refused:
            raise CommandError("\n".join(refused))
