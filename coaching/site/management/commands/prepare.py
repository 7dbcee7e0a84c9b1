from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = (
        "Makes the database ready to serve, in one go: tables, reference data, and then the demo or the first "
        "administrator. Safe to run again, and quick then."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--demo", action="store_true", help="With the demo.")
        what.add_argument("--administrator", action="store_true", help="With the first administrator.")

    def handle(self, *args: object, demo: bool, administrator: bool, **options: object) -> None:
        call_command("migrate", verbosity=0)
        call_command("init_program")
        if administrator:
            call_command("create_administrator")
        if demo:
            call_command("demo")
