"""Before teams are formed: a participant says when they can meet and with whom they would rather not be (T3)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coaching import team_wishes
from coaching.errors import Refused, refusals_told
from coaching.in_words import counted
from coaching.models import Participant
from coaching.permissions import access, branch_office, post_only, signed_in
from coaching.site.forms_wishes import WishesForm
from coaching.site.teams import cohort_of_office, room_of
from coaching.team_problem import wishes_of


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def say(request: HttpRequest, pk: int) -> HttpResponse:
    own = Participant.objects.active().filter(user=request.user)  # type: ignore[misc]
    participant = get_object_or_404(own.select_related("user", "cohort__program", "wishes"), pk=pk)
    if not team_wishes.may_say(participant):
        messages.info(request, "Your team stands already. When you meet is now for the team to say.")
        return redirect("my_team")
    wishes = wishes_of(participant)
    form = WishesForm(
        request.POST if request.method == "POST" else None, participant=participant, wishes=wishes
    )
    if form.is_valid():
        try:
            team_wishes.save(participant=participant, by=request.user, now=timezone.now(), **form.said())  # type: ignore[arg-type]
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved. You can change it until your team is confirmed.")
            return redirect("my_team")
    context = {"participant": participant, "cohort": participant.cohort, "form": form, "wishes": wishes}
    return render(request, "teams/wishes.html", context)


@access(branch_office)
@post_only(lambda request, pk: room_of(cohort_of_office(request, pk)))
def ask_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Writes to the participants who have not answered."""
    cohort = cohort_of_office(request, pk)
    with refusals_told(request):
        asked = team_wishes.ask_again(cohort=cohort, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, _who_is_asked(asked))
    return room_of(cohort)


def _who_is_asked(asked: team_wishes.Asked) -> str:
    said = []
    if asked.now:
        said.append(f"{counted(asked.now, 'person is', 'people are')} asked by mail.")
    if asked.before:
        before = counted(asked.before, "person was", "people were")
        said.append(f"{before} asked today already; nobody is written to twice a day.")
    return " ".join(said) or "Everybody has answered."
