"""Forms about teams: moving a person, answering, dissolving."""

from collections.abc import Sequence

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms

from coaching.team_changes import Way

POOL = "pool"


class PlaceForm(forms.Form):
    """One person of a draft and where they go; works with the keyboard alone and without scripts."""

    participant = forms.IntegerField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput)
    target = forms.ChoiceField(widget=forms.Select(attrs={"class": "form-select"}))

    def __init__(self, *args: object, teams: int, seat: int | None = None, **kwargs: object):
        """`teams`: how many the draft has; `seat`: the number of the team this person is in now."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["target"].choices = [  # type: ignore[attr-defined]
            ("", "Move to…"),  # nobody is moved by a stray click
            *((str(number), f"Draft team {number}") for number in range(1, teams + 1) if number != seat),
            (str(teams + 1), "A new team"),
            *([(POOL, "Without a team")] if seat is not None else []),
        ]

    def team(self) -> int | None:
        """The number of the team that was chosen; None: the pool."""
        target = self.cleaned_data["target"]
        return None if target == POOL else int(target)


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

    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout("reason")
        self.helper.render_unmentioned_fields = False


class SmallTeamForm(forms.Form):
    """T1: one of the ways that the rules allow; nothing is chosen beforehand."""

    way = forms.ChoiceField(label="How it goes on", widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Everybody who is asked reads it.",
    )

    def __init__(self, *args: object, ways: Sequence[Way], **kwargs: object):
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.ways = {way.key: way for way in ways}
        self.fields["way"].choices = [(way.key, way.words) for way in ways]  # type: ignore[attr-defined]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout("way", "reason")

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

    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout("reason")
