"""Bringing people in from a file: uploaded, its columns chosen, looked at, and only then written."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from coaching import spreadsheet, staff_uploads
from coaching.csv_file import FileRefused, Problem
from coaching.errors import refusals_told
from coaching.models import Job, StaffUpload
from coaching.permissions import access, confirmed_lately, post_only, user_of
from coaching.site.staff_forms import ColumnsForm, StaffFileForm
from coaching.staff_columns import TITLES
from coaching.staff_reach import imports_people, reach_of

PER_PAGE = 50
DONE_BEFORE = 20
VIEWS = ("added", "changed")
STEPS = ("Reading the file", "Comparing it with the directory", "Done")


def _upload(request: HttpRequest, pk: int) -> StaffUpload:
    return get_object_or_404(StaffUpload.objects.filter(uploaded_by=user_of(request)), pk=pk)


@access(imports_people)
@confirmed_lately
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def uploads(request: HttpRequest) -> HttpResponse:
    """Upload a file, or go on with one; and what was imported before."""
    user, now = user_of(request), timezone.now()
    form = (
        StaffFileForm(request.POST or None, request.FILES or None)
        if request.method == "POST"
        else StaffFileForm()
    )
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = staff_uploads.keep(raw=file.read(), file_name=file.name, by=user, now=now)
        except FileRefused as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("staff_upload", upload.pk)
    mine = StaffUpload.objects.filter(uploaded_by=user).defer("content", "report", "problems", "head")
    done = (
        StaffUpload.objects.exclude(imported_at=None).select_related("uploaded_by").order_by("-imported_at")
    )
    reach = reach_of(user, on=timezone.localdate(now))
    context = {
        "form": form,
        "unfinished": mine.filter(imported_at=None),
        "done": (done if reach and reach.branches is None else done.filter(uploaded_by=user))[:DONE_BEFORE],
        "titles": TITLES,
        "own_branch": reach is not None and reach.branches is not None,
    }
    return render(request, "people/uploads.html", context)


@access(imports_people)
@confirmed_lately
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the file stands: its columns to be chosen, at work, looked at, or imported."""
    row = _upload(request, pk)
    job = staff_uploads.last_job(row)
    at_work = job is not None and job.status in (Job.Status.QUEUED, Job.Status.RUNNING)
    htmx = bool(request.htmx)  # type: ignore[attr-defined]
    context: dict[str, Any] = {"upload": row, "job": job}
    if job is not None and at_work and request.method != "POST":
        context |= {"step": STEPS[job.done], "is_import": job.kind == staff_uploads.IMPORT}
        return render(request, "people/_upload_job.html" if htmx else "people/upload_job.html", context)
    if htmx:
        return HttpResponseClientRedirect(request.path)
    if row.imported_at:
        return render(request, "people/upload_done.html", context)
    form = ColumnsForm(request.POST if request.method == "POST" else None, upload=row)
    if request.method == "POST" and form.is_valid():
        with refusals_told(request):
            staff_uploads.check(
                upload=row,
                columns=form.columns,
                surname_first=form.cleaned_data["surname_first"],
                invite=form.cleaned_data["invite"],
                by=user_of(request),
                now=timezone.now(),
            )
        return redirect("staff_upload", row.pk)
    context |= {"form": form, "failed": job.error if job and job.status == Job.Status.FAILED else ""}
    if row.report and request.method != "POST":
        return render(request, "people/upload_report.html", context | _report(request, row))
    context["problems"] = Paginator(_problems(row), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "people/upload.html", context)


def _report(request: HttpRequest, row: StaffUpload) -> dict[str, Any]:
    see = request.GET.get("see", "")
    see = see if see in VIEWS else "added" if row.report["people_added"] else "changed"
    report = row.report
    lists = [
        ("Added to the organization chart", report["units"]),
        (
            "New classifications, none a management one until an administrator says so",
            report["classifications"],
        ),
        ("New career tracks", report["career_tracks"]),
        ("Heads", report["heads"]),
        ("Offices", report["offices"]),
    ]
    return {
        "report": report,
        "lists": [(title, names) for title, names in lists if names],
        "nothing": not (
            report["added"] or report["changed"] or report["invited"] or any(n for _, n in lists)
        ),
        "see": see,
        "page": Paginator(report[f"people_{see}"], PER_PAGE).get_page(request.GET.get("page")),
    }


def _problems(row: StaffUpload) -> list[Problem]:
    """With the headings of the file: those are what its writer knows."""
    cells = row.head.get("cells", [])
    places = row.columns
    return [
        Problem(
            each["line"], cells[places[each["column"]]] if each["column"] in places else "", each["reason"]
        )
        for each in row.problems
    ]


@access(imports_people)
@confirmed_lately
@require_safe
def problems_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Every problem, to work through beside the file."""
    row = _upload(request, pk)
    lines = ((each.line or "", each.column, each.reason) for each in _problems(row))
    header = ("Line", "Column", "What is wrong")
    return spreadsheet.answer(spreadsheet.Table("problems", "Problems", header, lines))


def _its_page(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("staff_upload", _upload(request, pk).pk)


@access(imports_people)
@post_only(_its_page)
@confirmed_lately
def start(request: HttpRequest, pk: int) -> HttpResponse:
    row = _upload(request, pk)
    with refusals_told(request):
        staff_uploads.start_import(upload=row, by=user_of(request), now=timezone.now())
    return redirect("staff_upload", pk)


@access(imports_people)
@post_only(_its_page)
def columns_again(request: HttpRequest, pk: int) -> HttpResponse:
    """What was looked at is put aside, and the columns can be chosen anew."""
    row = _upload(request, pk)
    with refusals_told(request):
        staff_uploads.look_again(upload=row)
    return redirect("staff_upload", pk)


@access(imports_people)
@post_only(_its_page)
def put_away(request: HttpRequest, pk: int) -> HttpResponse:
    row = _upload(request, pk)
    with refusals_told(request):
        staff_uploads.put_away(upload=row)
        messages.success(request, "The file is put away. Nothing was imported.")
    return redirect("staff_uploads")
