"""What pages about a signed paper have in common: the form that attests it, and its scan as a file."""

from typing import Any, ClassVar

from crispy_forms.layout import HTML, Div, Fieldset
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse

from coaching import paper
from coaching.errors import Refused
from coaching.models import Scan, User
from coaching.signing import NameDoesNotMatch
from coaching.signing_form import ActForm

EXTENSIONS = {Scan.Kind.PDF: "pdf", Scan.Kind.JPEG: "jpg", Scan.Kind.PNG: "png"}


class AttestedForm(ActForm):
    """The scan, and the name of the officer who has the paper in hand."""

    read_by: ClassVar[str]  # the scan, once it is kept

    scan = forms.FileField(
        label="Scan of the signed paper",
        help_text="A PDF, JPEG or PNG file of at most 10 MB, with all signatures on it.",
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
        error_messages={"required": "Choose the scan of the signed paper."},
    )
    attested_name = forms.CharField(
        label="Type your own name to attest it",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Type your own name to attest it."},
    )

    def __init__(self, *args: Any, officer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.officer = officer
        said = "You say with it that you have the signed paper and entered what it says."
        self.fields["attested_name"].help_text = f"{said} As it is on record: {officer.name}"
        self.attestation = Fieldset(
            "The paper itself",
            Div("scan", "attested_name", css_class="form-narrow"),
            HTML(f'{{% include "_who_reads.html" with text="{self.read_by}" %}}'),
        )

    def clean_scan(self) -> bytes:
        upload: UploadedFile = self.cleaned_data["scan"]
        if (upload.size or 0) > paper.MOST_BYTES:
            raise forms.ValidationError(
                "This file is larger than 10 MB. Scan it in gray, or with fewer dots per inch."
            )
        content = upload.read()
        try:
            paper.kind_of(content)
        except paper.NotAScan as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return content

    def clean_attested_name(self) -> str:
        """So that a wrong name is told together with whatever else is wrong."""
        typed: str = self.cleaned_data["attested_name"]
        try:
            paper.check_attesting_name(self.officer, typed)
        except NameDoesNotMatch as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return typed

    def ask_again_for_the_scan(self) -> None:
        """A browser forgets a chosen file when the page is shown again."""
        if "scan" not in self.errors:
            self.add_error(
                "scan", "Choose the scan again: the browser forgets it when the page is shown once more."
            )

    def attested(self) -> paper.Attested:
        return paper.Attested(self.cleaned_data["scan"], self.cleaned_data["attested_name"])

    def _field_of(self, refusal: Refused) -> str | None:
        if isinstance(refusal, NameDoesNotMatch | paper.NotAttested):
            return "attested_name"
        return "scan" if isinstance(refusal, paper.NotAScan) else None


def scan_file(scan: Scan, *, name: str) -> HttpResponse:
    """Never shown in the page, always as a file of its kind; `name` without its extension."""
    response = HttpResponse(bytes(scan.content), content_type=scan.kind)
    response["Content-Disposition"] = f'attachment; filename="{name}.{EXTENSIONS[Scan.Kind(scan.kind)]}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
