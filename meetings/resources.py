"""Resources of the meetings, given by the training office or the branch office; what is missing is seen in time (M11)."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from coaching import audit, offices, paper
from coaching.errors import Refused
from coaching.models import CurriculumItem, OrgUnit, RoleAssignment, User
from meetings.models import Meeting, Resource, current_memberships

Kind = Resource.Kind
IN_TIME = timedelta(days=21)  # before a meeting that has none yet
OFFICES = (RoleAssignment.Office.BRANCH_OFFICE, RoleAssignment.Office.TRAINING_OFFICE)


class NotYours(Refused):
    pass


class NotUsable(Refused):
    pass


def branches_of(user: User, *, on: date) -> list[OrgUnit]:
    """For whose teams this person gives resources; an office of the department serves every branch."""
    return list(served(user, on=on).order_by("name", "pk"))


def served(user: User, *, on: date) -> QuerySet[OrgUnit]:
    """The same, not asked for yet."""
    units = [unit for office in OFFICES for unit in offices.office_branches(user, on=on, office=office)]
    return OrgUnit.objects.under(*units).filter(kind=OrgUnit.Kind.BRANCH)


@dataclass(frozen=True)
class Line:
    """One meeting of the curriculum in one branch: when a team meets for it next, and what it has."""

    item: CurriculumItem
    branch: OrgUnit
    next_date: date | None
    number: int

    def is_missing(self, today: date) -> bool:
        return not self.number and self.next_date is not None and self.next_date <= today + IN_TIME


def lines(branch: OrgUnit, *, today: date) -> list[Line]:
    """The curricula of the branch's cohorts that are under way or ahead, or else of all it had; three queries."""
    upcoming = Meeting.objects.upcoming(today).filter(cohort__branch=branch).exclude(item=None)
    dates = dict(upcoming.values("item").annotate(first=Min("date")).values_list("item", "first").order_by())
    given = Counter(in_force(branch).values_list("item", flat=True))
    items = CurriculumItem.objects.filter(program__cohorts__branch=branch).distinct()
    return [
        Line(item, branch, dates.get(item.pk), given[item.pk])
        for item in items.select_related("program").order_by("program", "position")
    ]


def missing(user: User, *, today: date) -> list[Line]:
    """What this person has to give soon, the most urgent first."""
    found = [line for branch in branches_of(user, on=today) for line in lines(branch, today=today)]
    return sorted(
        (line for line in found if line.is_missing(today)), key=lambda line: (line.next_date, line.item.pk)
    )


def in_force(branch: OrgUnit) -> QuerySet[Resource]:
    return Resource.objects.filter(branch=branch, removed_at=None).defer("content")


def of_meeting(meeting: Meeting) -> QuerySet[Resource]:
    """What a team finds at its meeting; nothing at an extra one."""
    return in_force(meeting.cohort.branch).filter(item=meeting.item_id)


def visible_to(user: User) -> QuerySet[Resource]:
    """Of the meetings of one's own teams, and what one's office gives."""
    mine = Meeting.objects.filter(teams__in=current_memberships(user).values("team")).exclude(item=None)
    given = Resource.objects.filter(removed_at=None)
    own = given.filter(item__in=mine.values("item"), branch__in=mine.values("cohort__branch"))
    return own | given.filter(branch__in=branches_of(user, on=timezone.localdate()))


@transaction.atomic
def add(
    *,
    item: CurriculumItem,
    branch: OrgUnit,
    kind: str,
    title: str,
    link: str = "",
    content: bytes | None = None,
    by: User,
    now: datetime,
) -> Resource:
    """Give a meeting a resource; the same one twice is one. Raises NotYours, NotUsable."""
    _require_office(by, branch, now)
    OrgUnit.objects.select_for_update().get(pk=branch.pk)
    media_type = media_type_of(content) if kind == Kind.FILE else ""
    values = {
        "kind": kind,
        "title": " ".join(title.split()),
        "link": link if kind == Kind.LINK else "",
        "media_type": media_type,
        "content": content if kind == Kind.FILE else None,
    }
    same = Resource.objects.filter(item=item, branch=branch, removed_at=None, **values).first()
    if same:
        return same
    row = Resource.objects.create(item=item, branch=branch, added_by=by, added_at=now, **values)
    audit.record("resource.added", by=by, obj=row, now=now, data={"kind": kind, "title": row.title})
    return row


def media_type_of(content: bytes | None) -> str:
    """By the content, whatever the file is called. Raises NotUsable."""
    try:
        return paper.kind_of(content or b"").value
    except paper.NotAScan as refusal:
        raise NotUsable(
            "Choose a PDF, JPEG or PNG file of at most 10 MB that opens without a password."
        ) from refusal


@transaction.atomic
def remove(*, resource: Resource, by: User, now: datetime) -> None:
    """Take a resource back; a second call changes nothing. Raises NotYours."""
    _require_office(by, resource.branch, now)
    row = Resource.objects.select_for_update(of=("self",)).get(pk=resource.pk)
    if row.removed_at is None:
        row.removed_at = now
        row.save(update_fields=["removed_at"])
        audit.record("resource.removed", by=by, obj=row, now=now)


def _require_office(by: User, branch: OrgUnit, now: datetime) -> None:
    if branch not in branches_of(by, on=timezone.localdate(now)):
        raise NotYours("Only the branch office and the training office of this branch give resources.")
