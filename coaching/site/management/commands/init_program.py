from django.core.management.base import BaseCommand
from django.utils import timezone

from coaching.site import groups, reference


class Command(BaseCommand):
    help = "Loads the program's reference data; safe to run again."

    def handle(self, *args: object, **options: object) -> None:
        program = reference.load(today=timezone.localdate())
        rights = groups.load()
        self.stdout.write(
            f"{program}: {program.curriculum.count()} meetings, {program.route.count()} signatures; "
            f"{len(rights)} groups of rights in the administration."
        )
