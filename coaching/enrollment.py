"""Becoming a participant, and leaving (F3)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from coaching import audit, outbox, team_draft
from coaching.cohorts import is_over
from coaching.errors import Refused
from coaching.models import (
    CareerTrack,
    Cohort,
    Competency,
    CompetencyRating,
    Goal,
    JobClassification,
    OrgUnit,
    Participant,
    Team,
    User,
)
from coaching.permissions import officers_of, require_office
from coaching.team_agreement import end_unconfirmed
from coaching.team_changes import drop_questions


class NoSeatLeft(Refused):
    pass


class CannotLeave(Refused):
    pass


class CannotReturn(Refused):
    pass


@dataclass(frozen=True)
class Project:
    title: str
    description: str
    expected_outcome: str
    measure: str
    competencies: tuple[Competency, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """What later rooms need to know of an application: the one intended copy."""

    division: OrgUnit | None = None
    classification: JobClassification | None = None
    career_track: CareerTrack | None = None
    role_aimed_for: str = ""
    grow: tuple[Competency, ...] = ()
    glow: tuple[Competency, ...] = ()
    project: Project | None = None
    signers: tuple[User, ...] = field(default=())


def seats_taken(cohort: Cohort) -> int:
    """A seat is free again once its participant has left."""
    return cohort.participants.exclude(status=Participant.Status.LEFT).count()


@transaction.atomic
def enroll(*, user: User, cohort: Cohort, snapshot: Snapshot, by: User | None, now: datetime) -> Participant:
    """Give a person a seat in a cohort; a second call returns the same participant.

    Raises NoSeatLeft when all seats are taken.
    """
    cohort = Cohort.objects.select_for_update().get(pk=cohort.pk)
    existing = cohort.participants.exclude(status=Participant.Status.LEFT).filter(user=user).first()
    if existing:
        return existing
    _require_seat(cohort)
    participant = Participant.objects.create(
        user=user,
        cohort=cohort,
        division=snapshot.division,
        classification=snapshot.classification,
        career_track=snapshot.career_track,
        role_aimed_for=snapshot.role_aimed_for,
        enrolled_at=now,
    )
    participant.signers.set(snapshot.signers)
    _rate(participant, snapshot.grow, CompetencyRating.Rating.GROW)
    _rate(participant, snapshot.glow, CompetencyRating.Rating.GLOW)
    if snapshot.project:
        _set_goal(participant, snapshot.project)
    audit.record("participant.enrolled", by=by, obj=participant, now=now)
    return participant


def _require_seat(cohort: Cohort) -> None:
    if seats_taken(cohort) >= cohort.seats:
        raise NoSeatLeft(
            f"All {cohort.seats} seats of the {cohort} are taken. Waitlist this person, or ask the branch office "
            f"({cohort.contact_email}) for more seats."
        )


def _rate(participant: Participant, competencies: Iterable[Competency], rating: str) -> None:
    CompetencyRating.objects.bulk_create(
        CompetencyRating(participant=participant, competency=competency, rating=rating)
        for competency in competencies
    )


def _set_goal(participant: Participant, project: Project) -> None:
    goal, _ = Goal.objects.update_or_create(
        participant=participant,
        defaults={
            "title": project.title,
            "description": project.description,
            "expected_outcome": project.expected_outcome,
            "measure": project.measure,
        },
    )
    goal.competencies.set(project.competencies)


@transaction.atomic
def change_project(
    *, participant: Participant, project: Project, by: User | None, now: datetime
) -> Participant:
    """Put another project in the place of the one that was approved; the caller has the concurrence (A14)."""
    participant = Participant.objects.select_for_update().get(pk=participant.pk)
    _set_goal(participant, project)
    audit.record("participant.project_changed", by=by, obj=participant, now=now)
    return participant


@transaction.atomic
def leave(*, participant: Participant, by: User, reason: str, now: datetime) -> Participant:
    """End a participation at any time (F3); memberships end with it. A second call changes nothing.

    The participant does it, or the branch office records it. Raises NotYourCohort, CannotLeave after completion.
    """
    if by.pk != participant.user_id:
        require_office(cohort=participant.cohort, by=by, now=now)
    cohort = (
        Cohort.objects.select_for_update(of=("self",)).select_related("program").get(pk=participant.cohort_id)
    )
    participant = Participant.objects.select_for_update(of=("self",)).get(pk=participant.pk)
    if participant.status == Participant.Status.LEFT:
        return participant
    if participant.status == Participant.Status.COMPLETED:
        raise CannotLeave(f"{participant} has completed the program; there is nothing to leave.")
    participant.status = Participant.Status.LEFT
    participant.left_at = now
    participant.left_reason = reason
    participant.save(update_fields=["status", "left_at", "left_reason"])
    team_draft.take_out(cohort, [participant.pk], now=now)
    drop_questions(participant=participant, by=by, now=now)
    teams = list(Team.objects.filter(memberships__participant=participant, memberships__ended_at=None))
    participant.memberships.filter(ended_at=None).update(ended_at=now)
    for team in teams:
        _carry_on_without(participant, team, by=by, now=now)
    ids, key = {"participant": participant.pk}, _once(participant, now)
    outbox.queue(kind="participation_ended", to=participant.user, key=key, now=now, ids=ids)
    for officer in officers_of(
        cohort, on=timezone.localdate(now)
    ):  # T1: it says so where a team became small
        outbox.queue(kind="participant_left", to=officer, key=key, now=now, ids=ids)
    audit.record("participant.left", by=by, obj=participant, now=now, data={"reason": reason})
    return participant


def _carry_on_without(participant: Participant, team: Team, *, by: User, now: datetime) -> None:
    """T4: a team still being agreed to ends. A confirmed one stays."""
    if team.status == Team.Status.AWAITING_AGREEMENT:
        end_unconfirmed(team=team, by=by, reason="A member left the program.", now=now)
        return
    staying = team.memberships.filter(ended_at=None).select_related("participant__user")
    ids = {"participant": participant.pk, "team": team.pk}
    for membership in staying:
        user = membership.participant.user
        key = f"{team.pk}:{_once(participant, now)}"
        outbox.queue(kind="teammate_left", to=user, key=key, now=now, ids=ids)


@transaction.atomic
def take_in_again(*, participant: Participant, cohort: Cohort, by: User, now: datetime) -> Participant:
    """Whoever left takes part again, in the same cohort or a later one, with what they had chosen to work on (F3).

    In the same cohort the participation that ended goes on, with all that hangs on it; in a later one another begins, with
    the division and the classification of today. A second call returns the same participant.
    Raises NotYourCohort, CannotReturn, NoSeatLeft.
    """
    for each in (participant.cohort, cohort):
        require_office(cohort=each, by=by, now=now)
    Cohort.objects.select_for_update().get(pk=cohort.pk)
    before = Participant.objects.select_related("user__classification", "cohort", "goal").get(
        pk=participant.pk
    )
    existing = cohort.participants.exclude(status=Participant.Status.LEFT).filter(user=before.user).first()
    if existing:
        return existing
    if before.status != Participant.Status.LEFT:
        raise CannotReturn(f"{before} has not left the {before.cohort}.")
    if cohort.program_id != before.cohort.program_id or cohort.first_month < before.cohort.first_month:
        raise CannotReturn("Choose the same cohort or a later one of the same program.")
    if is_over(cohort, today=timezone.localdate(now, cohort.zone)):
        raise CannotReturn(f"The {cohort} is over. Choose a later one.")
    is_same = cohort.pk == before.cohort_id
    if is_same:
        again = _go_on(before)
    else:
        again = enroll(
            user=before.user, cohort=cohort, snapshot=_snapshot_again(before, cohort), by=by, now=now
        )
    audit.record("participant.taken_in_again", by=by, obj=again, now=now, data={"before": before.pk})
    ids = {"participant": again.pk, "goes_on": is_same}
    outbox.queue(kind="participation_again", to=before.user, key=_once(again, now), now=now, ids=ids)
    return again


def _go_on(participant: Participant) -> Participant:
    """The participation that ended, from now on again; the cohort is locked. Raises NoSeatLeft."""
    _require_seat(participant.cohort)
    participant.status = Participant.Status.ACTIVE
    participant.left_at, participant.left_reason = None, ""
    participant.save(update_fields=["status", "left_at", "left_reason"])
    return participant


def _once(participant: Participant, now: datetime) -> str:
    """One mail each time: the same participation can end, and go on, more than once."""
    return f"{participant.pk}:{now.isoformat()}"


def _snapshot_again(before: Participant, cohort: Cohort) -> Snapshot:
    """The competencies are left out where the cohort has another model (F1)."""
    goal: Goal | None = getattr(before, "goal", None)
    known = set(cohort.competency_model.competencies.all())

    def rated(rating: str) -> tuple[Competency, ...]:
        rows = before.ratings.filter(rating=rating).select_related("competency")
        return tuple(row.competency for row in rows if row.competency in known)

    project = goal and Project(
        goal.title,
        goal.description,
        goal.expected_outcome,
        goal.measure,
        tuple(each for each in goal.competencies.all() if each in known),
    )
    user = before.user
    return Snapshot(
        division=user.division,
        classification=user.classification,
        career_track=user.career_track,
        role_aimed_for=before.role_aimed_for,
        grow=rated(CompetencyRating.Rating.GROW),
        glow=rated(CompetencyRating.Rating.GLOW),
        project=project or None,
        signers=tuple(before.signers.all()),
    )


@transaction.atomic
def complete(*, participant: Participant, by: User | None, now: datetime) -> Participant:
    """Mark that the certificate was earned; a second call changes nothing."""
    participant = Participant.objects.select_for_update().get(pk=participant.pk)
    if participant.status != Participant.Status.ACTIVE:
        return participant
    participant.status = Participant.Status.COMPLETED
    participant.completed_at = now
    participant.save(update_fields=["status", "completed_at"])
    audit.record("participant.completed", by=by, obj=participant, now=now)
    return participant


@transaction.atomic
def reopen(*, participant: Participant, by: User | None, reason: str, now: datetime) -> Participant:
    """Take a completion back, because its certificate was revoked (C2): what is missing is the ledger's to say again.

    A second call changes nothing.
    """
    participant = Participant.objects.select_for_update().get(pk=participant.pk)
    if participant.status != Participant.Status.COMPLETED:
        return participant
    participant.status = Participant.Status.ACTIVE
    participant.completed_at = None
    participant.save(update_fields=["status", "completed_at"])
    audit.record("participant.reopened", by=by, obj=participant, now=now, data={"reason": reason})
    return participant
