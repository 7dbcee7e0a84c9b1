"""The branch office's board: people and draft teams side by side; move, swap, pin, undo, publish (T1 to T9)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from coaching import team_draft, team_formation
from coaching.errors import Refused, refusals_told
from coaching.formation.rules import join_words
from coaching.models import Participant, ProposalEdit, TeamProposal
from coaching.permissions import access, branch_office, office_cohorts, post_only
from coaching.site.forms_teams import PublishForm
from coaching.team_alternatives import Comparison, compare
from coaching.team_draft import Effect
from coaching.team_problem import ExplainedDraft, explain_draft, with_details
from coaching.team_waiting import what_would_help, why_waiting
from coaching.team_ways import AskedAlready, open_questions, refuse_asked
from coaching.typed import number_of

POOL = "pool"


@dataclass(frozen=True)
class Shown:
    """A draft as the page shows it; `picked`: who is about to be moved, where no script carries them."""

    draft: TeamProposal
    explained: ExplainedDraft
    picked: Participant | None
    pinned: frozenset[int]
    other: Comparison | None
    last: ProposalEdit | None

    @property
    def broken(self) -> int:
        return sum(len(team.broken) for team in self.explained.teams)

    @property
    def pinned_teams(self) -> set[int]:
        """The numbers of those of which everybody is pinned."""
        teams = self.explained.teams
        return {team.number for team in teams if self.pinned.issuperset(each.pk for each in team.members)}

    @property
    def next_number(self) -> int:
        return len(self.explained.teams) + 1

    @property
    def why_waiting(self) -> str:
        return why_waiting(self.draft.cohort, len(self.explained.people))

    @property
    def as_proposed(self) -> dict[str, object]:
        return self.draft.proposed

    @property
    def proposed_at(self) -> datetime:
        said = self.draft.proposed.get("at")
        return datetime.fromisoformat(said) if said else self.draft.created_at


def shown(draft: TeamProposal, *, picked: str = "", after: Effect | None = None) -> Shown:
    """`after`: what a script has just done; then only what its answer shows is worked out, of whom it shows."""
    explained = explain_draft(draft, after.movable if after else None)
    with_details(_concerned(explained, after) if after else explained.people)
    if after is None or after.pool:
        _say_why_left_out(draft, explained)
    asked, tied = open_questions(draft.cohort), explained.case.problem.pinned
    names: dict[object, str] = {each.pk: str(each) for each in explained.people}
    for each in explained.people:
        each.asked_about = asked[each.pk].change.team if each.pk in asked else None  # type: ignore[attr-defined]
        each.kept_with = [names[pk] for pk in tied.get(each.pk, ()) if pk != each.pk]  # type: ignore[attr-defined]
    return Shown(
        draft=draft,
        explained=explained,
        picked=next((each for each in explained.people if str(each.pk) == picked), None),
        pinned=frozenset(draft.document.get("pinned", [])),
        other=None if after else compare(draft, explained),
        last=draft.edits.select_related("made_by").first(),
    )


def _concerned(explained: ExplainedDraft, effect: Effect) -> list[Participant]:
    people = [each for team in explained.teams if team.number in effect.teams for each in team.members]
    return [*people, *explained.pool] if effect.pool else people


def _say_why_left_out(draft: TeamProposal, explained: ExplainedDraft) -> None:
    """Beside everybody in the pool: why the proposal left them out, what would help, and with whom they cannot be (T8)."""
    reasons: dict[int, str] = dict(draft.proposed.get("left_out", []))
    for pair, words in explained.case.why_apart.items():
        for one in pair:
            reasons[one] = f"{reasons[one]} {words}" if one in reasons else f"Kept apart: {words}"
    left_out = [each.pk for each in explained.pool if each.pk in dict(draft.proposed.get("left_out", []))]
    helps = what_would_help(draft.cohort, explained.case, left_out)
    for each in explained.pool:
        why = f"{reasons.get(each.pk, '')} {helps.get(each.pk, '')}".strip()
        each.why_here = why  # type: ignore[attr-defined]


def _proposal(request: HttpRequest, pk: int) -> TeamProposal:
    rows = TeamProposal.objects.filter(cohort__in=office_cohorts(request.user))  # type: ignore[arg-type]
    return get_object_or_404(rows.select_related("cohort__program", "cohort__branch"), pk=pk)


def _room(draft: TeamProposal, participant: Participant | None = None) -> HttpResponse:
    anchor = f"#person-{participant.pk}" if participant else ""
    return redirect(reverse("cohort_teams", args=[draft.cohort_id]) + anchor)


def _own_room(request: HttpRequest, pk: int) -> HttpResponse:
    return _room(_proposal(request, pk))


def _person(draft: TeamProposal, text: str | None) -> Participant:
    return get_object_or_404(draft.cohort.participants.select_related("user"), pk=number_of(text))


@access(branch_office)
@post_only(_own_room)
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """Move somebody into a team, a new one or the pool (`target`), or let them change places (`other`)."""
    draft = _proposal(request, pk)
    if not request.POST.get("participant"):
        messages.error(request, "Nobody was moved: choose “Move” beside a person first.")
        return _room(draft)
    participant = _person(draft, request.POST["participant"])
    common: dict[str, Any] = {
        "proposal": draft,
        "version": number_of(request.POST.get("version")),
        "by": request.user,
        "now": timezone.now(),
    }
    if request.POST.get("other"):
        other = _person(draft, request.POST["other"])
        return _edited(
            request, draft, participant, lambda: team_draft.swap(one=participant, other=other, **common)
        )
    target = request.POST.get("target", "")
    team = None if target == POOL else number_of(target)
    return _edited(
        request, draft, participant, lambda: team_draft.move(participant=participant, team=team, **common)
    )


def _edited(
    request: HttpRequest, draft: TeamProposal, participant: Participant | None, edit: Callable[[], Effect]
) -> HttpResponse:
    """What has changed, where a script asked; otherwise the whole room again, which says what was done."""
    if not request.htmx:  # type: ignore[attr-defined]
        with refusals_told(request):
            effect = edit()
            messages.add_message(
                request, messages.INFO if effect.is_nothing else messages.SUCCESS, effect.in_words()
            )
        return _room(draft, participant)
    try:
        effect = edit()
    except Refused as refusal:
        return _refused(request, draft, refusal)
    effect.proposal.cohort = draft.cohort
    return _answered(request, effect.proposal, effect.in_words(), effect, done=not effect.is_nothing)


def _refused(request: HttpRequest, draft: TeamProposal, refusal: Refused) -> HttpResponse:
    """For a script."""
    if isinstance(refusal, team_draft.NotADraft):
        messages.error(request, str(refusal))
        return HttpResponseClientRefresh()
    return _answered(request, _proposal(request, draft.pk), str(refusal), refused=True)


def _answered(
    request: HttpRequest,
    draft: TeamProposal,
    said: str,
    effect: Effect | None = None,
    *,
    done: bool = False,
    refused: bool = False,
) -> HttpResponse:
    """For a script: the parts that an edit changed; all of them where teams came or went, or where it was refused.

    `done`: `said` tells the last edit.
    """
    part = effect if effect and not effect.anew else None
    board = shown(draft, after=part)
    changed = [team for team in board.explained.teams if part and team.number in part.teams]
    context = {
        "board": board,
        "cohort": draft.cohort,
        "draft": draft,
        "oob": True,
        "said": said,
        "done": done,
    }
    context |= {"whole": part is None, "changed": changed, "pool_changed": part and part.pool}
    context["refused"] = refused
    return render(request, "teams/_edited.html", context)


@access(branch_office)
@post_only(_own_room)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    draft = _proposal(request, pk)
    common: dict[str, Any] = {"by": request.user, "now": timezone.now()}
    version = number_of(request.POST.get("version"))
    return _edited(request, draft, None, lambda: team_draft.undo(proposal=draft, version=version, **common))


@access(branch_office)
@post_only(_own_room)
def pin(request: HttpRequest, pk: int) -> HttpResponse:
    """One person (`pin`, `release`), or a whole team by its number (`pin_team`, `release_team`)."""
    draft = _proposal(request, pk)
    if not {"pin", "release", "pin_team", "release_team"} & request.POST.keys():
        messages.error(request, "Nobody was pinned: choose “Pin” beside a person or a team.")
        return _room(draft)
    pinned, person = not {"release", "release_team"} & request.POST.keys(), None
    if number := request.POST.get("pin_team") or request.POST.get("release_team"):
        teams = dict(enumerate(draft.teams_drawn, start=1))
        ids = teams.get(number_of(number), [])
        people = list(draft.cohort.participants.filter(pk__in=ids).select_related("user"))
    else:
        person = _person(draft, request.POST.get("pin") or request.POST.get("release"))
        people = [person]
    try:
        if not people:
            raise team_draft.NoTeams("The draft has no such team. Look at it again.")
        changed = team_draft.pin(
            proposal=draft,
            participants=people,
            pinned=pinned,
            version=number_of(request.POST.get("version")),
            by=request.user,  # type: ignore[arg-type]
            now=timezone.now(),
        )
    except Refused as refusal:
        if request.htmx:  # type: ignore[attr-defined]
            return _refused(request, draft, refusal)
        messages.error(request, str(refusal))
        return _room(draft, person)
    said = _pinned_words(draft, people, pinned=pinned)
    if request.htmx:  # type: ignore[attr-defined]
        changed.cohort = draft.cohort
        return _answered(request, changed, said, done=True)
    messages.success(request, said)
    return _room(draft, person)


def _pinned_words(draft: TeamProposal, people: list[Participant], *, pinned: bool) -> str:
    names = ", ".join(str(each) for each in people)
    if not pinned:
        return f"No longer pinned: {names}."
    asked = {each.pk for each in people}
    team = next((ids for ids in draft.teams_drawn if asked & set(ids)), [])
    held = {*draft.document.get("pinned", []), *asked} & set(team)
    if len(held) == 1:
        return f"Pinned: {names}. Pin a teammate as well: only several pinned people of a team stay together."
    if len(held) == len(team):
        return f"Pinned: {names}. The whole team stays as it is when teams are proposed again."
    return f"Pinned: {names}. Whoever is pinned in this team stays together when teams are proposed again."


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first: it can't be undone, and a colleague may be at work on it."""
    draft = _proposal(request, pk)
    if request.method != "POST":
        if draft.status != TeamProposal.Status.DRAFT:
            return _room(draft)
        context = {"draft": draft, "cohort": draft.cohort, "edits": draft.edits.count()}
        return render(request, "teams/discard.html", context)
    with refusals_told(request):
        team_formation.discard(
            proposal=draft,
            by=request.user,  # type: ignore[arg-type]
            now=timezone.now(),
            version=number_of(request.POST.get("version")),
        )
        messages.success(request, "The draft was discarded. Nobody was told anything.")
    return _room(draft)


