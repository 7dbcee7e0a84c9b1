"""Who may read which signed text of an application, and what changed since the text they know (M17)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Prefetch, Q, QuerySet
from django.utils import timezone

from applications import changes
from applications.models import Application, ProjectChange, ReviewStep
from applications.models.review_step import ReviewStepQuerySet
from coaching import offices, permissions
from coaching.models import Cohort, OrgUnit, RouteStep, SignedText, SignOff, User


def texts_visible_to(user: User, *, of: int | None = None, on: date | None = None) -> "QuerySet[SignedText]":
    """The texts of applications that this person may read, each for its own reason.

    Applicants read their own; the branch's deputy and office keep the register (F5, T10). Whoever put their name under
    a text, or had it put there by somebody who stood in, reads that text for its term, whatever became of the
    application. Signers read what reached them, as long as it stands, and division directors what was signed for
    their division; neither reads a text that came later and never reached them (M17).

    `of`: those of one application, which is quick however many there are.
    """
    today = on or timezone.localdate()
    steps = ReviewStep.objects.all() if of is None else ReviewStep.objects.filter(application=of)
    others = steps.exclude(application__applicant=user)
    register = Q(application__cohort__in=permissions.office_cohorts(user, on=today).values("pk")) | Q(
        application__cohort__in=permissions.deputy_cohorts(user, on=today).values("pk")
    )
    signed = others.filter(text__sign_offs__in=_signed_by(user).values("pk"))
    return SignedText.objects.filter(kind=SignedText.Kind.APPLICATION, pk__in=steps.values("text")).filter(
        Q(pk__in=steps.filter(application__applicant=user).values("text"))
        | Q(pk__in=others.filter(register).values("text"))
        | Q(pk__in=_within_term(signed, today).values("text"))
        | Q(pk__in=_reached(others, user, today).values("text"))
    )


def may_read(user: User, application: Application) -> bool:
    """Whether the text that stands is one that this person may read."""
    texts = texts_visible_to(user, of=application.pk)
    return texts.filter(pk=application.current_text_id or 0).exists()


def signatures_of(user: User) -> "QuerySet[SignOff]":
    """The signatures in this person's name under other people's applications, and changes of their projects (A14), that
    they may still read."""
    signed = ReviewStep.objects.exclude(application__applicant=user).filter(
        text__sign_offs__in=_signed_by(user).values("pk")
    )
    steps = ReviewStep.objects.select_related("application__applicant", "application__cohort")
    changes = ProjectChange.objects.select_related("participant__user", "participant__cohort")
    today = timezone.localdate()
    kept = changes.filter(participant__cohort__in=_kept_cohorts(today))
    return (
        _signed_by(user)
        .filter(Q(text__in=_within_term(signed, today).values("text")) | Q(text__in=kept.values("text")))
        .select_related("text", "signer", "on_behalf_of")
        .defer("text__text")
        .prefetch_related(Prefetch("text__review_steps", steps), Prefetch("text__project_changes", changes))
        .order_by("-signed_at", "-pk")
    )


def _signed_by(user: User) -> "QuerySet[SignOff]":
    by_order = Q(on_behalf_of=user, delegation__isnull=False)  # not whoever it was taken from
    return SignOff.objects.filter(Q(signer=user) | by_order)


def _within_term(steps: "QuerySet[ReviewStep]", today: date) -> "QuerySet[ReviewStep]":
    """Steps of applications whose records are kept today."""
    return steps.filter(application__cohort__in=_kept_cohorts(today))


def _kept_cohorts(today: date) -> "QuerySet[Cohort]":
    """See Cohort.records_kept_until."""
    return Cohort.objects.filter(first_month__year__gte=today.year - F("program__retention_years"))


def _reached(steps: ReviewStepQuerySet, user: User, today: date) -> "QuerySet[ReviewStep]":
    """Steps of standing applications that reached this person, or were signed for the division they lead."""
    divisions = offices.units_led_by(user, on=today, kind=OrgUnit.Kind.DIVISION)
    standing = steps.exclude(application__status=Application.Status.WITHDRAWN)
    own = standing.reached_by(user)
    to_act = standing.to_act_on().signable_by(user, on=today)
    of_division = Q(office=RouteStep.Office.DIRECTOR, status=ReviewStep.Status.SIGNED, unit__in=divisions)
    return standing.filter(since_at__isnull=False).filter(Q(pk__in=own) | of_division | Q(pk__in=to_act))


@dataclass(frozen=True)
class Changes:
    """What changed since an earlier text; `returned`: the step that gave it back."""

    earlier: SignedText
    chapters: list[changes.Chapter]
    returned: ReviewStep | None
    acted_on: ReviewStep | None


def changes_for(
    application: Application, user: User, *, text: str, than: SignedText | None = None
) -> Changes | None:
    """What changed in `text` since the text this person knows: the last they acted on, else the last that came back.

    None where there is no earlier one. `than` is the text itself; None: it is being written now.
    """
    return _changes(_steps_by_application([application.pk])[application.pk], user, text, than)


def changes_of(texts: Mapping[int, SignedText], user: User) -> dict[int, Changes | None]:
    """The same for many, each text by its application's id, in one query."""
    steps = _steps_by_application(texts)
    return {pk: _changes(steps[pk], user, text.text, text) for pk, text in texts.items()}


def _steps_by_application(applications: Iterable[int]) -> dict[int, list[ReviewStep]]:
    steps = ReviewStep.objects.filter(application__in=list(applications), acted_at__isnull=False)
    related = steps.select_related("text", "acted_by", "route_step").order_by("text", "acted_at", "pk")
    found: dict[int, list[ReviewStep]] = defaultdict(list)
    for step in related:
        found[step.application_id].append(step)
    return found


def _changes(steps: list[ReviewStep], user: User, text: str, than: SignedText | None) -> Changes | None:
    before = [step for step in steps if than is None or step.text_id < than.pk]
    if not before:
        return None
    known = [step for step in before if step.acted_by_id == user.pk]
    earlier = (known or before)[-1].text
    of_text = [step for step in before if step.text_id == earlier.pk]
    returned = [step for step in of_text if step.status == ReviewStep.Status.RETURNED]
    return Changes(
        earlier=earlier,
        chapters=changes.between(earlier.text, text),
        returned=returned[-1] if returned else None,
        acted_on=known[-1] if known else None,
    )
