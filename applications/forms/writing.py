"""The short steps of an application. Nothing is required while it is a draft: the review says what is missing."""

from collections.abc import Iterable, Mapping
from typing import Any

from crispy_forms.layout import HTML, Div, Field, Fieldset
from django import forms
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from applications import checks, guidance
from applications.answers import NAMES
from applications.checks import Finding, Step
from applications.models import Application, Rating
from coaching.forms import DayInput, helper
from coaching.models import Competency, DirectoryCorrection
from coaching.signing_form import SignatureParts, SigningForm


class Markup:
    """A piece of finished HTML in a layout. (Crispy's own HTML would run texts from the database as templates.)"""

    def __init__(self, html: SafeString):
        self.html = html

    def render(self, form: forms.BaseForm, context: object, **kwargs: object) -> SafeString:
        return self.html


def readers(text: str = guidance.READERS) -> Markup:
    return Markup(render_to_string("_who_reads.html", {"text": text}))


def example(name: str, label: object) -> Markup:
    """What an answer could look like, for whoever opens it."""
    text = guidance.EXAMPLES[name]
    return Markup(render_to_string("applications/_example.html", {"text": text, "label": label}))


def say_limit(field: forms.Field) -> None:
    """Name the longest answer; what is longer is told after sending, where a browser would cut it unseen."""
    if not (limit := getattr(field, "max_length", None)):
        return
    field.widget.attrs.pop("maxlength", None)
    field.error_messages["max_length"] = "Use at most %(limit_value)d characters; these are %(show_value)d."
    field.help_text = f"{field.help_text} At most {limit} characters.".strip()


def require_later(field: forms.Field) -> None:
    """Saved without it, but not submitted."""
    field.label = format_html('{} <span class="required-later">(required)</span>', field.label)


def mark_missing(form: forms.BaseForm, findings: Iterable[Finding]) -> None:
    """Say at its field what is still missing; autosave.js takes it away once it is there."""
    for finding in findings:
        if field := form.fields.get(finding.field):
            field.help_text = format_html(
                '{} <span class="still-missing" data-anchor="{}">Before you submit: {}</span>',
                field.help_text,
                finding.anchor,
                finding.message,
            )


