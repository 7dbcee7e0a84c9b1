"""Whose own application stands in the way of their office (T10)."""

from django.db.models import QuerySet

from applications.models import Application
from coaching.models import User


def cohorts_applied_to(user: User) -> QuerySet:
    """Ids of the cohorts in which this person has an application, a draft included, that was not withdrawn."""
    return Application.objects.standing().filter(applicant=user).values("cohort")
