from django.core.management.base import BaseCommand
from django.utils import timezone

from coaching.site import due


class Command(BaseCommand):
    help = "Sends mail and does what is due; for cron, safe to run at any time."

    def handle(self, *args: object, **options: object) -> None:
        for name, count in due.send_due(now=timezone.now()).items():
            self.stdout.write(f"{name}: {count}")
