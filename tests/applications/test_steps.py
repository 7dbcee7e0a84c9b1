"""The steps as they are sent: by a button, by htmx while somebody writes, from two tabs, and without a sign-in."""

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from applications import answers, drafting, guidance
from applications.checks import Step
from applications.models import Application
from coaching.models import AuditEvent, Message, SignOff
from tests import factories
from tests.applications.factories import ANSWERS, competencies, draft, submit, submitted
from tests.applications.test_views import step_url, words
from tests.clock import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
HTMX = {"HX-Request": "true"}
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def application(applicant, cohort) -> Application:
    return drafting.start(cohort=cohort, by=applicant, now=NOW)


@pytest.fixture
def as_applicant(client, applicant):
    client.force_login(applicant)
    return client


def seen_of(application: Application, step: Step) -> str:
    application.refresh_from_db()
    return answers.digest(application, step)


def autosave(client: Client, application: Application, step: Step, **sent: object):
    return client.post(step_url(application, step), sent, headers=HTMX)


class TestAutosave:
    def test_answers_with_the_time_what_is_missing_and_the_new_digest(self, as_applicant, application):
        seen = seen_of(application, Step.WHY)
        answer = autosave(as_applicant, application, Step.WHY, why="To learn.", seen=seen)
        assert answer.status_code == 200
        page = words(answer)
        assert '<span data-state="saved">Saved at 10:00 a.m.' in page
        assert "<!doctype" not in page
        assert [each.field for each in answer.context["lacking"]] == [
            "development",
            "role_aimed_for",
            "ultimate_position",
        ]
        assert "3 answers still missing" in page
        new = seen_of(application, Step.WHY)
        assert new != seen
        assert f'id="seen" value="{new}" data-hx-swap-oob="true"' in page
        assert application.why == "To learn."

    def test_of_a_whole_step_says_that_nothing_is_missing(self, as_applicant, applicant, cohort):
        whole = draft(applicant, cohort)
        given = {name: ANSWERS[name] for name in answers.NAMES[Step.WHY]}
        page = words(autosave(as_applicant, whole, Step.WHY, **given))
        assert "Nothing is missing on this step." in page
        assert "still missing" not in page

    def test_leaves_out_too_long_an_answer_and_names_it(self, as_applicant, application):
        answer = autosave(as_applicant, application, Step.WHY, why="To learn.", role_aimed_for="x" * 201)
        page = words(answer)
        assert answer.status_code == 200
        assert 'data-state="partly"' in page
        assert "Use at most 200 characters; these are 201." in page
        application.refresh_from_db()
        assert (application.why, application.role_aimed_for) == ("To learn.", "")

    def test_leaves_out_too_long_a_sentence_with_its_choice(self, as_applicant, application, cohort):
        first, second, *_ = competencies(cohort)
        sent = {
            f"rating_{first.pk}": "grow",
            f"sentence_{first.pk}": "x" * 501,
            f"rating_{second.pk}": "glow",
        }
        assert 'data-state="partly"' in words(autosave(as_applicant, application, Step.COMPETENCIES, **sent))
        assert [each.competency for each in application.ratings.all()] == [second]

    def test_conflict_overwrites_nothing_and_says_when_the_other_was_saved(self, as_applicant, application):
        seen = seen_of(application, Step.WHY)
        autosave(as_applicant, application, Step.WHY, why="First.", seen=seen)
        answer = autosave(as_applicant, application, Step.WHY, why="Second.", seen=seen)
        assert answer.status_code == 409
        page = words(answer)
        assert "Not saved: this step was saved from another page at 10:00 a.m." in page
        assert re.search(r'<button [^>]*form="step-form"[^>]*>Compare both</button>', page)
        application.refresh_from_db()
        assert application.why == "First."

    def test_of_what_was_sent_meanwhile_is_refused_in_words(self, as_applicant, applicant, cohort):
        application = submitted(applicant, cohort)
        answer = autosave(as_applicant, application, Step.WHY, why="Too late.")
        assert answer.status_code == 409
        assert "Not saved: This application is “in review”" in words(answer)
        application.refresh_from_db()
        assert application.why == ANSWERS["why"]

    def test_of_anothers_application_is_not_found(self, client, outsider, application):
        client.force_login(outsider)
        assert autosave(client, application, Step.WHY, why="Mine.").status_code == 404

    def test_takes_few_queries_however_much_is_written(self, as_applicant, applicant, cohort):
        whole = draft(applicant, cohort)
        for step in (Step.WHY, Step.COMPETENCIES, Step.PROJECT):
            with CaptureQueriesContext(connection) as captured:
                assert autosave(as_applicant, whole, step, why="x").status_code == 200
            assert len(captured) <= 30, step

    def test_drafts_leave_no_trace_in_the_audit(self, as_applicant, application):
        autosave(as_applicant, application, Step.WHY, why="To learn.")
        assert not AuditEvent.objects.exists()

    def test_step_pages_are_never_kept_by_the_browser(self, as_applicant, application):
        """The back button shows what is saved."""
        for address in (
            step_url(application, "why"),
            reverse("application_review", args=[application.pk]),
        ):
            assert "no-store" in as_applicant.get(address)["Cache-Control"]

    def test_only_steps_with_answers_bring_the_script(self, as_applicant, application):
        assert "autosave.js" not in words(as_applicant.get(step_url(application, "about")))
        page = words(as_applicant.get(step_url(application, "why")))
        assert "autosave.js" in page
        assert '"allowEval": false' in page


