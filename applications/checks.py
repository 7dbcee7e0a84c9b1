"""What an application still lacks before it can be submitted, and what is worth a second look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import models

from applications.models import Application, Rating
from coaching.models import Competency


class Step(models.TextChoices):
    """The short steps of the form, in their order."""

    ABOUT = "about", "About you"
    WHY = "why", "Why you want to take part"
    COMPETENCIES = "competencies", "Your competencies"
    PROJECT = "project", "Your project"
    REVIEW = "review", "Review and sign"


@dataclass(frozen=True)
class Finding:
    """Something missing or worth a look, and the step and field where it is put right."""

    step: Step
    field: str
    message: str

    @property
    def anchor(self) -> str:
        """The id of the control; in a group of choices, the first one. Empty where it is about the step as a whole."""
        is_group = self.field.startswith("rating_") or self.field == SERVED
        return f"id_{self.field}{'_0' if is_group else ''}" if self.field else ""


REQUIRED = (
    (Step.WHY, "why", "Say why you want to take part."),  # A1
    (Step.WHY, "development", "Say how taking part will help your development."),  # A1
    (Step.WHY, "role_aimed_for", "Name the leadership role you aim for."),  # F4
    (Step.WHY, "ultimate_position", "Name the position you ultimately see yourself in."),  # A1
    (Step.PROJECT, "project_title", "Give your project a title."),  # A2
    (Step.PROJECT, "project_description", "Describe your project."),  # A2
    (Step.PROJECT, "project_outcome", "Say what outcome you expect of the project."),  # A2
    (Step.PROJECT, "project_measure", "Say how the outcome will be measured."),  # A2
)
CONCEPT_DATES = (  # A3
    ("concept_supervisor_date", "supervisor"),
    ("concept_director_date", "division director"),
)
SERVED = "project_competencies"
NEEDED = frozenset(  # fields without which nothing is submitted; every rating beside them
    [SERVED, *(field for _, field, _ in REQUIRED), *(field for field, _ in CONCEPT_DATES)]
)
FEWEST_WORDS = 4  # A4: a SMART answer shorter than this hardly answers the question


def competencies_of(application: Application) -> list[Competency]:
    """The competencies of the version that the cohort is tied to (F1)."""
    return list(application.cohort.competency_model.competencies.prefetch_related("skills"))


def missing(application: Application, *, on: date) -> list[Finding]:
    """Everything that keeps the application from being submitted; empty when it is complete."""
    answers: dict[str, object] = {name: getattr(application, name) for name in NEEDED - {SERVED}}
    answers[SERVED] = application.project_competencies.all()
    ratings = {rating.competency_id: rating.rating for rating in application.ratings.all()}
    return lacking(answers, ratings, competencies_of(application), on=on)


def lacking(
    answers: Mapping[str, object], ratings: Mapping[int, str], competencies: Iterable[Competency], *, on: date
) -> list[Finding]:
    """What answers by field name, and ratings by competency id, lack on that day; an answer not given is missing too."""
    found = [
        Finding(step, field, message)
        for step, field, message in REQUIRED
        if not str(answers.get(field) or "").strip()
    ]
    found += _lacking_ratings(ratings, competencies)
    if not answers.get(SERVED):  # A2
        message = "Choose at least one competency that the project serves."
        found.append(Finding(Step.PROJECT, SERVED, message))
    for field, whom in CONCEPT_DATES:
        found += _concept_date(field, whom, answers.get(field), on)  # type: ignore[arg-type]
    return sorted(found, key=lambda finding: list(Step).index(finding.step))


def _lacking_ratings(ratings: Mapping[int, str], competencies: Iterable[Competency]) -> list[Finding]:
    """A6: every competency is rated, and at least one is there to grow in."""
    found = [
        Finding(Step.COMPETENCIES, f"rating_{competency.pk}", f"Rate “{competency}”: grow, glow or neither.")
        for competency in competencies
        if not ratings.get(competency.pk)
    ]
    if Rating.Kind.GROW not in ratings.values():
        message = "Choose at least one competency you want to grow in."
        found.append(Finding(Step.COMPETENCIES, "", message))
    return found


def _concept_date(field: str, whom: str, stated: date | None, on: date) -> list[Finding]:
    """A3: the concept was discussed before the application is submitted."""
    if stated is None:
        message = f"Say when you discussed the project concept with your {whom}."
    elif stated > on:
        message = f"Discuss the project concept with your {whom} first: the date you gave is still to come."
    else:
        return []
    return [Finding(Step.PROJECT, field, message)]


def warnings(application: Application) -> list[Finding]:
    """What may be submitted as it is, though a second look would help."""
    found = []
    kinds = {rating.rating for rating in application.ratings.all() if rating.rating}
    if kinds and Rating.Kind.GLOW not in kinds:  # A6
        message = "You named no competency you glow in. Your team would like to learn from what you do well."
        found.append(Finding(Step.COMPETENCIES, "", message))
    for name in Application.SMART:  # A4
        words = len(getattr(application, name).split())
        if words < FEWEST_WORDS:
            label = str(Application._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            state = "has no answer yet" if not words else "has a very short answer"
            message = (
                f"“{label.capitalize()}” {state}. One clear sentence makes the project easier to support."
            )
            found.append(Finding(Step.PROJECT, name, message))
    return found
