"""At the table: what members prepare, note and agree on (M8, M10, M15, M16). Each page is for the team's members alone."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from coaching.errors import Refused, refusals_told
from coaching.meanwhile import BothChanged
from coaching.models import Membership, Participant, Team
from coaching.permissions import access, post_only, signed_in
from coaching.typed import number_of
from meetings import agreement, leading, notes, program, resources, taking_along, team_space, who, written
from meetings.forms import ActionForm, NoteForm, UpdateForm
from meetings.models import ActionItem, Meeting, Note, current_memberships
from meetings.views.program import person, submitted, visible_meeting

NOTED = (Note.Kind.ADVICE.value, Note.Kind.COMPETENCY.value)
ALREADY_DELETED = "It is deleted already."


def _table(meeting: Meeting, participant: Participant | None = None) -> HttpResponse:
    anchor = f"#turn-{participant.pk}" if participant else ""
    return redirect(reverse("meeting_table", args=[meeting.pk]) + anchor)


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def table(request: HttpRequest, pk: int) -> HttpResponse:
    """The page is one form for all notes: whichever is saved, the texts of the others come back with it."""
    found = visible_meeting(request, pk)
    place = team_space.place_at(person(request), found)
    sent = {name: request.POST.get(name, "") for name in request.POST if _is_note(name)}
    typed = {name: text for name, text in sent.items() if text.strip()}
    if about := request.method == "POST" and _save_pressed(request, found, place):
        typed.pop(request.POST["note"])
        if not typed:
            return _table(found, about)
        messages.info(request, "What else you typed is still on this page, and not saved yet.")
    return render(request, "meetings/table.html", _page(found, place, typed))


def _is_note(name: str) -> bool:
    return name.startswith(tuple(f"{kind}-" for kind in NOTED))


def _save_pressed(request: HttpRequest, found: Meeting, place: Membership) -> Participant | None:
    """The note whose button was pressed, for whom it is; None: it could not be saved."""
    pressed = request.POST.get("note", "")
    kind, _, about_pk = pressed.partition("-")
    members = {str(each.pk): each for each in team_space.members_of(place.team)}
    with refusals_told(request):
        if about_pk not in members:
            raise notes.CannotWrite(notes.NOT_A_MEMBER)
        notes.write(
            meeting=found,
            team=place.team,
            kind=kind,
            about=members[about_pk],
            text=request.POST.get(pressed, ""),
            by=person(request),
            now=timezone.now(),
        )
        messages.success(request, "Saved. Your team can read it.")
        return members[about_pk]
    return None


def _page(found: Meeting, place: Membership, typed: Mapping[str, str]) -> dict[str, object]:
    people = who.of(found, place.team)
    lines, tight = program.agenda_of(found, place.team, people.present) if found.is_live else ([], ())
    parts = program.parts_of(found, place.team, people.present) if found.is_live else []
    has_competency = any(part.key == "competency" for part in parts)
    given = list(resources.of_meeting(found))
    questions = [each for each in given if each.kind == each.Kind.QUESTION] if has_competency else []
    order = {line.member: number for number, line in enumerate(lines) if line.member}
    members = sorted(people.members, key=lambda each: (order.get(str(each), len(order)), each.pk))
    turns = notes.turns(found, place.team, members)
    for turn in turns:
        turn.typed = {kind: typed.get(f"{kind}-{turn.member.pk}", "") for kind in NOTED}
    return {
        "meeting": found,
        "team": place.team,
        "me": place.participant,
        "turns": turns,
        "lines": lines,
        "parts": leading.to_show(parts, found, timezone.now()),
        "who": people,
        "can_lead": not leading.why_not_hand_over(found, timezone.now()),
        "members": people.present,
        "resources": [each for each in given if each not in questions],
        "tight": tight,
        "competency": has_competency,
        "skills": program.skills_of(found),
        "questions": questions,
        "why_not": notes.why_not_write(found, timezone.now()),
        "deleted_on": notes.deleted_on(found.cohort),
        "longest": written.LONGEST,
        "to_accept": not place.team.acceptances.filter(participant=place.participant).exists()
        and agreement.expectations(place.team),
        "turn_minutes": next((line.minutes for line in lines if line.member), 20),
    }


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def prepare(request: HttpRequest, pk: int) -> HttpResponse:
    """M15: a member's update, with what they wrote last time beside it."""
    found = visible_meeting(request, pk)
    place = team_space.place_at(person(request), found)
    if why := notes.why_not_write(found, timezone.now()):
        messages.info(request, why)
        return redirect(found)
    form = UpdateForm(submitted(request), initial=notes.update_of(found, place.participant))
    if request.method == "POST" and form.is_valid():
        try:
            kept = notes.save_update(
                meeting=found,
                team=place.team,
                texts=form.cleaned_data,
                by=person(request),
                now=timezone.now(),
                seen=form.seen,
            )
        except BothChanged as refusal:
            form.shown_again(refusal)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                "Your update is saved. Your team can read it." if kept else "Your update is empty now.",
            )
            return _table(found, place.participant)
    context = {
        "meeting": found,
        "form": form,
        "last": notes.last_update(found, place.team, place.participant),
        "actions": [
            each for each in notes.actions_of(place.team, done=False) if each.item.owner == place.participant
        ],
        "deleted_on": notes.deleted_on(found.cohort),
    }
    return render(request, "meetings/prepare.html", context)


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def note_add(request: HttpRequest, pk: int, kind: str, participant_pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    place = team_space.place_at(person(request), found)
    about = get_object_or_404(team_space.members_of(place.team), pk=participant_pk)
    form = NoteForm(submitted(request))
    if request.method == "POST" and form.is_valid():
        try:
            notes.write(
                meeting=found,
                team=place.team,
                kind=kind,
                about=about,
                text=form.cleaned_data["text"],
                by=person(request),
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved. Your team can read it.")
            return _table(found, about)
    context = {"meeting": found, "form": form, "about": about, "kind": Note.Kind(kind).label}
    return render(request, "meetings/note.html", context)


def _note(request: HttpRequest, pk: int) -> Note:
    """One's own, of a team one is in now."""
    mine = current_memberships(person(request))
    rows = Note.objects.filter(author__user=person(request), team__in=mine.values("team"))
    rows = rows.exclude(kind=Note.Kind.UPDATE).select_related("meeting__item", "about__user", "team")
    return get_object_or_404(rows, pk=pk)


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def note_change(request: HttpRequest, pk: int) -> HttpResponse:
    if _is_gone(request, Note, pk):
        return _note_gone(request)
    note = _note(request, pk)
    form = NoteForm(submitted(request), initial={"text": notes.read(note).text})
    if request.method == "POST" and form.is_valid():
        try:
            text, now = form.cleaned_data["text"], timezone.now()
            notes.change(note=note, text=text, by=person(request), now=now, seen=form.seen)
        except notes.DeletedMeanwhile:
            return _note_gone(request)
        except BothChanged as refusal:
            form.shown_again(refusal)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Your change is saved.")
            return _table(note.meeting, note.about)
    context = {
        "meeting": note.meeting,
        "form": form,
        "about": note.about,
        "kind": note.get_kind_display(),
        "note": note,
    }
    return render(request, "meetings/note.html", context)


def _is_gone(request: HttpRequest, model: type[Note] | type[ActionItem], pk: int) -> bool:
    """Whether what is sent here was deleted meanwhile; where it stood goes with it, and only its team is told."""
    return "meeting" in request.POST and not model._default_manager.filter(pk=pk).exists()


def _where_it_stood(request: HttpRequest) -> Meeting:
    return visible_meeting(request, number_of(request.POST["meeting"]))


def _note_gone(request: HttpRequest) -> HttpResponse:
    """What was typed stays, to be saved anew."""
    found, kind = _where_it_stood(request), request.POST.get("kind")
    members = team_space.members_of(team_space.place_at(person(request), found).team)
    names = {Note.Kind.ADVICE.value: "note_advice", Note.Kind.COMPETENCY.value: "note_competency"}
    if kind not in names:
        raise Http404
    about = get_object_or_404(members, pk=number_of(request.POST.get("about")))
    form = NoteForm(request.POST)
    form.add_error(None, notes.DELETED)
    context = {"meeting": found, "form": form, "about": about, "kind": Note.Kind(kind).label}
    context["add_address"] = reverse(names[kind], args=[found.pk, about.pk])
    return render(request, "meetings/note.html", context)


@access(signed_in)
@post_only(lambda request, pk: redirect("note_change", _note(request, pk).pk))
def note_delete(request: HttpRequest, pk: int) -> HttpResponse:
    if _is_gone(request, Note, pk):
        messages.info(request, ALREADY_DELETED)
        return _table(_where_it_stood(request))
    note = _note(request, pk)
    with refusals_told(request):
        notes.delete(note=note, by=person(request), now=timezone.now())
        messages.success(request, "Deleted.")
    return _table(note.meeting, note.about)


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def action_add(request: HttpRequest, pk: int, participant_pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    place = team_space.place_at(person(request), found)
    members = list(team_space.members_of(place.team))
    owner = next((each for each in members if each.pk == participant_pk), None)
    if owner is None:
        return _table(found)
    form = ActionForm(
        submitted(request),
        members=members,
        initial={"owner": owner.pk, "due_date": _next_date(found, place.team)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            _save_action(found, place, form, request, timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The action item is saved. It is carried on until it is done.")
            return _table(found, form.owner)
    return render(request, "meetings/action.html", {"meeting": found, "form": form})


def _next_date(meeting: Meeting, team: Team) -> object:
    """Until the team's next meeting, unless somebody says otherwise."""
    later = Meeting.objects.of_team(team).live().filter(date__gt=meeting.date)
    return later.order_by("date").values_list("date", flat=True).first()


def _save_action(
    meeting: Meeting,
    place: Membership,
    form: ActionForm,
    request: HttpRequest,
    now: datetime,
    item: ActionItem | None = None,
) -> None:
    notes.save_action(
        meeting=meeting,
        team=place.team,
        owner=form.owner,
        what=form.cleaned_data["what"],
        how=form.cleaned_data["how"],
        due_date=form.cleaned_data["due_date"],
        by=person(request),
        now=now,
        item=item,
        seen=form.seen,
    )


def _item(request: HttpRequest, pk: int) -> ActionItem:
    mine = current_memberships(person(request))
    rows = ActionItem.objects.filter(team__in=mine.values("team"))
    rows = rows.select_related("meeting__item", "meeting__cohort__program", "owner__user", "team")
    return get_object_or_404(rows, pk=pk)


@access(signed_in)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def action_change(request: HttpRequest, pk: int) -> HttpResponse:
    if _is_gone(request, ActionItem, pk):
        return _action_gone(request)
    item = _item(request, pk)
    place = current_memberships(person(request)).select_related("team", "participant").get(team=item.team)
    action = notes.read_action(item)
    initial = {"owner": item.owner_id, "what": action.what, "how": action.how, "due_date": item.due_date}
    form = ActionForm(submitted(request), members=list(team_space.members_of(item.team)), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            _save_action(item.meeting, place, form, request, timezone.now(), item)
        except notes.DeletedMeanwhile:
            return _action_gone(request)
        except BothChanged as refusal:
            form.shown_again(refusal)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Your change is saved.")
            return redirect("meetings_actions", item.team_id)
    return render(request, "meetings/action.html", {"meeting": item.meeting, "form": form, "item": item})


def _action_gone(request: HttpRequest) -> HttpResponse:
    """What was typed stays, to be saved anew."""
    found = _where_it_stood(request)
    place = team_space.place_at(person(request), found)
    form = ActionForm(request.POST, members=list(team_space.members_of(place.team)))
    form.add_error(None, notes.DELETED)
    context = {"meeting": found, "form": form}
    context["add_address"] = reverse("action_add", args=[found.pk, place.participant_id])
    return render(request, "meetings/action.html", context)


@access(signed_in)
@post_only(lambda request, pk: redirect("meetings_actions", _item(request, pk).team_id))
def action_done(request: HttpRequest, pk: int) -> HttpResponse:
    """Done, or open again; back to the page it was pressed on."""
    item = _item(request, pk)
    done = request.POST.get("done") == "yes"
    with refusals_told(request):
        notes.set_done(item=item, done=done, by=person(request), now=timezone.now())
        messages.success(request, "Done." if done else "The action item is open again.")
    at = number_of(request.POST.get("meeting"))
    if Meeting.objects.visible_to(person(request)).filter(pk=at).exists():
        return redirect(reverse("meeting_table", args=[at]) + f"#turn-{item.owner_id}")
    return redirect("meetings_actions", item.team_id)


@access(signed_in)
@post_only(lambda request, pk: redirect("action_change", _item(request, pk).pk))
def action_delete(request: HttpRequest, pk: int) -> HttpResponse:
    if _is_gone(request, ActionItem, pk):
        messages.info(request, ALREADY_DELETED)
        found = _where_it_stood(request)
        return redirect("meetings_actions", team_space.place_at(person(request), found).team_id)
    item = _item(request, pk)
    with refusals_told(request):
        notes.delete_action(item=item, by=person(request), now=timezone.now())
        messages.success(request, "Deleted.")
    return redirect("meetings_actions", item.team_id)


@access(signed_in)
@never_cache
@require_safe
def actions(request: HttpRequest, pk: int) -> HttpResponse:
    mine = current_memberships(person(request)).select_related("team__cohort__program", "participant")
    place = get_object_or_404(mine, team=pk)
    context = {
        "team": place.team,
        "open": notes.actions_of(place.team, done=False),
        "done": notes.actions_of(place.team, done=True),
        "today": timezone.now().astimezone(place.team.cohort.zone).date(),
        "deleted_on": notes.deleted_on(place.team.cohort),
    }
    return render(request, "meetings/actions.html", context)


@access(signed_in)
@never_cache
@require_safe
def own_writing(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own texts as a file, as long as one is in a team (M16)."""
    mine = current_memberships(person(request)).select_related(
        "participant__user", "participant__cohort__program"
    )
    place = get_object_or_404(mine, participant=pk)
    response = HttpResponse(
        taking_along.own_writing(place.participant), content_type="text/plain; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="my-writing.txt"'
    return response
