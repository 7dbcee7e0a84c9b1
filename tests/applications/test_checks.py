"""What is missing and what is worth a second look (A1–A4, A6, F4)."""

from datetime import timedelta

import pytest

from applications import checks, drafting
from applications.checks import Step
from tests.applications.factories import ANSWERS, competencies, draft
from tests.clock import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def fields(findings) -> list[str]:
    return [finding.field for finding in findings]


def test_complete_lacks_nothing(applicant, cohort):
    application = draft(applicant, cohort)
    assert checks.missing(application, on=TODAY) == []
    assert checks.warnings(application) == []


def test_empty_lacks_every_required_answer_in_the_order_of_the_steps(applicant, cohort):
    application = drafting.start(cohort=cohort, by=applicant, now=NOW)
    ratings = [f"rating_{each.pk}" for each in competencies(cohort)]
    assert fields(checks.missing(application, on=TODAY)) == [
        "why",
        "development",
        "role_aimed_for",
        "ultimate_position",
        *ratings,
        "",  # nothing to grow in
        "project_title",
        "project_description",
        "project_outcome",
        "project_measure",
        "project_competencies",
        "concept_supervisor_date",
        "concept_director_date",
    ]


@pytest.mark.parametrize(
    "field",
    [
        name
        for name, answer in ANSWERS.items()
        if name not in ("specific", "measurable", "achievable", "realistic", "timely")
        and isinstance(answer, str)
    ],
)
def test_blank_is_missing(applicant, cohort, field):
    """A1, A2, F4."""
    assert fields(checks.missing(draft(applicant, cohort, **{field: " \n "}), on=TODAY)) == [field]


def test_a_project_serves_a_competency(applicant, cohort):
    """A2."""
    application = draft(applicant, cohort, project_competencies=[])
    assert fields(checks.missing(application, on=TODAY)) == ["project_competencies"]


@pytest.mark.parametrize("field", ["concept_supervisor_date", "concept_director_date"])
def test_the_concept_was_discussed_before(applicant, cohort, field):
    """A3."""
    assert fields(checks.missing(draft(applicant, cohort, **{field: None}), on=TODAY)) == [field]
    tomorrow = draft(applicant, cohort, **{field: TODAY + timedelta(days=1)})
    assert fields(checks.missing(tomorrow, on=TODAY)) == [field]
    assert checks.missing(tomorrow, on=TODAY + timedelta(days=1)) == []


def rate(application, applicant, cohort, rating):
    ratings = dict.fromkeys(competencies(cohort), (rating, ""))
    return drafting.save_ratings(application=application, by=applicant, ratings=ratings, now=NOW)


def test_at_least_one_to_grow_in(applicant, cohort):
    """A6."""
    application = rate(draft(applicant, cohort), applicant, cohort, "glow")
    [finding] = checks.missing(application, on=TODAY)
    assert (finding.step, finding.message) == (
        Step.COMPETENCIES,
        "Choose at least one competency you want to grow in.",
    )


def test_no_glow_warns(applicant, cohort):
    """A6."""
    application = rate(draft(applicant, cohort), applicant, cohort, "grow")
    assert checks.missing(application, on=TODAY) == []
    [finding] = checks.warnings(application)
    assert "no competency you glow in" in finding.message


@pytest.mark.parametrize("name", ["specific", "measurable", "achievable", "realistic", "timely"])
@pytest.mark.parametrize(("answer", "says"), [("", "no answer yet"), ("By next June", "very short answer")])
def test_weak_or_missing_smart_answer_warns(applicant, cohort, name, answer, says):
    """A4."""
    application = draft(applicant, cohort, **{name: answer})
    assert checks.missing(application, on=TODAY) == []
    [finding] = checks.warnings(application)
    assert finding.field == name
    assert says in finding.message


def test_four_words_are_an_answer(applicant, cohort):
    assert checks.warnings(draft(applicant, cohort, timely="In use by June")) == []
