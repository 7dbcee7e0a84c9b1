"""Those who completed a program find each other (C6): who agreed to be listed, and nobody else."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from coaching import audit
from coaching.errors import Refused
from coaching.models import AlumniEntry, Competency, OrgUnit, Participant, User

LEVELS = (
    "unit",
    "unit__parent",
    "unit__parent__parent",
    "unit__parent__parent__parent",
)  # up to the department


class NotCompleted(Refused):
    pass


class RoleMissing(Refused):
    pass


@dataclass(frozen=True)
class Filters:
    words: str = ""
    division: OrgUnit | None = None
    competency: str = ""


def completed(user: User) -> bool:
    """Whoever completed a program, in whatever year."""
    return user.is_authenticated and _completions().filter(user=user).exists()


def _completions() -> QuerySet[Participant]:
    return Participant.objects.filter(status=Participant.Status.COMPLETED)


def competencies_of(user: User) -> QuerySet[Competency]:
    """Of the programs that this person completed."""
    models = _completions().filter(user=user).values("cohort__competency_model")
    return Competency.objects.filter(model__in=models).order_by("model", "position")


@transaction.atomic
def save(
    *, by: User, role: str, competencies: Collection[Competency], about: str, now: datetime
) -> AlumniEntry:
    """List oneself, or change what is listed. Raises NotCompleted, RoleMissing."""
    User.objects.select_for_update().get(pk=by.pk)
    if not completed(by):
        raise NotCompleted("The network is for those who completed a program.")
    if not role.strip():
        raise RoleMissing("Name the role you aim for, or hold by now.")
    entry, new = AlumniEntry.objects.update_or_create(
        user=by,
        defaults={"role": role.strip(), "about": about.strip()},
        create_defaults={"role": role.strip(), "about": about.strip(), "listed_at": now},
    )
    entry.competencies.set(competencies_of(by).filter(pk__in=[each.pk for each in competencies]))
    audit.record("alumni.listed" if new else "alumni.changed", by=by, obj=by, now=now)
    return entry


@transaction.atomic
def withdraw(*, by: User, now: datetime) -> bool:
    """Be listed no longer; nothing of it is kept. Whether there was something."""
    User.objects.select_for_update().get(pk=by.pk)
    gone, _ = AlumniEntry.objects.filter(user=by).delete()
    if gone:
        audit.record("alumni.withdrawn", by=by, obj=by, now=now)
    return bool(gone)


def listed() -> QuerySet[AlumniEntry]:
    """Everybody to be found: whoever left the department is not, nor whose completion no longer stands."""
    still = _completions().filter(user=OuterRef("user"))
    return AlumniEntry.objects.filter(Exists(still), user__is_active=True)


def found(filters: Filters) -> QuerySet[AlumniEntry]:
    """By name, with what their row shows; in a number of queries that hangs on no rows."""
    rows = listed()
    if filters.words:
        words = filters.words
        rows = rows.filter(
            Q(user__name__icontains=words) | Q(role__icontains=words) | Q(about__icontains=words)
        )
    if filters.division:
        under = OrgUnit.objects.under(filters.division).values("pk")
        rows = rows.filter(user__unit__in=under)
    if filters.competency:
        rows = rows.filter(
            Exists(Competency.objects.filter(alumnientry=OuterRef("pk"), name=filters.competency))
        )
    completions = _completions().select_related("cohort__program").order_by("-completed_at")
    return rows.select_related("user__unit__parent__parent__parent").prefetch_related(
        "competencies", Prefetch("user__participations", completions, to_attr="completions")
    )


def divisions() -> QuerySet[OrgUnit]:
    """In which somebody is listed."""
    somebody = Q()
    for level in LEVELS:
        somebody |= Q(**{f"user__{level}": OuterRef("pk")})
    here = Exists(listed().filter(somebody))
    return OrgUnit.objects.filter(here, kind=OrgUnit.Kind.DIVISION).order_by("name")


def competency_names() -> list[str]:
    """Of which somebody who is listed likes to be asked; one name for all versions of the model."""
    named = Competency.objects.filter(alumnientry__in=listed())
    return sorted(set(named.values_list("name", flat=True)))
