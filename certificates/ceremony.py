"""Whose names are read aloud when certificates are handed over, and how."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from certificates import names
from certificates.eligibility import Row, completion_list
from coaching.models import Cohort

# Letters of the Latin script that are no others with an accent, as they are put in order in English.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d", "ħ": "h"}
)


@dataclass(frozen=True)
class Line:
    """`serial`: of the certificate that stands; empty while it is not issued."""

    name: str
    said: str
    division: str
    serial: str


def lines(cohort: Cohort, *, today: date) -> list[Line]:
    """Everybody who completed, by name: with a certificate, on a list, or still to be put on one."""
    return sorted(_lines(cohort, today), key=lambda line: (_plain(line.name), line.name))


def _plain(name: str) -> str:
    """Without accents, so that Élan stands among the names with E."""
    letters = unicodedata.normalize("NFD", name.casefold().translate(_PLAIN))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _lines(cohort: Cohort, today: date) -> Iterator[Line]:
    for row in completion_list(cohort, today=today):
        issued = row.certificate if row.certificate and row.certificate.is_valid else None
        if issued or row.waits_in or row.is_eligible:
            yield Line(
                name=issued.claims["name"] if issued else _to_be(row),
                said=names.pronunciation(row.participant.user),
                division=str(row.participant.division or ""),
                serial=issued.serial if issued else "",
            )


def _to_be(row: Row) -> str:
    """As it will stand on the certificate: of a submitted list it is fixed."""
    return row.listed_as or names.on_certificate(row.participant.user)
