"""Becoming a participant, and leaving (F3)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from coaching import audit
from coaching.errors import Refused
from coaching.models import (
    CareerTrack,
    Cohort,
    Competency,
    CompetencyRating,
    Goal,
    JobClassification,
    Membership,
    OrgUnit,
    Participant,
    Team,
    TeamChange,
    User,
)


class NoSeatLeft(Refused):
    pass


class CannotLeave(Refused):
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


@transaction.atomic
def enroll(*, user: User, cohort: Cohort, snapshot: Snapshot, by: User | None, now: datetime) -> Participant:
    """Give a person a seat in a cohort; a second call returns the same participant.

    Raises NoSeatLeft when all seats are taken.
    """
    cohort = Cohort.objects.select_for_update().get(pk=cohort.pk)
    present = cohort.participants.exclude(status=Participant.Status.LEFT)
    existing = present.filter(user=user).first()
    if existing:
        return existing
    if present.count() >= cohort.seats:
        raise NoSeatLeft(
            f"All {cohort.seats} seats of the {cohort} are taken. Waitlist this person, or raise the number of seats."
        )
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


def _rate(participant: Participant, competencies: Iterable[Competency], rating: str) -> None:
    CompetencyRating.objects.bulk_create(
        CompetencyRating(participant=participant, competency=competency, rating=rating)
        for competency in competencies
    )


def _set_goal(participant: Participant, project: Project) -> None:
    goal = Goal.objects.create(
        participant=participant,
        title=project.title,
        description=project.description,
        expected_outcome=project.expected_outcome,
        measure=project.measure,
    )
    goal.competencies.set(project.competencies)


@transaction.atomic
def leave(*, participant: Participant, by: User, reason: str, now: datetime) -> Participant:
    """End a participation at any time (F3); memberships end with it. Raises CannotLeave after completion."""
    participant = Participant.objects.select_for_update().get(pk=participant.pk)
    if participant.status == Participant.Status.LEFT:
        return participant
    if participant.status == Participant.Status.COMPLETED:
        raise CannotLeave(f"{participant} has completed the program; there is nothing to leave.")
    participant.status = Participant.Status.LEFT
    participant.left_at = now
    participant.left_reason = reason
    participant.save(update_fields=["status", "left_at", "left_reason"])
    team_ids = list(
        Membership.objects.filter(participant=participant, ended_at=None).values_list("team_id", flat=True)
    )
    Membership.objects.filter(participant=participant, ended_at=None).update(ended_at=now)
    _reopen_unconfirmed(team_ids, now)
    audit.record("participant.left", by=by, obj=participant, now=now, data={"reason": reason})
    return participant


def _reopen_unconfirmed(team_ids: list[int], now: datetime) -> None:
    """T4: a team that was still being agreed to is no longer the team its members were asked about."""
    teams = Team.objects.filter(pk__in=team_ids, status=Team.Status.AWAITING_AGREEMENT)
    for team in teams:
        TeamChange.objects.filter(team=team, status=TeamChange.Status.OPEN).update(
            status=TeamChange.Status.CANCELLED, settled_at=now
        )
        Membership.objects.filter(team=team, ended_at=None).update(ended_at=now)
        team.status = Team.Status.ENDED
        team.save(update_fields=["status"])


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
