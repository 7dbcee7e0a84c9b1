"""Choices before the decision: the branch office recommends, the deciding office chooses; both can change their mind.

Nothing here is signed, and nobody is told: that is the release's part (releasing.py).
"""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.dateformat import format as date_format

from applications import deciding, drafting, routing, settling
from applications.deciding import Criteria
from applications.models import Application, Choice, Outcome, Recommendation
from applications.routing import Settled
from applications.settling import NotWaitingOnYou
from coaching import audit
from coaching.errors import Refused
from coaching.models import RouteStep, User
from coaching.permissions import deputy_cohorts, require_office


class ChosenMeanwhile(Refused):
    """Somebody else of the deciding office has chosen since the page was opened."""


class NotOpenForAdvice(Refused):
    """A recommendation is for what is still to be decided."""


@transaction.atomic
def choose(
    *,
    application: Application,
    by: User,
    outcome: str,
    criteria: Criteria,
    now: datetime,
    reason: str = "",
    concept_dates: Mapping[str, date] | None = None,
    text_id: int | None = None,
    version: int | None = None,
) -> Choice:
    """Record or change what is to be decided about an application (A10). The same choice twice is one.

    `version` is that of the choice the person saw, 0 for none. Raises NotWaitingOnYou, TextChanged, DecisionNeeded,
    ReasonMissing, ConceptNotDiscussed, ChosenMeanwhile.
    """
    application, settled = deciding.lock_for_decision(application, by, now, text_id)
    outcome = Outcome(outcome)
    deciding.check_decision(application, outcome, criteria, reason)
    values: dict[str, object] = {
        "text": application.current_text,
        "outcome": outcome,
        "interest_in_program": criteria.interest_in_program.strip(),
        "interest_in_leadership": criteria.interest_in_leadership.strip(),
        "division_project": criteria.division_project.strip(),
        "reason": reason.strip(),
        **_corrected_dates(application, settled, concept_dates or {}),
    }
    before = Choice.objects.filter(application=application).select_related("chosen_by").first()
    if before and before.chosen_by_id == by.pk and _same(before, values):
        return before
    if version is not None and version != (before.version if before else 0):
        raise ChosenMeanwhile(_meanwhile(before, application))
    choice = before or Choice(application=application, version=0)
    for name, value in values.items():
        setattr(choice, name, value)
    choice.version += 1
    choice.chosen_by, choice.chosen_at = by, now
    choice.save()
    audit.record(
        "application.chosen",
        by=by,
        obj=application,
        now=now,
        on_behalf_of=settled[0][1].on_behalf_of,
        data={"outcome": outcome.value, "version": choice.version},
    )
    return choice


def _corrected_dates(
    application: Application, settled: Settled, given: Mapping[str, date]
) -> dict[str, date | None]:
    """A3: where the deciding person also signs as supervisor or director, the dates that differ from the applicant's."""
    corrected: dict[str, date | None] = {"concept_supervisor_date": None, "concept_director_date": None}
    if application.status == Application.Status.WAITLISTED:
        return corrected
    for step, _ in settled:
        confirmed = settling.confirmed_concept_date(application, step, given)
        if confirmed != settling.stated_concept_date(application, step):
            corrected[f"concept_{step.office}_date"] = confirmed
    return corrected


def concept_dates(choice: Choice) -> dict[str, date]:
    """The corrected dates by office, as a decision takes them."""
    dates = {
        RouteStep.Office.SUPERVISOR: choice.concept_supervisor_date,
        RouteStep.Office.DIRECTOR: choice.concept_director_date,
    }
    return {office.value: day for office, day in dates.items() if day}


def criteria_of(choice: Choice) -> Criteria:
    return Criteria(
        interest_in_program=choice.interest_in_program,
        interest_in_leadership=choice.interest_in_leadership,
        division_project=choice.division_project,
    )


def _same(choice: Choice, values: Mapping[str, object]) -> bool:
    return all(getattr(choice, name) == value for name, value in values.items())


def _meanwhile(choice: Choice | None, application: Application) -> str:
    if choice is None:
        return (
            f"The choice about {application.applicant} was taken back since you opened this page. Look again."
        )
    at = timezone.localtime(choice.chosen_at, application.cohort.zone)
    return (
        f"{choice.chosen_by} chose “{choice.get_outcome_display()}” for {application.applicant} on "
        f"{date_format(at, 'F j, g:i a')}, after you opened this page. What you wrote is still here: "
        "save again to replace that choice."
    )


@transaction.atomic
def take_back(*, application: Application, by: User, now: datetime) -> None:
    """Leave open again what was chosen; also for an application that has gone since. Raises NotWaitingOnYou."""
    application = drafting.lock(application)
    choice = Choice.objects.filter(application=application).first()
    if choice is None:
        return
    if not _may_take_back(choice, application, by, now):
        raise NotWaitingOnYou(settling.why_not(application, by))
    choice.delete()
    audit.record("application.choice_taken_back", by=by, obj=application, now=now)


def _may_take_back(choice: Choice, application: Application, by: User, now: datetime) -> bool:
    if by.pk == application.applicant_id:
        return False
    day = drafting.today_of(application.cohort, now)
    return (
        choice.chosen_by_id == by.pk
        or deputy_cohorts(by, on=day).filter(pk=application.cohort_id).exists()
        or bool(routing.steps_to_decide(application, by, on=day))
    )


@transaction.atomic
def recommend(
    *, application: Application, by: User, outcome: str, sentence: str, now: datetime
) -> Recommendation:
    """The branch office's advice to the deciding office, in one sentence; changed until the decision.

    Raises NotYourCohort (F5, T10), NotOpenForAdvice, ReasonMissing.
    """
    require_office(cohort=application.cohort, by=by, now=now)
    application = drafting.lock(application)
    if application.status not in (Application.Status.IN_REVIEW, Application.Status.WAITLISTED):
        raise NotOpenForAdvice(
            f"{application.applicant}’s application is “{application.get_status_display().lower()}”, so there is nothing "
            "to recommend now."
        )
    sentence = " ".join(sentence.split())
    if not sentence:
        raise settling.ReasonMissing("Say in a sentence why you recommend this.")
    advice = Outcome(outcome)
    before = Recommendation.objects.filter(application=application).first()
    if before and (before.outcome, before.sentence) == (advice, sentence):
        return before
    made, _ = Recommendation.objects.update_or_create(
        application=application,
        defaults={"outcome": advice, "sentence": sentence, "recommended_by": by, "recommended_at": now},
    )
    audit.record("application.recommended", by=by, obj=application, now=now, data={"outcome": advice.value})
    return made
