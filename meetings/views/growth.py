"""A participant's own growth, for their eyes alone."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from coaching.errors import Refused
from coaching.models import Participant
from coaching.permissions import access, signed_in
from meetings import growth, notes
from meetings.forms_growth import SelfRatingForm
from meetings.views.program import person, submitted
from meetings.views.project import taking_part


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest, pk: int) -> HttpResponse:
    """How I see myself: as a picture and as a table, with the form while there is something to rate."""
    participants = taking_part(request).select_related("cohort__competency_model")
    participant = get_object_or_404(participants, pk=pk)
    now, lines = timezone.now(), growth.lines(participant)
    opening = growth.opening(participant, now)
    form = None
    if opening or request.method == "POST":  # what was sent too late is not lost
        rated = [each.competency for each in lines]
        known = growth.of_moment(participant, opening.moment) if opening else {}
        form = SelfRatingForm(submitted(request), competencies=rated, known=known)
        if form.is_bound and form.is_valid() and _rate(request, participant, form):
            return redirect("my_growth", participant.pk)
    context = {
        "participant": participant,
        "cohort": participant.cohort,
        "lines": lines,
        "has_rated": any(line.rated for line in lines),
        "moments": growth.Moment.labels,
        "opening": opening,
        "rated": opening and participant.self_ratings.filter(moment=opening.moment).exists(),
        "next_month": growth.next_month(participant, now),
        "form": form,
        "deleted_on": notes.deleted_on(participant.cohort),
    }
    return render(request, "meetings/my_growth.html", context)


def _rate(request: HttpRequest, participant: Participant, form: SelfRatingForm) -> bool:
    moment, now = request.POST.get("moment", ""), timezone.now()
    try:
        growth.rate(participant=participant, moment=moment, steps=form.steps, by=person(request), now=now)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, "Saved. Nobody but you reads it.")
    return True