class TestTwoTabs:
    @pytest.fixture
    def outdated(self, as_applicant, application) -> dict[str, str]:
        """What a tab sends that was opened before another one saved."""
        seen = seen_of(application, Step.WHY)
        given = {"why": "First.", "role_aimed_for": "Team lead"}
        as_applicant.post(step_url(application, "why"), {**given, "seen": seen, "then": "leave"})
        return {"why": "Second.", "role_aimed_for": "Section lead", "seen": seen, "then": "leave"}

    def test_a_button_leads_to_both_versions(self, as_applicant, application, outdated):
        page = as_applicant.post(step_url(application, "why"), outdated)
        assert page.status_code == 200
        found = [(each.name, each.saved, each.typed) for each in page.context["differences"]]
        assert found == [("why", "First.", "Second."), ("role_aimed_for", "Team lead", "Section lead")]
        assert 'name="why" value="Second."' in words(page)
        application.refresh_from_db()
        assert application.why == "First."

    @pytest.mark.parametrize(
        ("choice", "stored"),
        [
            ({"keep": "typed"}, ("Second.", "Section lead")),
            ({"keep": "saved"}, ("First.", "Team lead")),
            (
                {"keep": "chosen", "keep_why": "saved", "keep_role_aimed_for": "typed"},
                ("First.", "Section lead"),
            ),
            (
                {"keep": "chosen", "keep_why": "typed", "keep_role_aimed_for": "saved"},
                ("Second.", "Team lead"),
            ),
        ],
    )
    def test_what_is_chosen_is_kept(self, as_applicant, application, outdated, choice, stored):
        page = as_applicant.post(step_url(application, "why"), outdated)
        sent = dict(page.context["typed"]) | {"seen": page.context["seen"], "then": page.context["then"]}
        answer = as_applicant.post(step_url(application, "why"), sent | choice)
        assert answer.url == reverse("application", args=[application.pk])
        application.refresh_from_db()
        assert (application.why, application.role_aimed_for) == stored

    def test_a_third_version_meanwhile_is_compared_again(
        self, as_applicant, applicant, application, outdated
    ):
        page = as_applicant.post(step_url(application, "why"), outdated)
        drafting.save_answers(application=application, by=applicant, answers={"why": "Third."}, now=NOW)
        sent = dict(page.context["typed"]) | {"seen": page.context["seen"], "keep": "typed"}
        again = as_applicant.post(step_url(application, "why"), sent)
        assert ("why", "Third.", "Second.") in [
            (each.name, each.saved, each.typed) for each in again.context["differences"]
        ]
        application.refresh_from_db()
        assert application.why == "Third."

    def test_choices_of_several_come_along(self, as_applicant, applicant, application, cohort):
        six = competencies(cohort)
        seen = seen_of(application, Step.PROJECT)
        drafting.save_answers(
            application=application, by=applicant, answers={"project_title": "One"}, now=NOW
        )
        sent = {"project_title": "Two", "project_competencies": [six[0].pk, six[1].pk], "seen": seen}
        page = as_applicant.post(step_url(application, "project"), sent)
        assert page.context["typed"] == [
            ("project_title", "Two"),
            ("project_competencies", str(six[0].pk)),
            ("project_competencies", str(six[1].pk)),
        ]

    def test_ratings_are_chosen_with_their_sentences(self, as_applicant, applicant, application, cohort):
        first, second, *_ = competencies(cohort)
        seen = seen_of(application, Step.COMPETENCIES)
        stored = {first: ("grow", "Saved."), second: ("glow", "Saved.")}
        drafting.save_ratings(application=application, by=applicant, ratings=stored, now=NOW)
        typed = {
            f"rating_{first.pk}": "neither",
            f"sentence_{first.pk}": "Typed.",
            f"rating_{second.pk}": "neither",
            f"sentence_{second.pk}": "Typed.",
        }
        page = as_applicant.post(step_url(application, "competencies"), typed | {"seen": seen})
        assert [each.label for each in page.context["differences"]] == [first.name, second.name]
        choice = {"keep": "chosen", f"keep_rating_{first.pk}": "typed", f"keep_rating_{second.pk}": "saved"}
        as_applicant.post(
            step_url(application, "competencies"), typed | choice | {"seen": page.context["seen"]}
        )
        rows = [(each.rating, each.sentence) for each in application.ratings.all()]
        assert rows == [("neither", "Typed."), ("glow", "Saved.")]


