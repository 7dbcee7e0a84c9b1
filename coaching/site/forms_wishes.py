"""What a participant says before teams are formed."""

from itertools import groupby
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Fieldset, Layout
from django import forms

from coaching.forms import PersonField
from coaching.meeting_times import times_of
from coaching.models import Cohort, Participant, TeamWishes, User
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
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            Fieldset(
                "When can you meet?",
                HTML(
                    "<p>Choose every time at which you could meet for two hours once a month. The more you choose, the more "
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
            self.add_error(self.days[0], "Choose at least one time at which you can meet.")
        for name in NAMES:
            if data.get(name) == self.participant.user:
                self.add_error(name, "This is you. Name somebody else, or nobody.")
        return data

    def said(self) -> dict[str, Any]:
        """As team_wishes.save takes it."""
        data = self.cleaned_data
        people: list[User] = [data[name] for name in NAMES if data.get(name)]
        times = [key for name in self.days for key in data[name]]
        return {"times": times, "track": data["track"], "rather_not": people}
