"""What the directory says about a person is changed by one function, and what it said before stays on record."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from coaching import audit
from coaching.errors import Refused
from coaching.meanwhile import merged
from coaching.models import AuditEvent, CareerTrack, JobClassification, OrgUnit, User

# In the order in which people read them.
LABELS = {
    "name": "Name",
    "email": "Mail address",
    "unit": "Place",
    "supervisor": "Supervisor",
    "classification": "Job classification",
    "career_track": "Career track",
    "is_active": "Active",
    "is_staff": "Administrator",
    "is_superuser": "All rights",
}
NAMED: dict[str, type[models.Model]] = {
    "unit": OrgUnit,
    "supervisor": User,
    "classification": JobClassification,
    "career_track": CareerTrack,
}
Values = Mapping[str, tuple[object, object]]  # before and after, by the name of the column
ADDED, CHANGED = "person.added", "person.changed"


class ChangeRefused(Refused):
    pass


class Words:
    """Values in words. What they name is read at once for all of them."""

    def __init__(self, changes: Iterable[Values]) -> None:
        keys: dict[str, set[object]] = {name: set() for name in NAMED}
        for values in changes:
            for column, pair in values.items():
                keys.get(column.removesuffix("_id"), set()).update(pair)
        self.names = {
            name: {row.pk: str(row) for row in NAMED[name]._default_manager.filter(pk__in=wanted - {None})}
            for name, wanted in keys.items()
            if wanted - {None}
        }

    def of(self, values: Values) -> dict[str, tuple[str, str]]:
        """By label."""
        said = {column.removesuffix("_id"): pair for column, pair in values.items()}
        return {
            label: (self._one(name, said[name][0]), self._one(name, said[name][1]))
            for name, label in LABELS.items()
            if name in said
        }

    def _one(self, name: str, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        return self.names[name].get(value, "") if name in NAMED else str(value)


def details(said: Mapping[str, tuple[str, str]], **more: object) -> dict[str, object]:
    """For the audit trail: what was changed, as it was called on that day."""
    return {"changes": [[label, before, after] for label, (before, after) in said.items()], **more}


@transaction.atomic
def change(
    *,
    person: User,
    values: Mapping[str, Any],
    by: User | None,
    now: datetime,
    reason: str = "",
    seen: Mapping[str, str] | None = None,
) -> list[str]:
    """Put these values in the directory; returns the names of those that were others before. The caller has checked who may.

    A second call changes nothing. `seen`: see meanwhile.merged. Raises BothChanged, and ChangeRefused where a supervisor
    would stand below the person.
    """
    locked = User.objects.select_for_update().get(pk=person.pk)
    values = merged(values, seen=seen, stands={name: getattr(locked, name) for name in values if seen})
    if values.get("supervisor"):
        # One after the other, or two changes at once could close a circle; an import takes the same lock.
        list(OrgUnit.objects.select_for_update().filter(parent=None).order_by("pk").values_list("pk"))
        refuse_circle(locked, values["supervisor"])
    changes: dict[str, tuple[object, object]] = {}
    for name, value in values.items():
        column = f"{name}_id" if name in NAMED else name
        after = value.pk if isinstance(value, models.Model) else value
        if getattr(locked, column) != after:
            changes[column] = (getattr(locked, column), after)
            setattr(locked, column, after)
    if changes:
        locked.save(update_fields=[column.removesuffix("_id") for column in changes])
        said = Words([changes]).of(changes)
        audit.record(CHANGED, by=by, obj=locked, now=now, data=details(said, reason=reason))
    for column in changes:
        setattr(person, column, getattr(locked, column))
    return sorted(column.removesuffix("_id") for column in changes)


def refuse_circle(user: User, supervisor: User) -> None:
    """Raises ChangeRefused where `user` stands above `supervisor`, or is them."""
    above: User | None = supervisor
    seen: set[int] = set()
    while above is not None and above.pk not in seen:
        if above == user:
            raise ChangeRefused(
                f"{supervisor} cannot supervise {user}: {user} stands above {supervisor} already."
                if supervisor != user
                else "Nobody is their own supervisor."
            )
        seen.add(above.pk)
        above = above.supervisor


def deactivate(*, person: User, reason: str, by: User, now: datetime) -> bool:
    """Nobody signs in as this person any more, and no mail is written to them; all they did stays. False: it was so.

    Raises ChangeRefused without a reason, and for oneself.
    """
    if person.pk == by.pk:
        raise ChangeRefused("You cannot deactivate yourself. Ask a colleague.")
    return _set_active(person, active=False, reason=reason, by=by, now=now)


def reactivate(*, person: User, reason: str, by: User, now: datetime) -> bool:
    """False: they were active. Raises ChangeRefused without a reason."""
    return _set_active(person, active=True, reason=reason, by=by, now=now)


def _set_active(person: User, *, active: bool, reason: str, by: User, now: datetime) -> bool:
    reason = " ".join(reason.split())
    if not reason:
        raise ChangeRefused("Give the reason; it is kept with the person’s history.")
    if active and person.merged_into_id:
        raise ChangeRefused(f"This account was merged into that of {person.merged_into}, and stays closed.")
    return bool(change(person=person, values={"is_active": active}, by=by, now=now, reason=reason[:300]))


@dataclass(frozen=True)
class Entry:
    """One event of a person's history: what was changed, with what it was before."""

    at: datetime
    title: str
    by: User | None
    changes: list[tuple[str, str, str]]
    reason: str = ""


TITLES = {
    ADDED: "Brought into the directory",
    "user.added": "Brought into the directory",
    CHANGED: "Changed",
    "user.changed": "Changed",
    "person.invited": "Invited to choose a password",
    "person.merged": "Merged into another account of the same person",
    "person.merged_from": "Another account of the same person was merged into this one",
    "person.second_factor_taken_away": "A lost second step at sign-in was taken away",
}


def history(person: User) -> list[Entry]:
    """Newest first; what was changed before values were kept is told by its fields."""
    events = AuditEvent.objects.filter(
        object_type=User._meta.label_lower, object_id=person.pk, action__in=TITLES
    )
    return [_entry(event) for event in events.select_related("actor", "payload").order_by("-pk")]


def _entry(event: AuditEvent) -> Entry:
    payload = getattr(event, "payload", None)
    data: dict[str, Any] = payload.data if payload else {}
    changes = [(label, before, after) for label, before, after in data.get("changes", [])]
    if not changes:
        changes = [(LABELS.get(name, name), "", "") for name in data.get("fields", [])]
    return Entry(event.at, TITLES[event.action], event.actor, changes, data.get("reason", ""))


def summary(changed: Collection[str]) -> str:
    """The names of the fields as people read them."""
    return ", ".join(label.lower() for name, label in LABELS.items() if name in changed)