class AnswersForm(forms.ModelForm):
    """Answers of one step; they are saved by applications.drafting.save_answers, never by the form."""

    use_required_attribute = False

    def __init__(self, *args: object, read_by: str = guidance.READERS, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.read_by = read_by
        for name, field in self.fields.items():
            field.required = False
            field.help_text = guidance.HELP.get(name, field.help_text)
            field.label = str(field.label)[:1].upper() + str(field.label)[1:]
            say_limit(field)
            if name in checks.NEEDED:
                require_later(field)

    def question(self, name: str, rows: int | None = None) -> tuple[object, ...]:
        """A field with an example, and who reads it."""
        label = self.Meta.model._meta.get_field(name).verbose_name  # type: ignore[attr-defined]
        field = Field(name, rows=rows) if rows else Field(name)
        return field, example(name, label), readers(self.read_by)

    def answers(self) -> dict[str, object]:
        """What can be saved, by name: an answer that is too long is left out."""
        return dict(self.cleaned_data)


class WhyForm(AnswersForm):
    class Meta:
        model = Application
        fields = NAMES[Step.WHY]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = helper(
            *self.question("why", rows=5),
            *self.question("development", rows=5),
            *self.question("role_aimed_for"),
            *self.question("ultimate_position"),
        )


class ProjectForm(AnswersForm):
    class Meta:
        model = Application
        fields = NAMES[Step.PROJECT]
        widgets = {
            "project_competencies": forms.CheckboxSelectMultiple,
            "concept_supervisor_date": DayInput(),
            "concept_director_date": DayInput(),
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        served = self.fields["project_competencies"]
        served.queryset = self.instance.cohort.competency_model.competencies.all()  # type: ignore[attr-defined]
        for name, question in guidance.SMART.items():
            self.fields[name].help_text = question
        whole = ("project_description", "project_outcome", "project_measure")
        self.helper = helper(
            *self.question("project_title"),
            *[part for name in whole for part in self.question(name, rows=4)],
            "project_competencies",
            readers(self.read_by),
            Fieldset(
                "Is it SMART? One short answer each",
                HTML(
                    "<p>Recommended, not required: what is missing here will not stop you, but it makes the project "
                    "easier to support.</p>"
                ),
                *[part for name in Application.SMART for part in self.question(name, rows=2)],
            ),
            Fieldset(
                "You have discussed the concept",
                Markup(render_to_string("applications/_concept.html", {"application": self.instance})),
                Div("concept_supervisor_date", "concept_director_date", css_class="form-narrow"),
                readers(self.read_by),
            ),
        )


class CompetenciesForm(forms.Form):
    """Grow, glow or neither for each competency, with a sentence (A6)."""

    use_required_attribute = False

    def __init__(
        self,
        *args: object,
        competencies: Iterable[Competency],
        ratings: Mapping[int, Rating],
        read_by: str = guidance.READERS,
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.competencies = list(competencies)
        parts: list[object] = []
        for competency in self.competencies:
            rating = ratings.get(competency.pk)
            parts.append(self._add(competency, rating, read_by))
        self.helper = helper(*parts)

    def _add(self, competency: Competency, rating: Rating | None, read_by: str) -> Fieldset:
        choice, sentence = f"rating_{competency.pk}", f"sentence_{competency.pk}"
        self.fields[choice] = forms.ChoiceField(
            label=format_html('<span class="visually-hidden">{}: </span>You', competency.name),
            choices=[("grow", "want to grow here"), ("glow", "glow here"), ("neither", "neither")],
            widget=forms.RadioSelect,
            required=False,
            initial=rating.rating if rating else None,
        )
        self.fields[sentence] = forms.CharField(
            label=format_html('A sentence on it <span class="visually-hidden">({})</span>', competency.name),
            max_length=500,
            required=False,
            initial=rating.sentence if rating else "",
            help_text="Optional. What have you done, or what would you like to learn?",
        )
        say_limit(self.fields[sentence])
        skills = ", ".join(skill.name for skill in competency.skills.all())
        return Fieldset(
            competency.name,
            Markup(format_html('<p class="form-text">{}</p>', skills[:1].upper() + skills[1:])),
            Field(choice, template="applications/_radios_inline.html"),
            sentence,
            readers(read_by),
            css_class="panel-soft",
        )

    def answers(self) -> dict[str, object]:
        """What can be saved, by the name of the choice: a competency with too long a sentence is left out."""
        data = self.cleaned_data
        return {
            choice: (data[choice], data[sentence])
            for choice, sentence in (
                (f"rating_{each.pk}", f"sentence_{each.pk}") for each in self.competencies
            )
            if choice in data and sentence in data
        }


class CorrectionForm(forms.Form):
    """What the directory has wrong; the branch office confirms it."""

    field = forms.ChoiceField(label="What is wrong?", choices=DirectoryCorrection.Field.choices)
    says = forms.CharField(label="What should it be?", max_length=300)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = helper(
            Div("field", "says", css_class="form-narrow"), readers("The branch office, to put it right.")
        )


def bullets(text: str) -> SafeString:
    """A text of one sentence a line, as a list."""
    lines = ((line,) for line in text.splitlines() if line.strip())
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", lines))


class SubmitForm(SigningForm):
    """Three acknowledgements (F2, F3, A7) and a signature, over the text whose digest it carries."""

    field_order = (
        "digest",
        "benefits_acknowledged",
        "voluntary_acknowledged",
        "commitment_made",
        "typed_name",
    )

    digest = forms.CharField(widget=forms.HiddenInput)
    benefits_acknowledged = forms.BooleanField(
        label="I have read what the program offers and the time it asks for.",
        error_messages={"required": "Read it, then check the box."},
    )
    voluntary_acknowledged = forms.BooleanField(
        label="I know that taking part is voluntary and does not assure advancement.",
        error_messages={"required": "Read it, then check the box."},
    )
    commitment_made = forms.BooleanField(
        label="I make this commitment.",
        error_messages={"required": "The program needs your commitment."},
    )

    def __init__(self, *args: object, application: Application, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        program = application.cohort.program
        self.helper = helper(
            "digest",
            Markup(format_html("<h3>What the program offers</h3>{}", bullets(program.benefits))),
            Markup(format_html("<h3>The time it asks for</h3>{}", bullets(program.time_commitment))),
            "benefits_acknowledged",
            Markup(format_html("<h3>Voluntary</h3><p>{}</p>", program.voluntary)),
            "voluntary_acknowledged",
            Markup(format_html("<h3>Commitment</h3><p>{}</p>", program.commitment_statement)),
            "commitment_made",
            SignatureParts(),
        )
