"""The offices give the meetings their resources (M11); a team's members open them."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from coaching.errors import Refused, refusals_told
from coaching.models import CurriculumItem, OrgUnit
from coaching.permissions import access, any_of, branch_office, post_only, signed_in, training_office
from meetings import resources
from meetings.forms import ResourceForm
from meetings.models import Resource
from meetings.views.program import person, submitted

OFFICES = any_of(branch_office, training_office)


@access(OFFICES)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    branches = [
        (branch, [(line, line.is_missing(today)) for line in resources.lines(branch, today=today)])
        for branch in resources.branches_of(person(request), on=today)
    ]
    return render(request, "meetings/resources.html", {"branches": branches})


def _own_branch(request: HttpRequest, pk: int) -> OrgUnit:
    branches = {each.pk: each for each in resources.branches_of(person(request), on=timezone.localdate())}
    if pk not in branches:
        raise Http404
    return branches[pk]


@access(OFFICES)
@require_http_methods(["GET", "HEAD", "POST"])
def item(request: HttpRequest, branch_pk: int, pk: int) -> HttpResponse:
    branch = _own_branch(request, branch_pk)
    items = CurriculumItem.objects.filter(program__cohorts__branch=branch).distinct()
    found = get_object_or_404(items.select_related("program"), pk=pk)
    form = ResourceForm(submitted(request), request.FILES if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            resources.add(item=found, branch=branch, by=person(request), now=timezone.now(), **form.resource)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Added. The teams find it with this meeting.")
            return redirect("meeting_resources", branch.pk, found.pk)
    context = {"branch": branch, "item": found, "form": form}
    context["given"] = resources.in_force(branch).filter(item=found).select_related("added_by")
    return render(request, "meetings/resources_item.html", context)


def _given(request: HttpRequest, pk: int) -> Resource:
    branches = resources.branches_of(person(request), on=timezone.localdate())
    return get_object_or_404(
        Resource.objects.defer("content").select_related("branch"), branch__in=branches, pk=pk
    )


@access(OFFICES)
@post_only(
    lambda request, pk: redirect("meeting_resources", (found := _given(request, pk)).branch_id, found.item_id)
)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    found = _given(request, pk)
    with refusals_told(request):
        resources.remove(resource=found, by=person(request), now=timezone.now())
        messages.success(request, f"“{found}” was taken back.")
    return redirect("meeting_resources", found.branch_id, found.item_id)


@access(signed_in)
@require_safe
def file(request: HttpRequest, pk: int) -> HttpResponse:
    rows = resources.visible_to(person(request)).filter(kind=Resource.Kind.FILE)
    found = get_object_or_404(rows.distinct(), pk=pk)
    response = HttpResponse(bytes(found.content or b""), content_type=found.media_type)
    response["Content-Disposition"] = f'attachment; filename="{found.file_name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
