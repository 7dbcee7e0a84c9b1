"""The applicant's pages: every step through the client, and what each page refuses (A1–A7, A11, A12, F2–F4)."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from applications import checks, drafting, workflow
from applications.models import Application
from coaching.enrollment import leave
from coaching.models import Delegation, DirectoryCorrection, Message, RoleAssignment
from tests import factories
from tests.applications.counting import queries
from tests.applications.factories import (
    ANSWERS,
    accepted,
    at_deputy,
    competencies,
    decide,
    draft,
    submit,
    submitted,
)
from tests.clock import NOW, TODAY

Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]


@pytest.fixture
def as_applicant(client, applicant):
    client.force_login(applicant)
    return client


def step_url(application: Application, step: str) -> str:
    return reverse("application_step", args=[application.pk, step])


def words(response) -> str:
    """The page as text, with any run of white space as one blank."""
    return " ".join(response.content.decode().split())


class TestIndex:
    def test_open_cohort_is_offered_with_all_one_needs_to_know(self, as_applicant, cohort):
        """F2, F3, A12."""
        page = words(as_applicant.get(reverse("applications")))
        assert "Thursday, December 31, 2026" in page
        assert "Eight meetings of two hours" in page
        assert "does not assure advancement" in page
        assert "Program coordinator" in page
        assert "coaching@example.org" in page
        assert "(555) 555-0100" in page

    def test_cohort_of_another_branch_is_not_offered(self, as_applicant, org, program):
        """F5."""
        branch = factories.unit("branch", "Other Branch", parent=org.department)
        other = factories.cohort(program, branch, name="Foreign")
        assert "Foreign" not in words(as_applicant.get(reverse("applications")))
        assert as_applicant.post(reverse("application_start", args=[other.pk])).status_code == 404

    def test_cohort_that_is_closed_is_not_offered(self, as_applicant, applicant, cohort):
        with time_machine.travel(NOW + timedelta(days=40), tick=False):
            as_applicant.force_login(applicant)
            page = words(as_applicant.get(reverse("applications")))
        assert "Nothing is open for applications now" in page

    def test_three_rows_take_as_many_queries_as_one(self, as_applicant, applicant, program, branch):
        def add() -> None:
            drafting.start(cohort=factories.cohort(program, branch), by=applicant, now=NOW)
            factories.cohort(program, branch)

        add()
        one = queries(as_applicant, reverse("applications"))
        add()
        add()
        assert queries(as_applicant, reverse("applications")) == one


class TestSteps:
    def test_start_twice_opens_the_same_application(self, as_applicant, cohort):
        url = reverse("application_start", args=[cohort.pk])
        first, second = as_applicant.post(url), as_applicant.post(url)
        assert first.status_code == 302
        assert first.url == second.url == step_url(Application.objects.get(), "about")

    def test_start_by_get_starts_nothing(self, as_applicant, cohort):
        answer = as_applicant.get(reverse("application_start", args=[cohort.pk]))
        assert answer.url == reverse("applications")
        assert not Application.objects.exists()

    def test_about_shows_directory_and_route(self, as_applicant, applicant, cohort):
        """A1, A9: the route before anything is signed."""
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        page = words(as_applicant.get(step_url(application, "about")))
        for shown in ("Education Programs Consultant", "Nutrition Division", "Field Unit", "Sam Supervisor"):
            assert shown in page
        assert page.index("Sam Supervisor") < page.index("Dana Director") < page.index("Derek Deputy")

    def test_a_wrong_entry_is_reported_to_the_branch_office(self, as_applicant, applicant, cohort):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        url = reverse("application_correct", args=[application.pk])
        response = as_applicant.post(url, {"field": "supervisor", "says": "Nora New"})
        assert response.url == step_url(application, "about")
        correction = DirectoryCorrection.objects.get()
        assert (correction.user, correction.field, correction.says) == (applicant, "supervisor", "Nora New")
        assert "Nora New" in words(as_applicant.get(response.url))

    def test_a_wrong_entry_without_a_word_is_asked_again(self, as_applicant, applicant, cohort):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        url = reverse("application_correct", args=[application.pk])
        response = as_applicant.post(url, {"field": "name", "says": ""})
        assert response.status_code == 200
        assert not DirectoryCorrection.objects.exists()

    def test_every_step_says_voluntary_contact_and_readers(self, as_applicant, applicant, cohort):
        """F3, A12."""
        application = draft(applicant, cohort)
        for step in ("about", "why", "competencies", "project"):
            page = words(as_applicant.get(step_url(application, step)))
            assert "does not assure advancement" in page
            assert "coaching@example.org" in page
            assert "Who reads this:" in page

    def test_step_saves_incomplete_answers_and_goes_on(self, as_applicant, applicant, cohort):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        response = as_applicant.post(step_url(application, "why"), {"why": "To learn.", "then": "continue"})
        assert response.url == step_url(application, "competencies")
        application.refresh_from_db()
        assert (application.why, application.role_aimed_for) == ("To learn.", "")

    def test_step_saves_and_leaves(self, as_applicant, applicant, cohort):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        response = as_applicant.post(step_url(application, "why"), {"why": "To learn.", "then": "leave"})
        assert response.url == reverse("application", args=[application.pk])

    def test_competencies_are_rated(self, as_applicant, applicant, cohort):
        """A6."""
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        six = competencies(cohort)
        sent = {
            f"rating_{six[0].pk}": "grow",
            f"sentence_{six[0].pk}": "To listen.",
            f"rating_{six[1].pk}": "glow",
        }
        response = as_applicant.post(step_url(application, "competencies"), sent)
        assert response.url == step_url(application, "project")
        rows = [(row.competency, row.rating, row.sentence) for row in application.ratings.all()]
        assert rows == [(six[0], "grow", "To listen."), (six[1], "glow", "")]

    def test_competencies_show_their_skills(self, as_applicant, applicant, cohort):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        page = words(as_applicant.get(step_url(application, "competencies")))
        assert "Relationship building, influencing others" in page

    def test_an_unknown_rating_is_not_saved(self, as_applicant, applicant, cohort):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        sent = {f"rating_{competencies(cohort)[0].pk}": "brilliant"}
        assert as_applicant.post(step_url(application, "competencies"), sent).status_code == 200
        assert not application.ratings.exists()

    def test_project_has_the_questions_beside_it(self, as_applicant, applicant, cohort):
        """A5, A4."""
        page = words(
            as_applicant.get(step_url(drafting.start(cohort=cohort, by=applicant, now=NOW), "project"))
        )
        assert "close the achievement gap" in page
        assert "benefit the whole child" in page
        assert "What will you count or compare" in page

    def test_project_is_saved_with_its_dates(self, as_applicant, applicant, cohort):
        """A2, A3."""
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        six = competencies(cohort)
        sent = {
            "project_title": "One form",
            "project_competencies": [six[0].pk, six[4].pk],
            "concept_supervisor_date": "2026-11-05",
        }
        response = as_applicant.post(step_url(application, "project"), sent)
        assert response.url == reverse("application_review", args=[application.pk])
        application.refresh_from_db()
        assert application.project_title == "One form"
        assert application.concept_supervisor_date == date(2026, 11, 5)
        assert application.concept_director_date is None
        assert set(application.project_competencies.all()) == {six[0], six[4]}

    def test_a_fresh_step_complains_of_nothing(self, as_applicant, applicant, cohort):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        for step in ("why", "competencies", "project"):
            response = as_applicant.get(step_url(application, step))
            assert response.context["lacking"] == []
            assert "Still missing" not in words(response)

    def test_a_reopened_step_lists_what_is_missing_and_says_it_at_the_field(
        self, as_applicant, applicant, cohort
    ):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        response = as_applicant.post(
            step_url(application, "why"), {"why": "To learn.", "then": "continue"}, follow=True
        )
        assert "3 answers are still missing in “Why you want to take part”" in words(response)
        response = as_applicant.get(step_url(application, "why"))
        assert [finding.field for finding in response.context["lacking"]] == [
            "development",
            "role_aimed_for",
            "ultimate_position",
        ]
        page = words(response)
        assert '<a href="#id_role_aimed_for">Name the leadership role you aim for.</a>' in page
        assert "Before you submit: Name the leadership role you aim for." in page

    def test_ratings_without_one_to_grow_in_are_told_on_their_step(self, as_applicant, applicant, cohort):
        """A6."""
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        six = competencies(cohort)
        as_applicant.post(step_url(application, "competencies"), {f"rating_{six[0].pk}": "glow"})
        page = words(as_applicant.get(step_url(application, "competencies")))
        assert "Choose at least one competency you want to grow in." in page
        assert f'href="#id_rating_{six[1].pk}_0"' in page
        assert f'id="id_rating_{six[1].pk}_0"' in page
        assert page.count("Before you submit: Rate") == 5

    def test_a_date_still_to_come_is_told_at_its_field(self, as_applicant, applicant, cohort):
        """A3."""
        application = draft(applicant, cohort, concept_director_date=date(2027, 11, 9))
        form = as_applicant.get(step_url(application, "project")).context["form"]
        assert "is still to come" in form.fields["concept_director_date"].help_text
        assert "Before you submit" not in form.fields["concept_supervisor_date"].help_text

    def test_required_questions_are_marked(self, as_applicant, applicant, cohort):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        marked = {
            name
            for step in ("why", "project")
            for name, field in as_applicant.get(step_url(application, step)).context["form"].fields.items()
            if "(required)" in field.label
        }
        assert marked == {finding.field for finding in checks.missing(application, on=TODAY)} - {
            f"rating_{each.pk}" for each in competencies(cohort)
        } - {""}

    def test_too_long_a_title_is_told_and_kept(self, as_applicant, applicant, cohort):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        page = words(as_applicant.get(step_url(application, "project")))
        assert "At most 200 characters." in page
        assert "maxlength" not in page
        response = as_applicant.post(
            step_url(application, "project"), {"project_title": "x" * 201, "project_outcome": "Kept."}
        )
        assert response.status_code == 200
        form = response.context["form"]
        assert form.errors == {"project_title": ["Use at most 200 characters; these are 201."]}
        assert (form["project_title"].value(), form["project_outcome"].value()) == ("x" * 201, "Kept.")

    def test_unknown_step_is_not_found(self, as_applicant, applicant, cohort):
        application = drafting.start(cohort=cohort, by=applicant, now=NOW)
        assert as_applicant.get(step_url(application, "salary")).status_code == 404

    def test_steps_of_a_submitted_application_lead_to_its_page(self, as_applicant, applicant, cohort):
        application = submitted(applicant, cohort)
        url = reverse("application", args=[application.pk])
        for step in ("about", "why", "competencies", "project"):
            assert as_applicant.get(step_url(application, step)).url == url
            assert as_applicant.post(step_url(application, step), {"then": "leave"}).url == url
        assert as_applicant.get(reverse("application_review", args=[application.pk])).url == url
        application.refresh_from_db()
        assert application.why == ANSWERS["why"]


class TestOfficerApplies:
    """T10: told before they begin and before they sign."""

    @pytest.fixture
    def officer(self, client, branch_officer, supervisor):
        branch_officer.supervisor = supervisor
        branch_officer.save()
        client.force_login(branch_officer)
        return branch_officer

    def test_the_pages_name_who_goes_on_with_the_cohort(self, client, officer, cohort):
        factories.officer(cohort.branch, "Bea Branchoffice")
        assert "Bea Branchoffice goes on with it." in words(client.get(reverse("applications")))
        application = draft(officer, cohort)
        for address in (step_url(application, "about"), reverse("application_review", args=[application.pk])):
            page = words(client.get(address))
            assert "Whoever applies has no office rights over the" in page
            assert "Bea Branchoffice goes on with it." in page
        assert "no office rights" not in words(client.get(step_url(application, "why")))

    def test_the_only_officer_is_told_to_have_another_named_first(self, client, officer, cohort):
        page = words(client.get(reverse("applications")))
        assert "Nobody else has that office" in page
        assert "Start an application" not in page
        client.post(reverse("application_start", args=[cohort.pk]))
        assert not Application.objects.exists()

    def test_who_became_the_only_one_meanwhile_cannot_send_it(self, officer, cohort):
        """Another officer who has applied as well does not count."""
        other = factories.officer(cohort.branch, "Bea Branchoffice")
        application = draft(officer, cohort)
        with pytest.raises(drafting.NotOpen, match="the only one in the branch office"):
            drafting.start(cohort=cohort, by=other, now=NOW)
        RoleAssignment.objects.filter(user=other).delete()
        with pytest.raises(drafting.NotOpen, match="the only one in the branch office"):
            submit(application)

    def test_others_read_nothing_of_it(self, client, as_applicant, applicant, cohort):
        assert "office rights" not in words(client.get(reverse("applications")))
        assert "office rights" not in words(client.get(step_url(draft(applicant, cohort), "about")))


class TestTooLate:
    """A draft after the closing day."""

    @pytest.fixture
    def late(self, as_applicant, applicant, cohort):
        application = draft(applicant, cohort)
        with time_machine.travel(NOW + timedelta(days=40), tick=False):
            as_applicant.force_login(applicant)
            yield application

    @pytest.mark.parametrize("page", ["about", "why", "review", "show"])
    def test_every_page_says_it_is_kept_and_whom_to_ask(self, as_applicant, late, page):
        addresses = {
            "review": reverse("application_review", args=[late.pk]),
            "show": reverse("application", args=[late.pk]),
        }
        shown = words(as_applicant.get(addresses.get(page) or step_url(late, page)))
        assert "They closed on Thursday, December 31, 2026, before this one was sent." in shown
        assert "Your draft is kept" in shown
        assert "whether there is more time" in shown
        assert "Sign and submit it by" not in shown

    def test_the_list_asks_nobody_to_go_on(self, as_applicant, late):
        shown = words(as_applicant.get(reverse("applications")))
        assert "Applications closed on Thursday, December 31, 2026; your draft is kept" in shown
        assert "Go on<" not in shown

    def test_more_time_lets_it_go_on(self, as_applicant, late, cohort):
        cohort.applications_close_date = date(2027, 1, 15)
        cohort.save()
        assert "Your draft is kept" not in words(as_applicant.get(step_url(late, "why")))

    def test_a_returned_one_was_in_time(self, client, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        workflow.return_for_changes(application=application, by=supervisor, comment="Change.", now=NOW)
        with time_machine.travel(NOW + timedelta(days=40), tick=False):
            client.force_login(applicant)
            assert "Your draft is kept" not in words(client.get(step_url(application, "why")))


class TestReview:
    def url(self, application: Application) -> str:
        return reverse("application_review", args=[application.pk])

    def data(self, application: Application, **changes: object) -> dict[str, object]:
        whole = {
            "digest": drafting.preview(application, now=NOW).digest,
            "benefits_acknowledged": "on",
            "voluntary_acknowledged": "on",
            "commitment_made": "on",
            "typed_name": "ana applicant",
        }
        return {key: value for key, value in {**whole, **changes}.items() if value is not None}

    def test_missing_answers_link_to_their_field(self, as_applicant, applicant, cohort):
        application = draft(applicant, cohort, role_aimed_for="")
        page = words(as_applicant.get(self.url(application)))
        link = f'<a href="{step_url(application, "why")}#id_role_aimed_for">Name the leadership role'
        assert link in page
        assert "Sign and submit</button>" not in page

    def test_weak_answers_warn_and_can_be_submitted(self, as_applicant, applicant, cohort):
        """A4, A6."""
        application = draft(applicant, cohort, timely="Soon", specific="")
        page = words(as_applicant.get(self.url(application)))
        assert "“Timely” has a very short answer" in page
        assert "“Specific” has no answer yet" in page
        assert as_applicant.post(self.url(application), self.data(application)).status_code == 302

    def test_page_shows_text_route_and_what_is_acknowledged(self, as_applicant, applicant, cohort):
        """F2, F3, A7, A9."""
        application = draft(applicant, cohort)
        response = as_applicant.get(self.url(application))
        assert drafting.preview(application, now=NOW).text == response.context["preview"].text
        page = words(response)
        assert "Your application will go to" in page
        assert "work on a project that matters to your division" in page
        assert "at least one meeting every month" in page

    def test_sign_and_submit(self, as_applicant, applicant, cohort):
        application = draft(applicant, cohort)
        response = as_applicant.post(self.url(application), self.data(application))
        assert response.url == reverse("application", args=[application.pk])
        application.refresh_from_db()
        assert application.status == Status.IN_REVIEW
        assert "It is with Sam Supervisor" in words(as_applicant.get(response.url))

    def test_sending_the_form_twice_submits_once(self, as_applicant, applicant, cohort):
        application = draft(applicant, cohort)
        sent = self.data(application)
        as_applicant.post(self.url(application), sent)
        assert as_applicant.post(self.url(application), sent).status_code == 302
        assert application.review_steps.count() == 3
        assert Message.objects.filter(kind="application_to_sign").count() == 1

    @pytest.mark.parametrize(
        "field", ["benefits_acknowledged", "voluntary_acknowledged", "commitment_made", "typed_name"]
    )
    def test_everything_is_needed_to_sign(self, as_applicant, applicant, cohort, field):
        """F2, F3, A7."""
        application = draft(applicant, cohort)
        response = as_applicant.post(self.url(application), self.data(application, **{field: None}))
        assert response.status_code == 200
        assert field in response.context["form"].errors
        application.refresh_from_db()
        assert application.status == Status.DRAFT

    def test_another_name_is_refused(self, as_applicant, applicant, cohort):
        application = draft(applicant, cohort)
        page = words(as_applicant.post(self.url(application), self.data(application, typed_name="A. Nother")))
        assert "type your name exactly as it is on record: Ana Applicant" in page

    def test_a_text_that_changed_has_to_be_read_again(self, as_applicant, applicant, cohort):
        application = draft(applicant, cohort)
        sent = self.data(application)
        changed = drafting.save_answers(
            application=application, by=applicant, answers={"why": "New."}, now=NOW
        )
        response = as_applicant.post(self.url(application), sent)
        assert "Please read the text again" in words(response)
        fresh = response.context["form"]
        assert fresh.initial["digest"] == drafting.preview(changed, now=NOW).digest
        assert not fresh.is_bound  # nothing that was checked before stays checked
        application.refresh_from_db()
        assert application.status == Status.DRAFT

    def test_after_the_deadline_the_form_is_gone(self, as_applicant, applicant, cohort):
        application = draft(applicant, cohort)
        sent = self.data(application)
        with time_machine.travel(NOW + timedelta(days=40), tick=False):
            as_applicant.force_login(applicant)
            page = words(as_applicant.get(self.url(application)))
            as_applicant.post(self.url(application), sent)
        assert "They closed on Thursday, December 31, 2026" in page
        assert "Sign and submit</button>" not in page
        application.refresh_from_db()
        assert application.status == Status.DRAFT

    def test_a_missing_signer_is_said_and_reported(
        self, as_applicant, applicant, org, cohort, branch_officer
    ):
        """A9."""
        application = draft(applicant, cohort)
        org.division.head = None
        org.division.save()
        page = words(as_applicant.get(self.url(application)))
        assert "The post Division Director, Nutrition Division, is vacant" in page
        assert "coaching@example.org" in page
        assert not Message.objects.filter(kind="application_route_problem").exists()
        for _ in range(2):
            as_applicant.post(self.url(application))
        assert [m.recipient for m in Message.objects.filter(kind="application_route_problem")] == [
            branch_officer
        ]


class TestShow:
    def page(self, client, application: Application) -> str:
        return words(client.get(reverse("application", args=[application.pk])))

    def test_waiting_says_with_whom_since_when_and_by_when(self, as_applicant, applicant, cohort):
        page = self.page(as_applicant, submitted(applicant, cohort))
        assert "It is with Sam Supervisor" in page
        assert "Monday, November 23, 2026" in page
        assert "Monday, November 30, 2026" in page
        assert "It goes to Dana Director, Division Director." in page

    def test_declined_gives_the_reason_and_a_next_step(self, as_applicant, applicant, supervisor, cohort):
        """A11."""
        application = submitted(applicant, cohort)
        workflow.decline(application=application, by=supervisor, reason="No time this year.", now=NOW)
        page = self.page(as_applicant, application)
        assert "Sam Supervisor does not support it this time" in page
        assert "No time this year." in page
        assert "Talk with Sam Supervisor about what would make another application stronger." in page
        assert "when the next program opens" in page

    def test_not_selected_gives_the_reason_and_a_next_step(self, as_applicant, applicant, deputy, cohort):
        """A11."""
        page = self.page(as_applicant, decide(at_deputy(applicant, cohort), deputy, "not_selected"))
        assert "All seats are taken." in page
        assert "Talk with your supervisor about what would make another application stronger." in page
        assert "when the next program opens" in page

    def test_overdue_is_said(self, as_applicant, applicant, cohort):
        application = submitted(applicant, cohort)
        with time_machine.travel(NOW + timedelta(days=8), tick=False):
            as_applicant.force_login(applicant)
            assert "It is taking longer than planned" in self.page(as_applicant, application)

    def test_returned_shows_the_comment(self, as_applicant, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        workflow.return_for_changes(application=application, by=supervisor, comment="Name a number.", now=NOW)
        page = self.page(as_applicant, application)
        assert "Name a number." in page
        assert "Change and submit again" in page

    def test_accepted_says_what_comes_next(self, as_applicant, applicant, cohort):
        page = self.page(as_applicant, accepted(applicant, cohort))
        assert "Welcome to the program" in page
        assert "Withdraw</a>" not in page

    def test_whoever_left_is_not_welcomed(self, as_applicant, applicant, cohort):
        """F3"""
        application = accepted(applicant, cohort)
        leave(participant=applicant.participations.get(), by=applicant, reason="", now=NOW)
        page = self.page(as_applicant, application)
        assert "Your participation ended on Monday, November 23, 2026." in page
        assert reverse("project", args=[applicant.participations.get().pk]) in page
        assert "Welcome to the program" not in page

    def test_the_outcome_is_shown_with_its_reason_but_not_the_assessment(
        self, as_applicant, applicant, deputy, cohort
    ):
        """A11, M17."""
        application = decide(at_deputy(applicant, cohort), deputy, "waitlisted", reason="Twelve were first.")
        page = self.page(as_applicant, application)
        assert "Twelve were first." in page
        assert "Has led two working groups" not in page

    def test_text_shows_who_signed(self, as_applicant, applicant, cohort):
        application = at_deputy(applicant, cohort)
        url = reverse("application_text", args=[application.pk, application.current_text_id])
        response = as_applicant.get(url)
        assert response.context["signed"].text == application.current_text.text
        assert [each.signer.name for each in response.context["sign_offs"]] == [
            "Ana Applicant",
            "Sam Supervisor",
            "Dana Director",
        ]

    def test_text_of_another_application_is_not_found(self, as_applicant, applicant, org, supervisor, cohort):
        other = factories.person("Other Person", unit=org.unit, supervisor=supervisor)
        foreign = submitted(other, cohort)
        own = submitted(applicant, cohort)
        url = reverse("application_text", args=[own.pk, foreign.current_text_id])
        assert as_applicant.get(url).status_code == 404


class TestWhoHasIt:
    def test_names_who_can_act_in_their_place(self, as_applicant, applicant, supervisor, outsider, cohort):
        """A9: while somebody stands in, nobody thinks that it lies."""
        application = submitted(applicant, cohort)
        address = reverse("application", args=[application.pk])
        assert "in Sam Supervisor’s place" not in words(as_applicant.get(address))
        Delegation.objects.create(
            kind="delegate",
            principal=supervisor,
            person=outsider,
            reason="Leave.",
            start_date=TODAY,
            end_date=TODAY,
        )
        assert "Otto Outsider can sign in Sam Supervisor’s place." in words(as_applicant.get(address))


class TestWithdraw:
    def test_a_withdrawn_one_leads_to_what_is_open(self, as_applicant, applicant, cohort):
        application = submitted(applicant, cohort)
        workflow.withdraw(application=application, by=applicant, now=NOW)
        page = words(as_applicant.get(reverse("application", args=[application.pk])))
        assert "You have withdrawn it" in page
        assert "See what is open" in page

    def test_withdraw_asks_first(self, as_applicant, applicant, cohort):
        """F3."""
        application = submitted(applicant, cohort)
        url = reverse("application_withdraw", args=[application.pk])
        assert "Withdraw your application?" in words(as_applicant.get(url))
        application.refresh_from_db()
        assert application.status == Status.IN_REVIEW
        assert as_applicant.post(url).url == reverse("application", args=[application.pk])
        application.refresh_from_db()
        assert application.status == Status.WITHDRAWN

    def test_withdraw_after_the_decision_is_explained(self, as_applicant, applicant, cohort):
        application = accepted(applicant, cohort)
        url = reverse("application_withdraw", args=[application.pk])
        assert as_applicant.get(url).status_code == 302
        page = words(as_applicant.post(url, follow=True))
        assert "This application has been decided: accepted." in page


@pytest.mark.parametrize(
    "name", ["application", "application_review", "application_withdraw", "application_correct"]
)
def test_drafts_are_seen_by_nobody_else(
    client, applicant, supervisor, director, deputy, branch_officer, outsider, administrator, cohort, name
):
    application = draft(applicant, cohort)
    url = reverse(name, args=[application.pk])
    for user in (supervisor, director, deputy, branch_officer, outsider, administrator):
        client.force_login(user)
        method = client.post if name == "application_correct" else client.get
        assert method(url).status_code == 404
