"""The register of certificates, as a page and as a file."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from certificates import register
from certificates.forms import RegisterForm
from certificates.models import Certificate
from coaching import spreadsheet
from coaching.models import Cohort, User
from coaching.permissions import access, any_of, branch_office, confirmed_lately, deputy

PER_PAGE = 50


def _form(request: HttpRequest) -> RegisterForm:
    user: User = request.user  # type: ignore[assignment]
    return RegisterForm(request.GET, cohorts=_cohorts(user))


def _cohorts(user: User) -> "QuerySet[Cohort]":
    """Those that the register has a certificate of."""
    issued = Certificate.objects.visible_to(user).values("participant__cohort")
    return Cohort.objects.filter(pk__in=issued).order_by("-first_month", "pk")


@access(any_of(branch_office, deputy))
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The certificates of one's branches, and one's own, newest first; nothing while a filter is not understood."""
    user: User = request.user  # type: ignore[assignment]
    form = _form(request)
    filters = form.filters() if form.is_valid() else None
    rows = register.found(user, filters) if filters is not None else Certificate.objects.none()
    context = {
        "form": form,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "words": filters.words if filters else "",
        "is_narrowed": bool(filters),
    }
    return render(request, "certificates/register.html", context)


@access(any_of(branch_office, deputy))
@require_safe
@confirmed_lately
def file(request: HttpRequest) -> HttpResponseBase:
    """What the page shows with the same address, all its pages."""
    user: User = request.user  # type: ignore[assignment]
    form = _form(request)
    if not form.is_valid():
        response = redirect("certificate_register")
        response["Location"] += f"?{request.GET.urlencode()}"
        return response
    rows = register.file_rows(register.found(user, form.filters()))
    name = f"register-{timezone.localdate():%Y-%m-%d}"
    table = spreadsheet.Table(name, "Register", register.HEADER, rows, form.said())
    return spreadsheet.asked_for(request, table)
