from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from coaching import second_factor
from coaching.models import User


class Command(BaseCommand):
    help = (
        "Takes away somebody's lost second step at sign-in, as an administrator does under People in the administration: "
        "for the administrator who has lost theirs while there is no other. They get a mail."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the person's mail address")

    def handle(self, *args: object, email: str, **options: object) -> None:
        person = User.objects.filter(email__iexact=email).first()
        if person is None:
            raise CommandError(f"Nobody has the mail address {email}. Check it and try again.")
        if second_factor.take_away(person=person, by=None, now=timezone.now()):
            self.stdout.write(f"Taken away: the second step of {person.name}.")
        else:
            self.stdout.write(f"{person.name} has no second step. Nothing was changed.")
