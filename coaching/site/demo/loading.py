"""The phases of the demo, each loaded once."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from applications.models import Application, Recommendation
from coaching.models import Delegation, Message
from coaching.site.demo import cohorts, mail, pairs, review, selection
from coaching.site.demo.people import address
from coaching.site.demo.review import DESIGNEE
from coaching.site.demo.scene import STUDENT_BRANCH, Demo


def _review(demo: Demo) -> None:
    """It goes on in the cohort that is open."""
    if not is_loaded("open"):
        review.draft(demo)
    review.review(demo)


LOADERS: dict[str, Callable[[Demo], None]] = {
    "completed": cohorts.completed,
    "month_five": cohorts.month_five,
    "teams": cohorts.teams,
    "open": review.draft,
    "review": _review,
    "selection": partial(selection.load, branch=STUDENT_BRANCH),
    "pairs": pairs.pairs,
}
PHASES = tuple(LOADERS)
# Whose application shows that a phase is there; of the last one, the designee tells.
APPLICANTS = {
    "completed": "graduate",
    "month_five": "member",
    "teams": "operations.member",
    "open": "applicant",
    "pairs": "pair.member",
}
RECENT = timedelta(days=30)


def is_loaded(phase: str) -> bool:
    """A phase is loaded whole or not at all, so one of its traces tells."""
    if phase == "selection":
        return Recommendation.objects.exists()
    if phase in APPLICANTS:
        return Application.objects.filter(applicant__email=address(APPLICANTS[phase])).exists()
    return Delegation.objects.filter(
        kind=Delegation.Kind.DELEGATE, person__email=address(DESIGNEE), principal__email=address("deputy")
    ).exists()


def load(*, phases: Iterable[str], now: datetime) -> list[str]:
    """Load these phases; those that are there already stay as they are. Returns the ones that were new.

    Each phase is one transaction: a loading that was ended midway goes on with the next call.
    """
    missing = [phase for phase in phases if not is_loaded(phase)]
    if not missing:
        return []
    with transaction.atomic():
        demo = Demo(now=now)
        review.fill_vacancy(demo)
    for phase in missing:
        with transaction.atomic():
            LOADERS[phase](demo)
            # Mail of months ago would only bury what people do now.
            Message.objects.filter(status=Message.Status.PENDING, due_at__lt=now - RECENT).update(
                status=Message.Status.DROPPED, error="Older than the demo."
            )
            if phase == "open":
                mail.leave_undelivered(STUDENT_BRANCH)
    return missing
