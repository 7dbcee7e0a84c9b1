"""Whom somebody may bring in with a staff file, and which roles they may give: no more than they could one by one, but for
the directors of its branch, whom the branch office takes from the personnel file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone

from coaching import offices
from coaching.csv_file import Problem
from coaching.models import OrgUnit, User
from coaching.people_visible import above
from coaching.permissions import directory_keeper
from coaching.staff_file import Role, Row

# What giving each role is, in the administration; the others any keeper of the directory may give.
NEEDED = {
    Role.SUPERINTENDENT: "coaching.change_roleassignment",
    Role.DEPUTY: "coaching.change_roleassignment",
    Role.DIRECTOR: "coaching.change_roleassignment",
    Role.BRANCH_OFFICE: "coaching.add_roleassignment",
    Role.TRAINING_OFFICE: "coaching.add_roleassignment",
}
OF_A_BRANCH = frozenset({Role.DIRECTOR, Role.SUPERVISOR, Role.NONE})


@dataclass(frozen=True)
class Reach:
    """`branches`: by key; None is the whole department. `by`: whose own entry is not theirs to change. `above`: nor are
    those."""

    branches: frozenset[int] | None
    roles: frozenset[Role]
    by: int
    above: QuerySet[User]

    def problems(self, rows: Sequence[Row], users: Mapping[str, User]) -> Iterator[Problem]:
        names, places = self._names(), self._places()
        above = set(self.above.values_list("pk", flat=True))
        for row in rows:
            user = users.get(row.email)
            if row.role not in self.roles:
                reason = (
                    f"An administrator gives the role {row.role}. Leave it empty: whoever has it keeps it."
                )
                yield Problem(row.line, "role", reason)
            if user is not None and user.pk != self.by and user.pk in above:
                reason = (
                    f"{user} has rights in the administration. Leave the row out: others keep that entry."
                )
                yield Problem(row.line, "email", reason)
            if names is None or places is None:
                continue
            if user is not None and user.pk == self.by:
                yield Problem(
                    row.line, "email", "This is you. Leave the row out: others keep your own entry."
                )
            elif user is not None and user.unit_id not in places:
                reason = f"{user} works elsewhere. An administrator moves people from one branch to another."
                yield Problem(row.line, "email", reason)
            if row.branch.casefold() not in names:
                reason = f"You keep the people of {' and '.join(sorted(names.values()))} alone."
                yield Problem(row.line, "branch", reason)

    def _names(self) -> dict[str, str] | None:
        if self.branches is None:
            return None
        found = OrgUnit.objects.filter(pk__in=self.branches).values_list("name", flat=True)
        return {name.casefold(): name for name in found}

    def _places(self) -> set[int] | None:
        if self.branches is None:
            return None
        units = OrgUnit.objects.filter(pk__in=self.branches)
        return set(OrgUnit.objects.under(*units).values_list("pk", flat=True))


def reach_of(user: User, *, on: date) -> Reach | None:
    """None: nobody. Those who keep the directory reach everybody, the branch office its own branch (F5)."""
    if not user.is_active:
        return None
    if directory_keeper(user):
        given = {role for role, needed in NEEDED.items() if user.has_perm(needed)}
        given |= {Role.ADMINISTRATOR} if user.is_superuser else set()
        return Reach(None, frozenset(given | {Role.SUPERVISOR, Role.NONE}), user.pk, above(user))
    branches = [unit for unit in offices.office_branches(user, on=on) if unit.kind == OrgUnit.Kind.BRANCH]
    if branches:
        return Reach(frozenset(unit.pk for unit in branches), OF_A_BRANCH, user.pk, above(user))
    return None


def imports_people(user: User) -> bool:
    """For the pages: whether this person reaches anybody today."""
    return user.is_authenticated and reach_of(user, on=timezone.localdate()) is not None
