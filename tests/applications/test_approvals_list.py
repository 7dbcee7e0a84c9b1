"""The list of a signer: what waits, what was acted on, narrowed down and read in place (A9, M17)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from applications import reading, workflow
from applications.models import Application
from coaching.models import Delegation
from tests.applications.counting import queries
from tests.applications.factories import accepted, at_deputy, decide, sign, submitted
from tests.applications.reading import another, words
from tests.clock import NOW, TODAY

Status = Application.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]


def url(name: str, application: Application) -> str:
    return reverse(name, args=[application.pk])


class TestList:
    def page(self, client, user) -> str:
        client.force_login(user)
        return words(client.get(reverse("approvals")))

    def test_shows_what_waits_oldest_first(self, client, org, applicant, supervisor, cohort):
        later = submitted(another(org, supervisor, "Zoe Later"), cohort, now=NOW)
        earlier = submitted(applicant, cohort, now=NOW - timedelta(days=3))
        client.force_login(supervisor)
        response = client.get(reverse("approvals"))
        rows = response.context["rows"]
        assert [row.about.application_id for row in rows] == [earlier.pk, later.pk]
        assert all(f'<a href="{url("approval", each)}">' in response.text for each in (earlier, later))
        assert [row.about.post for row in rows] == ["Supervisor", "Supervisor"]

    def test_says_since_when_by_when_and_overdue(self, client, applicant, supervisor, cohort):
        submitted(applicant, cohort, now=NOW - timedelta(days=9))
        page = self.page(client, supervisor)
        assert "Sat, Nov 14, 2026" in page
        assert "Sat, Nov 21, 2026" in page
        assert "Overdue" in page

    def test_says_for_whom_a_delegate_signs(self, client, applicant, supervisor, outsider, cohort):
        """A9."""
        Delegation.objects.create(
            kind="delegate",
            principal=supervisor,
            person=outsider,
            reason="Leave.",
            start_date=TODAY,
            end_date=TODAY,
        )
        submitted(applicant, cohort)
        assert "for Sam Supervisor" in self.page(client, outsider)

    def test_empty_for_whom_nothing_waits(self, client, applicant, director, cohort):
        submitted(applicant, cohort)
        assert "Nothing waits for you" in self.page(client, director)

    def test_shows_what_was_acted_on_with_its_state(self, client, applicant, supervisor, cohort):
        application = accepted(applicant, cohort)
        client.force_login(supervisor)
        response = client.get(reverse("approvals"), {"show": "done"})
        assert [step.application for step in response.context["page"]] == [application]
        assert "Accepted" in words(response)

    def test_withdrawn_is_gone_for_who_had_signed(self, client, applicant, supervisor, cohort):
        """M17, F3."""
        application = sign(submitted(applicant, cohort), supervisor)
        workflow.withdraw(application=application, by=applicant, now=NOW)
        client.force_login(supervisor)
        assert "Ana Applicant" not in words(client.get(reverse("approvals"), {"show": "done"}))
        assert client.get(url("approval", application)).status_code == 404
        assert client.get(url("application", application)).status_code == 404

    def test_shows_the_waitlist_to_whom_decides(self, client, applicant, supervisor, deputy, cohort):
        application = decide(at_deputy(applicant, cohort), deputy, "waitlisted")
        assert "On the waitlist" in self.page(client, deputy)
        listed = client.get(reverse("approvals"), {"show": "waitlist"}).context["page"]
        assert [step.application for step in listed] == [application]
        assert "On the waitlist" not in self.page(client, supervisor)

    @pytest.mark.parametrize(
        "address", ["", "?show=waitlist", "?show=done", "?q=form&state=overdue", "opened"]
    )
    def test_three_rows_take_as_many_queries_as_one(self, client, org, supervisor, deputy, cohort, address):
        def add() -> None:
            later = submitted(another(org, supervisor), cohort, now=NOW - timedelta(days=9))
            decide(at_deputy(another(org, supervisor), cohort), deputy, "waitlisted")
            opened.append(later.pk)

        def numbers() -> list[int]:
            found = []
            for user in (supervisor, deputy):
                client.force_login(user)
                query = "?" + "&".join(f"open={pk}" for pk in opened) if address == "opened" else address
                found.append(queries(client, reverse("approvals") + query))
            return found

        opened: list[int] = []
        add()
        one = numbers()
        add()
        add()
        assert numbers() == one
        assert max(one) <= 12

    def test_no_choice_is_offered_where_there_is_but_one(self, client, applicant, supervisor, cohort):
        submitted(applicant, cohort)
        client.force_login(supervisor)
        assert list(client.get(reverse("approvals")).context["form"].fields) == ["q"]

    def test_the_link_in_the_head_counts_what_waits(self, client, applicant, supervisor, outsider, cohort):
        submitted(applicant, cohort)
        client.force_login(supervisor)
        links = {link.label: link.count for link in client.get("/").context["links"]}
        assert links["Approvals"] == 1
        client.force_login(outsider)
        assert "Approvals" not in {link.label for link in client.get("/").context["links"]}


class TestReadHere:
    """An application is read without leaving the list."""

    def opened(self, client, user, *applications):
        client.force_login(user)
        response = client.get(reverse("approvals"), {"open": [each.pk for each in applications]})
        return {row.about.application_id: row.reading for row in response.context["rows"]}, words(response)

    def test_shows_text_and_signatures_of_what_is_open(self, client, org, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        closed = submitted(another(org, supervisor), cohort)
        readings, page = self.opened(client, supervisor, application)
        assert readings[application.pk].text == application.current_text
        assert [each.signer for each in readings[application.pk].sign_offs] == [applicant]
        assert readings[closed.pk] is None
        assert page.count("Signed so far") == 1

    def test_opens_nothing_that_does_not_wait_for_this_person(
        self, client, applicant, supervisor, director, cohort
    ):
        application = submitted(applicant, cohort)
        readings, page = self.opened(client, director, application)
        assert readings == {}
        assert "School meals" not in page

    @pytest.mark.parametrize("asked", ["x", "", "-1", "99999999999999999999"])
    def test_a_number_that_is_none_opens_nothing(self, client, applicant, supervisor, cohort, asked):
        submitted(applicant, cohort)
        client.force_login(supervisor)
        rows = client.get(reverse("approvals"), {"open": asked}).context["rows"]
        assert [row.reading for row in rows] == [None]

    def test_what_was_opened_is_proven_to_its_reader_alone(
        self, client, applicant, supervisor, director, cohort
    ):
        application = submitted(applicant, cohort)
        token = self.opened(client, supervisor, application)[0][application.pk].token
        step = application.current_step()
        assert reading.proven([token, token + "x", ""], supervisor) == {step.pk: application.current_text_id}
        assert reading.proven([token], director) == {}

    def test_a_decision_is_not_signed_with_others(self, client, applicant, deputy, cohort):
        application = at_deputy(applicant, cohort)
        found = self.opened(client, deputy, application)[0][application.pk]
        assert found.decides
        assert found.token == ""
