"""Saving a draft from several pages at once, and beginning one from an earlier application (A1–A6, F1)."""

from datetime import date, timedelta

import pytest

from applications import answers, drafting, workflow
from applications.answers import Difference
from applications.checks import Step
from applications.models import Application, Rating
from coaching.models import Competency, CompetencyModel
from tests import factories
from tests.applications.factories import ANSWERS, at_deputy, competencies, decide, draft, submitted
from tests.clock import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def application(applicant, cohort) -> Application:
    return drafting.start(cohort=cohort, by=applicant, now=NOW)


def save(application: Application, seen: str | None, **given: object) -> Application:
    return drafting.save_answers(
        application=application, by=application.applicant, answers=given, now=LATER, seen=seen
    )


def rate(application: Application, seen: str | None, given: dict) -> Application:
    return drafting.save_ratings(
        application=application, by=application.applicant, ratings=given, now=LATER, seen=seen
    )


class TestTwoPages:
    """What was saved after a page was made is not overwritten unseen."""

    def test_who_saw_what_is_stored_saves(self, application):
        save(application, answers.digest(application, Step.WHY), why="First.")
        application.refresh_from_db()
        assert (application.why, application.saved_at) == ("First.", LATER)

    def test_who_saw_something_older_is_refused_and_told_what_differs(self, application):
        seen = answers.digest(application, Step.WHY)
        save(application, seen, why="First.", development="Same.")
        with pytest.raises(drafting.SavedElsewhere) as refusal:
            save(application, seen, why="Second.", development="Same.", role_aimed_for="")
        assert refusal.value.names == ["why"]
        application.refresh_from_db()
        assert (application.why, application.development) == ("First.", "Same.")

    def test_the_same_once_more_is_no_conflict(self, application):
        """A form that is sent twice carries the same digest twice; a browser's line endings are no change."""
        seen = answers.digest(application, Step.WHY)
        save(application, seen, why="One\ntwo")
        save(application, seen, why="One\r\ntwo ")
        application.refresh_from_db()
        assert application.why == "One\ntwo"

    def test_another_step_is_no_conflict(self, application):
        seen = answers.digest(application, Step.WHY)
        save(application, None, project_title="One form")
        save(application, seen, why="First.")
        application.refresh_from_db()
        assert (application.why, application.project_title) == ("First.", "One form")

    def test_competencies_the_project_serves_count_in_any_order(self, application, cohort):
        six = competencies(cohort)
        seen = answers.digest(application, Step.PROJECT)
        save(application, seen, project_competencies=six[:2])
        save(application, seen, project_competencies=[six[1], six[0]])
        with pytest.raises(drafting.SavedElsewhere) as refusal:
            save(application, seen, project_competencies=six[:1])
        assert refusal.value.names == ["project_competencies"]
        assert application.project_competencies.count() == 2

    def test_ratings_are_compared_with_their_sentences(self, application, cohort):
        first, second, *_ = competencies(cohort)
        seen = answers.digest(application, Step.COMPETENCIES)
        rate(application, seen, {first: ("grow", "To listen."), second: ("glow", "")})
        with pytest.raises(drafting.SavedElsewhere) as refusal:
            rate(application, seen, {first: ("grow", "To speak."), second: ("glow", "")})
        assert refusal.value.names == [answers.rating_name(first.pk)]
        assert [each.sentence for each in application.ratings.all()] == ["To listen.", ""]

    def test_a_digest_belongs_to_one_application_and_step(
        self, application, branch_officer, cohort, supervisor
    ):
        factories.officer(cohort.branch)
        other = drafting.start(cohort=cohort, by=branch_officer, now=NOW)
        digests = {
            answers.digest(each, step)
            for each in (application, other)
            for step in (Step.WHY, Step.PROJECT, Step.COMPETENCIES)
        }
        assert len(digests) == 6

    def test_differences_are_told_as_people_read_them(self, application, cohort):
        six = competencies(cohort)
        save(
            application,
            None,
            project_title="One form",
            project_competencies=six[:2],
            concept_director_date=date(2026, 11, 9),
        )
        given = {"project_title": "", "project_competencies": [six[5]], "concept_director_date": None}
        application.refresh_from_db()
        assert answers.differences(application, Step.PROJECT, given, list(given)) == [
            Difference("project_title", "Title of the project", "One form", ""),
            Difference(
                "project_competencies",
                "Competencies the project serves",
                "Fostering a Team Environment, Creating Organizational Transformation",
                "Building Coalitions",
            ),
            Difference(
                "concept_director_date",
                "Discussed with your division director on",
                "Monday, November 9, 2026",
                "",
            ),
        ]

    def test_differences_of_a_rating_name_choice_and_sentence(self, application, cohort):
        first = competencies(cohort)[0]
        rate(application, None, {first: ("grow", "To listen.")})
        name = answers.rating_name(first.pk)
        assert answers.differences(application, Step.COMPETENCIES, {name: ("", "Only this.")}, [name]) == [
            Difference(name, "Fostering a Team Environment", "Grow\nTo listen.", "Only this.")
        ]


