"""What stands in the head and foot of every page, for the person who is signed in."""

from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from applications.approvals import number_waiting
from applications.models import ProjectChange, ReviewStep
from certificates.models import Batch
from coaching import offices, permissions
from coaching.models import Participant, User
from coaching.site.my_team import open_questions


@dataclass(frozen=True)
class Link:
    label: str
    address: str
    count: int = 0  # things that wait there for this person
    current: bool = False


def links_for(user: User) -> list[Link]:
    """The rooms this person has, in the order of the program's year."""
    offices.remember(user)
    takes_part = user.participations.exclude(status=Participant.Status.LEFT).exists()
    links = [Link("Home", reverse("home")), *_own(user, takes_part), *_of_an_office(user)]
    links += _certificates(user, takes_part)
    if permissions.administrator(user):
        links.append(Link("Administration", reverse("admin:index")))
    return links


def _own(user: User, takes_part: bool) -> list[Link]:
    links = [Link("Applications", reverse("applications"))]
    signs = (
        ReviewStep.objects.reached().of(user).exists()
        or ProjectChange.objects.pending().filter(signer=user).exists()
    )
    held = offices.standing(user, on=timezone.localdate())
    waiting = number_waiting(user) if signs or held.orders or held.units else 0
    if waiting or signs:
        links.append(Link("Approvals", reverse("approvals"), count=waiting))
    if takes_part:
        links.append(Link("My team", reverse("my_team"), count=open_questions(user)))
        links.append(Link("Meetings", reverse("meetings")))
    return links


def _of_an_office(user: User) -> list[Link]:
    if permissions.branch_office(user):
        return [
            Link("Cohorts", reverse("cohorts")),
            Link("Teams", reverse("teams")),
            Link("Attendance", reverse("office_meetings")),
            Link("People", reverse("people_corrections")),
        ]
    if permissions.deputy(user):
        return [
            Link("Cohorts", reverse("cohorts")),
            Link("Branch meetings", reverse("branch_meetings")),
        ]
    if permissions.training_office(user):
        return [Link("Evaluations", reverse("meetings_totals_list"))]
    return []


def _certificates(user: User, takes_part: bool) -> list[Link]:
    offices = (permissions.superintendent, permissions.branch_office, permissions.deputy)
    if not takes_part and not any(holds(user) for holds in offices):
        return []
    return [Link("Certificates", reverse("certificates"), count=Batch.objects.awaiting(user).count())]


def mark_current(links: list[Link], path: str) -> list[Link]:
    """The link whose address is the longest beginning of this path is where the person is."""
    home = reverse("home")
    around = [link.address for link in links if link.address != home and path.startswith(link.address)]
    here = max(around, key=len, default=home if path == home else "")
    return [replace(link, current=link.address == here) for link in links]


def navigation(request: HttpRequest) -> dict[str, object]:
    user = getattr(request, "user", None)
    links = links_for(user) if user and user.is_authenticated else []
    return {
        "site_name": settings.SITE_NAME,
        "department_name": settings.DEPARTMENT_NAME,
        "official_state_site": settings.OFFICIAL_STATE_SITE,
        "demo": settings.DEMO,
        "links": mark_current(links, request.path),
    }
