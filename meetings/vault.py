"""Encrypts what people write while it lies in the database: evaluations, and the texts of a team."""

import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from coaching.keys import from_environment

Key = Fernet | MultiFernet


class CannotRead(Exception):
    """The text was encrypted with another key, was changed, or lies in another row than the one it was written for."""


def seal(data: dict[str, object], *, row: str, key: Key | None = None) -> bytes:
    """Encrypt for one row: its name stands inside, so that nobody can put the text into another row unseen.

    `key`: that of a team; evaluations have the one of the environment.
    """
    key = key or from_environment("EVALUATIONS_KEY")
    return key.encrypt(json.dumps({"row": row, "data": data}).encode())


def unseal(ciphertext: bytes, *, row: str, key: Key | None = None) -> dict[str, object]:
    """Raises CannotRead."""
    try:
        opened = json.loads((key or from_environment("EVALUATIONS_KEY")).decrypt(ciphertext))
    except InvalidToken as error:
        raise CannotRead("This cannot be read with the key in force.") from error
    if opened["row"] != row:
        raise CannotRead("This was written for another row.")
    return opened["data"]


def new_wrapped_key() -> bytes:
    """A key for one team's texts, encrypted by NOTES_KEY."""
    return from_environment("NOTES_KEY").encrypt(Fernet.generate_key())


def of_the_site() -> Key:
    """NOTES_KEY itself, for what is no team's."""
    return from_environment("NOTES_KEY")


def unwrapped(key: bytes) -> Key:
    """Raises CannotRead."""
    try:
        return Fernet(from_environment("NOTES_KEY").decrypt(key))
    except InvalidToken as error:
        raise CannotRead("This team's texts cannot be read with the key in force.") from error
