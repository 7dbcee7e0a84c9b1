from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from coaching.site import demo


class Command(BaseCommand):
    help = "Loads invented people and a cohort in every phase; safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--phase", choices=demo.PHASES, help="Only this phase.")
        parser.add_argument("--people", action="store_true", help="Only print whom to sign in as.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["people"]:
            phases = [options["phase"]] if options["phase"] else list(demo.PHASES)
            if missing := [phase for phase in phases if not demo.is_loaded(phase)]:
                self.stderr.write(
                    f"Loading the demo ({', '.join(missing)}), which takes a minute.", style_func=str
                )
            loaded = demo.load(phases=phases, now=timezone.now())
            self.stdout.write(f"Loaded: {', '.join(loaded)}." if loaded else "The demo is loaded already.")
        people = demo.people()
        width = max(len(person.role) for person in people)
        for person in people:
            self.stdout.write(f"{person.role:<{width}}  {person.email}")
        self.stdout.write(f"The password of each: {demo.PASSWORD}")
