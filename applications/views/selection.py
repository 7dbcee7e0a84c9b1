"""The pages of selection: the board, choices and recommendations from it, and the release."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from applications import board, choosing, releasing
from applications.board import Desk, Row
from applications.forms.selection import BoardFilter, ChoiceForm, RecommendForm, ReleaseForm
from applications.models import Application, Outcome, Release
from coaching.errors import Refused, refusals_told
from coaching.models import User
from coaching.permissions import access, post_only, signed_in
from coaching.typed import numbers_of

MOST_AT_ONCE = board.PAGE_SIZE


def _desk(request: HttpRequest, pk: int) -> Desk:
    return board.desk_of(request.user, pk, on=timezone.localdate())  # type: ignore[arg-type]


@access(signed_in)
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Side by side: who applies, what speaks to each criterion, what is recommended, what is chosen."""
    today = timezone.localdate()
    desk = board.desk_of(request.user, pk, on=today)  # type: ignore[arg-type]
    narrowed = board.Narrowed.by(request.GET)
    page, rows = board.page_of(desk, narrowed, request.GET.get("page"), on=today)
    context = {
        "desk": desk,
        "cohort": desk.cohort,
        "page": page,
        "rows": rows,
        "form": BoardFilter(request.GET, divisions=board.divisions_of(desk.cohort)),
        "narrowed": bool(narrowed),
        "outcomes": Outcome.choices,
        "selectable": any(row.to_choose or row.to_recommend for row in rows),
    }
    return render(request, "applications/selection.html", context)


def _picked(request: HttpRequest, desk: Desk) -> list[Row]:
    """The applications whose numbers were sent, in the order of names."""
    sent = request.POST if request.method == "POST" else request.GET
    numbers = numbers_of(sent.getlist("application"))
    rows = desk.applications().filter(pk__in=numbers[:MOST_AT_ONCE])
    found = list(board.with_all(rows).order_by("applicant__name", "pk"))
    return board.rows_of(desk, found, on=timezone.localdate())


def _refuse_pick(request: HttpRequest, pk: int, left: Sequence[Row], what: str) -> HttpResponse:
    names = ", ".join(row.application.applicant.name for row in left)
    messages.error(request, f"{what}: {names}." if left else "Select one or more applications first.")
    return redirect("selection", pk)


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """One or several: each application has its own three assessments (A10)."""
    desk = _desk(request, pk)
    picked = _picked(request, desk)
    rows = [row for row in picked if row.to_choose]
    if not rows:
        first = [row for row in picked if row.to_sign]
        what = "Your signature comes first" if first else "Not waiting for your choice"
        return _refuse_pick(request, pk, first or picked, what)

    def form_of(row: Row, data: object) -> ChoiceForm:
        application = row.application
        return ChoiceForm(
            data,
            application=application,
            settled=row.settled,
            outcome=_outcome(request),
            prefix=f"a{application.pk}",
        )

    def save(form: ChoiceForm) -> None:
        choosing.choose(application=form.application, by=desk.user, now=timezone.now(), **form.values())

    return _fill_in(
        request,
        desk,
        rows,
        form_of,
        save,
        template="applications/choose.html",
        done="choice",
        promised=board.promised(desk, [row.application for row in rows]),
    )


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def recommend(request: HttpRequest, pk: int) -> HttpResponse:
    """The branch office's advice, one or several."""
    desk = _desk(request, pk)
    picked = _picked(request, desk)
    rows = [row for row in picked if row.to_recommend]
    if not rows:
        return _refuse_pick(request, pk, picked, "Not open for a recommendation of yours")

    def form_of(row: Row, data: object) -> RecommendForm:
        application = row.application
        return RecommendForm(
            data, application=application, outcome=_outcome(request), prefix=f"a{application.pk}"
        )

    def save(form: RecommendForm) -> None:
        choosing.recommend(
            application=form.application, by=desk.user, now=timezone.now(), **form.cleaned_data
        )

    return _fill_in(
        request, desk, rows, form_of, save, template="applications/recommend.html", done="recommendation"
    )


def _outcome(request: HttpRequest) -> str:
    """The outcome that was picked for all of a list, to begin with."""
    wanted = request.GET.get("outcome", "")
    return wanted if wanted in Outcome.values else ""


