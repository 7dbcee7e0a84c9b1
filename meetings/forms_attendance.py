"""The forms of attendance: the whole team's by a member, one mark by the branch office."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from crispy_forms.layout import Field, Layout
from django import forms

from coaching.models import Participant, User
from meetings import dates
from meetings.forms import Crispy
from meetings.models import Attendance


class AttendanceForm(Crispy):
    """The whole team in one form: one choice a member, or everybody at one press. A mark that stands changes by a reason."""

    MARKS = [
        (status.value, status.label) for status in Attendance.Status if status != Attendance.Status.EXCUSED
    ]

    def __init__(
        self,
        *args: Any,
        members: Iterable[Participant],
        known: Mapping[int, Attendance],
        guests: Iterable[Participant] = (),
        visitors: Iterable[User] = (),
        away: Mapping[int, date] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        away = away or {}
        self.known, self.away = known, away
        self.people = {f"member_{each.pk}": each for each in members}
        decided = [
            name for name, each in self.people.items() if each.pk in known and known[each.pk].by_office
        ]
        for name, each in self.people.items():
            row, until = known.get(each.pk), away.get(each.pk)
            gone = f"Away until {dates.long_date(until)}." if until else ""
            self.fields[name] = forms.ChoiceField(
                label=str(each),
                choices=[(row.status, row.get_status_display())] if row and name in decided else self.MARKS,
                initial=row.status if row else None,  # nobody is written down by a stray Enter
                widget=forms.RadioSelect,
                error_messages={"required": f"Say whether {each} was there."},
                disabled=name in decided,
                help_text="Decided by the branch office." if name in decided else gone,
            )
        standing = [name for name, each in self.people.items() if each.pk in known and name not in decided]
        if standing:
            self.fields["reason"] = forms.CharField(
                label="Why a mark changes",
                required=False,
                max_length=300,
                help_text="Only where you change one. Whom it concerns is told, and the branch office can read it.",
            )
        self.guests = {str(each.pk): each for each in guests}
        if self.guests:
            self.fields["guests"] = forms.MultipleChoiceField(
                label="Guests from other teams",
                choices=[(pk, str(each)) for pk, each in self.guests.items()],
                initial=[str(pk) for pk, row in known.items() if str(pk) in self.guests and row.was_there],
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text="If your team agreed to have them. The meeting then counts for them, too.",
            )
        self.visitors = {str(each.pk): each for each in visitors}
        if self.visitors:
            self.fields["visitors"] = forms.MultipleChoiceField(
                label="Visitors from the branch",
                choices=[(pk, str(each)) for pk, each in self.visitors.items()],
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text="The branch deputy or a designee may attend.",
            )
        inline = [Field(name, wrapper_class="choice-row") for name in self.people]
        rest = [name for name in ("reason", "guests", "visitors") if name in self.fields]
        self.helper.layout = Layout(*inline, *rest)

    def everybody_is_here(self) -> None:
        """Whoever is not written down yet is there, apart from those on leave; marks that stand stay."""
        marks = {name: self._mark_of(each) for name, each in self.people.items()}
        self.data = {**self.data, **marks}

    def _mark_of(self, member: Participant) -> str:
        if row := self.known.get(member.pk):
            return row.status
        return Attendance.Status.ABSENT if member.pk in self.away else Attendance.Status.PRESENT

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        changed = [
            str(each)
            for name, each in self.people.items()
            if each.pk in self.known and data.get(name) not in (None, self.known[each.pk].status)
        ]
        if changed and not data.get("reason"):
            self.add_error("reason", f"Say why the mark of {' and '.join(changed)} changes.")
        return data

    @property
    def reason(self) -> str:
        return str(self.cleaned_data.get("reason", ""))

    @property
    def marks(self) -> dict[Participant, str]:
        """Without those that the branch office decided: no member changes them."""
        open_ones = {name: each for name, each in self.people.items() if not self.fields[name].disabled}
        marks = {each: self.cleaned_data[name] for name, each in open_ones.items()}
        for pk in self.cleaned_data.get("guests", []):
            marks[self.guests[pk]] = Attendance.Status.PRESENT
        return marks

    @property
    def chosen_visitors(self) -> list[User]:
        return [self.visitors[pk] for pk in self.cleaned_data.get("visitors", [])]


class CorrectionForm(Crispy):
    """The branch office's: a mark with its reason."""

    status = forms.ChoiceField(
        label="Attendance", choices=Attendance.Status.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        max_length=300, help_text="The branch office and this participant read it. Name no medical details."
    )

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, only_excused: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if only_excused:  # the meeting lies ahead
            excused = Attendance.Status.EXCUSED
            self.fields["status"].choices = [(excused.value, excused.label)]  # type: ignore[attr-defined]
            self.fields["status"].initial = excused.value

    def shown_again(self, seen: str, why: str) -> None:
        """What was typed stays; sent again, it replaces the mark as it is now."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["seen"] = seen  # type: ignore[index]
        self.add_error(None, why)
