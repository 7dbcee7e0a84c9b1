"""Bringing the department's people in from a staff file: all of it or nothing, and again whenever it changes.

A row gives a person their place, supervisor and role. Nothing is taken away by silence: who is not in the file
stays as they are; a head is replaced when another row claims the office; other offices are ended in the
administration.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TypeVar

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from coaching import audit, invitations, people_changes
from coaching.csv_file import FileRefused, Problem
from coaching.errors import Refused
from coaching.models import CareerTrack, JobClassification, OrgUnit, RoleAssignment, User
from coaching.staff_chart import HEADS, Chart, Path, fold, office_path
from coaching.staff_file import Role, Row, StaffFile
from coaching.staff_reach import Reach

OFFICES = {
    Role.BRANCH_OFFICE: RoleAssignment.Office.BRANCH_OFFICE,
    Role.TRAINING_OFFICE: RoleAssignment.Office.TRAINING_OFFICE,
}
Named = TypeVar("Named", JobClassification, CareerTrack)

# The fields of a person, each with the columns that say it.
PERSON_FIELDS = {
    "name": ("name",),
    "classification_id": ("classification",),
    "career_track_id": ("career_track",),
    "unit_id": ("branch", "division", "unit"),
    "supervisor_id": ("supervisor_email",),
}
ACCESS_FIELDS = ("is_staff", "is_superuser")


class SomethingElseNow(Refused):
    """What the import would do is not what was looked at."""


@dataclass(frozen=True)
class PersonLine:
    """One person whom an import adds or changes; `values`: what is changed, before and after, in words."""

    line: int
    name: str
    email: str
    place: str = ""
    values: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class Report:
    """What an import did, or would do."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    invited: int = 0
    units: list[str] = field(default_factory=list)
    classifications: list[str] = field(default_factory=list)
    career_tracks: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    offices: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    people_added: list[PersonLine] = field(default_factory=list)
    people_changed: list[PersonLine] = field(default_factory=list)

    def digest(self) -> str:
        """Two imports of the same digest do the same."""
        return hashlib.sha256(audit.canonical(asdict(self))).hexdigest()


@transaction.atomic
def import_staff(
    *,
    staff: StaffFile,
    by: User | None,
    now: datetime,
    dry_run: bool = False,
    invite: bool = True,
    reach: Reach | None = None,
    looked_at: str = "",
) -> Report:
    """Write what the file says. Raises FileRefused, with every bad row, and writes nothing then.

    A dry run does all of it and takes it back, so that it reports exactly what would happen. `reach`: whom it may touch,
    where that is not everybody. `looked_at`: the digest of the report that was looked at; raises SomethingElseNow where
    the directory has changed since.
    """
    import_ = _Import(staff, by, now, reach)
    problems = staff.problems + import_.problems()
    if problems:
        raise FileRefused(problems)
    report = import_.write()
    if invite:
        report.invited = len(invitations.invite(people=import_.people, by=by, now=now))
    if looked_at and looked_at != report.digest():
        raise SomethingElseNow(
            "Nothing was imported: the directory has changed since you looked. Look at what the file would do now."
        )
    audit.record(
        "staff.imported",
        by=by,
        obj=import_.department,
        now=now,
        data={
            "file": staff.digest,
            "added": report.added,
            "changed": report.changed,
            "unchanged": report.unchanged,
        },
    )
    if dry_run:
        transaction.set_rollback(True)
    return report


