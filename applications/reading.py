"""Applications that a signer has opened in the list: what they read there, and the proof that they did."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.core import signing

from applications import readers, routing
from applications.models import ReviewStep
from applications.routing import Settled
from applications.waiting import Waiting
from coaching.models import SignedText, SignOff, User

SALT = "applications.opened"


@dataclass(frozen=True)
class Reading:
    """One opened application: its text, who signed so far, and what one act of this person settles."""

    text: SignedText
    sign_offs: list[SignOff]
    settled: Settled
    token: str
    changes: readers.Changes | None

    @property
    def decides(self) -> bool:
        return routing.decides(self.settled)


def of_opened(
    listed: Sequence[Waiting], wanted: Iterable[str], user: User, *, on: date
) -> dict[int, Reading]:
    """By application: of the listed ones those that are asked for by their number."""
    numbers = set(wanted)
    opened = [each for each in listed if str(each.application_id) in numbers]
    if not opened:
        return {}
    texts, signed = _texts([each.text_id for each in opened])
    settled = settled_at([each.application_id for each in opened], user, on=on)
    changes = readers.changes_of({each.application_id: texts[each.text_id] for each in opened}, user)
    return {
        each.application_id: Reading(
            text=texts[each.text_id],
            sign_offs=signed[each.text_id],
            settled=settled[each.application_id],
            token="" if routing.decides(settled[each.application_id]) else _proof(each, user),
            changes=changes[each.application_id],
        )
        for each in opened
    }


def _texts(ids: list[int]) -> tuple[dict[int, SignedText], dict[int, list[SignOff]]]:
    """Each text with the signatures under it; the applicant's own is always there."""
    signed: dict[int, list[SignOff]] = defaultdict(list)
    related = ("text", "signer", "on_behalf_of", "delegation", "attested_by")
    for sign_off in SignOff.objects.filter(text__in=ids).select_related(*related):
        signed[sign_off.text_id].append(sign_off)
    return {text: rows[0].text for text, rows in signed.items()}, signed


def settled_at(applications: Iterable[int], user: User, *, on: date) -> dict[int, Settled]:
    """By application, each given by its key: what one act of this person settles where it waits, for many at once."""
    pending = ReviewStep.objects.current_round().filter(
        application__in=applications, status=ReviewStep.Status.PENDING
    )
    rows = pending.with_people().select_related("application__applicant", "application__cohort")
    found = groupby(rows.order_by("application", "position"), key=lambda step: step.application_id)
    return {pk: routing.settled_by(of_one, user, on=on) for pk, of_one in found}


def _proof(opened: Waiting, user: User) -> str:
    """Goes out with the text, so that only what was opened can be signed in one go."""
    return signing.dumps([user.pk, opened.step_id, opened.text_id], salt=SALT, compress=False)


def proven(proofs: Iterable[str], user: User) -> dict[int, int]:
    """By step, the text that this person has opened; forged or foreign proofs prove nothing."""
    opened = {}
    for proof in proofs:
        try:
            person, step, text = signing.loads(proof, salt=SALT)
        except (signing.BadSignature, ValueError):
            continue
        if person == user.pk:
            opened[step] = text
    return opened
