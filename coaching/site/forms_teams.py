"""Forms about teams: publishing, answering, dissolving."""

from collections.abc import Mapping, Sequence
from datetime import date

from crispy_forms.layout import HTML, Fieldset
from django import forms
from django.utils import timezone
from django.utils.html import format_html

from coaching import team_dates
from coaching.days import today_of
from coaching.forms import DayInput, helper
from coaching.models import Cohort, Consent, Participant
from coaching.team_problem import ExplainedTeam
from coaching.team_ways import Way


class AskingForm(forms.Form):
    """The day by which people are asked to answer whether they agree to a team (T4)."""

    answer_by = forms.DateField(
        label="Ask for answers by",
        widget=DayInput(),
        error_messages={"required": "Say by which day people are to answer."},
    )

    def __init__(self, *args: object, cohort: Cohort, **kwargs: object):
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.today = today_of(cohort, timezone.now())
        field = self.fields["answer_by"]
        field.initial = team_dates.usual_day(cohort, today=self.today)
        field.help_text = (
            f"At most {team_dates.MOST_DAYS} days from today. Whoever has not answered is reminded two days "
            "before and the day after."
        )
        last = team_dates.last_day(self.today)
        field.widget.attrs |= {"min": self.today.isoformat(), "max": last.isoformat()}

    def clean_answer_by(self) -> date:
        day: date = self.cleaned_data["answer_by"]
        if why := team_dates.why_not(day, today=self.today):
            raise forms.ValidationError(why)
        return day


class PublishForm(AskingForm):
    """With a reason for each team that bends a rule that only warns (T2, T3, T6)."""

    def __init__(self, *args: object, bent: Sequence[ExplainedTeam], **kwargs: object):
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.numbers = [team.number for team in bent]
        for team in bent:
            self.fields[f"reason_{team.number}"] = forms.CharField(
                label=f"{team.name}: why?",
                max_length=300,
                help_text=" ".join(finding.words for finding in team.warnings),
                error_messages={"required": "Say why; the reason stays on record with the team."},
            )
        self.helper = helper("answer_by", *([self._reasons()] if bent else []), token=False)

    def _reasons(self) -> Fieldset:
        return Fieldset(
            "Rules that are bent by hand",
            HTML(
                "<p>These teams are not as they were proposed, and a rule of the program only warns of them. "
                "Say why; the reason is kept.</p>"
            ),
            *(f"reason_{number}" for number in self.numbers),
            HTML('{% include "_who_reads.html" with text="the branch office alone" %}'),
        )

    def reasons(self) -> dict[int, str]:
        """By number of the team in the draft."""
        return {number: self.cleaned_data[f"reason_{number}"] for number in self.numbers}


class HowLongForm(forms.Form):
    """How long to look for the best teams; it ends before where they are proven best."""

    CHOICES = ((10, "10 seconds"), (30, "30 seconds"), (120, "2 minutes"))

    seconds = forms.TypedChoiceField(
        label="Look for at most", choices=CHOICES, coerce=int, initial=CHOICES[0][0]
    )

    @classmethod
    def seconds_of(cls, data: Mapping[str, str]) -> int:
        """What was asked for, or the first choice."""
        form = cls(data)
        return form.cleaned_data["seconds"] if form.is_valid() else cls.CHOICES[0][0]


class ReopenForm(forms.Form):
    """T4: for each who declined, which of the teammates they are kept apart from in this change; at first all of them.

    `earlier`: whom earlier changes kept apart.
    """

    def __init__(
        self,
        *args: object,
        declined: Sequence[tuple[Consent, Sequence[Consent]]],
        earlier: Sequence[tuple[Participant, Participant]] = (),
        **kwargs: object,
    ):
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.declined = {f"apart_{consent.pk}": consent.participant_id for consent, _ in declined}
        self.earlier = {f"{one.pk}-{other.pk}": (one.pk, other.pk) for one, other in earlier}
        for consent, mates in declined:
            self.fields[f"apart_{consent.pk}"] = forms.TypedMultipleChoiceField(
                label=f"Keep {consent.participant} apart from",
                choices=[(each.participant_id, str(each.participant)) for each in mates],
                coerce=int,
                required=False,
                initial=[each.participant_id for each in mates],
                widget=forms.CheckboxSelectMultiple,
            )
        if earlier:
            self.fields["earlier"] = forms.MultipleChoiceField(
                label="Kept apart in an earlier change, and in this one too",
                choices=[(f"{one.pk}-{other.pk}", f"{one} and {other}") for one, other in earlier],
                required=False,
                initial=list(self.earlier),
                widget=forms.CheckboxSelectMultiple,
            )
        self.fields["seconds"] = HowLongForm.base_fields["seconds"]
        self.helper = helper(*self.fields, token=False)

    def apart(self) -> list[tuple[int, int]]:
        """Participants by id: the first declined a team with the second."""
        pairs = [(one, other) for name, one in self.declined.items() for other in self.cleaned_data[name]]
        return [*pairs, *(self.earlier[pair] for pair in self.cleaned_data.get("earlier", []))]


class AnswerForm(forms.Form):
    """T4: agree or decline; each is a button of its own."""

    AGREE, DECLINE = "agree", "decline"

    answer = forms.ChoiceField(choices=((AGREE, "Agree"), (DECLINE, "Decline")))
    reason = forms.CharField(
        label="If you decline: why?",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="You need not say. It helps the branch office to find a better team for you.",
    )

    helper = helper("reason", token=False)


class SmallTeamForm(AskingForm):
    """T1: one of the ways that the rules allow; nothing is chosen beforehand."""

    way = forms.ChoiceField(label="What you ask about", widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Everybody who is asked reads it.",
    )

    plan = forms.CharField(
        label="How they make up what they missed",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: object, ways: Sequence[Way], missed: Mapping[int, str], **kwargs: object):
        """`missed`: by participant, the months that they need a plan for, in words."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.ways, self.missed = {way.key: way for way in ways}, missed
        late = {each.pk: each for way in ways for each in way.joining if each.pk in missed}
        if not late:
            del self.fields["plan"]
        else:
            months = "; ".join(f"{each} missed {missed[pk]}" for pk, each in late.items())
            self.fields["plan"].help_text = (
                f"{months}. What is done instead, and by when: the branch office and whoever joins read it, and it is "
                "recorded for these months. Name no medical details."
            )
        facts = '{}<span class="way-facts">{}</span>'
        choices = [(way.key, format_html(facts, way.words, way.facts)) for way in ways]
        self.fields["way"].choices = choices  # type: ignore[attr-defined]
        self.helper = helper("way", *(["plan"] if late else []), "reason", "answer_by", token=False)

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        way = self.ways.get(data.get("way", ""))
        late = [each for each in way.joining if each.pk in self.missed] if way else []
        if late and not data.get("plan"):
            names = ", ".join(f"{each} makes up {self.missed[each.pk]}" for each in late)
            self.add_error("plan", f"Say how {names}: nobody joins late without a plan.")
        return data

    @property
    def chosen(self) -> Way:
        return self.ways[self.cleaned_data["way"]]


class DissolveForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For the record of the branch office. The members are told that the team ends, not why.",
    )

    helper = helper("reason")