def _fill_in(
    request: HttpRequest,
    desk: Desk,
    rows: list[Row],
    form_of: Callable[[Row, object], Any],
    save: Callable[[Any], None],
    *,
    template: str,
    done: str,
    **more: object,
) -> HttpResponse:
    """A form for each application; all are saved or none, and what was typed stays."""
    data = request.POST if request.method == "POST" else None
    forms = [(row, form_of(row, data)) for row in rows]
    filled_in = [form.is_valid() for _, form in forms]  # each, so that every error is told at once
    if all(filled_in) and _saved([form for _, form in forms], save):
        number = len(forms)
        words = f"1 {done} is" if number == 1 else f"{number} {done}s are"
        messages.success(request, f"{words} recorded. Nobody is told.")
        return redirect("selection", desk.cohort.pk)
    context = {"desk": desk, "cohort": desk.cohort, "forms": forms, "several": len(forms) > 1, **more}
    return render(request, template, context)


def _saved(forms: Sequence[Any], save: Callable[[Any], None]) -> bool:
    form = forms[0]
    try:
        with transaction.atomic():
            for form in forms:
                save(form)
    except Refused as refusal:
        if hasattr(form, "refuse"):
            form.refuse(refusal)
        else:
            form.add_error(None, str(refusal))
        return False
    return True


def _chosen(request: HttpRequest, pk: int, application_pk: int) -> Application:
    """Also what has left the board since it was chosen."""
    desk = _desk(request, pk)
    chosen = Application.objects.filter(cohort=desk.cohort, choice__isnull=False).exclude(applicant=desk.user)
    if not desk.leads:
        chosen = chosen.filter(pk__in=desk.applications().values("pk"))
    if not desk.decides:
        raise Http404
    return get_object_or_404(chosen.select_related("applicant"), pk=application_pk)


def _board(request: HttpRequest, pk: int, application_pk: int) -> HttpResponse:
    _chosen(request, pk, application_pk)
    return redirect("selection", pk)


@access(signed_in)
@post_only(_board)
def take_back(request: HttpRequest, pk: int, application_pk: int) -> HttpResponse:
    """Leave open again what was chosen."""
    application = _chosen(request, pk, application_pk)
    with refusals_told(request):
        choosing.take_back(application=application, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, f"The choice about {application.applicant} is open again.")
    return redirect("selection_release" if "release" in request.POST else "selection", pk)


@access(signed_in)
@require_http_methods(["GET", "HEAD", "POST"])
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """What is about to be released, statement by statement; then one signature for all of it."""
    desk = _desk(request, pk)
    if not desk.decides:
        messages.error(request, "The deciding office releases; you can recommend.")
        return redirect("selection", pk)
    if request.method == "POST":
        form = ReleaseForm(request.POST, request=request)
        if form.is_valid() and (made := _released(request, desk, form)):
            _tell(request, made, desk.user)
            return redirect("selection", pk)
    bundle = releasing.bundle(desk.cohort, desk.user, now=timezone.now())
    if request.method != "POST":
        form = ReleaseForm(initial={"listed": bundle.listed}, request=request)
    else:
        _renewed(form, bundle)
    context = {
        "desk": desk,
        "cohort": desk.cohort,
        "bundle": bundle,
        "form": form,
        "promised": board.promised(desk),
    }
    return render(request, "applications/release.html", context)


def _renewed(form: ReleaseForm, bundle: releasing.Bundle) -> None:
    """What is on the page now is what would be signed next; where that is another list, it says so."""
    try:
        releasing.check_listed(bundle, form.data.get("listed", ""))
    except releasing.ListChanged as refusal:
        if not form.non_field_errors():
            form.refuse(refusal)
        form.renew(listed=bundle.listed, typed_name="")


def _released(request: HttpRequest, desk: Desk, form: ReleaseForm) -> Release | None:
    form.keep_consent(now=timezone.now())
    data = form.cleaned_data
    try:
        return releasing.release(
            cohort=desk.cohort,
            by=desk.user,
            typed_name=data["typed_name"],
            listed=data["listed"],
            now=timezone.now(),
        )
    except Refused as refusal:
        form.refuse(refusal)
        return None


def _tell(request: HttpRequest, made: Release, user: User) -> None:
    outcomes = list(made.decisions.values_list("outcome", flat=True))
    parts = [f"{outcomes.count(each)} {each.label.lower()}" for each in Outcome if each.value in outcomes]
    who = "" if made.released_by_id == user.pk else f" by {made.released_by}"
    messages.success(request, f"Released{who}: {', '.join(parts)}. Every applicant is told.")
