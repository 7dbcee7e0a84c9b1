import os
import sys
from getpass import getpass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from coaching import audit
from coaching.models import User
from coaching.site.population import MAIL_DOMAIN
from coaching.typed import clean


class Command(BaseCommand):
    help = (
        "Makes the first administrator. Takes ADMIN_EMAIL, ADMIN_NAME and ADMIN_PASSWORD from the environment, "
        "and asks for what is missing. Does nothing where an administrator exists."
    )

    def handle(self, *args: object, **options: object) -> None:
        if User.objects.filter(email__endswith=f"@{MAIL_DOMAIN}").exists():
            raise CommandError(
                "This database holds the demo's people. Begin with another one: move var/db.sqlite3 away, "
                "or name it in .env (DATABASE_URL)."
            )
        present = User.objects.filter(is_superuser=True, is_active=True).first()
        if present:
            self.stdout.write(f"The administrator is {present.name} ({present.email}).")
            return
        user = User(
            email=clean(_value("ADMIN_EMAIL", "Mail address of the first administrator: ")).lower(),
            name=clean(_value("ADMIN_NAME", "Name: ")),
            is_staff=True,
            is_superuser=True,
        )
        password = _password()
        try:
            user.full_clean(exclude=["password"])
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with transaction.atomic():
            user.set_password(password)
            user.save()
            audit.record("administrator.created", by=None, obj=user, now=timezone.now())
        self.stdout.write(f"{user.name} can sign in as {user.email}.")


def _value(variable: str, question: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value and sys.stdin.isatty():
        value = input(question).strip()
    if not value:
        raise CommandError(f"{variable} is missing: set it, or run this in a terminal.")
    return value


def _password() -> str:
    if "ADMIN_PASSWORD" in os.environ or not sys.stdin.isatty():
        return _value("ADMIN_PASSWORD", "")
    password = getpass("Password (12 characters or more): ")
    if getpass("Once more: ") != password:
        raise CommandError("The two passwords differ. Run this again.")
    return password
