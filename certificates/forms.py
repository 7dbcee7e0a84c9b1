"""Forms of this app; each holds its own layout."""

from typing import Any

from crispy_forms.layout import Column, Div, Row
from django import forms
from django.db.models import QuerySet

from certificates import names
from certificates.approval import NotTheApprover, OnTheList
from certificates.models import Certificate
from certificates.paper_approval import AnotherList, NotThatDay
from certificates.register import Filters
from certificates.seal_check import is_pdf
from certificates.signatures import NotAPicture, as_png
from certificates.verifying import CODE, SERIAL
from coaching.errors import Refused
from coaching.forms import PersonField, day_field, helper
from coaching.models import Cohort
from coaching.paper_form import AttestedForm
from coaching.signing_form import ActForm, SignatureParts, SigningForm


class ApproveForm(SigningForm):
    """The approver's signature."""

    helper = helper(SignatureParts())


class SigningChoiceForm(forms.Form):
    """How the certificates of a list are signed."""

    by_hand = forms.TypedChoiceField(
        label="How are these certificates signed?",
        choices=[
            (False, "Printed: the picture of the signature, or the name where no picture is kept"),
            (True, "By hand: an empty line is printed, to be signed on paper"),
        ],
        coerce=lambda value: value == "True",
        widget=forms.RadioSelect,
        help_text="It is part of what is approved. Signed by hand or not, each file bears the seal.",
    )

    helper = helper("by_hand")


class PaperApprovalForm(AttestedForm):
    """What stands on the signed packet."""

    read_by = "The branch office, and whoever approves certificates; the scan too."

    signer = PersonField(label="Who signed?")
    signed_date = day_field("Signed on")
    code = forms.CharField(
        label="Code of the list",
        max_length=20,
        help_text="At the foot of each page of the paper, for example 1A2B-3C4D.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(Div("signer", "signed_date", "code", css_class="form-narrow"), self.attestation)

    def _field_of(self, refusal: Refused) -> str | None:
        if isinstance(refusal, AnotherList):
            return "code"
        if isinstance(refusal, NotThatDay):
            return "signed_date"
        if isinstance(refusal, NotTheApprover | OnTheList):
            return "signer"
        return super()._field_of(refusal)


class ReturnForm(forms.Form):
    reason = forms.CharField(
        label="What has to be put right",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The branch office reads this.",
    )

    helper = helper("reason")


class TakeBackForm(ReturnForm):
    """By the branch office itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = "Why it is taken back"
        self.fields["reason"].help_text = "It stays with the list until it is submitted again."


class HolderNameForm(forms.Form):
    """One's own name on certificates, and how it is said."""

    name = forms.CharField(
        label="Your name on certificates",
        max_length=200,
        required=False,
        help_text="Just as you want it written, in any script. Leave it empty for your name as it is on record.",
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    said = forms.CharField(
        label="How your name is said",
        max_length=120,
        required=False,
        help_text="For whoever reads the names aloud at a ceremony. For example: shuh-VAWN, for Siobhan.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    helper = helper("name", "said")

    def clean_name(self) -> str:
        try:
            return names.checked_name(self.cleaned_data["name"])
        except names.NotAName as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def clean_said(self) -> str:
        try:
            return names.checked_pronunciation(self.cleaned_data["said"])
        except names.NotAPronunciation as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class ReissueForm(ActForm):
    reason = forms.CharField(
        label="Why a new one is issued",
        max_length=500,
        help_text="For example: name corrected, or printed copy lost. The holder reads it, and it stays in the register.",
    )
    # As the page shows it: nobody asks for a name they have not seen.
    name = forms.CharField(max_length=200, required=False, strip=False, widget=forms.HiddenInput)

    helper = helper("reason", "name")


class EndEntryForm(ActForm):
    reason = forms.CharField(
        label="Why they are put on a new list",
        max_length=500,
        help_text="For example: name written otherwise, or revoked by mistake. It stays with this list.",
    )

    helper = helper("reason")


class RevokeForm(ActForm):
    reason = forms.CharField(
        label="Why it is revoked",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The holder reads this. Whoever verifies the certificate sees only that it was revoked, and when.",
    )

    helper = helper("reason")


class RegisterForm(forms.Form):
    """Narrows the register down; what it asks for stands in the address."""

    q = forms.CharField(label="Name or serial number", max_length=100, required=False)
    cohort = forms.ModelChoiceField(Cohort.objects.none(), required=False, empty_label="All")
    status = forms.ChoiceField(choices=[("", "All"), *Certificate.Status.choices], required=False)
    issued_from = day_field("Issued from", required=False)
    issued_to = day_field("Issued to", required=False)

    def __init__(self, *args: Any, cohorts: "QuerySet[Cohort]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cohort"].queryset = cohorts  # type: ignore[attr-defined]
        self.helper = helper(
            Row(*(Column(name, css_class="col-sm-6 col-lg-4") for name in self.fields)), token=False
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        since, until = data.get("issued_from"), data.get("issued_to")
        if since and until and since > until:
            self.add_error("issued_to", "This day lies before the first one.")
        return data

    def filters(self) -> Filters:
        data = self.cleaned_data
        return Filters(
            words=data["q"],
            cohort=data["cohort"],
            status=data["status"],
            issued_from=data["issued_from"],
            issued_to=data["issued_to"],
        )

    def said(self) -> list[tuple[str, object]]:
        """What it asks for, as people read it."""
        data = self.cleaned_data
        shown = data | {"status": dict(Certificate.Status.choices).get(data["status"], "")}
        return [(str(self[name].label), value) for name, value in shown.items() if value]


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code on the certificate",
        max_length=300,
        help_text="The longest line beside the square code, of letters, digits, - and _. Capital and small letters count.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    helper = helper("code", token=False)

    def clean_code(self) -> str:
        """The code itself, also out of a pasted address."""
        typed: str = self.cleaned_data["code"].strip()
        address = "".join(typed.split())  # spaces come with copying: none belongs into a code
        code = (address.partition("/verify/")[2] or address).strip("/").removesuffix(".json")
        if SERIAL.fullmatch(code):
            raise forms.ValidationError(
                "This is the number of the certificate. Its code is the longer line below it."
            )
        if not CODE.fullmatch(code):
            raise forms.ValidationError(
                "A code has letters, digits, - and _ only. Copy it from the certificate, or type it as it stands there."
            )
        return code


class FileForm(forms.Form):
    MOST_BYTES = 5_000_000

    file = forms.FileField(
        label="The certificate as a PDF file",
        help_text="It is looked at and not kept.",
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf"}),
        error_messages={"empty": "This file is empty. Choose the PDF file you were given."},
    )

    helper = helper("file")

    def clean_file(self) -> bytes:
        upload = self.cleaned_data["file"]
        if upload.size > self.MOST_BYTES:
            raise forms.ValidationError(
                "This file is larger than any certificate. Choose the PDF file you were given."
            )
        pdf: bytes = upload.read()
        if not is_pdf(pdf):
            raise forms.ValidationError("This is no PDF file. Choose the PDF file you were given.")
        return pdf


class SignatureForm(forms.Form):
    MOST_BYTES = 1_000_000

    picture = forms.FileField(
        label="Picture of your signature",
        help_text="A PNG or JPEG file of at most 1 MB, best on a white or transparent ground.",
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg"}),
    )

    helper = helper("picture")

    def clean_picture(self) -> bytes:
        upload = self.cleaned_data["picture"]
        if upload.size > self.MOST_BYTES:
            raise forms.ValidationError("The file is larger than 1 MB. Choose a smaller picture.")
        try:
            return as_png(upload.read())
        except NotAPicture as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