class _Import:
    """One run: the rows, what the database has, and the way from the latter to the former."""

    def __init__(self, staff: StaffFile, by: User | None, now: datetime, reach: Reach | None) -> None:
        self.rows = staff.rows
        self.reach = reach
        # What the file has no column for stays as it is.
        said = [
            name for name, columns in PERSON_FIELDS.items() if not staff.without.intersection(columns[:1])
        ]
        self.fields = said
        self.by = by
        self.now = now
        self.report = Report(warnings=list(staff.warnings))
        self.users, self.earlier = _by_address()
        self.units = Chart(staff.without)
        self.people: list[User] = []

    @property
    def department(self) -> OrgUnit:
        return self.units.by_path[()]

    # What is wrong

    def problems(self) -> list[Problem]:
        return [
            *self.units.problems(self.rows),
            *self._unknown_supervisors(),
            *self._supervisor_cycles(),
            *self._heads_claimed_twice(),
            *self._twice_by_an_earlier_address(),
            *(self.reach.problems(self.rows, self.users) if self.reach else ()),
        ]

    def _unknown_supervisors(self) -> Iterator[Problem]:
        known = self.users.keys() | {row.email for row in self.rows}
        for row in self.rows:
            if row.supervisor_email and row.supervisor_email not in known:
                yield Problem(
                    row.line,
                    "supervisor_email",
                    f"{row.supervisor_email} is neither in the file nor known already.",
                )

    def _twice_by_an_earlier_address(self) -> Iterator[Problem]:
        """An account that was merged is the person it was merged into; they stand in the file once."""
        first: dict[int, Row] = {}
        for row in self.rows:
            if (user := self.users.get(row.email)) is None:
                continue
            other = first.setdefault(user.pk, row)
            if other.email != row.email:
                reason = f"{row.email} and {other.email}, on line {other.line}, are both {user}. Leave one of them out."
                yield Problem(row.line, "email", reason)

    def _supervisor_cycles(self) -> Iterator[Problem]:
        address = {user.pk: user.email for user in self.users.values()}
        above = {
            user.email: address[user.supervisor_id] if user.supervisor_id else ""
            for user in self.users.values()
        }
        if "supervisor_id" in self.fields:
            above |= {self._own(row.email): self._own(row.supervisor_email) for row in self.rows}
        lines = {self._own(row.email): row.line for row in self.rows}
        for cycle in _cycles(above):
            here = [email for email in cycle if email in lines]
            if len(cycle) > 1 and here:
                first = min(here, key=lines.__getitem__)
                start = cycle.index(first)
                names = [*cycle[start:], *cycle[:start], first]
                yield Problem(
                    lines[first],
                    "supervisor_email",
                    f"These supervise each other in a circle: {' → '.join(names)}.",
                )

    def _own(self, email: str) -> str:
        """The address that the person has now."""
        return self.users[email].email if email in self.earlier else email

    def _heads_claimed_twice(self) -> Iterator[Problem]:
        claimed: dict[Path, Row] = {}
        for row in self.rows:
            if row.role not in HEADS:
                continue
            other = claimed.setdefault(office_path(row), row)
            if other is not row:
                place = " › ".join(name for name in (row.branch, row.division) if name)
                where = {Role.SUPERINTENDENT: "", Role.DEPUTY: f" of {row.branch}"}.get(
                    row.role, f" of {place}"
                )
                yield Problem(
                    row.line, "role", f"Line {other.line} names another {row.role}{where}; there is one."
                )

    def _place_now(self, row: Row) -> int | None:
        user = self.users.get(row.email)
        return user.unit_id if user else None

    # Writing

    def write(self) -> Report:
        moved = (row for row in self.rows if not self.units.kept(row, self._place_now(row)))
        self.report.units = self.units.create(moved)
        self.classifications = _named(JobClassification, [row.classification for row in self.rows])
        self.tracks = _named(CareerTrack, [row.career_track for row in self.rows])
        self.report.classifications = self.classifications.new
        self.report.career_tracks = self.tracks.new
        new = self._create_people()
        changed = self._update_people(new)
        self.report.added = len(new)
        self.report.changed = len(changed.keys() - new)
        self.report.unchanged = len(self.rows) - len(changed.keys() | new)
        self._audit_people(new, changed)
        self._tell(new, changed)
        self.people = [self.users[row.email] for row in self.rows]
        self._set_heads()
        self._give_offices()
        self._warn()
        return self.report

    def _create_people(self) -> set[str]:
        missing = [row for row in self.rows if row.email not in self.users]
        people = [
            User(email=row.email, name=row.name, password=make_password(None), created_at=self.now)
            for row in missing
        ]
        User.objects.bulk_create(people, batch_size=500)
        self.users |= {user.email: user for user in people}
        return {row.email for row in missing}

    def _update_people(self, new: set[str]) -> "dict[str, people_changes.Values]":
        """Set every row's values; returns what they were and are by mail address, of those that changed."""
        changed: dict[str, people_changes.Values] = {}
        for row in self.rows:
            user = self.users[row.email]
            values = self._values(row)
            before = {name: getattr(user, name) for name in values}
            fields = [name for name, value in values.items() if before[name] != value]
            for name in fields:
                setattr(user, name, values[name])
            if fields:
                changed[row.email] = {name: (before[name], values[name]) for name in sorted(fields)}
        # An upsert of rows that are all there: many times faster than bulk_update's CASE for each value.
        User.objects.bulk_create(
            [self.users[email] for email in changed],
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=["name", "classification", "career_track", "unit", "supervisor", *ACCESS_FIELDS],
            batch_size=500,
        )
        return changed

    def _values(self, row: Row) -> dict[str, object]:
        supervisor = self.users.get(row.supervisor_email)
        told: dict[str, object] = {
            "name": row.name,
            "classification_id": self.classifications.id(row.classification),
            "career_track_id": self.tracks.id(row.career_track),
            "unit_id": self.units.place(row, self._place_now(row)),
            "supervisor_id": supervisor.pk if supervisor else None,
        }
        values = {name: told[name] for name in self.fields}
        if row.role == Role.ADMINISTRATOR:
            values |= dict.fromkeys(ACCESS_FIELDS, True)
        return values

    def _audit_people(self, new: set[str], changed: "dict[str, people_changes.Values]") -> None:
        audit.record_many(
            "person.added",
            by=self.by,
            objects=[(self.users[email], None) for email in sorted(new)],
            now=self.now,
        )
        words = self._words(changed)
        audit.record_many(
            "person.changed",
            by=self.by,
            objects=[
                (self.users[email], people_changes.details(words.of(values)))
                for email, values in sorted(changed.items())
                if email not in new
            ],
            now=self.now,
        )

    def _words(self, changed: "dict[str, people_changes.Values]") -> people_changes.Words:
        if not hasattr(self, "_said"):
            self._said = people_changes.Words(changed.values())
        return self._said

    def _tell(self, new: set[str], changed: "dict[str, people_changes.Values]") -> None:
        """Whom the import adds, and whom it changes, in words; in the order of the file."""
        words = self._words(changed)
        for row in self.rows:
            place = " › ".join(name for name in (row.branch, row.division, row.unit) if name)
            if row.email in new:
                self.report.people_added.append(PersonLine(row.line, row.name, row.email, place))
            elif row.email in changed:
                said = words.of(changed[row.email])
                values = [(label, before, after) for label, (before, after) in said.items()]
                self.report.people_changed.append(
                    PersonLine(row.line, self.users[row.email].name, row.email, place, values)
                )

    def _set_heads(self) -> None:
        name_of = {user.pk: user.name for user in self.users.values()}
        changed = []
        for row in self.rows:
            if row.role not in HEADS:
                continue
            unit, user = self.units.by_path[office_path(row)], self.users[row.email]
            if unit.head_id == user.pk:
                continue
            before = f", before: {name_of[unit.head_id]}" if unit.head_id else ""
            self.report.heads.append(f"{unit.head_title}, {unit.name}: {user.name}{before}")
            changed.append((unit, {"fields": ["head"], "before": unit.head_id, "after": user.pk}))
            unit.head_id = user.pk
        OrgUnit.objects.bulk_update([unit for unit, _ in changed], ["head"], batch_size=500)
        audit.record_many("orgunit.changed", by=self.by, objects=changed, now=self.now)

    def _give_offices(self) -> None:
        today = timezone.localdate(self.now)
        held = RoleAssignment.objects.on(today).values_list("user_id", "office", "unit_id")
        self.held = set(held)
        new = []
        for row in self.rows:
            if row.role not in OFFICES:
                continue
            user, unit = self.users[row.email], self.units.by_path[office_path(row)]
            office = OFFICES[row.role]
            if (user.pk, office.value, unit.pk) not in self.held:
                new.append(RoleAssignment(user=user, office=office, unit=unit, start_date=today))
                self.report.offices.append(f"{office.label}, {unit.name}: {user.name}")
        RoleAssignment.objects.bulk_create(new, batch_size=500)
        audit.record_many(
            "roleassignment.added", by=self.by, objects=[(role, None) for role in new], now=self.now
        )

    def _warn(self) -> None:
        """Name what the file does not say and the import therefore leaves as it is."""
        heads: dict[int, list[OrgUnit]] = defaultdict(list)
        offices: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for unit in self.units.by_path.values():
            if unit.head_id:
                heads[unit.head_id].append(unit)
        for user_id, office, unit_id in sorted(self.held):
            offices[user_id].append((office, unit_id))
        names = {unit.pk: unit.name for unit in self.units.by_path.values()}
        for row in self.rows:
            user = self.users[row.email]
            path = office_path(row)
            own = self.units.by_path.get(path) if row.role else None
            kept = [f"{unit.head_title}, {unit.name}" for unit in heads[user.pk] if unit != own]
            kept += [
                f"{RoleAssignment.Office(office).label}, {names[unit_id]}"
                for office, unit_id in offices[user.pk]
                if OFFICES.get(row.role) != office or own is None or own.pk != unit_id
            ]
            if user.is_staff and row.role != Role.ADMINISTRATOR:
                kept.append("administrator")
            self.report.warnings += [f"line {row.line}: {user.name} stays {what}." for what in kept]
            if not user.is_active:
                self.report.warnings.append(f"line {row.line}: {user.name} is deactivated here and stays so.")


