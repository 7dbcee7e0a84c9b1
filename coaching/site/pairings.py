"""The branch office's page of whom it keeps apart, or together, with the reason of each."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coaching import pairings
from coaching.errors import Refused, refusals_told
from coaching.models import Pairing
from coaching.permissions import access, branch_office, office_cohorts, post_only
from coaching.site.forms_wishes import PairingForm
from coaching.site.teams import cohort_of_office


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """What is kept now, and a form for another; names in the address fill it in."""
    cohort = cohort_of_office(request, pk)
    if request.method == "POST":
        form = PairingForm(request.POST, cohort=cohort)
    else:
        given = {"kind": request.GET.get("kind", ""), "names": request.GET.getlist("name")}
        form = PairingForm(cohort=cohort, given=given)
    if form.is_valid():
        try:
            made = pairings.keep(cohort=cohort, by=request.user, now=timezone.now(), **form.ordered())  # type: ignore[arg-type]
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{made}.")
            return redirect("team_pairings", cohort.pk)
    context = {"cohort": cohort, "form": form, "pairings": pairings.standing(cohort)}
    return render(request, "teams/pairings.html", context)


def _pairing(request: HttpRequest, pk: int) -> Pairing:
    ours = Pairing.objects.filter(cohort__in=office_cohorts(request.user))  # type: ignore[arg-type]
    return get_object_or_404(ours.select_related("cohort__branch"), pk=pk)


@access(branch_office)
@post_only(lambda request, pk: redirect("team_pairings", _pairing(request, pk).cohort_id))
def end(request: HttpRequest, pk: int) -> HttpResponse:
    pairing = _pairing(request, pk)
    with refusals_told(request):
        pairings.end(pairing=pairing, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, f"No longer: {pairing}.")
    return redirect("team_pairings", pairing.cohort_id)
