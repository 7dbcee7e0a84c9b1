"""Versions of a competency model (F1): begun as a copy, changed until a cohort is tied to one, taken for cohorts to come.

A cohort keeps the version of its opening, and whatever was signed, rated or printed rests on that. A meeting of the
curriculum serves the competencies of every version; which of them a team reads is its cohort's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from coaching import audit, offices
from coaching.errors import Refused
from coaching.meanwhile import merged
from coaching.models import (
    Cohort,
    Competency,
    CompetencyModel,
    CompetencySkill,
    CurriculumItem,
    OrgUnit,
    Program,
    RoleAssignment,
    User,
)

LONGEST = 120  # of a name, in letters
SERVED = CurriculumItem.competencies.through


class NotYourModel(Refused):
    pass


class CannotChange(Refused):
    pass


def keeps(user: User) -> bool:
    """The department's training office: programs are those of every branch (F5)."""
    today, office = timezone.localdate(), RoleAssignment.Office.TRAINING_OFFICE
    served = offices.office_branches(user, on=today, office=office)
    return any(unit.kind == OrgUnit.Kind.DEPARTMENT for unit in served)


def why_fixed(model: CompetencyModel) -> str:
    """Why its words stand for good; empty while they can be changed."""
    if not model.cohort_set.exists():
        return ""
    return "A cohort is tied to this version, so it stands as it is. Begin a new version to change its words."


@transaction.atomic
def begin(*, model: CompetencyModel, version: str, by: User, now: datetime) -> CompetencyModel:
    """A version with the same competencies and skills, which the same meetings serve. Raises NotYourModel, CannotChange."""
    _require_keeper(by)
    model = CompetencyModel.objects.select_for_update().get(pk=model.pk)
    new = CompetencyModel(name=model.name, version=" ".join(version.split()))
    try:
        new.full_clean()
    except ValidationError as error:
        raise CannotChange("Give it a name that no version has yet, of at most 60 letters.") from error
    new.save()
    for old in model.competencies.prefetch_related("skills", "curriculumitem_set"):
        copy = Competency.objects.create(model=new, position=old.position, name=old.name)
        _write_skills(copy, [skill.name for skill in old.skills.all()])
        copy.curriculumitem_set.set(old.curriculumitem_set.all())
    audit.record("competency_model.begun", by=by, obj=new, now=now, data={"like": model.pk})
    return new


def words_of(model: CompetencyModel) -> dict[str, str]:
    """By field: the name of each competency, and its skills, one on each line."""
    found = {}
    for each in model.competencies.prefetch_related("skills"):
        found[f"name-{each.pk}"] = each.name
        found[f"skills-{each.pk}"] = "\n".join(skill.name for skill in each.skills.all())
    return found


@transaction.atomic
def change(
    *,
    model: CompetencyModel,
    words: Mapping[str, str],
    by: User,
    now: datetime,
    seen: Mapping[str, str] | None = None,
) -> bool:
    """Save names and skills, by the fields of `words_of`; whether anything became another.

    `seen`: the marks of what the page showed. Raises NotYourModel, CannotChange, BothChanged.
    """
    _require_keeper(by)
    model = CompetencyModel.objects.select_for_update().get(pk=model.pk)
    if why := why_fixed(model):
        raise CannotChange(why)
    stands = words_of(model)
    wanted = merged({key: _clean(words[key]) for key in stands if key in words}, seen=seen, stands=stands)
    changed = {key: value for key, value in wanted.items() if value != stands[key]}
    if not changed:
        return False
    names = {key: value for key, value in (stands | changed).items() if key.startswith("name-")}
    if any(len(line) > LONGEST for value in changed.values() for line in value.splitlines()):
        raise CannotChange(f"A name has at most {LONGEST} letters.")
    if not all(names.values()) or len({name.casefold() for name in names.values()}) < len(names):
        raise CannotChange("Give each competency a name of its own.")
    _write(model, stands | changed)
    audit.record("competency_model.changed", by=by, obj=model, now=now, data={"fields": sorted(changed)})
    return True


@transaction.atomic
def take(*, program: Program, model: CompetencyModel, by: User, now: datetime) -> bool:
    """Cohorts of the program that are opened from now on are tied to this version; False: they were already.

    Raises NotYourModel, CannotChange.
    """
    _require_keeper(by)
    CompetencyModel.objects.select_for_update().get(pk=model.pk)
    program = Program.objects.select_for_update().get(pk=program.pk)
    before = program.competency_model_id
    if before == model.pk:
        return False
    if why := why_not_take([program], model)[program.pk]:
        raise CannotChange(why)
    program.competency_model = model
    program.save(update_fields=["competency_model"])
    audit.record(
        "program.version_taken", by=by, obj=program, now=now, data={"model": model.pk, "before": before}
    )
    return True


def of_cohort(item: CurriculumItem, cohort: Cohort) -> list[Competency]:
    """What a meeting of the curriculum serves, in the version of the cohort; skills come along."""
    rows = item.competencies.filter(model=cohort.competency_model_id)
    return list(rows.order_by("position").prefetch_related("skills"))


def why_not_take(programs: Iterable[Program], model: CompetencyModel) -> dict[int, str]:
    """By program, by its key: why it cannot take this version; empty where it can. One query."""
    found = list(programs)
    rows = SERVED.objects.filter(curriculumitem__program__in=found)
    served: dict[tuple[int, int], set[int]] = defaultdict(set)
    for program, version, item in rows.values_list(
        "curriculumitem__program", "competency__model", "curriculumitem"
    ):
        served[program, version].add(item)
    return {
        each.pk: f"A meeting of {each} serves no competency of this version."
        if served[each.pk, each.competency_model_id] - served[each.pk, model.pk]
        else ""
        for each in found
    }


def _clean(text: str) -> str:
    """Each line once, without blanks around it."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(dict.fromkeys(line for line in lines if line))


def _write(model: CompetencyModel, words: Mapping[str, str]) -> None:
    competencies = list(model.competencies.all())
    for each in competencies:  # first out of the way, so that two can change places
        Competency.objects.filter(pk=each.pk).update(name=f"{each.pk} of {model.pk}")
    for each in competencies:
        Competency.objects.filter(pk=each.pk).update(name=words[f"name-{each.pk}"])
        each.skills.all().delete()
        _write_skills(each, words[f"skills-{each.pk}"].splitlines())


def _write_skills(competency: Competency, names: Iterable[str]) -> None:
    CompetencySkill.objects.bulk_create(
        CompetencySkill(competency=competency, position=position, name=name)
        for position, name in enumerate(names, start=1)
    )


def _require_keeper(by: User) -> None:
    if not keeps(by):
        raise NotYourModel("The department’s training office keeps the versions of competency models.")
