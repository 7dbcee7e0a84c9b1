"""The claims inside a certificate's file, as JSON for programs; read back from files of strangers too.

What stands in a stranger's file is taken only in the form that it was written in.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from coaching.typed import clean

if TYPE_CHECKING:
    from certificates.rendering import CertificateContent

LONGEST = 500  # letters of a claim
MOST_COMPETENCIES = 40
HOURS = re.compile(r"\d{1,5}(\.\d{1,2})?")


@dataclass(frozen=True)
class Attached:
    """What a file says of itself: as long as its seal is not known to be whole and ours, anybody may have written it.

    `claims`: in the form of Certificate.claims.
    """

    serial: str
    address: str
    claims: Mapping[str, Any]


def written(content: "CertificateContent") -> bytes:
    """Everything that is printed, for the file itself."""
    claims = {
        "serial": content.serial,
        "verification_address": content.verification_address,
        "name": content.name,
        "program": content.program,
        "cohort": content.cohort,
        "department": content.department,
        "branch": content.branch,
        "start_date": content.start_date.isoformat(),
        "end_date": content.end_date.isoformat(),
        "competencies": list(content.competencies),
        "hours": str(content.hours),
        "signatory_name": content.signatory_name,
        "signatory_title": content.signatory_title,
        "approved_by": content.approved_by,
        "signed_by_hand": content.signed_by_hand,
        "issued_date": content.issued_date.isoformat(),
    }
    return json.dumps(claims, ensure_ascii=False, indent=1).encode()


def understood(told: bytes) -> Attached | None:
    """None: it is nothing of this form. Raises nothing."""
    try:
        return _understood(json.loads(told))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _understood(told: Any) -> Attached:
    """Known keys only, each in its form. Raises KeyError, TypeError or ValueError for anything else."""
    return Attached(
        serial=_text(told["serial"]),
        address=_text(told["verification_address"]),
        claims={key: form(told[key]) for key, form in _FORMS.items()},
    )


def _text(told: Any) -> str:
    if not isinstance(told, str) or not 0 < len(told) <= LONGEST:
        raise ValueError
    told.encode()  # half a character is no text
    return clean(told)


def _text_or_none(told: Any) -> str:
    return _text(told) if told else ""


def _date(told: Any) -> str:
    return date.fromisoformat(_text(told)).isoformat()


def _hours(told: Any) -> str:
    if not HOURS.fullmatch(_text(told)):
        raise ValueError
    return told


def _texts(told: Any) -> list[str]:
    if not isinstance(told, list) or len(told) > MOST_COMPETENCIES:
        raise ValueError
    return [_text(each) for each in told]


_FORMS: Mapping[str, Callable[[Any], Any]] = {
    "name": _text,
    "program": _text,
    "cohort": _text,
    "department": _text_or_none,
    "branch": _text,
    "start_date": _date,
    "end_date": _date,
    "competencies": _texts,
    "hours": _hours,
    "signatory_name": _text,
    "signatory_title": _text,
    "approved_by": _text_or_none,
    "signed_by_hand": bool,
    "issued_date": _date,
}
