"""What waits around applications: to begin, to finish, to sign."""

from datetime import date, datetime

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from applications import drafting
from applications.models import Application, DraftShare, ReviewStep
from applications.waiting import changes_waiting, steps_waiting
from coaching import permissions
from coaching.in_words import counted
from coaching.models import Cohort, Membership, OrgUnit, Participant, User
from coaching.site.waiting.cards import Card, Urgency, about, day

Status = Application.Status


def _to_sign(user: User, today: date) -> QuerySet[ReviewStep]:
    steps = steps_waiting(user, on=today).filter(route_step__decides=False)
    return steps.exclude(application__choice__text=F("text"))


@about(_to_sign)
def to_sign(user: User, now: datetime) -> list[Card]:
    """A9: as signer, acting person or delegate; decisions have cards of their own."""
    sums = _to_sign(user, timezone.localdate(now)).aggregate(number=Count("pk"), since=Min("since_at"))
    if not sums["number"]:
        return []
    return [
        Card(
            title=f"{counted(sums['number'], 'application waits', 'applications wait')} for your signature",
            text=f"Waiting since {day(sums['since'])}. Read, then sign or send back.",
            address=reverse("approvals"),
            action="Read and sign",
            urgency=Urgency.NOW,
            icon="pencil-edit",
        )
    ]


@about(lambda user, today: changes_waiting(user, on=today))
def project_changes(user: User, now: datetime) -> list[Card]:
    """A14: a change of an approved project waits for the director."""
    sums = changes_waiting(user, on=timezone.localdate(now)).aggregate(
        number=Count("pk"), since=Min("asked_at")
    )
    if not sums["number"]:
        return []
    return [
        Card(
            title=f"{counted(sums['number'], 'change of a project waits', 'changes of projects wait')} for you",
            text=f"Waiting since {day(sums['since'])}. Until you concur, the approved project stands.",
            address=reverse("approvals"),
            action="Read and answer",
            urgency=Urgency.NOW,
            icon="pencil-edit",
        )
    ]


def _shares(user: User, today: date) -> QuerySet[DraftShare]:
    return DraftShare.objects.open().filter(person=user)


@about(_shares)
def drafts_shared(user: User, now: datetime) -> list[Card]:
    """A3: somebody lets this person read a draft before they talk about its project."""
    shares = _shares(user, timezone.localdate(now)).select_related("application__applicant")
    return [
        Card(
            title=f"{share.application.applicant} shares a draft with you",
            text=f"It is for your talk about the project, and not submitted. Shared {day(share.shared_at)}.",
            address=reverse("application_draft", args=[share.application_id]),
            action="Read the draft",
            urgency=Urgency.SOON,
            icon="eye",
        )
        for share in shares
    ]


def _mine(user: User, today: date) -> QuerySet[Application]:
    in_teams = Membership.objects.filter(participant__user=user, ended_at=None)
    own = Application.objects.standing().filter(applicant=user, cohort__first_month__gt=today)
    return own.exclude(cohort__in=in_teams.values("participant__cohort"))


@about(_mine)
def mine(user: User, now: datetime) -> list[Card]:
    """Own applications, until the program begins or the person is in a team (A11)."""
    rows = _mine(user, timezone.localdate(now))
    steps = (
        ReviewStep.objects.current()
        .filter(application__applicant=user)
        .select_related("signer", "route_step")
    )
    readers = Count("shares", filter=Q(shares__ended_at=None), distinct=True)
    waits_on = {step.application_id: step for step in steps}
    places = Participant.objects.filter(user=user, cohort=OuterRef("cohort")).order_by("-pk")
    left_at = Subquery(places.values("left_at")[:1])
    return [
        _mine_card(each, waits_on.get(each.pk), now)
        for each in rows.select_related("cohort").annotate(readers=readers, left_at=left_at)
    ]


def _mine_card(application: Application, step: ReviewStep | None, now: datetime) -> Card:
    if application.status == Status.ACCEPTED and application.left_at:  # type: ignore[attr-defined]
        return _left(application)
    if drafting.came_too_late(application, now=now):
        return _too_late(application)
    return _card(application, step)


