"""The branch office's page for the history of a cohort that began on paper: upload, look, confirm."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from coaching.csv_file import FileRefused, decoded
from coaching.days import today_of
from coaching.errors import Refused
from coaching.forms import helper
from coaching.models import User
from coaching.permissions import access, branch_office, office_cohorts
from coaching.site import history, history_file

MOST_BYTES = 500_000


class UploadForm(forms.Form):
    """A file to look at; or the text that was looked at, to be entered."""

    file = forms.FileField(
        label="The CSV file",
        required=False,
        help_text="Nothing is entered before you have seen what it would do.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    helper = helper("file", token=False)

    def clean_file(self) -> str:
        upload = self.cleaned_data["file"]
        if upload is None:
            raise forms.ValidationError("Choose the file.")
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(f"The file has {upload.size:,} bytes. Is it the right one?")
        try:
            return decoded(upload.read())
        except FileRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


@access(branch_office)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    cohort = get_object_or_404(office_cohorts(user).select_related("program", "branch"), pk=pk)
    months = range(1, cohort.months + 1)
    context: dict[str, object] = {"cohort": cohort, "form": UploadForm(), "months": months}
    if request.method == "POST":
        text, confirmed = request.POST.get("text", ""), "text" in request.POST
        if not confirmed:
            form = UploadForm(request.POST, request.FILES)
            context["form"] = form
            text = form.cleaned_data["file"] if form.is_valid() else ""
        if text:
            now = timezone.now()
            try:
                read = history_file.parse(text, cohort, today=today_of(cohort, now))
                report = history.enter(cohort=cohort, history=read, by=user, now=now, dry_run=not confirmed)
            except FileRefused as refusal:
                context["problems"] = refusal.problems
                context["again"] = text if confirmed else ""
            except Refused as refusal:
                context["again"] = text
                messages.error(request, str(refusal))
            else:
                if confirmed:
                    said = "The history is entered." if report.is_new else "It was here already."
                    messages.success(request, f"{said} Look at the attendance of each team.")
                    return redirect("office_meetings_cohort", cohort.pk)
                context |= {"report": report, "text": text}
    return render(request, "cohorts/history.html", context)
