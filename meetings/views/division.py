"""What a division director and a supervisor read of those who take part (C7, C8)."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from coaching import spreadsheet
from coaching.models import Participant, User
from coaching.permissions import access, confirmed_lately, director
from meetings import busy, division, inputs
from meetings.forms_division import ProgramFilterForm
from meetings.views.program import person

PEOPLE_A_PAGE = 25


def supervises(user: User) -> bool:
    """Somebody's supervisor today; or was asked for input, or had something shared with them, when they were."""
    return user.is_authenticated and (
        user.supervises.exists() or user.inputs_asked.exists() or user.texts_shared.exists()
    )


def _chosen(request: HttpRequest) -> tuple[ProgramFilterForm, list[Participant]]:
    """Who of the division takes part, and what the page was narrowed to."""
    now = timezone.now()
    found = division.participants_of(person(request), now=now, on=timezone.localdate(now))
    form = ProgramFilterForm(request.GET, cohorts=dict.fromkeys(each.cohort for each in found))
    if form.chosen:
        found = [each for each in found if each.cohort_id == form.chosen]
    return form, found


@access(director)
@never_cache
@require_safe
def participants(request: HttpRequest) -> HttpResponse:
    """C8: who of my division takes part."""
    today = timezone.localdate()
    form, found = _chosen(request)
    page = Paginator(found, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    cohorts = division.by_cohort(page.object_list)
    context = {
        "divisions": division.divisions_of(person(request), on=today),
        "form": form,
        "page": page,
        "cohorts": [
            (
                cohort,
                [(row, row.next_date(today)) for row in rows],
                [row for row in rows if row.shared_in_words],
            )
            for cohort, rows in cohorts
        ],
        "today": today,
    }
    return render(request, "meetings/division.html", context)


@access(director)
@require_safe
@confirmed_lately
def participants_file(request: HttpRequest) -> HttpResponseBase:
    """The same as a file for a spreadsheet, all its pages."""
    form, found = _chosen(request)
    today = timezone.localdate()
    divisions = ", ".join(str(each) for each in division.divisions_of(person(request), on=today))
    title = "Who of my division takes part"
    about = [("List", title), ("Division", divisions)]
    about += [*(form.said or [("Filters", "None: the whole list")]), ("Made on", f"{today}")]
    words = ["division", *(value for _, value in form.said), f"{today}"]
    name = "-".join(slugify(each)[:60] for each in words)
    table = spreadsheet.Table(name, title, division.HEADER, division.file_rows(found), about)
    return spreadsheet.asked_for(request, table)


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
