"""The answers of each step: as they are stored, whether they changed since a page was made, and as people read them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from applications.checks import SERVED, Step
from applications.models import Application, Rating
from coaching.in_words import long_date

NAMES: dict[str, tuple[str, ...]] = {
    Step.WHY: ("why", "development", "role_aimed_for", "ultimate_position"),
    Step.PROJECT: (
        "project_title",
        "project_description",
        "project_outcome",
        "project_measure",
        SERVED,
        *Application.SMART,
        "concept_supervisor_date",
        "concept_director_date",
    ),
}
FIELDS = {step: tuple(name for name in names if name != SERVED) for step, names in NAMES.items()}

# By name: a text, a day or None, ids of competencies, or a rating with its sentence.
Answers = Mapping[str, object]


def rating_name(competency_pk: int) -> str:
    return f"rating_{competency_pk}"


def stored(application: Application, step: str) -> dict[str, object]:
    """The answers of a step as they are in the database; a competency without a rating is left out."""
    if step == Step.COMPETENCIES:
        rows = application.ratings.values_list("competency", "rating", "sentence")
        return {rating_name(pk): plain((rating, sentence)) for pk, rating, sentence in rows}
    served = application.project_competencies.values_list("pk", flat=True)
    return {
        name: plain(served if name == SERVED else getattr(application, name)) for name in NAMES.get(step, ())
    }


def plain(answer: object) -> object:
    """One way to write the same answer: a browser's line endings and the order of choices make no difference."""
    if isinstance(answer, str):
        return answer.replace("\r\n", "\n").replace("\r", "\n").strip()
    if answer is None or isinstance(answer, date):
        return answer
    if isinstance(answer, tuple):
        return tuple(plain(part) for part in answer)
    return sorted(getattr(each, "pk", each) for each in answer)  # type: ignore[attr-defined]


def digest(application: Application, step: str) -> str:
    """Stands on each page of a step, so that a save says which answers its writer had before them."""
    whole = json.dumps([application.pk, step, stored(application, step)], default=str, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def differing(application: Application, step: str, given: Answers) -> list[str]:
    """Names of the given answers that are not what is stored, in their order."""
    there = stored(application, step)
    return [name for name, answer in given.items() if _or_none(plain(answer)) != _or_none(there.get(name))]


def _or_none(answer: object) -> object:
    return None if answer in ("", [], ("", "")) else answer


@dataclass(frozen=True)
class Difference:
    """`saved` and `typed` as people read them; empty where there is no answer."""

    name: str
    label: str
    saved: str
    typed: str


def differences(
    application: Application, step: str, given: Answers, names: Sequence[str]
) -> list[Difference]:
    """Two tabs: the named answers as they are stored now, beside those that were given."""
    there = stored(application, step)
    saved = readable(application, {name: there.get(name) for name in names})
    typed = readable(application, {name: plain(given[name]) for name in names})
    return [
        Difference(name, label, before, after)
        for name, (label, before), (_, after) in zip(names, saved, typed, strict=True)
    ]


def readable(application: Application, answers: Answers) -> list[tuple[str, str]]:
    """Question and answer as people read them, in the order given; an empty text where there is no answer."""
    competencies = {each.pk: each.name for each in application.cohort.competency_model.competencies.all()}
    names = {rating_name(pk): name for pk, name in competencies.items()}
    return [
        (names.get(name) or label(name), _words(answer, competencies)) for name, answer in answers.items()
    ]


def label(name: str) -> str:
    question = str(Application._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return question[:1].upper() + question[1:]


def _words(answer: object, competencies: Mapping[int, str]) -> str:
    if not answer:
        return ""
    if isinstance(answer, date):
        return long_date(answer)
    if isinstance(answer, tuple):
        rating, sentence = answer
        return "\n".join(part for part in (Rating.Kind(rating).label if rating else "", sentence) if part)
    if isinstance(answer, list):
        return ", ".join(name for pk, name in competencies.items() if pk in answer)
    return str(answer)