class TestSentMeanwhile:
    def test_what_was_typed_is_shown_to_be_copied(self, as_applicant, applicant, cohort):
        application = submitted(applicant, cohort)
        page = as_applicant.post(step_url(application, "why"), {"why": "Too late.", "then": "leave"})
        assert page.status_code == 403
        assert "Too late." in words(page)
        assert "Save what I typed" not in words(page)


class TestSignedOut:
    """What was typed outlives the sign-in, and is saved by nobody but the signed-in applicant."""

    @pytest.fixture
    def strict(self, applicant):
        client = Client(enforce_csrf_checks=True)
        client.force_login(applicant)
        return client

    def token(self, page) -> str:
        return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())[1]

    def test_htmx_is_told_to_sign_in_again_and_nothing_is_saved(self, client, application):
        answer = client.post(step_url(application, "why"), {"why": "Typed."}, headers={**HTMX, **FROM_HERE})
        assert answer.status_code == 401
        page = words(answer)
        assert "You are signed out." in page
        assert f'href="/accounts/login/?next={step_url(application, "why")}" target="_blank"' in page
        application.refresh_from_db()
        assert application.why == ""

    def test_a_button_brings_every_word_back(self, client, application):
        sent = {"why": "Two\nlines & <b>", "role_aimed_for": "", "seen": "abc", "then": "leave", "other": "x"}
        page = client.post(step_url(application, "why"), sent, headers=FROM_HERE)
        assert page.status_code == 403
        assert page.context["typed"] == [("why", "Two\nlines & <b>")]
        assert page.context["carried"] == [("seen", "abc"), ("then", "leave")]
        assert "no-store" in page["Cache-Control"]
        html = page.content.decode()
        assert 'name="why" value="Two\nlines &amp; &lt;b&gt;"' in html
        assert 'name="other"' not in html
        assert "Sign in again in another tab" in html
        assert settings.SESSION_COOKIE_NAME not in client.cookies  # nothing is kept here

    def test_after_signing_in_again_the_second_press_saves(self, strict, applicant, application):
        page = strict.get(step_url(application, "why"))
        old = self.token(page)
        strict.logout()
        sent = {"why": "Typed.", "then": "leave", "seen": seen_of(application, Step.WHY)}
        page = strict.post(
            step_url(application, "why"), sent | {"csrfmiddlewaretoken": old}, headers=FROM_HERE
        )
        assert "Your sign-in has ended." in words(page)
        strict.force_login(applicant)
        page = strict.post(
            step_url(application, "why"), sent | {"csrfmiddlewaretoken": "0" * 64}, headers=FROM_HERE
        )
        assert page.status_code == 403
        assert "You have signed in again" in words(page)
        application.refresh_from_db()
        assert application.why == ""
        answer = strict.post(step_url(application, "why"), sent | {"csrfmiddlewaretoken": self.token(page)})
        assert answer.url == reverse("application", args=[application.pk])
        application.refresh_from_db()
        assert application.why == "Typed."

    @pytest.mark.parametrize(
        "headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.org"}]
    )
    def test_another_sites_form_is_not_shown_as_ones_own_words(self, strict, application, headers):
        page = strict.post(step_url(application, "why"), {"why": "Not mine."}, headers=headers)
        assert page.status_code == 403
        assert "Not mine." not in words(page)
        application.refresh_from_db()
        assert application.why == ""

    def test_a_browser_that_says_only_its_origin_is_believed(self, client, application):
        page = client.post(
            step_url(application, "why"), {"why": "Typed."}, headers={"Origin": "http://testserver"}
        )
        assert page.context["typed"] == [("why", "Typed.")]

    def test_without_answers_the_sign_in_page_comes_at_once(self, client, application):
        url = step_url(application, "why")
        for answer in (client.get(url), client.post(url, headers=FROM_HERE)):
            assert answer.url == f"/accounts/login/?next={url}"

    def test_a_signature_is_given_anew_in_sight_of_what_it_signs(self, client, application):
        url = reverse("application_review", args=[application.pk])
        answer = client.post(url, {"why": "Typed.", "typed_name": "Ana"}, headers=FROM_HERE)
        assert answer.url == f"/accounts/login/?next={url}"


