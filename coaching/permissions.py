"""Who may see and do what. Every view declares its rule with @access; the sweep test walks them all."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coaching import offices
from coaching.errors import Refused
from coaching.models import Cohort, OrgUnit, Participant, RoleAssignment, User

Rule = Callable[[User], bool]
View = Callable[..., HttpResponseBase]


def user_of(request: HttpRequest) -> User:
    """Who is signed in; the access rules have seen to it that somebody is."""
    assert isinstance(request.user, User)
    return request.user


def public(user: User) -> bool:
    """Anybody, signed in or not."""
    return True


def signed_in(user: User) -> bool:
    """Any person with an account; the view narrows down to what is theirs."""
    return user.is_authenticated


def branch_office(user: User) -> bool:
    return bool(offices.office_branches(user, on=timezone.localdate()))


def training_office(user: User) -> bool:
    return bool(
        offices.office_branches(user, on=timezone.localdate(), office=RoleAssignment.Office.TRAINING_OFFICE)
    )


def deputy(user: User) -> bool:
    """Head of a branch, or the deputy's designee for the term of the order."""
    return leads(user, OrgUnit.Kind.BRANCH)


def director(user: User) -> bool:
    return leads(user, OrgUnit.Kind.DIVISION)


def superintendent(user: User) -> bool:
    return leads(user, OrgUnit.Kind.DEPARTMENT)


def administrator(user: User) -> bool:
    return user.is_staff


def directory_keeper(user: User) -> bool:
    """An administrator whose task it is to keep the directory, corrections of it included."""
    return user.is_staff and user.has_perms(("coaching.add_user", "coaching.change_user"))


def offices_keeper(user: User) -> bool:
    """An administrator whose task it is to keep who holds and who stands in for which office."""
    return user.is_staff and user.has_perms(("coaching.change_roleassignment", "coaching.change_delegation"))


def mail_keeper(user: User) -> bool:
    """An administrator whose task it is to see to mail that did not arrive."""
    return user.is_staff and user.has_perm("coaching.view_message")


def records_keeper(user: User) -> bool:
    """An administrator whose task it is to erase records, and to enter legal holds and orders."""
    return user.is_staff and user.has_perm("coaching.change_retentionrun")


def leads(user: User, kind: str) -> bool:
    return bool(offices.units_led_by(user, on=timezone.localdate(), kind=kind))


def any_of(*rules: Rule) -> Rule:
    def rule(user: User) -> bool:
        return any(each(user) for each in rules)

    rule.__name__ = "_or_".join(each.__name__ for each in rules)
    return rule


def access(rule: Rule) -> Callable[[View], View]:
    """Declare who may open an address. Strangers are sent to sign in; others get 404."""

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in ("GET", "HEAD"):  # a write asks again, under its lock
                offices.remember(request.user)  # type: ignore[arg-type]
            if not rule(request.user):  # type: ignore[arg-type]
                raise Http404
            return view(request, *args, **kwargs)

        guarded.access = rule  # type: ignore[attr-defined]
        return login_not_required(guarded) if rule is public else guarded

    return declare


# For what takes much with it at once. Whoever signed in longer ago than ACCOUNT_REAUTHENTICATION_TIMEOUT confirms that it
# is them, and goes on where they were; it stands below @access, so that others learn of nothing.
confirmed_lately = reauthentication_required(app="coaching")


def post_only(
    page: View,
) -> Callable[[View], View]:
    """Declare an address that acts. Who opens it instead is led to the page that the act is sent from.

    People land there by reloading after a refusal, by a bookmark, or by signing in again. `page` takes what the view
    takes and answers with the redirect; it raises Http404 for whoever may not see that page.
    """

    def declare(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def sorted_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return (view if request.method == "POST" else page)(request, *args, **kwargs)

        return sorted_out

    return declare


@dataclass(frozen=True)
class Conflicts:
    """T10: rows that each take from a person the office over a cohort; `person` is the field that names them."""

    rows: Callable[[], QuerySet]
    person: str

    def cohorts_of(self, user: User) -> QuerySet:
        return self.rows().filter(**{self.person: user}).values("cohort")

    def people_of(self, cohort: Cohort) -> QuerySet:
        return self.rows().filter(cohort=cohort.pk).values(self.person)

    def pairs(self, cohorts: Collection[Cohort], people: Collection[User]) -> QuerySet:
        """Of these people alone: cohort and person, by their keys."""
        ids = [cohort.pk for cohort in cohorts]
        rows = self.rows().filter(cohort__in=ids, **{f"{self.person}__in": people})
        return rows.order_by().values_list("cohort", self.person)


# An app that lets people apply names here the applications that count.
_conflicts: list[Conflicts] = [Conflicts(Participant.objects.all, "user")]


def register_conflict(conflicts: Conflicts) -> None:
    _conflicts.append(conflicts)


def office_cohorts(user: User, *, on: date | None = None) -> "QuerySet[Cohort]":
    """Cohorts this branch officer works for: own branch, except those they applied to (F5, T10)."""
    branches = offices.office_branches(user, on=on or timezone.localdate())
    cohorts = Cohort.objects.filter(branch__in=branches)
    for conflicts in _conflicts:
        cohorts = cohorts.exclude(pk__in=conflicts.cohorts_of(user))
    return cohorts


def deputy_cohorts(user: User, *, on: date | None = None) -> "QuerySet[Cohort]":
    """Cohorts of the branches this person heads, acts for, or is the deputy's designee of."""
    return Cohort.objects.filter(
        branch__in=offices.units_led_by(user, on=on or timezone.localdate(), kind=OrgUnit.Kind.BRANCH)
    )


class NotYourCohort(Refused):
    pass


def require_office(*, cohort: Cohort, by: User | None, now: datetime) -> None:
    """For write functions of the branch office: raises NotYourCohort without office rights (F5, T10). None: the system."""
    if by is not None and not office_cohorts(by, on=timezone.localdate(now)).filter(pk=cohort.pk).exists():
        raise NotYourCohort(f"The {cohort} is not one you work for. Ask a colleague of its branch office.")


def officers_of(cohort: Cohort, *, on: date) -> list[User]:
    """The branch officers who work for this cohort: those who applied to it do not (T10)."""
    officers = User.objects.filter(pk__in=offices.serving([cohort.branch_id], on=on).values("user"))
    for conflicts in _conflicts:
        officers = officers.exclude(pk__in=conflicts.people_of(cohort))
    return list(officers.order_by("name"))


def officers_of_each(cohorts: Collection[Cohort], *, on: date) -> dict[int, list[User]]:
    """By cohort; as many queries for many as for one."""
    officers = offices.officers_by_branch([cohort.branch_id for cohort in cohorts], on=on)
    everybody = {each for found in officers.values() for each in found}
    first, *others = (conflicts.pairs(cohorts, everybody) for conflicts in _conflicts)
    in_conflict = set(first.union(*others))
    return {
        cohort.pk: [each for each in officers[cohort.branch_id] if (cohort.pk, each.pk) not in in_conflict]
        for cohort in cohorts
    }
