"""What is found out about a file, in the words that a stranger reads: on the page and on the command line."""

from dataclasses import dataclass

from django.utils.timezone import localdate

from certificates import seal_check, verifying
from certificates.seal_check import Check
from certificates.templatetags.certificate_text import month_day_year
from certificates.verifying import FileVerdict, Kind


@dataclass(frozen=True)
class Answer:
    question: str
    yes: bool
    why: str


HEADINGS = {
    Kind.CHANGED: "This file was changed",
    Kind.UNREGISTERED: "We did not issue this file",
    Kind.ELSEWHERE: "This file is not ours",
    Kind.ANOTHER: "This file bears no seal of ours",
    Kind.UNSEALED: "This file bears no seal",
    Kind.UNREAD: "This file could not be looked at",
}
LEADS = {
    Kind.CHANGED: "It bears our seal, but it is no longer as we sealed it. Do not rely on anything that it says.",
    Kind.UNREGISTERED: "It bears our seal, but it is not in our register. Do not rely on it, and tell the department.",
    Kind.ANOTHER: "It bears a signature, but not our seal, or a seal that was damaged. Nothing shows that it is ours.",
    Kind.UNSEALED: "Nothing in it shows who made it. A certificate as we issue it bears our seal.",
    Kind.UNREAD: "It is made in a way in which no certificate of ours is. Nothing shows that it is ours.",
}
OURS = {
    Kind.REGISTERED: "It is a file of our register, to the last byte.",
    Kind.CHANGED: "The seal is ours. The file that we put it on was another one.",
    Kind.UNREGISTERED: "The seal is ours. The file is not in our register.",
}


def heading(found: FileVerdict) -> str:
    return HEADINGS.get(found.kind) or verifying.heading(found.verdict)


def lead(found: FileVerdict) -> str:
    if found.kind == Kind.REGISTERED:
        return verifying.in_words(found.verdict)
    if found.kind == Kind.ELSEWHERE:
        owner = found.seal.owner or "somebody who gives no name"
        return (
            f"It was sealed with the key of somebody else, who calls themself “{owner}”. Where that is an office with "
            "certificates of its own, verify it there, at an address that you look up yourself."
        )
    return LEADS[found.kind]


def answers(found: FileVerdict) -> list[Answer]:
    registered = found.kind == Kind.REGISTERED
    stands = (
        verifying.in_words(found.verdict) if registered else "Only an unchanged file of our register stands."
    )
    ours = OURS.get(found.kind, "None of our seals is on it, and it is not in our register.")
    if found.lost_at:
        ours += (
            f" The key of the seal was lost to somebody else on {month_day_year(localdate(found.lost_at))}: "
            "what bears it and is not in our register may be anybody’s."
        )
    return [
        Answer("Is its seal whole?", found.seal.whole, _seal(found.seal, registered=registered)),
        Answer("Is it ours?", registered, ours),
        Answer("Does it stand today?", found.verdict.stands, stands),
    ]


def _seal(seal: Check, *, registered: bool) -> str:
    if seal.whole:
        return f"{sealed(seal)} Nothing was changed since."
    if registered and seal == seal_check.NO_SEAL:
        return "It bears none: it was issued before certificates were sealed."
    return seal.why


def sealed(seal: Check) -> str:
    """By whom, and when."""
    day = f" on {month_day_year(localdate(seal.sealed_at))}" if seal.sealed_at else ""
    proven = ", as a time-stamp server confirms" if seal.time_stamped else ""
    return f"It was sealed by “{seal.owner}”{day}{proven}."
