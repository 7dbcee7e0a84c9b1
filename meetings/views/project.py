"""A participant's own project, and what a team's members share of theirs (C4, C7)."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from coaching.errors import Refused, refusals_told
from coaching.models import Goal, Participant
from coaching.permissions import access, post_only, signed_in
from coaching.typed import number_of
from meetings import inputs, notes, project, team_space
from meetings.forms_project import ProjectTextForm
from meetings.models import ProjectText, current_memberships
from meetings.views.program import person, submitted

Kind = ProjectText.Kind
ADDED = {
    Kind.MILESTONE: "Add a milestone",
    Kind.OUTCOME: "The outcome of my project",
    Kind.UPDATE: "Write an update",
}


def taking_part(request: HttpRequest) -> QuerySet[Participant]:
    """This person's own participations, as long as they did not leave."""
    own = Participant.objects.filter(user=person(request)).exclude(status=Participant.Status.LEFT)
    return own.select_related("user__supervisor", "division__head", "cohort__program", "cohort__branch__head")


@access(signed_in)
@never_cache
@require_safe
def mine(request: HttpRequest, pk: int) -> HttpResponse:
    participant = get_object_or_404(taking_part(request), pk=pk)
    cohort, asked, own = participant.cohort, inputs.of(participant), project.own(participant)
    supervisor = participant.user.supervisor
    context = {
        "participant": participant,
        "cohort": cohort,
        "goal": Goal.objects.filter(participant=participant).prefetch_related("competencies").first(),
        "project": own,
        "supervisor_now": supervisor,
        "chosen_before": {each.row.pk for each in own.texts if each.is_for_an_earlier(supervisor)},
        "why_not": project.why_not_write(participant, timezone.now()),
        "inputs": asked,
        "is_waiting": any(not (told.row.answered_at or told.row.supervisor_changed) for told in asked),
        "why_not_ask": inputs.why_not_ask(participant, timezone.now()),
        "deleted_on": notes.deleted_on(cohort),
        "today": timezone.now().astimezone(cohort.zone).date(),
    }
    return render(request, "meetings/my_project.html", context)


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """A milestone, an update, or the outcome, of which there is one."""
    participant = get_object_or_404(taking_part(request), pk=pk)
    row = participant.project_texts.filter(kind=kind).first() if kind == Kind.OUTCOME else None
    return _form(request, participant, kind, row)


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    if _is_gone(request, pk):
        return _gone(request)
    row = _own_text(request, pk)
    return _form(request, row.participant, row.kind, row)


def _is_gone(request: HttpRequest, pk: int) -> bool:
    """Whether what is sent here was deleted meanwhile; whose it was goes with it."""
    return "participant" in request.POST and not ProjectText.objects.filter(pk=pk).exists()


def _whose_it_was(request: HttpRequest) -> Participant:
    return get_object_or_404(taking_part(request), pk=number_of(request.POST["participant"]))


def _gone(request: HttpRequest) -> HttpResponse:
    """What was typed stays, to be saved anew."""
    participant, kind = _whose_it_was(request), request.POST.get("kind", "")
    if kind not in Kind.values:
        raise Http404
    form = ProjectTextForm(
        request.POST, kind=kind, readers=project.choices(participant), audience=ProjectText.Audience.TEAM
    )
    form.add_error(None, notes.DELETED)
    context = _page(participant, form, kind)
    context["add_address"] = reverse(f"project_{kind}", args=[participant.pk])
    return render(request, "meetings/project_text.html", context)


def _form(request: HttpRequest, participant: Participant, kind: str, row: ProjectText | None) -> HttpResponse:
    now = timezone.now()
    why = project.why_not_write(participant, now)
    if why and request.method != "POST":  # what was typed stays on the page beside the refusal
        messages.info(request, why)
        return redirect("my_project", participant.pk)
    form = ProjectTextForm(
        submitted(request),
        kind=kind,
        readers=project.choices(participant, row),
        audience=_audience(row, participant),
        initial={"text": project.read(row).text, "due_date": row.due_date} if row else None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            kept = project.save(
                participant=participant,
                kind=kind,
                text=form.cleaned_data["text"],
                audience=form.cleaned_data["audience"],
                due_date=form.due_date,
                by=person(request),
                now=now,
                row=row,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            readers = project.read(kept).readers
            messages.success(request, f"Saved. Who may read it: {readers}.")
            return redirect("my_project", participant.pk)
    context = _page(participant, form, kind)
    context["row"] = row
    if row:
        context["heading"] = Kind(kind).label if kind != Kind.OUTCOME else ADDED[Kind.OUTCOME]
    return render(request, "meetings/project_text.html", context)


def _page(participant: Participant, form: ProjectTextForm, kind: str) -> dict[str, object]:
    """Of a text that is new."""
    return {
        "participant": participant,
        "cohort": participant.cohort,
        "form": form,
        "heading": ADDED[Kind(kind)],
        "deleted_on": notes.deleted_on(participant.cohort),
    }


def _audience(row: ProjectText | None, participant: Participant) -> str:
    """What is chosen already; nothing where “my supervisor” has become somebody else, so that it is chosen anew."""
    if row is None:
        return ProjectText.Audience.TEAM
    return "" if project.read(row).is_for_an_earlier(participant.user.supervisor) else row.audience


def _own_text(request: HttpRequest, pk: int) -> ProjectText:
    rows = ProjectText.objects.filter(participant__in=taking_part(request))
    people = ("participant__user__supervisor", "participant__division__head")
    rows = rows.select_related(*people, "participant__cohort__program", "participant__cohort__branch__head")
    return get_object_or_404(rows, pk=pk)


@access(signed_in)
@post_only(lambda request, pk: redirect("my_project", _own_text(request, pk).participant_id))
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """A milestone is reached, or open again."""
    row = _own_text(request, pk)
    is_done = request.POST.get("done") == "yes"
    with refusals_told(request):
        project.set_done(row=row, done=is_done, by=person(request), now=timezone.now())
        messages.success(request, "Done." if is_done else "The milestone is open again.")
    return redirect("my_project", row.participant_id)


@access(signed_in)
@post_only(lambda request, pk: redirect("my_project", _own_text(request, pk).participant_id))
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    if _is_gone(request, pk):
        messages.info(request, "It is deleted already.")
        return redirect("my_project", _whose_it_was(request).pk)
    row = _own_text(request, pk)
    with refusals_told(request):
        project.delete(row=row, by=person(request), now=timezone.now())
        messages.success(request, "Deleted. Nobody can read it any more.")
    return redirect("my_project", row.participant_id)


@access(signed_in)
@never_cache
@require_safe
def of_team(request: HttpRequest, pk: int) -> HttpResponse:
    """What the members of one's team share of their projects."""
    places = current_memberships(person(request)).select_related("team__cohort__program", "participant")
    place = get_object_or_404(places, team=pk)
    members = list(team_space.members_of(place.team).select_related("goal"))
    shared, answers = project.shared_with_team(members), inputs.shared_with_team(members)
    context = {
        "team": place.team,
        "me": place.participant,
        "lines": [(each, shared[each.pk], answers.get(each.pk, [])) for each in members],
        "deleted_on": notes.deleted_on(place.team.cohort),
        "today": timezone.now().astimezone(place.team.cohort.zone).date(),
    }
    return render(request, "meetings/team_projects.html", context)
