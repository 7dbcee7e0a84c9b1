"""What is left of lists of certificates that were never approved, at the end of the term (coaching/erasing.py).

Lists that were approved, certificates and their register are kept for good.
"""

from datetime import datetime

from django.db.models import Max, QuerySet

from certificates.models import Batch, BatchEntry
from coaching import erasing
from coaching.models import ERASED, Cohort, Program, SignedText, User


def cohort(cohort: Cohort, *, by: User | None, now: datetime) -> None:
    lists = Batch.objects.filter(cohort=cohort).exclude(status=Batch.Status.APPROVED)
    entries = BatchEntry.objects.filter(batch__in=lists)
    erasing.empty_texts(entries, "name", "ended_reason")
    erasing.delete_details(lists, entries)
    texts = list(lists.exclude(text=None).values_list("text", flat=True))
    erasing.empty_signed_texts(texts, was=None, to=None, by=by, now=now)
    lists.update(returned_reason="", returned_by=None, taken_back=False)


def texts_of_nothing(*, before: int) -> QuerySet[SignedText]:
    """Of lists that were sent or taken back; the longest term there is ended before this year."""
    longest = Program.objects.aggregate(most=Max("participation_years"))["most"] or 0
    old = SignedText.objects.filter(
        kind=SignedText.Kind.CERTIFICATE_BATCH, batch=None, created_at__year__lt=before - longest
    )
    return old.exclude(text=ERASED)
