"""The pages of a changed project: the participant asks, the division director answers (A14)."""

from django.contrib import messages
from django.db.models import Q
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from applications import drafting, project_changes, routing
from applications.forms.project import ConcurForm, DeclineChangeForm, ProjectChangeForm
from applications.models import ProjectChange
from applications.way import help_for
from coaching.errors import Refused, refusals_told
from coaching.models import Goal, Participant, User
from coaching.permissions import access, post_only, signed_in


def _own(user: User, pk: int) -> Participant:
    mine = Participant.objects.select_related("user", "cohort__program", "cohort__competency_model")
    return get_object_or_404(mine, user=user, pk=pk)


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def project(request: HttpRequest, pk: int) -> HttpResponse:
    """My project as it is approved, and a form to ask for a change."""
    user: User = request.user  # type: ignore[assignment]
    participant = _own(user, pk)
    goal = Goal.objects.filter(participant=participant).first()
    data = request.POST if request.method == "POST" else None
    form = ProjectChangeForm(data, participant=participant, goal=goal)
    if form.is_valid() and _ask(request, participant, form):
        return redirect("project", pk)
    changes = list(participant.project_changes.with_people())
    pending = next((change for change in changes if change.status == ProjectChange.Status.PENDING), None)
    is_active = participant.status == Participant.Status.ACTIVE
    return render(
        request,
        "applications/project.html",
        {
            "participant": participant,
            "cohort": participant.cohort,
            "concurring": routing.concurring_step(participant.cohort).title.lower(),
            "facts": _facts(goal) if goal else [],
            "changes": changes,
            "pending": pending,
            "help": help_for(pending, on=drafting.today_of(participant.cohort, timezone.now()))
            if pending
            else None,
            "form": form if is_active and (form.is_bound or not pending) else None,
        },
    )


def _facts(goal: Goal) -> list[tuple[str, str]]:
    served = ", ".join(competency.name for competency in goal.competencies.order_by("position"))
    return [
        ("Title", goal.title),
        ("Description", goal.description),
        ("Expected outcome", goal.expected_outcome),
        ("How it will be measured", goal.measure),
        ("Competencies it serves", served),
    ]


def _ask(request: HttpRequest, participant: Participant, form: ProjectChangeForm) -> bool:
    user: User = request.user  # type: ignore[assignment]
    instead_of = participant.project_changes.filter(pk=form.cleaned_data["instead_of"]).first()
    try:
        change = project_changes.ask(
            participant=participant,
            by=user,
            project=form.project(),
            why=form.cleaned_data["why"],
            instead_of=instead_of,
            now=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(request, f"{change.signer} is asked to concur. Until then your project stays as it is.")
    return True


def _own_change(user: User, pk: int) -> ProjectChange:
    return get_object_or_404(ProjectChange, participant__user=user, pk=pk)


@access(signed_in)
@post_only(lambda request, pk: redirect("project", _own_change(request.user, pk).participant_id))
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    change = _own_change(user, pk)
    with refusals_told(request):
        project_changes.take_back(change=change, by=user, now=timezone.now())
        messages.success(request, "Taken back. Your project stays as it was approved.")
    return redirect("project", change.participant_id)


def _routed_to(user: User) -> Q:
    """Changes of others that wait on this person today, or on which they were asked or acted."""
    to_act = ProjectChange.objects.pending().signable_by(user, on=timezone.localdate()).values("pk")
    own = Q(acted_by=user) | Q(holder=user) | Q(signer=user, delegation=None)
    return (Q(pk__in=to_act) | own) & ~Q(participant__user=user)


def _routed(user: User, pk: int) -> ProjectChange:
    return get_object_or_404(ProjectChange.objects.with_people().filter(_routed_to(user)), pk=pk)


@access(signed_in)
@require_safe
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Also for whoever asked."""
    user: User = request.user  # type: ignore[assignment]
    readable = _routed_to(user) | Q(participant__user=user)
    change = get_object_or_404(ProjectChange.objects.with_people().filter(readable), pk=pk)
    return _page(request, change, ConcurForm(change=change, request=request), DeclineChangeForm())


def _page(request: HttpRequest, change: ProjectChange, concur_form: Form, decline_form: Form) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    day = drafting.today_of(change.participant.cohort, timezone.now())
    right = project_changes.right_to_act(change, user, on=day)
    is_own = change.participant.user_id == user.pk
    context = {
        "change": change,
        "is_own": is_own,
        # M17: what was taken back is nobody else's to read.
        "shows_text": is_own or change.status != ProjectChange.Status.WITHDRAWN,
        "sign_offs": [change.sign_off] if change.sign_off else [],
        "cohort": change.participant.cohort,
        "right": right,
        "capacity": routing.capacity(change, right) if right else "",
        "concur_form": concur_form,
        "decline_form": decline_form,
    }
    return render(request, "applications/project_approval.html", context)


def _page_of(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect("project_approval", _routed(request.user, pk).pk)  # type: ignore[arg-type]


@access(signed_in)
@post_only(_page_of)
def concur(request: HttpRequest, pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    change = _routed(user, pk)
    form = ConcurForm(request.POST, change=change, request=request)
    if form.is_valid():
        name = form.cleaned_data["typed_name"]
        form.keep_consent(now=timezone.now())
        try:
            project_changes.concur(change=change, by=user, typed_name=name, now=timezone.now())
            messages.success(request, f"Signed. {change.participant} is told.")
            return redirect("approvals")
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("project_approval", pk)
    return _page(request, change, form, DeclineChangeForm())


@access(signed_in)
@post_only(_page_of)
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    change = _routed(user, pk)
    form = DeclineChangeForm(request.POST)
    if not form.is_valid():
        return _page(request, change, ConcurForm(change=change, request=request), form)
    comment = form.cleaned_data["comment"]
    try:
        project_changes.decline(change=change, by=user, comment=comment, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("project_approval", pk)
    messages.success(request, f"The project stays as it was. {change.participant} is told, with your reason.")
    return redirect("approvals")
