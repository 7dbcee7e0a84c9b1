"""Several marks of attendance changed at once by the branch office: each with its reason, all of them or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from coaching.meanwhile import ChangedMeanwhile
from coaching.models import Cohort, Participant, User
from meetings import attendance, team_space
from meetings.models import Attendance, Meeting

Key = tuple[int, int]  # of a meeting and a participant


@dataclass(frozen=True)
class Change:
    """`seen`: the version of the mark where this was decided; empty where there was none."""

    meeting: Meeting
    participant: Participant
    status: str
    reason: str
    seen: str

    @property
    def key(self) -> Key:
        return self.meeting.pk, self.participant.pk


class OthersWereFirst(ChangedMeanwhile):
    """Some of the marks are others now. `found`: by key, what stands in words, and its version."""

    def __init__(self, found: Mapping[Key, tuple[str, str]]) -> None:
        super().__init__("Some marks were changed while this page was open. Nothing is saved yet.")
        self.found = found


@transaction.atomic
def correct_several(*, cohort: Cohort, changes: Sequence[Change], by: User, now: datetime) -> int:
    """Write these marks, each with an event of its own; whom they concern is told. Returns how many are new or others.

    Sent twice, it changes nothing. Raises OthersWereFirst, and what `attendance.correct` raises (T10).
    """
    team_space.require_office(by, cohort, on=now.astimezone(cohort.zone).date())
    ids = {change.meeting.pk for change in changes}
    meetings = Meeting.objects.select_for_update().filter(cohort=cohort, pk__in=ids).order_by("pk")
    locked = {meeting.pk: meeting for meeting in meetings}
    rows = Attendance.objects.filter(meeting__in=locked).select_related("recorded_by")
    known = {(row.meeting_id, row.participant_id): row for row in rows}
    open_ones = [change for change in changes if not _stands(change, known.get(change.key))]
    elsewhere = {
        change.key: (attendance.in_words(known.get(change.key), by), version)
        for change in open_ones
        if (version := attendance.version_of(known.get(change.key))) != change.seen
    }
    if elsewhere:
        raise OthersWereFirst(elsewhere)
    for change in open_ones:
        attendance.correct(
            meeting=locked[change.meeting.pk],
            participant=change.participant,
            status=change.status,
            reason=change.reason,
            by=by,
            now=now,
        )
    return len(open_ones)


def _stands(change: Change, row: Attendance | None) -> bool:
    return (
        row is not None
        and row.by_office
        and (row.status, row.reason) == (change.status, change.reason.strip())
    )
