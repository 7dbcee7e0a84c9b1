"""Forms about cohorts: opening one, changing its settings, and leaving the program."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from crispy_forms.layout import HTML, Column, Fieldset, Row
from dateutil.relativedelta import relativedelta
from django import forms
from django.db.models import QuerySet

from coaching.cohorts import WHAT_COUNTS, DaysChanged, has_begun
from coaching.forms import DayInput, KeepingForm, helper
from coaching.in_words import long_date
from coaching.meeting_times import week_choices
from coaching.models import Cohort, OrgUnit, Program, User
from coaching.site.closed_days_field import ClosedDaysField

MONTHS_AHEAD = 24
MONTHS_BACK = 11


def month_choices(today: date, *also: date | None, back: int = -1) -> list[tuple[str, str]]:
    """The first days of the coming months, and those given, with the names of the months.

    `back`: from that many months before this one on, for a cohort that has begun on paper.
    """
    first = today.replace(day=1)
    months = {first + relativedelta(months=number) for number in range(-back, MONTHS_AHEAD + 1)}
    months |= {month for month in also if month}
    return [(month.isoformat(), f"{month:%B %Y}") for month in sorted(months)]


def starting_values(today: date, officer: User) -> dict[str, object]:
    """What most branches choose: six weeks of applications, then a month and more to decide and form teams."""
    closes = today + timedelta(weeks=6)
    first_month = (closes + relativedelta(months=2)).replace(day=1)
    return {
        "name": str(first_month.year),
        "applications_open_date": today,
        "applications_close_date": closes,
        "first_month": first_month.isoformat(),
        "seats": 24,
        "contact_role": "Program coordinator",
        "contact_email": officer.email,
        "final_meeting_contents": (
            "Each member presents the outcome of their project to the branch deputy; then the team looks back over the "
            "competencies."
        ),
    }


class CohortForm(KeepingForm, forms.ModelForm):
    """One page: everything a cohort needs, in the order of its year."""

    first_month = forms.TypedChoiceField(
        label="First month of meetings",
        coerce=date.fromisoformat,
        help_text="Teams meet at least once in every month from here on. A month that has begun: for a cohort that began on "
        "paper, whose history you enter next.",
    )
    closed_days = ClosedDaysField()
    closed_days_shown = ClosedDaysField(widget=forms.HiddenInput)
    meeting_week = forms.TypedChoiceField(
        label="Week of the month", coerce=int, choices=week_choices(), initial=3
    )

    class Meta:
        model = Cohort
        fields = (
            "program",
            "branch",
            "name",
            "seats",
            "applications_open_date",
            "applications_close_date",
            "first_month",
            "meeting_week",
            "meeting_weekday",
            "meeting_start_time",
            "meeting_place",
            "final_meeting_contents",
            "track_preference",
            "keep_signers_apart",
            "agreement_days",
            "quorum",
            "missed_months_allowed",
            "other_team_counts",
            "evaluation_days",
            "notes_days",
            "contact_role",
            "contact_email",
            "contact_phone",
        )
        labels = {
            "name": "Name of the cohort",
            "seats": "Number of seats",
            "applications_open_date": "Applications open on",
            "applications_close_date": "Applications close on",
            "meeting_weekday": "Day of the week",
            "meeting_start_time": "Starts at",
            "meeting_place": "Usual place",
            "final_meeting_contents": "What the final meeting contains",
            "track_preference": "Career tracks in a team",
            "keep_signers_apart": "Keep people apart from their supervisor and from those who signed their application",
            "agreement_days": "Days to answer whether one agrees to a team",
            "quorum": "Members present for a meeting to count",
            "missed_months_allowed": "Months a participant may miss",
            "other_team_counts": "Another team’s meeting makes a missed month good",
            "evaluation_days": "Days to answer an evaluation",
            "notes_days": "Days until what teams wrote is deleted",
            "contact_role": "Contact",
            "contact_email": "Mail address",
            "contact_phone": "Telephone",
        }
        help_texts = {
            "name": "Usually the year. On screen it reads “2027 program”.",
            "seats": "Nobody can be accepted beyond this number. You can raise it later.",
            "applications_close_date": "People can apply until the end of this day.",
            "meeting_place": "Teams can choose another. It may stay empty for now.",
            "track_preference": "What the proposal of teams prefers.",
            "agreement_days": "Suggested whenever you ask; you can choose another day. Closed days are passed over.",
            "quorum": "Fewer, and the meeting makes no month good.",
            "missed_months_allowed": "0: a meeting in every month is needed for the certificate.",
            "other_team_counts": "If that team agrees.",
            "evaluation_days": "Counted from the meeting. Afterwards the answers are pooled and nobody can be recognized.",
            "notes_days": "Counted from the end of the last month. Until then a team’s members alone read it.",
            "contact_role": "Whom people ask; shown on every page of the application. For example: Program coordinator.",
        }
        widgets = {
            "applications_open_date": DayInput(),
            "applications_close_date": DayInput(),
            "meeting_start_time": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "final_meeting_contents": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(
        self,
        *args: object,
        today: date,
        branches: "QuerySet[OrgUnit] | None" = None,
        closed: Mapping[date, str] | None = None,
        **kwargs: object,
    ):
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.today = today
        self.initial["closed_days"] = closed or {}
        self.initial["closed_days_shown"] = (closed or {}) if self.instance.pk else {}
        back = -1 if self.instance.pk else MONTHS_BACK
        self.fields["first_month"].choices = month_choices(today, self.instance.first_month, back=back)  # type: ignore[attr-defined]
        if self.is_given:
            del self.fields["program"], self.fields["branch"]  # F1, F5: fixed when it was opened
            self.initial["first_month"] = self.instance.first_month.isoformat()
            if self.instance.pk and has_begun(self.instance):
                self._fix("first_month", *WHAT_COUNTS)
        else:
            self._offer("program", Program.objects.order_by("name"))
            self._offer("branch", branches if branches is not None else OrgUnit.objects.none())
        if self.instance.pk:
            self.watch({name: name for name in self.fields if name in self._meta.fields})  # type: ignore[operator]
        self.helper = helper(*self._layout(), *(["seen"] if self.instance.pk else []))

    @property
    def is_given(self) -> bool:
        """Whether program and branch are those of a cohort that is open, or of the one it is to be like."""
        return self.instance.branch_id is not None

    def _offer(self, name: str, rows: QuerySet) -> None:
        """A choice only where there is one to make."""
        field = self.fields[name]
        field.queryset = rows  # type: ignore[attr-defined]
        first, second = [*rows[:2], None, None][:2]
        self.initial.setdefault(name, first.pk if first else None)
        if second is None:
            field.widget = forms.HiddenInput()

    def _fix(self, *names: str) -> None:
        for name in names:
            self.fields[name].disabled = True
            self.fields[name].help_text = "Fixed since the first team was confirmed."

    def _layout(self) -> list[Fieldset]:
        what = ["name", "seats"] if self.is_given else ["program", "branch", "name", "seats"]
        return [
            Fieldset("The cohort", *what),
            Fieldset(
                "Dates",
                Row(
                    Column("applications_open_date", css_class="col-md-6"),
                    Column("applications_close_date", css_class="col-md-6"),
                ),
                "first_month",
                "closed_days",
                "closed_days_shown",
            ),
            Fieldset(
                "Meetings",
                HTML(
                    "<p>A team’s meetings are laid out by this rule when it is confirmed. "
                    "Every team can move its own afterwards.</p>"
                ),
                Row(
                    Column("meeting_week", css_class="col-md-4"),
                    Column("meeting_weekday", css_class="col-md-4"),
                    Column("meeting_start_time", css_class="col-md-4"),
                ),
                "meeting_place",
                "final_meeting_contents",
            ),
            Fieldset("Teams", "track_preference", "keep_signers_apart", "agreement_days"),
            Fieldset(
                "What counts",
                "quorum",
                "missed_months_allowed",
                "other_team_counts",
                "evaluation_days",
            ),
            Fieldset("What teams write", "notes_days"),
            Fieldset("Whom people ask", "contact_role", "contact_email", "contact_phone"),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        opens, closes = data.get("applications_open_date"), data.get("applications_close_date")
        first_month = data.get("first_month")
        if opens and closes and closes < opens:
            self.add_error(
                "applications_close_date", "Applications close before they open. Choose a later day."
            )
        elif closes and first_month and first_month <= closes:
            self.add_error(
                "first_month",
                "Meetings begin after applications close: choose a later month, or close applications earlier.",
            )
        has_begun_on_paper = first_month and first_month <= self.today
        if closes and closes < self.today and not self.instance.pk and not has_begun_on_paper:
            self.add_error("applications_close_date", "This day is over. Choose one that lets people apply.")
        self._clean_name(data)
        return data

    def _clean_name(self, data: dict[str, Any]) -> None:
        """F5: a name once for each branch and program, whether or not these are fields of this form."""
        fixed = {"program": self.instance.program, "branch": self.instance.branch} if self.is_given else data
        if not fixed.get("program") or not fixed.get("branch"):
            return
        same = Cohort.objects.filter(branch=fixed["branch"], program=fixed["program"], name=data.get("name"))
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("name", "Your branch has a cohort of this name already.")

    @property
    def newly_closed(self) -> dict[date, str]:
        """The closed days that were typed and not shown before; nobody else's change is undone by this form."""
        shown = self.cleaned_data["closed_days_shown"]
        return {day: name for day, name in self.cleaned_data["closed_days"].items() if shown.get(day) != name}

    @property
    def open_again(self) -> list[date]:
        return sorted(set(self.cleaned_data["closed_days_shown"]) - set(self.cleaned_data["closed_days"]))

    def days_shown_again(self, refusal: DaysChanged) -> None:
        """What stands is named; sent again, what was typed replaces it."""
        shown, self.data = dict(self.cleaned_data["closed_days_shown"]), self.data.copy()  # type: ignore[attr-defined]
        self.add_error(None, str(refusal))
        for day in sorted(refusal.keys):
            name = shown[day] = refusal.stands[day] or ""
            words = f"is {name} now" if name else "is no closed day any more"
            self.add_error("closed_days", f"{long_date(day)} {words}.")
        there = {day: name for day, name in shown.items() if name}
        self.data["closed_days_shown"] = self.fields["closed_days_shown"].prepare_value(there)  # type: ignore[index]


class LeaveForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="You need not give one.",
    )

    def __init__(self, *args: object, own: bool, **kwargs: object):
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not own:
            self.fields["reason"].help_text = "As far as it matters for the program. It may stay empty."
        self.helper = helper("reason")
