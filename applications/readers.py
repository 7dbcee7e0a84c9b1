"""Who may read which signed text of an application, and what changed since the text they know (M17)."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from applications import changes
from applications.models import Application, ReviewStep
from applications.models.review_step import ReviewStepQuerySet
from coaching import offices, permissions
from coaching.models import OrgUnit, RouteStep, SignedText, SignOff, User


def texts_visible_to(user: User, *, on: date | None = None) -> "QuerySet[SignedText]":
    """The texts of applications that this person may read, each for its own reason.

    Applicants read their own; the branch's deputy and office keep the register (F5, T10). Whoever put their name under
    a text, or had it put there by somebody who stood in, reads that text for its term, whatever became of the
    application. Signers read what reached them, as long as it stands, and division directors what was signed for
    their division; neither reads a text that came later and never reached them (M17).
    """
    today = on or timezone.localdate()
    texts = SignedText.objects.filter(kind=SignedText.Kind.APPLICATION)
    steps = ReviewStep.objects.exclude(application__applicant=user)
    mine = Application.objects.filter(applicant=user)
    register = Q(application__cohort__in=permissions.office_cohorts(user, on=today).values("pk")) | Q(
        application__cohort__in=permissions.deputy_cohorts(user, on=today).values("pk")
    )
    return texts.filter(
        Q(pk__in=ReviewStep.objects.filter(application__in=mine.values("pk")).values("text"))
        | Q(pk__in=steps.filter(register).values("text"))
        | Q(pk__in=_signed_by(user).values("text")) & Q(pk__in=_within_term(steps, today).values("text"))
        | Q(pk__in=_reached(steps, user, today).values("text"))
    )


def may_read(user: User, text: SignedText | None) -> bool:
    return text is not None and texts_visible_to(user).filter(pk=text.pk).exists()


def _signed_by(user: User) -> "QuerySet[SignOff]":
    by_order = Q(on_behalf_of=user, delegation__isnull=False)  # not whoever it was taken from
    return SignOff.objects.filter(Q(signer=user) | by_order)


def _within_term(steps: "QuerySet[ReviewStep]", today: date) -> "QuerySet[ReviewStep]":
    """Steps of applications whose records are kept today: see Cohort.records_kept_until."""
    term = F("application__cohort__program__retention_years")
    return steps.filter(application__cohort__first_month__year__gte=today.year - term)


def _reached(steps: ReviewStepQuerySet, user: User, today: date) -> "QuerySet[ReviewStep]":
    """Steps of standing applications that reached this person, or were signed for the division they lead."""
    divisions = offices.units_led_by(user, on=today, kind=OrgUnit.Kind.DIVISION)
    own = Q(pk__in=ReviewStep.objects.reached_by(user).values("pk"))
    to_act = ReviewStep.objects.to_act_on().signable_by(user, on=today)
    of_division = Q(office=RouteStep.Office.DIRECTOR, status=ReviewStep.Status.SIGNED, unit__in=divisions)
    standing = steps.exclude(application__status=Application.Status.WITHDRAWN)
    return standing.reached().filter(own | of_division | Q(pk__in=to_act.values("pk")))


def earlier_text(application: Application, user: User, *, than: SignedText | None) -> SignedText | None:
    """The text to compare with: the last one this person acted on, else the last one that came back.

    `than` None: what is being written now.
    """
    texts = SignedText.objects.filter(review_steps__application=application)
    if than is not None:
        texts = texts.filter(pk__lt=than.pk)
    acted_on = texts.filter(review_steps__acted_by=user).order_by("-pk").first()
    return acted_on or texts.order_by("-pk").first()


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
    """What changed in `text` since the text this person knows; None where there is no earlier one."""
    earlier = earlier_text(application, user, than=than)
    if earlier is None:
        return None
    acted = earlier.review_steps.filter(acted_at__isnull=False).select_related("acted_by", "route_step")
    steps = list(acted.order_by("-acted_at", "-pk"))
    return Changes(
        earlier=earlier,
        chapters=changes.between(earlier.text, text),
        returned=next((step for step in steps if step.status == ReviewStep.Status.RETURNED), None),
        acted_on=next((step for step in steps if step.acted_by_id == user.pk), None),
    )
