from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from coaching.site import due


class Command(BaseCommand):
    help = "Sends mail and does what is due; for cron, safe to run at any time."

    def handle(self, *args: object, **options: object) -> None:
        try:
            counts = due.send_due(now=timezone.now())
        except Exception as error:  # logged where it broke, without what it says of people
            raise CommandError(f"A part of it broke ({type(error).__name__}): see the log.") from None
        for name, count in counts.items():
            self.stdout.write(f"{name}: {count}")
