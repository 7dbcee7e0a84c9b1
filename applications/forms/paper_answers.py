"""The answers of an application on paper, as the branch office copies them: the questions speak of the applicant (A15)."""

from typing import Any

from crispy_forms.layout import Div, Field, Fieldset
from django.utils.html import format_html

from applications import checks
from applications.checks import Finding
from applications.forms.writing import (
    AnswersForm,
    CompetenciesForm,
    ProjectForm,
    WhyForm,
    readers,
    require_later,
    say_limit,
)
from applications.models import Application
from coaching.forms import helper

LABELS = {
    "why": "Why does the applicant want to take part?",
    "development": "How will it help the applicant’s development?",
    "role_aimed_for": "Which leadership role does the applicant aim for?",
    "ultimate_position": "Which position does the applicant ultimately aim for?",
    "project_title": "Title of the project",
    "project_description": "Description",
    "project_outcome": "Expected outcome",
    "project_measure": "How will the outcome be measured?",
    "project_competencies": "Competencies the project serves",
    "concept_supervisor_date": "The concept was discussed with the supervisor on",
    "concept_director_date": "The concept was discussed with the division director on",
}


def said_to_the_office(finding: Finding, *, answered: bool) -> Finding:
    """What is missing, in words for whoever copies the paper; `answered` where a day stands there that is too late."""
    label = LABELS.get(finding.field, "").rstrip("?")
    if finding.field.startswith("rating_"):
        message = finding.message
    elif not label:
        message = "The paper names no competency to grow in. The program asks for one at least."
    elif answered:
        message = f"“{label}”: this day lies after the applicant’s signature. The concept has to be discussed before."
    else:
        message = f"“{label}” has no answer. Copy it from the paper, or give the paper back to the applicant."
    return Finding(finding.step, finding.field, message)


def _speak_of_the_applicant(form: AnswersForm) -> None:
    for name, field in form.fields.items():
        field.label, field.help_text = LABELS.get(name, field.label), ""
        say_limit(field)
        if name in checks.NEEDED:
            require_later(field)


class PaperWhyForm(WhyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _speak_of_the_applicant(self)
        self.helper = helper(
            Field("why", rows=5),
            Field("development", rows=5),
            "role_aimed_for",
            "ultimate_position",
            readers(self.read_by),
        )


class PaperProjectForm(ProjectForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _speak_of_the_applicant(self)
        whole = ("project_description", "project_outcome", "project_measure")
        dates = Div("concept_supervisor_date", "concept_director_date", css_class="form-narrow")
        self.helper = helper(
            "project_title",
            *[Field(name, rows=4) for name in whole],
            "project_competencies",
            Fieldset(
                "SMART, as far as the paper says it", *[Field(name, rows=2) for name in Application.SMART]
            ),
            Fieldset("The concept was discussed before", dates),
            readers(self.read_by),
        )
        self.helper.disable_csrf = True


class PaperCompetenciesForm(CompetenciesForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in self.competencies:
            choice = self.fields[f"rating_{each.pk}"]
            choice.label = format_html('<span class="visually-hidden">{}: </span>The applicant', each.name)
            choice.choices = [("grow", "wants to grow here"), ("glow", "glows here"), ("neither", "neither")]  # type: ignore[attr-defined]
            sentence = self.fields[f"sentence_{each.pk}"]
            sentence.help_text = "Optional."
            say_limit(sentence)
        self.helper.disable_csrf = True
