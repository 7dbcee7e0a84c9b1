"""Asking for a change of the approved project, and answering it (A14)."""

from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.utils.html import format_html

from applications import guidance
from applications.forms.writing import Markup, readers, say_limit
from applications.models import ProjectChange
from coaching.enrollment import Project
from coaching.forms import helper
from coaching.models import Goal, Participant
from coaching.signing_form import SignatureParts, SigningForm

WHO_READS = "Your division director, who concurs with it. Your team hears of it from you."


class ProjectChangeForm(forms.ModelForm):
    """The whole project as it should be, and why; saved by applications.project_changes.ask."""

    instead_of = forms.IntegerField(required=False)  # a change that waits: the value of the button

    class Meta:
        model = ProjectChange
        fields = ("title", "description", "expected_outcome", "measure", "competencies", "why")
        widgets = {"competencies": forms.CheckboxSelectMultiple}

    def __init__(self, *args: object, participant: Participant, goal: Goal | None, **kwargs: object) -> None:
        if goal:
            kwargs["initial"] = {
                "title": goal.title,
                "description": goal.description,
                "expected_outcome": goal.expected_outcome,
                "measure": goal.measure,
                "competencies": goal.competencies.all(),
            }
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        served = self.fields["competencies"]
        served.queryset = participant.cohort.competency_model.competencies.all()  # type: ignore[attr-defined]
        served.help_text = guidance.HELP["project_competencies"]
        for field in self.fields.values():
            field.label = str(field.label)[:1].upper() + str(field.label)[1:]
            say_limit(field)
        texts = ("description", "expected_outcome", "measure")
        self.helper = helper(
            "title",
            *[Field(name, rows=4) for name in texts],
            "competencies",
            Field("why", rows=3),
            readers(WHO_READS),
        )

    def project(self) -> Project:
        data = self.cleaned_data
        return Project(
            title=data["title"],
            description=data["description"],
            expected_outcome=data["expected_outcome"],
            measure=data["measure"],
            competencies=tuple(data["competencies"].order_by("position")),
        )


class ConcurForm(SigningForm):
    def __init__(self, *args: Any, change: ProjectChange, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        statement = format_html('<p class="statement">{}</p>', change.route_step.statement)
        self.helper = helper(Markup(statement), SignatureParts())


class DeclineChangeForm(forms.Form):
    comment = forms.CharField(
        label="Why does the project stay as it was?", widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = helper("comment", readers("The participant."))
