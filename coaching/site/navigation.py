"""What stands in the head of every page, for the person who is signed in."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from coaching import permissions
from coaching.models import User


@dataclass(frozen=True)
class Link:
    label: str
    address: str


def links_for(user: User) -> list[Link]:
    """The rooms this person has, in the order of the program's year."""
    links = [Link("Home", reverse("home"))]
    if permissions.administrator(user):
        links.append(Link("Administration", reverse("admin:index")))
    return links


def navigation(request: HttpRequest) -> dict[str, object]:
    user = getattr(request, "user", None)
    return {
        "site_name": settings.SITE_NAME,
        "department_name": settings.DEPARTMENT_NAME,
        "demo": settings.DEMO,
        "links": links_for(user) if user and user.is_authenticated else [],  # type: ignore[arg-type]
    }
