"""A cohort's eight months as rows: what the meetings left behind when everybody came and evaluated."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime
from types import SimpleNamespace

from certificates.approval import approve_batch
from certificates.claims import claims_of
from certificates.issuing import next_serial
from certificates.models import Batch, Certificate, CertificateFile
from coaching.models import Cohort, Delegation, Participant, Team, User
from meetings.dates import add_months
from meetings.models import Attendance, EvaluationReceipt, Meeting
from tests import factories
from tests.remembering import remembered

# The day after the eight months: the cohort of the tests meets from February to September 2027.
AFTER = datetime(2027, 10, 5, 18, 0, tzinfo=UTC)


@remembered
def hold_meetings(team: Team, *, now: datetime = AFTER) -> list[Meeting]:
    """Eight meetings of two hours, each attended and evaluated by every member."""
    cohort = team.cohort
    members = [membership.participant for membership in team.memberships.filter(ended_at=None)]
    held = []
    for item in cohort.program.curriculum.order_by("position"):
        meeting = Meeting.objects.create(
            cohort=cohort,
            item=item,
            date=add_months(cohort.first_month, item.month - 1).replace(day=17),
            start_time=cohort.meeting_start_time,
            minutes=item.minutes,
            time_zone=cohort.time_zone,
            month=item.month,
            status=Meeting.Status.HELD,
        )
        meeting.teams.add(team)
        for participant in members:
            attend(meeting, participant, now=now)
        held.append(meeting)
    return held


def attend(
    meeting: Meeting,
    participant: Participant,
    *,
    status: str = Attendance.Status.PRESENT,
    now: datetime = AFTER,
) -> None:
    Attendance.objects.create(meeting=meeting, participant=participant, status=status, recorded_at=now)
    EvaluationReceipt.objects.create(meeting=meeting, participant=participant)


@remembered
def completed_team(cohort: Cohort, names: Iterable[str], *, by: User) -> list[Participant]:
    """A team whose members have met every condition."""
    members = [
        factories.participant(cohort, factories.person(name, unit=cohort.branch.children.first()))
        for name in names
    ]
    hold_meetings(factories.confirmed_team(cohort, members, by=by))
    return members


def delegate_to(person: User, org: SimpleNamespace, **fields: object) -> Delegation:
    """A recorded order of the year 2027 to stand in for the superintendent."""
    values = {
        "kind": Delegation.Kind.DELEGATE,
        "principal": org.superintendent,
        "unit": org.department,
        "person": person,
        "reason": "Delegation order 12",
        "start_date": date(2027, 1, 1),
        "end_date": date(2027, 12, 31),
    }
    return Delegation.objects.create(**{**values, **fields})


@remembered
def approve(batch: Batch, by: User, typed_name: str = "") -> Batch:
    return approve_batch(batch=batch, by=by, typed_name=typed_name or by.name, now=AFTER)


@remembered
def registered(batch: Batch, participant: Participant) -> Certificate:
    """A certificate in the register, with a file that was not drawn."""
    pdf = f"%PDF-1.7 certificate of {participant.user.name}\n%%EOF\n".encode()
    certificate = Certificate.objects.create(
        participant=participant,
        batch=batch,
        serial=next_serial(batch.cohort),
        code=secrets.token_urlsafe(20),
        claims=claims_of(
            batch.entries.get(participant=participant), sign_off=batch.sign_off, issued_date=AFTER.date()
        ),
        digest=hashlib.sha256(pdf).hexdigest(),
        issued_at=AFTER,
    )
    CertificateFile.objects.create(certificate=certificate, pdf=pdf)
    return certificate
