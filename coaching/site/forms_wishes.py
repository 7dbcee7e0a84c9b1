"""What a participant says before teams are formed, and whom the branch office keeps apart or together."""

from itertools import groupby
from typing import Any

from crispy_forms.layout import HTML, Div, Fieldset
from django import forms

from coaching.forms import PersonField, helper
from coaching.meeting_times import times_of
from coaching.models import Cohort, Pairing, Participant, TeamWishes, User
from coaching.team_wishes import MOST_NAMES

Track = Cohort.TrackPreference
NAMES = [f"rather_not_{number}" for number in range(1, MOST_NAMES + 1)]


class WishesForm(forms.Form):
    """One list of checkboxes for each day of the week, the wish about career tracks, and at most three names."""

    track = forms.ChoiceField(
        label="Would you rather be with people of your own career track?",
        choices=[
            (Track.NONE, "It does not matter to me"),
            (Track.SAME, "Rather the same career track"),
            (Track.DIFFERENT, "Rather different career tracks"),
        ],
        widget=forms.RadioSelect,
        initial=Track.NONE,
    )

    def __init__(
        self, *args: Any, participant: Participant, wishes: TeamWishes | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if wishes:
            self.fields["track"].initial = wishes.track
        days = groupby(times_of(participant.cohort), key=lambda each: each.weekday)
        self.days = [self._add_day(list(times), wishes) for _, times in days]
        named = list(wishes.rather_not.order_by("name")) if wishes else []
        for place, name in enumerate(NAMES):
            self.fields[name] = PersonField(
                label=f"Name {place + 1}",
                required=False,
                initial=named[place] if place < len(named) else None,
            )
        self.participant = participant
        length = participant.cohort.program.meeting_length
        self.helper = helper(
            Fieldset(
                "When can you meet?",
                HTML(
                    f"<p>Choose every time at which you could meet for {length} once a month. The more you choose, the more "
                    "people you can be in a team with.</p>"
                ),
                Div(*self.days, css_class="days"),
            ),
            Fieldset("Career tracks", "track"),
            Fieldset(
                "Is there somebody you would rather not be with?",
                HTML(
                    "<p>You need not say why, and you need not name anybody. Your own supervisor and whoever signed your "
                    "application are never in your team.</p>"
                ),
                Div(*NAMES, css_class="form-narrow"),
            ),
        )

    def _add_day(self, times: list, wishes: TeamWishes | None) -> str:
        name = f"times_{times[0].weekday}"
        self.fields[name] = forms.MultipleChoiceField(
            label=times[0].day,
            required=False,
            choices=[(each.key, each.clock) for each in times],
            widget=forms.CheckboxSelectMultiple,
            initial=[each.key for each in times if wishes and each.key in wishes.times],
        )
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not any(data.get(name) for name in self.days) and not any(
            name in self.errors for name in self.days
        ):
            self._ask_for_a_time()
        for name in NAMES:
            if data.get(name) == self.participant.user:
                self.add_error(name, "This is you. Name somebody else, or nobody.")
        return data

    def _ask_for_a_time(self) -> None:
        """At the first of all times, as one of them all."""
        first = self.days[0]
        self.fields[first].in_summary = "Times"  # type: ignore[attr-defined]
        self.add_error(first, "Choose at least one time at which you can meet, on any day.")

    def said(self) -> dict[str, Any]:
        """As team_wishes.save takes it."""
        data = self.cleaned_data
        people: list[User] = [data[name] for name in NAMES if data.get(name)]
        times = [key for name in self.days for key in data[name]]
        return {"times": times, "track": data["track"], "rather_not": people}


class PairingForm(forms.Form):
    """People of the cohort whom the branch office keeps apart, each from each, or together."""

    kind = forms.ChoiceField(
        label="What shall hold?",
        choices=[
            (Pairing.Kind.APART, "Kept apart: never in one team"),
            (Pairing.Kind.TOGETHER, "Kept together: always in one team"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Give the reason; it stays on record for the branch office."},
    )

    def __init__(
        self, *args: Any, cohort: Cohort, given: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.cohort = cohort
        self.names = [f"person_{number}" for number in range(1, cohort.program.max_team_size + 1)]
        filled = (given or {}).get("names", [])
        for place, name in enumerate(self.names):
            initial = filled[place] if place < len(filled) else None
            self.fields[name] = PersonField(label=f"Person {place + 1}", required=place < 2, initial=initial)
        self.fields["kind"].initial = (given or {}).get("kind")
        self.order_fields(["kind", *self.names, "reason"])
        self.helper = helper("kind", Div(*self.names, "reason", css_class="form-narrow"), token=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        takes_part = {each.user_id: each for each in self.cohort.participants.active().select_related("user")}
        self.people = []
        for name in self.names:
            person = data.get(name)
            if person and person.pk not in takes_part:
                self.add_error(name, f"{person} does not take part in the {self.cohort}.")
            elif person:
                self.people.append(takes_part[person.pk])
        return data

    def ordered(self) -> dict[str, Any]:
        """As pairings.keep takes it."""
        return {
            "kind": self.cleaned_data["kind"],
            "people": self.people,
            "reason": self.cleaned_data["reason"],
        }
