"""What a participant needs to take part: said by them, read by the branch office alone."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from coaching.errors import Refused
from coaching.models import Participant
from coaching.permissions import access, branch_office, office_cohorts, signed_in
from meetings import needs, notes
from meetings.forms import NeedForm
from meetings.models import Need
from meetings.views.program import person, submitted


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def say(request: HttpRequest, pk: int) -> HttpResponse:
    own = Participant.objects.active().filter(user=person(request)).select_related("cohort__program")
    participant = get_object_or_404(own, pk=pk)
    known = Need.objects.filter(participant=participant).first()
    form = NeedForm(submitted(request), initial={"text": needs.read(known) if known else ""})
    if request.method == "POST" and form.is_valid():
        try:
            kept = needs.say(
                participant=participant,
                text=form.cleaned_data["text"],
                by=person(request),
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                "Saved. The branch office reads it and gets in touch."
                if kept
                else "Nothing is noted any more."
                if known
                else "Nothing was noted, and nothing is.",
            )
            return redirect("my_need", participant.pk)
    context = {"participant": participant, "cohort": participant.cohort, "form": form, "known": known}
    context["deleted_on"] = notes.deleted_on(participant.cohort)
    return render(request, "meetings/need.html", context)


@access(branch_office)
@never_cache
@require_safe
def of_cohort(request: HttpRequest, pk: int) -> HttpResponse:
    cohort = get_object_or_404(office_cohorts(person(request)).select_related("program"), pk=pk)
    asked = needs.of_cohort(cohort, by=person(request), now=timezone.now())
    context = {"cohort": cohort, "asked": asked, "deleted_on": notes.deleted_on(cohort)}
    return render(request, "meetings/office_needs.html", context)
