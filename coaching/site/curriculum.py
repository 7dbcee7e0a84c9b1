"""The training office keeps the versions of competency models: begins one, changes its words, and lets programs take it."""

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from coaching import versions
from coaching.errors import Refused, refusals_told
from coaching.forms import KeepingForm, helper
from coaching.meanwhile import BothChanged
from coaching.models import CompetencyModel, Program, User
from coaching.permissions import access, post_only


class WordsForm(KeepingForm, forms.Form):
    """The name of each competency, and its skills."""

    def __init__(self, data: QueryDict | None, *, model: CompetencyModel) -> None:
        words = versions.words_of(model)
        super().__init__(data, initial=words)
        for each in model.competencies.all():
            self.fields[f"name-{each.pk}"] = forms.CharField(
                label=f"Competency {each.position}", max_length=versions.LONGEST
            )
            self.fields[f"skills-{each.pk}"] = forms.CharField(
                label=f"Skills of competency {each.position}",
                help_text="One on each line.",
                required=False,
                widget=forms.Textarea(attrs={"rows": 5}),
            )
        self.watch({name: name for name in words})
        self.helper = helper(*self.fields, token=False)


@access(versions.keeps)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    rows = CompetencyModel.objects.annotate(
        cohorts=Count("cohort", distinct=True), size=Count("competencies", distinct=True)
    )
    rows = rows.prefetch_related("program_set").order_by("name", "-pk")
    return render(request, "cohorts/competency_models.html", {"models": rows})


def _model(pk: int) -> CompetencyModel:
    return get_object_or_404(CompetencyModel, pk=pk)


@access(versions.keeps)
@require_http_methods(["GET", "HEAD", "POST"])
def model(request: HttpRequest, pk: int) -> HttpResponse:
    """A version with its words: to read, or to change as long as no cohort is tied to it."""
    found = _model(pk)
    fixed = versions.why_fixed(found)
    form = WordsForm(request.POST if request.method == "POST" else None, model=found)
    if request.method == "POST" and form.is_valid():
        try:
            changed = versions.change(
                model=found, words=form.values, by=_person(request), now=timezone.now(), seen=form.seen
            )
        except BothChanged as refusal:
            form.shown_again(refusal)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved." if changed else "Nothing was changed.")
            return redirect("competency_model", found.pk)
    programs = list(Program.objects.select_related("competency_model").order_by("name"))
    reasons = versions.why_not_take(programs, found)
    context = {
        "model": found,
        "fixed": fixed,
        "form": form,
        "competencies": found.competencies.prefetch_related("skills"),
        "cohorts": found.cohort_set.count(),
        "programs": [(each, reasons[each.pk]) for each in programs],
    }
    return render(request, "cohorts/competency_model.html", context)


@access(versions.keeps)
@post_only(lambda request, pk: redirect("competency_model", _model(pk).pk))
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    found = _model(pk)
    with refusals_told(request):
        version = request.POST.get("version", "")
        new = versions.begin(model=found, version=version, by=_person(request), now=timezone.now())
        messages.success(request, "The new version is here, with the words of the earlier one.")
        return redirect("competency_model", new.pk)
    return redirect("competency_model", found.pk)


@access(versions.keeps)
@post_only(lambda request, pk, program_pk: redirect("competency_model", _model(pk).pk))
def take(request: HttpRequest, pk: int, program_pk: int) -> HttpResponse:
    found, program = _model(pk), get_object_or_404(Program, pk=program_pk)
    with refusals_told(request):
        versions.take(program=program, model=found, by=_person(request), now=timezone.now())
        messages.success(request, f"New cohorts of {program} have this version. The others keep theirs.")
    return redirect("competency_model", found.pk)


def _person(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]
