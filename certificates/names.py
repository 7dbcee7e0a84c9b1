"""The name as its holder wants it written on a certificate, and how it is said aloud."""

import re
import unicodedata
from datetime import datetime

from django.db import transaction
from django.db.models import CharField

from certificates.models import HolderName
from coaching import audit, typed
from coaching.errors import Refused
from coaching.models import User

_MARKS_PILED_UP = re.compile("[\u0300-\u036f]{5}")  # no script writes five on one letter


class NotAName(Refused):
    pass


class NotAPronunciation(Refused):
    pass


def on_certificate(person: User) -> str:
    """As they wrote it, else as it is on record."""
    return _written(person).name or person.name


def pronunciation(person: User) -> str:
    return _written(person).pronunciation


def _written(person: User) -> HolderName:
    return getattr(person, "holder_name", None) or HolderName()


@transaction.atomic
def write(*, person: User, name: str, said: str, now: datetime) -> None:
    """One's own; an empty name, or the one on record, is that of the record, whatever that will be.

    The same again changes nothing. Raises NotAName, NotAPronunciation.
    """
    person = User.objects.select_for_update().get(pk=person.pk)
    name, said = checked_name(name), checked_pronunciation(said)
    name = "" if name == person.name else name
    before = HolderName.objects.filter(person=person).first() or HolderName()
    if (before.name, before.pronunciation) == (name, said):
        return
    if name or said:
        HolderName.objects.update_or_create(
            person=person, defaults={"name": name, "pronunciation": said, "written_at": now}
        )
    else:
        HolderName.objects.filter(person=person).delete()
    # How it is said is for the branch office alone, which the trail is not.
    audit.record("holder_name.written", by=person, obj=person, now=now, data={"name": name})


def checked_name(typed_name: str) -> str:
    """In one line; empty stays empty. Raises NotAName."""
    name = _in_one_line(typed_name)
    if hidden := typed.unseen(name):
        raise NotAName(f"There is a character in it that cannot be seen ({hidden}). Type the name by hand.")
    if _MARKS_PILED_UP.search(unicodedata.normalize("NFD", name)):
        raise NotAName("More marks stand on one letter than can be printed. Leave some of them out.")
    if name and not any(letter.isalpha() for letter in name):
        raise NotAName("A name has at least one letter. Leave it empty for the name on record.")
    if (length := _too_long("name", name)) is not None:
        raise NotAName(
            f"A name can have {length} characters at most, and this one has {len(name)}. Shorten it."
        )
    return name


def checked_pronunciation(typed_words: str) -> str:
    """In one line; empty stays empty. Raises NotAPronunciation."""
    words = _in_one_line(typed_words)
    if hidden := typed.unseen(words):
        raise NotAPronunciation(
            f"There is a character in it that cannot be seen ({hidden}). Type it by hand."
        )
    if (length := _too_long("pronunciation", words)) is not None:
        raise NotAPronunciation(f"It can have {length} characters at most, and has {len(words)}. Shorten it.")
    return words


def _too_long(field: str, text: str) -> int | None:
    """How long it may be, where it is longer as it is kept: to compose letters takes some apart."""
    kept = HolderName._meta.get_field(field)
    assert isinstance(kept, CharField)
    assert kept.max_length is not None
    return kept.max_length if len(text) > kept.max_length else None


def _in_one_line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
