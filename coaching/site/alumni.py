"""The alumni network: a directory by division, competency and role, of those who agreed to be listed (C6)."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from coaching import alumni
from coaching.errors import Refused
from coaching.models import AlumniEntry, Participant, User
from coaching.permissions import access, post_only
from coaching.site.forms_alumni import EntryForm, FindForm

PER_PAGE = 30


@access(alumni.completed)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    form = FindForm(request.GET)
    filters = form.filters() if form.is_valid() else None
    rows = alumni.found(filters) if filters is not None else AlumniEntry.objects.none()
    context = {
        "form": form,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "is_narrowed": filters is None or filters != alumni.Filters(),
        "is_listed": AlumniEntry.objects.filter(user=request.user).exists(),  # type: ignore[misc]
    }
    return render(request, "alumni/index.html", context)


@access(alumni.completed)
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """My entry: what it says, and whether there is one."""
    user: User = request.user  # type: ignore[assignment]
    entry = AlumniEntry.objects.filter(user=user).first()
    form = EntryForm(
        request.POST if request.method == "POST" else None,
        competencies=alumni.competencies_of(user),
        initial=_as_it_is(entry) if entry else _to_begin_with(user),
    )
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("role", "competencies", "about")}
        try:
            alumni.save(by=user, now=timezone.now(), **given)
        except Refused as refusal:
            form.add_error("role", str(refusal))
        else:
            messages.success(request, "Saved. The others find you now.")
            return redirect("alumni")
    return render(request, "alumni/own.html", {"form": form, "entry": entry})


def _as_it_is(entry: AlumniEntry) -> dict[str, object]:
    return {
        "role": entry.role,
        "competencies": entry.competencies.all(),
        "about": entry.about,
        "agreed": True,
    }


def _to_begin_with(user: User) -> dict[str, object]:
    """The role that they said when they applied."""
    last = user.participations.filter(status=Participant.Status.COMPLETED).latest("completed_at")
    return {"role": last.role_aimed_for}


@access(alumni.completed)
@post_only(lambda request: redirect("alumni_own"))
def withdraw(request: HttpRequest) -> HttpResponse:
    if alumni.withdraw(by=request.user, now=timezone.now()):  # type: ignore[arg-type]
        messages.success(request, "You are no longer listed, and what you had written is deleted.")
    return redirect("alumni")