class TestSentenceBeforeItsChoice:
    """A6: nothing that was typed is dropped because the choice is still open."""

    def test_the_sentence_is_kept_and_the_choice_still_missing(self, application, applicant, cohort):
        whole = draft(applicant, cohort)
        first = competencies(cohort)[0]
        rate(whole, None, {first: ("", "To listen.")})
        row = whole.ratings.get(competency=first)
        assert (row.rating, row.sentence, str(row)) == ("", "To listen.", f"Open: {first}")
        with pytest.raises(workflow.NotComplete, match="Rate “Fostering a Team Environment”"):
            workflow.submit(
                application=whole,
                by=applicant,
                typed_name=applicant.name,
                benefits_acknowledged=True,
                voluntary_acknowledged=True,
                commitment_made=True,
                now=NOW,
            )

    def test_both_empty_take_it_back(self, application, cohort):
        first = competencies(cohort)[0]
        rate(application, None, {first: ("", "To listen.")})
        rate(application, None, {first: ("", "")})
        assert not application.ratings.exists()


class TestFromAnEarlierOne:
    @pytest.fixture
    def next_cohort(self, program, branch, branch_officer):
        return factories.cohort(program, branch, by=branch_officer)

    def copied(self, application: Application) -> dict[str, object]:
        application.refresh_from_db()
        return {name: getattr(application, name) for name in ANSWERS}

    def test_answers_and_ratings_come_along_and_nothing_else(self, applicant, cohort, next_cohort, deputy):
        earlier = decide(at_deputy(applicant, cohort), deputy, "not_selected")
        new = drafting.start(cohort=next_cohort, by=applicant, now=LATER, from_application=earlier)
        blank = {"concept_supervisor_date": None, "concept_director_date": None}
        assert self.copied(new) == ANSWERS | blank
        assert (new.status, new.submitted_at, new.current_text, new.created_at) == (
            "draft",
            None,
            None,
            LATER,
        )
        assert (new.benefits_acknowledged, new.voluntary_acknowledged, new.commitment_made) == (False,) * 3
        assert set(new.project_competencies.all()) == set(competencies(cohort)[:2])
        there, here = (
            list(each.ratings.values_list("competency", "rating", "sentence")) for each in (earlier, new)
        )
        assert here == there
        assert len(here) == 6
        assert not new.review_steps.exists()
        assert not new.shares.exists()

    @pytest.mark.parametrize("became", ["not_selected", "declined", "withdrawn", "draft"])
    def test_whatever_became_of_it(self, applicant, supervisor, deputy, cohort, next_cohort, became):
        if became == "not_selected":
            earlier = decide(at_deputy(applicant, cohort), deputy, "not_selected")
        elif became == "draft":
            earlier = draft(applicant, cohort)
        else:
            earlier = submitted(applicant, cohort)
        if became == "declined":
            workflow.decline(application=earlier, by=supervisor, reason="No time.", now=NOW)
        if became == "withdrawn":
            workflow.withdraw(application=earlier, by=applicant, now=NOW)
        assert drafting.earlier_answers(applicant) == earlier
        new = drafting.start(cohort=next_cohort, by=applicant, now=LATER, from_application=earlier)
        assert (new.why, new.ratings.count()) == (ANSWERS["why"], 6)
        earlier.refresh_from_db()
        assert earlier.status == became

    def test_a_second_call_opens_what_was_begun_and_copies_nothing(self, applicant, cohort, next_cohort):
        earlier = draft(applicant, cohort)
        new = drafting.start(cohort=next_cohort, by=applicant, now=NOW)
        assert drafting.start(cohort=next_cohort, by=applicant, now=LATER, from_application=earlier) == new
        new.refresh_from_db()
        assert (new.why, new.ratings.count(), Application.objects.count()) == ("", 0, 2)

    def test_from_somebody_elses_is_refused(self, applicant, org, supervisor, cohort, next_cohort):
        theirs = draft(factories.person(unit=org.unit, supervisor=supervisor), cohort)
        with pytest.raises(drafting.NotYours):
            drafting.start(cohort=next_cohort, by=applicant, now=NOW, from_application=theirs)
        assert not Application.objects.filter(applicant=applicant).exists()

    def test_ratings_of_another_competency_model_stay_behind(self, applicant, cohort, next_cohort):
        """F1: the same word in another version need not mean the same."""
        earlier = draft(applicant, cohort)
        model = CompetencyModel.objects.create(name="Leadership", version="2027")
        Competency.objects.create(model=model, position=1, name="Building Coalitions")
        next_cohort.competency_model = model
        next_cohort.save()
        new = drafting.start(cohort=next_cohort, by=applicant, now=NOW, from_application=earlier)
        assert (new.why, new.ratings.count(), new.project_competencies.count()) == (ANSWERS["why"], 0, 0)

    def test_an_empty_one_is_no_beginning(self, application, applicant):
        assert drafting.earlier_answers(applicant) is None

    def test_the_last_one_is_offered(self, applicant, cohort, next_cohort):
        draft(applicant, cohort, now=NOW)
        last = draft(applicant, next_cohort, now=LATER)
        assert drafting.earlier_answers(applicant) == last
        assert Rating.objects.count() == 12