def _by_address() -> tuple[dict[str, User], set[str]]:
    """Everybody by mail address, and which addresses are those of accounts that were merged: they lead to the person."""
    everybody = {user.pk: user for user in User.objects.select_for_update().order_by("pk")}
    found: dict[str, User] = {}
    for user in everybody.values():
        person = user
        while person.merged_into_id:
            person = everybody[person.merged_into_id]
        found[user.email] = person
    return found, {user.email for user in everybody.values() if user.merged_into_id}


def _cycles(above: dict[str, str]) -> Iterator[list[str]]:
    """Each circle in a chart where everybody has at most one person above them, once."""
    settled: set[str] = set()
    for start in above:
        path: dict[str, None] = {}
        email = start
        while email in above and email not in settled and email not in path:
            path[email] = None
            email = above[email]
        if email in path:
            members = list(path)
            yield members[members.index(email) :]
        settled |= path.keys()


@dataclass
class _Names:
    """Rows that are nothing but a name, found in any case."""

    ids: dict[str, int]
    new: list[str]

    def id(self, name: str) -> int | None:
        return self.ids[fold(name)] if name else None


def _named(model: type[Named], names: list[str]) -> _Names:
    ids = {fold(name): pk for pk, name in model.objects.order_by("pk").values_list("pk", "name")}
    missing: dict[str, str] = {}
    for name in names:
        if name and fold(name) not in ids:
            missing.setdefault(fold(name), name)
    rows = model.objects.bulk_create([model(name=name) for name in missing.values()], batch_size=500)
    ids |= {fold(row.name): row.pk for row in rows}
    return _Names(ids=ids, new=sorted(missing.values()))
