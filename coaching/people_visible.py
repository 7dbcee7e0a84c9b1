"""Whose entry in the directory somebody keeps, and what still waits with a person."""

from datetime import date

from django.db.models import Q, QuerySet

from coaching import offices
from coaching.models import OrgUnit, Participant, RoleAssignment, User
from coaching.permissions import directory_keeper


def kept_by(officer: User, *, on: date) -> QuerySet[User]:
    """Everybody who has a name for those who keep the directory, the people of its branch for the branch office (F5)."""
    if directory_keeper(officer):
        return User.objects.filter(erased_at=None)
    branches = offices.office_branches(officer, on=on)
    return User.objects.filter(unit__in=OrgUnit.objects.under(*branches)) if branches else User.objects.none()


def changed_by(officer: User, *, on: date) -> QuerySet[User]:
    """Whose entry they may change: nobody changes their own, nor that of who has more rights in the administration."""
    return kept_by(officer, on=on).exclude(pk=officer.pk).exclude(pk__in=above(officer).values("pk"))


def above(officer: User) -> QuerySet[User]:
    """Who has rights in the administration that this person has not: all of them, for a keeper of the directory."""
    if officer.is_superuser:
        return User.objects.none()
    return (
        User.objects.filter(is_superuser=True)
        if directory_keeper(officer)
        else User.objects.filter(is_staff=True)
    )


def found(people: QuerySet[User], words: str) -> QuerySet[User]:
    """Every word stands in the name or the mail address."""
    for word in words.split():
        people = people.filter(Q(name__icontains=word) | Q(email__icontains=word))
    return people


def posts_held(person: User, *, on: date) -> list[str]:
    """What somebody else has to take over when this person goes."""
    heads = [f"{unit.head_title}, {unit}" for unit in OrgUnit.objects.filter(head=person)]
    roles = RoleAssignment.objects.on(on).filter(user=person).select_related("unit")
    supervised = User.objects.filter(supervisor=person, is_active=True).count()
    places = Participant.objects.active().filter(user=person).select_related("cohort")
    return [
        *heads,
        *(f"{role.get_office_display()}, {role.unit}" for role in roles),
        *([f"Supervisor of {supervised} {'person' if supervised == 1 else 'people'}"] if supervised else []),
        *(f"Takes part in the {place.cohort}" for place in places),
    ]
