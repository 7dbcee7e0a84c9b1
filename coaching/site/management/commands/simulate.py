import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from coaching.models import Message, User
from coaching.site import reference
from coaching.site.simulate import Simulation


class Command(BaseCommand):
    help = "Drives a whole program through the pages' own write functions and prints counts as JSON. Sends no mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--applicants", type=int, default=40)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--force", action="store_true", help="Also in a database that has people.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["applicants"] < 1:
            raise CommandError("--applicants takes a number from 1.")
        if User.objects.exists() and not options["force"]:
            raise CommandError("This database has people. Use an empty one, or --force.")
        last = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        program = reference.load(today=timezone.localdate())
        counts = Simulation(applicants=options["applicants"], seed=options["seed"]).run(program)
        Message.objects.filter(pk__gt=last, status=Message.Status.PENDING).update(
            status=Message.Status.DROPPED, error="Simulated."
        )
        self.stdout.write(json.dumps(counts))
