"""Changing the approved project during the program: asked for, then concurred with by the director again (A14)."""

from datetime import date, datetime

from django.db import transaction

from applications import notices, routing, text
from applications.drafting import NotYours, today_of
from applications.models import ProjectChange
from applications.routing import Authority, Signer
from applications.settling import NotWaitingOnYou, ReasonMissing
from coaching import audit, enrollment, signing
from coaching.enrollment import Project
from coaching.errors import Refused
from coaching.models import Goal, Participant, SignedText, User

Status = ProjectChange.Status


class CannotChange(Refused):
    """The participation has ended, a change waits already, or nothing would change."""


@transaction.atomic
def ask(
    *,
    participant: Participant,
    by: User,
    project: Project,
    why: str,
    now: datetime,
    instead_of: ProjectChange | None = None,
) -> ProjectChange:
    """Ask whoever concurs with projects to do so with a changed one; until then the approved one stands.

    `instead_of`: a change that waits, and is taken back for this one. Raises NotYours, CannotChange, ReasonMissing,
    routing.NoSigner.
    """
    Participant.objects.select_for_update().get(pk=participant.pk)
    participant = Participant.objects.select_related("user", "cohort__program").get(pk=participant.pk)
    if participant.user_id != by.pk:
        raise NotYours(f"Only {participant} can change this project.")
    if instead_of and instead_of.participant_id == participant.pk:
        take_back(change=instead_of, by=by, now=now)
    _check(participant, project, why)
    day = today_of(participant.cohort, now)
    signer = routing.concurring(by, participant.cohort, on=day)
    whole = text.of_change(participant, _current(participant), project, why, signer, on=day)
    change = ProjectChange.objects.create(
        participant=participant,
        route_step=signer.step,
        title=project.title.strip(),
        description=project.description.strip(),
        expected_outcome=project.expected_outcome.strip(),
        measure=project.measure.strip(),
        why=why.strip(),
        text=signing.signed_text(kind=SignedText.Kind.PROJECT_CHANGE, text=whole, by=by, now=now),
        asked_at=now,
        **_assignment(signer),
    )
    change.competencies.set(project.competencies)
    audit.record("project.change_asked", by=by, obj=change, now=now)
    notices.project_change_asked(change, day, now=now)
    return change


def _assignment(signer: Signer) -> dict[str, object]:
    names = ("unit", "holder", "signer", "delegation", "reason")
    return {name: getattr(signer, name) for name in names}


def _check(participant: Participant, project: Project, why: str) -> None:
    if participant.status != Participant.Status.ACTIVE:
        raise CannotChange("Your participation has ended; its project stays as it was.")
    if participant.project_changes.filter(status=Status.PENDING).exists():
        raise CannotChange("A change of your project waits already. Nothing of what you typed here was sent.")
    answers = (project.title, project.description, project.expected_outcome, project.measure, why)
    if not all(answer.strip() for answer in answers) or not project.competencies:
        raise ReasonMissing("Answer every question about the project, and say why you want to change it.")
    if _current(participant) == project:
        raise CannotChange("This is the project as it is approved: nothing would change.")


def _current(participant: Participant) -> Project | None:
    goal = Goal.objects.filter(participant=participant).first()
    if goal is None:
        return None
    return Project(
        title=goal.title,
        description=goal.description,
        expected_outcome=goal.expected_outcome,
        measure=goal.measure,
        competencies=tuple(goal.competencies.order_by("position")),
    )


@transaction.atomic
def concur(*, change: ProjectChange, by: User, typed_name: str, now: datetime) -> ProjectChange:
    """They sign; from now on it is the project. Raises NotWaitingOnYou, signing.NameDoesNotMatch."""
    change, right = _lock_for_act(change, by, now)
    change.sign_off = signing.sign(
        text=change.text,
        by=by,
        capacity=routing.capacity(change, right),
        statement=change.route_step.statement,
        typed_name=typed_name,
        now=now,
        on_behalf_of=right.on_behalf_of,
        delegation=right.delegation,
    )
    _settle(change, Status.SIGNED, by, now, on_behalf_of=right.on_behalf_of)
    project = Project(
        title=change.title,
        description=change.description,
        expected_outcome=change.expected_outcome,
        measure=change.measure,
        competencies=tuple(change.competencies.all()),
    )
    enrollment.change_project(participant=change.participant, project=project, by=by, now=now)
    notices.project_change_settled(change, now=now)
    return change


@transaction.atomic
def decline(*, change: ProjectChange, by: User, comment: str, now: datetime) -> ProjectChange:
    """The approved project stands. Raises NotWaitingOnYou, ReasonMissing."""
    change, right = _lock_for_act(change, by, now)
    if not comment.strip():
        raise ReasonMissing("Say why, so that the participant knows what to do.")
    change.comment = comment.strip()
    _settle(change, Status.DECLINED, by, now, on_behalf_of=right.on_behalf_of)
    notices.project_change_settled(change, now=now)
    return change


@transaction.atomic
def take_back(*, change: ProjectChange, by: User, now: datetime) -> ProjectChange:
    """The participant no longer wants it; a second call changes nothing. Raises NotYours, CannotChange."""
    change = _lock(change)
    if change.participant.user_id != by.pk:
        raise NotYours(f"Only {change.participant} can take this back.")
    if change.status == Status.WITHDRAWN:
        return change
    if change.status != Status.PENDING:
        raise CannotChange(f"{change.acted_by} has answered already.")
    _settle(change, Status.WITHDRAWN, by, now)
    notices.project_change_taken_back(change, now=now)
    return change


def _lock(change: ProjectChange) -> ProjectChange:
    ProjectChange.objects.select_for_update().get(pk=change.pk)
    return ProjectChange.objects.with_people().get(pk=change.pk)


def _lock_for_act(change: ProjectChange, by: User, now: datetime) -> tuple[ProjectChange, Authority]:
    change = _lock(change)
    right = right_to_act(change, by, on=today_of(change.participant.cohort, now))
    if right is None:
        raise NotWaitingOnYou(f"This change does not wait on you: {change.get_status_display().lower()}.")
    return change, right


def right_to_act(change: ProjectChange, by: User, *, on: date) -> Authority | None:
    """In which right this person can answer today, or None."""
    if change.status != Status.PENDING or change.participant.status != Participant.Status.ACTIVE:
        return None
    return routing.authority(change, by, on=on)


def _settle(
    change: ProjectChange, status: Status, by: User, now: datetime, on_behalf_of: User | None = None
) -> None:
    change.status = status
    change.acted_at, change.acted_by = now, by
    change.save(update_fields=["status", "acted_at", "acted_by", "comment", "sign_off"])
    audit.record(f"project.change_{status.value}", by=by, obj=change, now=now, on_behalf_of=on_behalf_of)
