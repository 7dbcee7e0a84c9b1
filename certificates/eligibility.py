"""Who of a cohort gets a certificate, and what the others lack (C1, C2). Reasons, never a ranking (M17)."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from django.db.models import Prefetch

from certificates import names
from certificates.claims import holds
from certificates.excuses import Excuse, of_cohort, spared
from certificates.models import Batch, BatchEntry, Certificate
from coaching.models import Cohort, Participant
from meetings.ledger import standings
from meetings.standing import Code, Standing


@dataclass(frozen=True)
class Row:
    """One participant on the completion list. `missing`: reasons in words for the branch office, empty when complete;
    `certificate`: the newest; `counts`: it keeps them from another, for it stands, or its line of the list has not ended;
    `waits_in`: the submitted list from which their certificate comes; `listed_as`: the name on a submitted list, if they
    are on one; `excuses`: what is recorded for their months."""

    participant: Participant
    standing: Standing
    missing: list[str]
    certificate: Certificate | None
    counts: bool
    waits_in: Batch | None
    listed_as: str
    excuses: list[Excuse]

    @property
    def other_name(self) -> str:
        """As they want it written on the certificate, where that is not as it is on record."""
        name = names.on_certificate(self.participant.user)
        return "" if name == self.participant.user.name else name

    @property
    def spared(self) -> list[str]:
        return spared(self.standing)

    @property
    def is_eligible(self) -> bool:
        """A new certificate can be proposed: complete, and neither issued before nor on a submitted list."""
        return not self.missing and not self.counts and self.waits_in is None


def completion_list(cohort: Cohort, *, today: date) -> list[Row]:
    """Every participant by name, in a constant number of queries."""
    found, excuses = standings(cohort, today=today), of_cohort(cohort)
    participants = cohort.participants.select_related("user__holder_name", "division").prefetch_related(
        Prefetch("certificates", Certificate.objects.order_by("-issued_at", "-pk"), to_attr="newest_first"),
        Prefetch(
            "batch_entries",
            BatchEntry.objects.in_force().exclude(batch__status=Batch.Status.DRAFT).order_by("-batch"),
            to_attr="submitted_entries",
        ),
    )
    lists = _lists_in_force(cohort)
    rows = []
    for participant in participants.order_by("user__name", "pk"):
        certificate = next(iter(participant.newest_first), None)
        entries = participant.submitted_entries
        counts = certificate is not None and _counts(certificate, entries)
        rows.append(
            Row(
                participant=participant,
                standing=found[participant.pk],
                missing=missing(participant, found[participant.pk]),
                certificate=certificate,
                counts=counts,
                waits_in=None if counts else _waits_in(entries, found[participant.pk], lists),
                listed_as=entries[0].name if entries else "",
                excuses=excuses.get(participant.pk, []),
            )
        )
    return rows


def _counts(newest: Certificate, entries: Iterable[BatchEntry]) -> bool:
    return newest.is_valid or newest.batch_id in {entry.batch_id for entry in entries}


def _lists_in_force(cohort: Cohort) -> Callable[[int], Batch | None]:
    """By its number: a submitted list, unless it was approved and what it rests on has changed since (C3)."""
    submitted = cohort.certificate_batches.exclude(status=Batch.Status.DRAFT)
    lists = {
        batch.pk: batch for batch in submitted.select_related("cohort__program", "cohort__branch", "text")
    }

    @cache
    def in_force(pk: int) -> Batch | None:
        batch = lists[pk]
        return batch if batch.status == Batch.Status.AWAITING or holds(batch) else None

    return in_force


def _waits_in(
    entries: Iterable[BatchEntry], standing: Standing, lists: Callable[[int], Batch | None]
) -> Batch | None:
    """An approved list is none to wait in for whoever's hours are others by now."""
    for entry in entries:
        batch = lists(entry.batch_id)
        if batch and (batch.status == Batch.Status.AWAITING or entry.minutes == standing.minutes):
            return batch
    return None


def eligible(cohort: Cohort, *, today: date) -> list[Row]:
    return [row for row in completion_list(cohort, today=today) if row.is_eligible]


def why_nobody(rows: Iterable[Row]) -> str:
    """Where nobody is eligible: what became of everybody, and what to do next."""
    counts = Counter(_state(row) for row in rows)
    return ", ".join(f"{counts[words]} {words}" for words in STATES if counts[words])


STATES = (
    "with a certificate",
    "whose certificate was revoked (open it to have them put on a new list)",
    "on a list (open it above to go on)",
    "who left the program",
    "with something missing (see below)",
)


def _state(row: Row) -> str:
    certified, revoked, listed, left, lacking = STATES
    if row.certificate and row.counts:
        return certified if row.certificate.is_valid else revoked
    if row.waits_in:
        return listed
    return left if row.participant.status == Participant.Status.LEFT else lacking


def missing(participant: Participant, standing: Standing) -> list[str]:
    """What the branch office needs to know. Which evaluations are missing is the participant's own business: a count
    is enough to act on."""
    if participant.status == Participant.Status.LEFT:
        return ["Left the program."]
    months = {month.month: month.label for month in standing.months}
    texts = []
    for code, words in (
        (Code.MONTH_MISSED, "No meeting attended in {}."),
        (Code.MONTH_UNRECORDED, "Attendance not taken in {}."),
        (Code.MONTH_AT_RISK, "Still open, and no meeting planned that can count: {}."),
        (Code.MONTH_OPEN, "Still to come: {}."),
    ):
        found = [months[reason.month] for reason in standing.reasons if reason.code is code and reason.month]
        if found:
            texts.append(words.format(listed(found)))
    for code, words in (
        (Code.EVALUATION_OPEN, "to fill in"),
        (Code.EVALUATION_LATE, "past the day, to be opened again by the branch office"),
        (Code.EVALUATION_CLOSED, "not filled in, and closed"),
    ):
        count = sum(reason.code is code for reason in standing.reasons)
        if count:
            texts.append(f"{count} {'evaluation' if count == 1 else 'evaluations'} {words}.")
    told = (
        Code.MONTH_MISSED,
        Code.MONTH_UNRECORDED,
        Code.MONTH_AT_RISK,
        Code.MONTH_OPEN,
        Code.EVALUATION_OPEN,
        Code.EVALUATION_LATE,
        Code.EVALUATION_CLOSED,
    )
    return texts + [reason.text for reason in standing.reasons if reason.code not in told]


def listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