@access(branch_office)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Shows who will be asked, and what speaks against it; then asks them (T4). What was typed stays where it is refused."""
    draft = _proposal(request, pk)
    if draft.status != TeamProposal.Status.DRAFT and request.method != "POST":
        return _room(draft)
    explained = explain_draft(draft)
    with_details(explained.people)
    bent = team_formation.bent_by_hand(draft, explained.teams)
    data = request.POST if request.method == "POST" else None
    form = PublishForm(data, cohort=draft.cohort, bent=bent)
    if form.is_bound:
        try:
            if _published(request, draft, form):
                return _room(draft)
        except team_draft.NotADraft as refusal:
            messages.error(request, str(refusal))
            return _room(draft)
        except Refused as refusal:
            messages.error(request, str(refusal))
    ending = list(draft.cohort.teams.filter(pk__in=draft.reopened))
    stands = team_formation.confirmed_meanwhile(draft)
    if stands:
        messages.error(request, stands)
        return _room(draft)
    context = {
        "proposal": draft,
        "cohort": draft.cohort,
        "last_number": draft.cohort.teams.aggregate(last=Max("number"))["last"] or 0,
        "ending": ending,
        "ending_names": join_words(ending) if ending else "",
        "asked_already": _asked_already(draft, explained),
        "teams": explained.teams,
        "pool": explained.pool,
        "form": form,
        "broken": [(team, finding) for team in explained.teams for finding in team.broken],
        "asked": sum(len(team.members) for team in explained.teams),
        "why_waiting": why_waiting(draft.cohort, len(explained.people)),
    }
    context["can_publish"] = bool(explained.teams) and not context["broken"] and not context["asked_already"]
    return render(request, "teams/publish.html", context)


def _asked_already(draft: TeamProposal, explained: ExplainedDraft) -> str:
    """Who has to answer another question first, in words (T4); empty where nobody has."""
    try:
        refuse_asked(draft.cohort, {each.pk for team in explained.teams for each in team.members})
    except AskedAlready as refusal:
        return str(refusal)
    return ""


def _published(request: HttpRequest, draft: TeamProposal, form: PublishForm) -> bool:
    """False: something is missing in the form. Raises what `publish` raises; a stale draft also where it is incomplete."""
    version = number_of(request.POST.get("version"))
    if not form.is_valid():
        team_draft.refuse_stale(draft, version=version, by=request.user)  # type: ignore[arg-type]
        return False
    made = team_formation.publish(
        proposal=draft,
        version=version,
        reasons=form.reasons(),
        answer_by=form.cleaned_data["answer_by"],
        by=request.user,  # type: ignore[arg-type]
        now=timezone.now(),
    )
    published = "1 team was" if len(made) == 1 else f"{len(made)} teams were"
    messages.success(request, f"{published} published. Every member is asked by mail.")
    return True
