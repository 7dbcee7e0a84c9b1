"""What stands in the head and foot of every page, for the person who is signed in."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from applications.models import Application, ProjectChange, ReviewStep
from applications.waiting import changes_waiting, steps_waiting
from certificates.models import Batch
from coaching import offices, permissions, versions
from coaching.counting import NumberOf
from coaching.models import Cohort, OrgUnit, Participant, User
from coaching.site.my_team import open_questions


@dataclass(frozen=True)
class Link:
    label: str
    address: str
    count: int = 0  # things that wait there for this person
    current: bool = False


@dataclass(frozen=True)
class Facts:
    """What decides which rooms somebody has, and what waits in them."""

    takes_part: bool
    completed: bool
    signs: bool
    to_sign: int
    changes_to_answer: int
    team_questions: int
    contact: dict[str, str] | None  # A12: whom to ask; nobody for whom no cohort is nearer than another
    batches_to_approve: int

    @classmethod
    def about(cls, user: User) -> "Facts":
        """Asked at once: every page shows it."""
        facts = FACTS.row(user, on=timezone.localdate())
        return cls(**facts, batches_to_approve=Batch.objects.awaiting(user).count())


def _facts(user: User, today: date) -> QuerySet:
    own_changes = ProjectChange.objects.pending().filter(signer=user)
    return User.objects.filter(pk=user.pk).values(
        takes_part=Exists(user.participations.exclude(status=Participant.Status.LEFT)),
        completed=Exists(user.participations.filter(status=Participant.Status.COMPLETED)),
        signs=Exists(ReviewStep.objects.reached().of(user)) | Exists(own_changes),
        to_sign=NumberOf(steps_waiting(user, on=today)),
        changes_to_answer=NumberOf(changes_waiting(user, on=today)),
        team_questions=NumberOf(open_questions(user)),
        contact=Subquery(_contact(user)),
    )


def _contact(user: User) -> QuerySet:
    """Of the newest cohort that the person applied to or takes part in, else of the newest of their branch."""
    applied = Application.objects.filter(applicant=user, cohort=OuterRef("pk"))
    own = Exists(user.participations.filter(cohort=OuterRef("pk"))) | Exists(applied)
    place = Q(people=user) | Q(children__people=user) | Q(children__children__people=user)
    cohorts = Cohort.objects.annotate(is_own=own).filter(
        Q(is_own=True)
        | Exists(OrgUnit.objects.filter(place, kind=OrgUnit.Kind.BRANCH, pk=OuterRef("branch")))
    )
    found = JSONObject(role="contact_role", email="contact_email", phone="contact_phone")
    return cohorts.order_by("-is_own", "-first_month", "-pk").values(found=found)[:1]


FACTS = offices.PreparedForStandIns(_facts, planned_once=False)
OF_REPORTS = permissions.any_of(permissions.branch_office, permissions.deputy, permissions.superintendent)


def links_for(user: User, facts: Facts) -> list[Link]:
    """The rooms this person has, in the order of the program's year."""
    links = [Link("Home", reverse("home")), *_own(facts), *_of_an_office(user), *_certificates(user, facts)]
    if facts.completed:
        links.append(Link("Alumni", reverse("alumni")))
    if OF_REPORTS(user):
        links.append(Link("Reports", reverse("reports")))
    if permissions.director(user):
        links.append(Link("My division", reverse("division_participants")))
    if permissions.administrator(user):
        if permissions.directory_keeper(user) and not permissions.branch_office(user):
            links.append(Link("People", reverse("people")))
        if permissions.records_keeper(user):
            links.append(Link("Records", reverse("records")))
        links.append(Link("Administration", reverse("admin:index")))
    return links


def _own(facts: Facts) -> list[Link]:
    links = [Link("Applications", reverse("applications"))]
    waiting = facts.to_sign + facts.changes_to_answer
    if waiting or facts.signs:
        links.append(Link("Approvals", reverse("approvals"), count=waiting))
    if facts.takes_part:
        links.append(Link("My team", reverse("my_team"), count=facts.team_questions))
        links.append(Link("Meetings", reverse("meetings")))
    return links


def _of_an_office(user: User) -> list[Link]:
    if permissions.branch_office(user):
        return [
            Link("Cohorts", reverse("cohorts")),
            Link("Teams", reverse("teams")),
            Link("Attendance", reverse("office_meetings")),
            Link("People", reverse("people")),
        ]
    if permissions.deputy(user):
        return [
            Link("My branch", reverse("branch")),
            Link("Cohorts", reverse("cohorts")),
            Link("Branch meetings", reverse("branch_meetings")),
        ]
    if permissions.training_office(user):
        return [
            Link("Training", reverse("training")),
            Link("Resources", reverse("resources")),
            Link("Evaluations", reverse("meetings_totals_list")),
            *([Link("Competencies", reverse("competency_models"))] if versions.keeps(user) else []),
        ]
    return []


def _certificates(user: User, facts: Facts) -> list[Link]:
    offices = (permissions.superintendent, permissions.branch_office, permissions.deputy)
    if not facts.takes_part and not any(holds(user) for holds in offices):
        return []
    return [Link("Certificates", reverse("certificates"), count=facts.batches_to_approve)]


def mark_current(links: list[Link], path: str) -> list[Link]:
    """The link whose address is the longest beginning of this path is where the person is."""
    home = reverse("home")
    around = [link.address for link in links if link.address != home and path.startswith(link.address)]
    here = max(around, key=len, default=home if path == home else "")
    return [replace(link, current=link.address == here) for link in links]


class Here:
    """What one page shows of it, which is asked at most once."""

    def __init__(self, request: HttpRequest) -> None:
        self.path = request.path
        user = getattr(request, "user", None)
        self.user: User | None = user if user and user.is_authenticated else None

    @cached_property
    def facts(self) -> Facts | None:
        if self.user is None:
            return None
        offices.remember(self.user)
        return Facts.about(self.user)

    def links(self) -> list[Link]:
        links = links_for(self.user, self.facts) if self.user and self.facts else []
        return mark_current(links, self.path)

    def contact(self) -> dict[str, str] | None:
        return self.facts.contact if self.facts else None


def navigation(request: HttpRequest) -> dict[str, object]:
    # Parts of pages and the administration come without head and foot, and needn't ask what stands in them.
    here = Here(request)
    return {
        "site_name": settings.SITE_NAME,
        "department_name": settings.DEPARTMENT_NAME,
        "official_state_site": settings.OFFICIAL_STATE_SITE,
        "demo": settings.DEMO,
        "links": SimpleLazyObject(here.links),
        "whom_to_ask": SimpleLazyObject(here.contact),
    }