def _left(application: Application) -> Card:
    left_at: datetime = application.left_at  # type: ignore[attr-defined]
    return Card(
        title=f"You left the {application.cohort}",
        text=f"Your participation ended on {day(left_at)}. Leaving has no consequence for your work.",
        address=reverse("application", args=[application.pk]),
        action="See your application",
        urgency=Urgency.CALM,
        icon="clipboard",
    )


def _too_late(application: Application) -> Card:
    cohort = application.cohort
    return Card(
        title=f"Your application for the {cohort} was not sent",
        text=f"Applications closed on {day(cohort.applications_close_date)}. Your draft is kept; ask "
        f"{cohort.contact_email} whether there is more time.",
        address=reverse("application", args=[application.pk]),
        action="See your draft",
        urgency=Urgency.CALM,
        icon="clipboard",
    )


def _card(application: Application, step: ReviewStep | None) -> Card:
    cohort = application.cohort
    address = reverse("application", args=[application.pk])
    if application.status == Status.DRAFT:
        return Card(
            title=f"Finish your application for the {cohort}",
            text=f"It is saved, and {_who_reads(application)}. Applications close on {day(cohort.applications_close_date)}.",
            address=address,
            action="Go on",
            urgency=Urgency.SOON,
            icon="pencil",
        )
    if application.status == Status.RETURNED:
        return Card(
            title=f"Your application for the {cohort} came back for changes",
            text="Read the comment, change what it asks for, and submit again.",
            address=address,
            action="Read the comment",
            urgency=Urgency.NOW,
            icon="pencil",
        )
    return Card(
        title=f"Your application for the {cohort}: {application.get_status_display().lower()}",
        text=_state(application, step),
        address=address,
        action="See your application",
        urgency=Urgency.CALM,
        icon="clipboard",
    )


def _who_reads(application: Application) -> str:
    number = application.readers  # type: ignore[attr-defined]
    return f"you share it with {counted(number, 'person', 'people')}" if number else "only you can read it"


def _state(application: Application, step: ReviewStep | None) -> str:
    if step and step.since_at:
        return f"It waits on {step.signer} ({step.route_step.title}) since {day(step.since_at)}."
    return {
        Status.ACCEPTED: "Congratulations. The branch office forms the teams and then asks whether you agree to yours.",
        Status.WAITLISTED: "If a place becomes free, you are told at once.",
        Status.NOT_SELECTED: "Read the reason, and what you can do next. You are welcome to apply again.",
        Status.DECLINED: "Read the reason, and what you can do next. You are welcome to apply again.",
        Status.CLOSED: "Read the reason, and what you can do next. You are welcome to apply again.",
    }.get(Status(application.status), "")


def to_begin(user: User, now: datetime) -> list[Card]:
    """Cohorts of one's own branch that accept applications (F5).

    Not for those who run them or decide about them, and not for those who are in the middle of a program.
    """
    today = timezone.localdate(now)
    cohorts = (
        Cohort.objects.accepting_applications(today)
        .exclude(Exists(user.participations.active()))
        .filter(branch__in=OrgUnit.objects.around(user))
        .exclude(applications__in=Application.objects.standing().filter(applicant=user))
        .exclude(participants__user=user)
        .exclude(pk__in=permissions.office_cohorts(user).values("pk"))
        .exclude(pk__in=permissions.deputy_cohorts(user).values("pk"))
    )
    return [_offer(cohort, today) for cohort in cohorts.select_related("program")]


def _offer(cohort: Cohort, today: date) -> Card:
    left = (cohort.applications_close_date - today).days
    until = "today" if left == 0 else day(cohort.applications_close_date)
    return Card(
        title=f"Applications for the {cohort} are open",
        text=f"You can apply until {until}. Meetings begin in {cohort.first_month:%B %Y}. Taking part is voluntary.",
        address=reverse("applications"),
        action="See how to apply",
        urgency=Urgency.OFFER,
        icon="plus-fill",
    )
