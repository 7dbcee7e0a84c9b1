"""Whose own application stands in the way of their office, and who goes on with it then (T10)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from coaching import offices, permissions
from coaching.models import Cohort, User


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
    return conflicts_of(user, [cohort], on=on)[cohort.pk]


def conflicts_of(user: User, cohorts: Collection[Cohort], *, on: date) -> dict[int, Conflict | None]:
    """The same of many cohorts at once."""
    served = {branch.pk for branch in offices.office_branches(user, on=on)}
    own = [cohort for cohort in cohorts if cohort.branch_id in served]
    officers = permissions.officers_of_each(own, on=on) if own else {}
    return {
        cohort.pk: Conflict([each for each in officers[cohort.pk] if each != user]) if cohort in own else None
        for cohort in cohorts
    }
