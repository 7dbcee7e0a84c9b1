"""The applicant's other pages: what is open, where an application is now, withdraw."""

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from applications import conflicts, drafting, on_paper, readers, reassigning, routing, waitlist, way, workflow
from applications.checks import Step
from applications.models import Application, ReviewStep
from applications.timeline import route_of, steps_of, timeline
from applications.views.writing import own, returned, still_missing
from coaching import permissions
from coaching.errors import Refused, refusals_told
from coaching.models import Cohort, OrgUnit, Participant, Team, User
from coaching.permissions import access, post_only, signed_in
from coaching.typed import number_of

RECENT = 10  # of one's own applications; whoever has more asks for all


@access(signed_in)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """My applications, and the cohorts I can apply to."""
    user: User = request.user  # type: ignore[assignment]
    today = timezone.localdate()
    own_ones = Application.objects.filter(applicant=user)
    recent = own_ones.select_related("cohort__branch").defer(*Application.ANSWERS)
    mine = list(recent if "all" in request.GET else recent[: RECENT + 1])
    shown = mine if "all" in request.GET else mine[:RECENT]
    cohorts = Cohort.objects.exclude(pk__in=own_ones.standing().values("cohort"))
    cohorts = cohorts.exclude(participants__user=user)
    cohorts = cohorts.select_related("program", "branch").filter(branch__in=OrgUnit.objects.around(user))
    ahead = list(cohorts.filter(applications_close_date__gte=today))
    open_cohorts = [cohort for cohort in ahead if cohort.accepts_applications(today)]
    in_conflict = conflicts.conflicts_of(user, open_cohorts, on=today)
    return render(
        request,
        "applications/index.html",
        {
            "applications": [(each, drafting.came_too_late(each, now=timezone.now())) for each in shown],
            "has_more": len(mine) > len(shown),
            "open_cohorts": [(cohort, in_conflict[cohort.pk]) for cohort in open_cohorts],
            "earlier": drafting.earlier_answers(user),
            "coming_cohorts": [cohort for cohort in ahead if cohort not in open_cohorts],
        },
    )


def _cohort(user: User, pk: int) -> Cohort:
    """One of the own branch, or one applied to already (F5)."""
    mine = Q(branch__in=OrgUnit.objects.around(user)) | Q(applications__applicant=user)
    return get_object_or_404(Cohort.objects.filter(mine).distinct(), pk=pk)


def _list(request: HttpRequest, cohort_pk: int) -> HttpResponse:
    _cohort(request.user, cohort_pk)  # type: ignore[arg-type]
    return redirect("applications")


def _earlier(user: User, given: str) -> Application | None:
    """The own application to begin from, where one was chosen."""
    if not given:
        return None
    return get_object_or_404(Application, applicant=user, pk=number_of(given))


@access(signed_in)
@post_only(_list)
def start(request: HttpRequest, cohort_pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    cohort = _cohort(user, cohort_pk)
    earlier = _earlier(user, request.POST.get("from", ""))
    try:
        application = drafting.start(cohort=cohort, by=user, now=timezone.now(), from_application=earlier)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("applications")
    if application.is_editable:
        return redirect("application_step", application.pk, Step.ABOUT.value)
    return redirect("application", application.pk)


def _declined(application: Application) -> ReviewStep | None:
    """The step that ended it, with its reason."""
    if application.status != Application.Status.DECLINED:
        return None
    return application.route().filter(status="declined").first()


@access(signed_in)
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the application is: with whom, since when, by when, and all that happened."""
    user: User = request.user  # type: ignore[assignment]
    related = ("cohort__program", "cohort__branch", "applicant__supervisor", "paper_text")
    found = Application.objects.visible_to(user).annotate(
        is_ours=Exists(permissions.office_cohorts(user).filter(pk=OuterRef("cohort"))),
        is_decided_here=Exists(permissions.deputy_cohorts(user).filter(pk=OuterRef("cohort"))),
    )
    application = get_object_or_404(found.select_related(*related), pk=pk)
    now = timezone.now()
    is_own, is_ours = application.applicant == user, application.is_ours  # type: ignore[attr-defined]
    # The branch office and the deciding office follow a person beyond the selection; supervisors do not (M17).
    follows = is_own or is_ours or application.is_decided_here  # type: ignore[attr-defined]
    steps = steps_of(application)
    route = route_of(application, steps)
    waiting = next((step for step in route if step.is_current), None)
    waitlisted = application.status == Application.Status.WAITLISTED
    following = [step for step in route if waiting and step.position > waiting.position]
    texts = readers.texts_visible_to(user, of=pk)
    participation = _participation(application)
    return render(
        request,
        "applications/show.html",
        {
            "application": application,
            "cohort": application.cohort,
            "is_own": is_own,
            "stops": way.stops(application, route),
            "waiting": waiting,
            "following": following[0] if following else None,
            "stand_ins": _stand_ins(waiting) if waiting else [],
            "help": waiting and way.help_for(waiting, on=timezone.localdate()),
            "may_act": waiting and routing.authority(waiting, user, on=timezone.localdate()),
            "events": timeline(application, later=follows, steps=steps),
            "texts": set(texts.values_list("pk", flat=True)),
            "offers": reassigning.offers(application, route) if is_ours else [],
            "returned": returned(application),
            "declined": _declined(application),
            "decision": application.decisions.last() if not waiting else None,
            "asked": waitlist.entry_of(application).asked if is_own and waitlisted else None,
            "too_late": drafting.came_too_late(application, now=now),
            "participation": participation,
            "team": participation and _team(participation),
            "missing": still_missing(application) if is_own and application.is_editable else [],
            "void": on_paper.why_void(application, now=now),
        },
    )


def _stand_ins(waiting: ReviewStep) -> list[User]:
    """Who can act beside the person it waits on: so that nobody thinks it lies while they are away (A9)."""
    people = routing.expected_signers(waiting, on=timezone.localdate())
    return [person for person in people if person != routing.with_whom(waiting, on=timezone.localdate())]


def _team(participation: Participant) -> Team | None:
    """The one that stands."""
    place = participation.memberships.filter(ended_at=None, team__status=Team.Status.CONFIRMED)
    found = place.select_related("team").first()
    return found.team if found else None


def _participation(application: Application) -> Participant | None:
    """What an accepted application has become."""
    if application.status != Application.Status.ACCEPTED:
        return None
    return Participant.objects.filter(user=application.applicant, cohort=application.cohort_id).last()


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """F3: ask once more, then withdraw."""
    user: User = request.user  # type: ignore[assignment]
    application = own(user, pk)
    if request.method == "POST":
        with refusals_told(request):
            workflow.withdraw(application=application, by=user, now=timezone.now())
            messages.success(request, "Your application is withdrawn.")
        return redirect("application", pk)
    if not application.can_be_withdrawn:
        return redirect("application", pk)
    context = {"application": application, "cohort": application.cohort}
    return render(request, "applications/withdraw.html", context)
