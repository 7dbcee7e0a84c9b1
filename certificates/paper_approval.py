"""A list that the superintendent has approved on paper, as the branch office records it with the scan (C3, A15)."""

from datetime import date, datetime

from django.db import transaction

from certificates.approval import (
    AlreadyApproved,
    NotSubmitted,
    NotTheApprover,
    authority_of,
    checked_text,
    locked,
    settle,
    statement_of,
)
from certificates.claims import local_date
from certificates.models import Batch
from coaching import paper, signing
from coaching.errors import Refused
from coaching.models import User
from coaching.permissions import require_office


class AnotherList(Refused):
    """The paper is not of the text that waits."""


class NotThatDay(Refused):
    pass


@transaction.atomic
def record(
    *,
    batch: Batch,
    signer: User,
    signed_date: date,
    code: str,
    attested: paper.Attested,
    by: User,
    now: datetime,
) -> Batch:
    """That the superintendent, or a delegate with a recorded order for that day, has signed the printed list.

    `code`: the one at the foot of the paper. The same signature twice is one. Raises NotYourCohort, AlreadyApproved,
    NotSubmitted, AnotherList, NotThatDay, NotTheApprover, OnTheList, ListChanged, paper.NotAScan, paper.NotAttested,
    signing.NameDoesNotMatch.
    """
    batch = locked(batch)
    cohort = batch.cohort
    require_office(cohort=cohort, by=by, now=now)
    if batch.sign_off is not None:
        if (batch.sign_off.signer_id, batch.sign_off.on_paper) == (signer.pk, True):
            return batch
        raise AlreadyApproved(f"{batch.sign_off.signer} approved this list already. Nothing is left to do.")
    if batch.text is None:
        raise NotSubmitted(
            "This list was sent back after it was printed. Submit it anew, and have the new one signed."
        )
    _check_code(batch, code)
    _check_day(batch, signed_date, now)
    authority = authority_of(signer, cohort, on=signed_date)
    if authority is None:
        raise NotTheApprover(
            f"{signer} could not approve certificates on {signed_date:%B %-d, %Y}. If they had an order of the State "
            "Superintendent of Public Instruction for that day, record it first, under “Who signs for whom”."
        )
    sign_off = paper.sign_on_paper(
        text=checked_text(batch, signer),
        signer=signer,
        capacity=authority.capacity,
        statement=statement_of(authority, batch),
        signed_at=paper.moment(cohort, signed_date, now),
        scan=paper.keep_scan(content=attested.scan, by=by, now=now),
        by=by,
        attested_name=attested.name,
        now=now,
        on_behalf_of=authority.on_behalf_of,
        delegation=authority.delegation,
    )
    return settle(batch, sign_off, by=by, now=now)


def _check_code(batch: Batch, typed: str) -> None:
    assert batch.text is not None
    right = signing.short_code(batch.text.digest)
    # It is read from the paper, which alone shows that this list was signed: the refusal does not give it away.
    if "".join(filter(str.isalnum, typed)).upper() != right.replace("-", ""):
        raise AnotherList(
            "This is not the code of the list that waits. Look at the foot of the signed paper again. If it was printed "
            "before the list was sent back or changed, print it anew and have it signed again."
        )


def _check_day(batch: Batch, signed_date: date, now: datetime) -> None:
    assert batch.submitted_at is not None
    printed, today = local_date(batch.cohort, batch.submitted_at), local_date(batch.cohort, now)
    if not printed <= signed_date <= today:
        raise NotThatDay(
            f"The list was submitted on {printed:%B %-d, %Y}; nobody signed it before that, or in the future. "
            "Look at the day on the paper again."
        )
