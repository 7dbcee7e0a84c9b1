from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from coaching.site import retention


class Command(BaseCommand):
    help = "What has reached the end of its term today, by kind of record; nothing is erased. A run is started on the site."

    def handle(self, *args: Any, **options: Any) -> None:
        found = [each for each in retention.plan(timezone.localdate()) if each.number]
        for each in found:
            self.stdout.write(f"{each.number} {each.step.words}")
        if not found:
            self.stdout.write("Nothing is due.")
