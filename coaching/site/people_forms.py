"""Forms about people: what the directory has wrong, and who signs for whom."""

from datetime import date
from typing import Any

from crispy_forms.layout import HTML, Column, Row
from django import forms
from django.db.models import QuerySet

from coaching import delegations
from coaching.forms import DayInput, PersonField, helper
from coaching.models import DirectoryCorrection, JobClassification, OrgUnit, User

Field = DirectoryCorrection.Field


class CorrectionForm(forms.Form):
    """A person says what is wrong about them."""

    field = forms.ChoiceField(label="What is wrong?", choices=Field.choices)
    says = forms.CharField(
        label="What should it be?",
        max_length=300,
        help_text="For a supervisor, please give the full name and, if you can, the mail address.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper("field", "says")


class SettleForm(forms.Form):
    """The branch office puts the right value into the directory, or declines."""

    def __init__(self, *args: Any, correction: DirectoryCorrection, confirm: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if correction.field == Field.CLASSIFICATION:
            self.fields["value"] = forms.ModelChoiceField(
                JobClassification.objects.all(), label="Job classification to put in", required=confirm
            )
        elif correction.field == Field.SUPERVISOR:
            self.fields["value"] = PersonField(
                label="Supervisor to put in", required=confirm, initial=correction.says
            )
        self.helper = helper(*self.fields)


class OrderForm(forms.Form):
    """What a delegate and an acting person have in common: who, why, from when to when."""

    person = PersonField(label="Who will sign?")
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="For example: annual leave. It is kept with every signature.",
    )
    start_date = forms.DateField(label="First day", widget=DayInput())
    end_date = forms.DateField(
        label="Last day",
        widget=DayInput(),
        help_text="The order ends by itself after this day.",
    )

    dates = Row(Column("start_date", css_class="col-sm-6"), Column("end_date", css_class="col-sm-6"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start_date"].initial = today


class PostField(forms.ModelChoiceField):
    def label_from_instance(self, unit: OrgUnit) -> str:
        return f"{unit.head_title}, {unit.name}"


class PostWithHolderField(PostField):
    def label_from_instance(self, unit: OrgUnit) -> str:
        return f"{super().label_from_instance(unit)} ({unit.head or 'vacant'})"


class DelegateForm(OrderForm):
    """Somebody who holds a post names who signs for them."""

    unit = PostField(
        OrgUnit.objects.none(),
        label="What for?",
        required=False,
        empty_label="Everything I sign",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        posts = delegations.posts_of(user)
        self.fields["unit"].queryset = posts  # type: ignore[attr-defined]
        if not posts.exists():
            del self.fields["unit"]
        self.helper = helper(
            *(name for name in ("unit",) if name in self.fields), "person", self.dates, "reason"
        )


class OfficeOrderForm(OrderForm):
    """An order that the branch office records for a post of its branch, or for a supervisor without one."""

    unit = PostWithHolderField(
        OrgUnit.objects.none(),
        label="Which post?",
        required=False,
        empty_label="A supervisor without a post in this list",
    )
    absent = PersonField(
        label="Supervisor who is away",
        required=False,
        help_text=f"Only if the post is not in the list. {PersonField.default_help}",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = self._posts(user, kwargs["today"])  # type: ignore[attr-defined]
        self.helper = helper("unit", "absent", HTML("<hr>"), "person", self.dates, "reason")

    def _posts(self, user: User, today: date) -> QuerySet[OrgUnit]:
        return delegations.posts_for_office(user, on=today).select_related("head")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and bool(data.get("unit")) == bool(data.get("absent")):
            raise forms.ValidationError("Choose a post, or name the supervisor: one of the two.")
        return data


class ActingForm(OfficeOrderForm):
    """The branch office fills a vacant post, or one whose holder is away."""


class WrittenOrderForm(OfficeOrderForm):
    """The branch office records a delegate whom the holder of a post has named on paper."""

    order_date = forms.DateField(label="Date of the written order", widget=DayInput())
    order_reference = forms.CharField(
        label="Its reference", max_length=100, required=False, help_text="If it has a number or file name."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["absent"].label = "Supervisor who gave the order"
        on_paper = Row(
            Column("order_date", css_class="col-sm-6"), Column("order_reference", css_class="col-sm-6")
        )
        self.helper = helper("unit", "absent", on_paper, HTML("<hr>"), "person", self.dates, "reason")

    def _posts(self, user: User, today: date) -> QuerySet[OrgUnit]:
        """A vacant post has nobody who could name a delegate."""
        return super()._posts(user, today).exclude(head=None)
