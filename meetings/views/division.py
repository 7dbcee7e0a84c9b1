"""What a division director and a supervisor read of those who take part (C7, C8)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from coaching.models import User
from coaching.permissions import access, director
from meetings import busy, division, inputs
from meetings.views.program import person


def supervises(user: User) -> bool:
    """Somebody's supervisor today; or was asked for input, or had something shared with them, when they were."""
    return user.is_authenticated and (
        user.supervises.exists() or user.inputs_asked.exists() or user.texts_shared.exists()
    )


@access(director)
@never_cache
@require_safe
def participants(request: HttpRequest) -> HttpResponse:
    """C8: who of my division takes part."""
    user, now = person(request), timezone.now()
    today = timezone.localdate(now)
    context = {
        "divisions": division.divisions_of(user, on=today),
        "cohorts": division.taking_part(user, now=now, on=today),
        "today": today,
    }
    return render(request, "meetings/division.html", context)


@access(supervises)
@never_cache
@require_safe
def employees(request: HttpRequest) -> HttpResponse:
    """What my employees share of their projects with me, and what they ask."""
    user, now = person(request), timezone.now()
    asked = list(inputs.asked_of(user))
    context = {
        "rows": division.employees_of(user, now=now),
        "has_dates": busy.taking_part(user).exists(),
        "today": timezone.localdate(now),
        "waiting": [each for each in asked if not each.answered_at and not inputs.why_not_answer(each, now)],
        "answered": [each for each in asked if each.answered_at],
    }
    return render(request, "meetings/employees.html", context)
