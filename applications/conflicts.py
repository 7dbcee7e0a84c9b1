"""Whose own application stands in the way of their office, and who goes on with it then (T10)."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from applications.models import Application
from coaching import offices, permissions
from coaching.models import Cohort, User


def cohorts_applied_to(user: User) -> QuerySet:
    """Ids of the cohorts in which this person has an application, a draft included, that was not withdrawn."""
    return Application.objects.standing().filter(applicant=user).values("cohort")


@dataclass(frozen=True)
class Conflict:
    """What applying costs an officer: the office over that cohort, which the others keep."""

    others: list[User]

    @property
    def names(self) -> str:
        return ", ".join(each.name for each in self.others)


def conflict_of(user: User, cohort: Cohort, *, on: date) -> Conflict | None:
    """Told before they begin and before they sign; None for whoever does not work for the cohort's branch office.

    T10 takes the office from whoever applies, whatever becomes of it. So where nobody else has it, the application
    is refused (see drafting.reasons_not_to_start): a cohort without anybody could form no team and issue nothing.
    """
    if cohort.branch not in offices.office_branches(user, on=on):
        return None
    return Conflict([each for each in permissions.officers_of(cohort, on=on) if each != user])