class TestSentTwice:
    """Reloading, going back, a double click: one application, one submission."""

    def test_start(self, as_applicant, cohort):
        for _ in range(3):
            as_applicant.post(reverse("application_start", args=[cohort.pk]))
        assert Application.objects.count() == 1

    def test_a_step(self, as_applicant, application):
        sent = {"why": "Once.", "then": "continue", "seen": seen_of(application, Step.WHY)}
        first, second = (as_applicant.post(step_url(application, "why"), sent) for _ in range(2))
        assert first.url == second.url == step_url(application, "competencies")
        application.refresh_from_db()
        assert application.why == "Once."

    def test_ratings(self, as_applicant, application, cohort):
        first = competencies(cohort)[0]
        sent = {f"rating_{first.pk}": "grow", "seen": seen_of(application, Step.COMPETENCIES)}
        for _ in range(2):
            assert as_applicant.post(step_url(application, "competencies"), sent).status_code == 302
        assert application.ratings.count() == 1

    def test_the_signature(self, as_applicant, applicant, cohort):
        application = submit(draft(applicant, cohort))
        answer = as_applicant.post(
            reverse("application_review", args=[application.pk]), {"typed_name": applicant.name}
        )
        assert answer.url == reverse("application", args=[application.pk])
        assert SignOff.objects.count() == 1
        assert Message.objects.filter(kind="application_submitted").count() == 1


class TestFromAnEarlierOne:
    def test_the_last_application_is_offered_and_copied(
        self, as_applicant, applicant, cohort, program, branch
    ):
        earlier = draft(applicant, cohort)
        later = factories.cohort(program, branch, name="2028")
        page = words(as_applicant.get(reverse("applications")))
        assert f"Start from your application to the {cohort}" in page
        url = reverse("application_start", args=[later.pk])
        for _ in range(2):
            answer = as_applicant.post(url, {"from": earlier.pk})
        new = Application.objects.get(cohort=later)
        assert answer.url == step_url(new, "about")
        assert (new.why, new.concept_director_date) == (ANSWERS["why"], None)

    @pytest.mark.parametrize("given", ["0", "99999", "x", "-1", "²"])
    def test_from_what_is_not_ones_own_is_not_found(self, as_applicant, cohort, given):
        url = reverse("application_start", args=[cohort.pk])
        assert as_applicant.post(url, {"from": given}).status_code == 404
        assert not Application.objects.exists()

    def test_whoever_applies_for_the_first_time_is_offered_nothing(self, as_applicant, cohort):
        assert "Start from your application" not in words(as_applicant.get(reverse("applications")))


class TestGuidance:
    def test_each_question_has_help_and_an_example(self, as_applicant, application):
        """A4: each letter of SMART one of its own."""
        for step in (Step.WHY, Step.PROJECT):
            page = words(as_applicant.get(step_url(application, step.value)))
            for name in answers.FIELDS[step]:
                if name.startswith("concept_"):  # a day needs none
                    continue
                assert guidance.EXAMPLES[name] in page
                assert escape(guidance.SMART.get(name) or guidance.HELP[name]) in page
        assert set(Application.SMART) == set(guidance.SMART) <= set(guidance.EXAMPLES)

    def test_every_field_says_who_reads_it(self, as_applicant, application):
        counts = {
            step: words(as_applicant.get(step_url(application, step))).count("Who reads this:")
            for step in ("why", "competencies", "project")
        }
        assert counts == {"why": 4, "competencies": 6, "project": 11}
