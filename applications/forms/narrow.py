"""Narrowing a list down."""

from collections.abc import Sequence

from django import forms
from django.http import QueryDict

from applications.models import Application
from applications.waiting import OVERDUE, Options
from coaching.models import RouteStep


def _choice() -> forms.Select:
    return forms.Select({"class": "form-select"})


class NarrowForm(forms.Form):
    """Search and filters of a list; only choices that lead to something, and none where there is but one."""

    q = forms.CharField(
        label="Name or project",
        max_length=100,
        required=False,
        widget=forms.TextInput({"class": "form-control"}),
    )
    cohort = forms.ChoiceField(label="Program", required=False, widget=_choice())
    division = forms.ChoiceField(label="Division", required=False, widget=_choice())
    step = forms.ChoiceField(label="You sign as", required=False, widget=_choice())
    state = forms.ChoiceField(label="State", required=False, widget=_choice())

    def __init__(self, query: QueryDict, *, options: Options) -> None:
        super().__init__(query)
        offices = [(office, RouteStep.Office(office).label) for office in options.offices]
        states = [(status, Application.Status(status).label) for status in options.statuses]
        self._offer("cohort", sorted(options.cohorts.items(), key=lambda each: each[1]))
        self._offer("division", sorted(options.divisions.items(), key=lambda each: each[1]))
        self._offer("step", offices)
        self._offer("state", states, [(OVERDUE, "Overdue")] if options.overdue else [])

    def _offer(
        self, name: str, found: Sequence[tuple[object, str]], more: Sequence[tuple[str, str]] = ()
    ) -> None:
        choices = [*found, *more] if len(found) > 1 else list(more)
        if choices:
            self.fields[name].choices = [("", "All"), *choices]  # type: ignore[attr-defined]
        else:
            del self.fields[name]
