"""What somebody else changed while a page was open: it is neither undone unseen, nor does it undo what was typed."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, TypeVar

from django.db.models import Model

from coaching.errors import Refused

Key = TypeVar("Key")  # what a value is called where it is saved


class ChangedMeanwhile(Refused):
    """Somebody else was first: what was sent holds only when it is sent again."""


class BothChanged(ChangedMeanwhile):
    """What the page changed was changed elsewhere too. `keys`: which of what `stands` now."""

    def __init__(self, keys: Iterable[Any], stands: Mapping[Any, Any]) -> None:
        super().__init__(
            "This was changed while this page was open. If what you typed still holds, send it again."
        )
        self.keys, self.stands = set(keys), stands


def mark(value: object) -> str:
    """By which a page knows again what it showed, without repeating it."""
    value = value.pk if isinstance(value, Model) else value
    text = str("" if value is None else value).replace("\r\n", "\n").strip()
    return sha256(text.encode()).hexdigest()[:16]


def merged(
    typed: Mapping[Key, Any], *, seen: Mapping[Key, str] | None, stands: Mapping[Key, Any]
) -> dict[Key, Any]:
    """What is to be saved: what was typed, and what stands now where the page changed nothing.

    `seen`: the marks of what the page showed; None: all is new. Raises BothChanged.
    """
    if seen is None:
        return dict(typed)
    shown = {key: seen.get(key, mark(None)) for key in typed}
    now = {key: stands.get(key) for key in typed}
    touched = {key for key, value in typed.items() if mark(value) != shown[key]}
    if both := [key for key in touched if mark(now[key]) not in (shown[key], mark(typed[key]))]:
        raise BothChanged(both, now)
    return {key: value if key in touched else now[key] for key, value in typed.items()}
