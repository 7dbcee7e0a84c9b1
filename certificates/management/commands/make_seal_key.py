import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from certificates import seal_keys


class Command(BaseCommand):
    help = (
        "Makes a key of the seal on certificates, with a root certificate of its own, for trying. Writes key.pem "
        "(encrypted) and seal.pem into FOLDER and prints the settings that name them. A department's own comes from its "
        "certification authority (docs/operations.md)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="Where to write; made if it is missing.")
        parser.add_argument("--name", default=settings.DEPARTMENT_NAME, help="Whose seal it is.")
        parser.add_argument("--years", type=int, default=3, help="How long it may seal (1 to 10).")
        parser.add_argument("--password", default="", help="Of the key; otherwise one is made up.")

    def handle(self, *args: Any, folder: Path, name: str, years: int, password: str, **options: Any) -> None:
        if not 1 <= years <= 10:
            raise CommandError("Give 1 to 10 years.")
        password = password or secrets.token_urlsafe(24)
        made = seal_keys.make(name=name, password=password, years=years, now=timezone.now())
        key, chain = folder / "key.pem", folder / "seal.pem"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _refuse_what_is_there(key, chain)
            for path, pem, mode in ((key, made.key, 0o600), (chain, made.chain, 0o644)):
                with path.open("xb") as out:
                    path.chmod(mode)
                    out.write(pem)
        except OSError as error:
            raise CommandError(f"Cannot write into {folder}: {error.strerror}.") from error
        self.stdout.write(
            f"SEAL_CERTIFICATE={_shown(chain)}\nSEAL_KEY={_shown(key)}\nSEAL_KEY_PASSWORD={password}"
        )


def _refuse_what_is_there(*paths: Path) -> None:
    """Before anything is written."""
    for path in paths:
        if path.exists():
            raise CommandError(
                f"{path} is there already, and certificates may depend on it. Name another folder."
            )


def _shown(path: Path) -> Path:
    """As the settings take it: from the program's folder, where it lies within."""
    whole = path.resolve()
    return whole.relative_to(settings.BASE_DIR) if whole.is_relative_to(settings.BASE_DIR) else whole
