"""Encrypts what only its author may read while it lies in the database."""

import base64
import hashlib
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class CannotRead(Exception):
    """The text was encrypted with another key, was changed, or lies in another row than the one it was written for."""


def seal(data: dict[str, object], *, row: str) -> bytes:
    """Encrypt for one row: its name stands inside, so that nobody can put the text into another row unseen."""
    return _cipher().encrypt(json.dumps({"row": row, "data": data}).encode())


def unseal(ciphertext: bytes, *, row: str) -> dict[str, object]:
    try:
        opened = json.loads(_cipher().decrypt(ciphertext))
    except InvalidToken as error:
        raise CannotRead("This cannot be read with the key in force.") from error
    if opened["row"] != row:
        raise CannotRead("This was written for another row.")
    return opened["data"]


def _cipher() -> MultiFernet:
    """EVALUATIONS_KEY: one key, or several separated by commas, the newest first (rotation)."""
    keys = [key.strip() for key in settings.EVALUATIONS_KEY.split(",") if key.strip()]
    if not keys:
        raise ImproperlyConfigured("EVALUATIONS_KEY is empty: evaluations cannot be kept without it.")
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())) for key in keys]
    )
