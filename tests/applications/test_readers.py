"""Who reads which text: what one signed stays readable for its term, and nothing later comes with it (M17)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from applications import closing, readers, workflow
from applications.models import Application
from coaching.models import Delegation, SignedText
from tests import factories
from tests.applications.counting import queries
from tests.applications.factories import accepted, at_deputy, decide, draft, sign, submit, submitted
from tests.clock import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def reads(user, *, on=TODAY) -> set[int]:
    return set(readers.texts_visible_to(user, on=on).values_list("pk", flat=True))


def address(application: Application, text: SignedText) -> str:
    return reverse("application_text", args=[application.pk, text.pk])


def given_back(application: Application, by) -> Application:
    return workflow.return_for_changes(application=application, by=by, comment="Name a number.", now=NOW)


def changed(application: Application, **answers) -> Application:
    """Changed by its applicant, and submitted again."""
    return submit(draft(application.applicant, application.cohort, **answers))


@pytest.fixture
def moved(applicant, supervisor, director, org, cohort):
    """Signed by the supervisor, returned by the director, changed; meanwhile somebody else supervises the applicant."""
    first = given_back(sign(submitted(applicant, cohort), supervisor), director)
    applicant.supervisor = factories.person("Nina Newsupervisor", unit=org.unit, supervisor=director)
    applicant.save()
    return first.current_text, changed(first, timely="By May 1.")


class TestSigners:
    def test_a_signer_reads_the_text_they_signed_and_nothing_later(self, moved, supervisor):
        old, application = moved
        assert application.current_text != old
        assert reads(supervisor) == {old.pk}

    def test_the_old_text_says_that_it_is_no_longer_current(self, client, moved, supervisor):
        old, application = moved
        client.force_login(supervisor)
        page = client.get(address(application, old))
        assert page.context["signed"] == old
        assert "No longer current" in page.content.decode()
        assert "Sam Supervisor" in [each.typed_name for each in page.context["sign_offs"]]
        assert client.get(address(application, application.current_text)).status_code == 404

    def test_the_reading_page_does_not_show_the_later_text(self, client, moved, supervisor):
        _, application = moved
        client.force_login(supervisor)
        assert client.get(reverse("approval", args=[application.pk])).url == reverse(
            "application", args=[application.pk]
        )

    def test_the_signer_who_follows_reads_the_later_text_alone(self, moved, applicant):
        _, application = moved
        assert reads(applicant.supervisor) == {application.current_text_id}

    def test_who_was_not_reached_reads_nothing(self, applicant, director, outsider, cohort):
        submitted(applicant, cohort)
        assert reads(director) == reads(outsider) == set()

    def test_whoever_returned_a_text_reads_it_and_its_successor_once_reached(
        self, applicant, supervisor, director, cohort
    ):
        first = given_back(sign(submitted(applicant, cohort), supervisor), director)
        old, again = first.current_text, changed(first, timely="By May 1.")
        assert reads(director) == {old.pk}
        sign(again, supervisor)
        assert reads(director) == {old.pk, again.current_text_id}

    def test_a_signer_reads_on_after_every_outcome(self, applicant, supervisor, deputy, cohort):
        application = decide(at_deputy(applicant, cohort), deputy, "not_selected")
        assert reads(supervisor) == reads(deputy) == {application.current_text_id}

    def test_an_accepted_one_stays_readable(self, applicant, supervisor, director, cohort):
        application = accepted(applicant, cohort)
        assert reads(supervisor) == reads(director) == {application.current_text_id}

    def test_withdrawn_is_read_by_those_who_signed_and_by_no_other_signer(
        self, client, applicant, supervisor, director, cohort
    ):
        """M17: it had reached the director, who had not signed."""
        application = sign(submitted(applicant, cohort), supervisor)
        assert reads(director) == {application.current_text_id}
        application = workflow.withdraw(application=application, by=applicant, now=NOW)
        assert reads(supervisor) == {application.current_text_id}
        assert reads(director) == set()
        client.force_login(supervisor)
        page = client.get(address(application, application.current_text)).content.decode()
        assert "Ana Applicant withdrew this application" in page
        assert reverse("application", args=[application.pk]) + '"' not in page, "its page is closed to them"

    def test_closed_is_read_by_those_who_signed_and_by_no_other_signer(
        self, applicant, supervisor, director, branch_officer, cohort
    ):
        application = sign(submitted(applicant, cohort), supervisor)
        later = NOW + timedelta(days=60)
        (application,) = closing.close(
            applications=[application], reason="No time.", by=branch_officer, now=later
        )
        assert reads(supervisor) == {application.current_text_id}
        assert reads(director) == set()

    def test_principal_and_stand_in_both_read_what_was_signed_for_one_by_the_other(
        self, applicant, supervisor, outsider, cohort
    ):
        order = Delegation.objects.create(
            principal=supervisor,
            person=outsider,
            kind=Delegation.Kind.DELEGATE,
            start_date=TODAY,
            end_date=TODAY,
            reason="Vacation",
        )
        application = sign(submitted(applicant, cohort), outsider)
        assert order.sign_offs.get().on_behalf_of == supervisor
        workflow.withdraw(application=application, by=applicant, now=NOW)
        later = TODAY + timedelta(days=30)
        assert reads(outsider, on=later) == reads(supervisor, on=later) == {application.current_text_id}

    def test_a_stand_in_who_did_not_sign_reads_nothing_afterwards(
        self, applicant, supervisor, outsider, cohort
    ):
        Delegation.objects.create(
            principal=supervisor,
            person=outsider,
            kind=Delegation.Kind.DELEGATE,
            start_date=TODAY,
            end_date=TODAY,
            reason="Vacation",
        )
        application = submitted(applicant, cohort)
        assert reads(outsider) == {application.current_text_id}
        assert reads(outsider, on=TODAY + timedelta(days=1)) == set()

    def test_the_term_ends_with_a_calendar_year(self, applicant, supervisor, cohort):
        application = sign(submitted(applicant, cohort), supervisor)
        workflow.withdraw(application=application, by=applicant, now=NOW)
        last = cohort.records_kept_until
        assert (last.year, last.month, last.day) == (cohort.first_month.year + 5, 12, 31)
        assert reads(supervisor, on=last) == {application.current_text_id}
        assert reads(supervisor, on=last + timedelta(days=1)) == set()


class TestOthers:
    def test_the_applicant_reads_every_text_of_their_own(self, moved, applicant):
        old, application = moved
        assert reads(applicant) == {old.pk, application.current_text_id}

    def test_the_branch_keeps_the_register(self, moved, deputy, branch_officer):
        old, application = moved
        assert reads(deputy) == reads(branch_officer) == {old.pk, application.current_text_id}

    def test_an_officer_who_applied_reads_only_what_they_signed(self, applicant, branch_officer, org, cohort):
        """T10: no office rights; the signature was given as supervisor."""
        applicant.supervisor = branch_officer
        applicant.save()
        signed = sign(submitted(applicant, cohort), branch_officer)
        other = submitted(factories.person("Other Person", unit=org.unit, supervisor=org.director), cohort)
        assert reads(branch_officer) == {signed.current_text_id, other.current_text_id}
        factories.officer(org.branch, "Olaf Otherofficer")
        draft(branch_officer, cohort)
        assert reads(branch_officer) == {signed.current_text_id}

    def test_a_director_reads_what_was_signed_for_the_division(self, applicant, director, org, cohort):
        application = at_deputy(applicant, cohort)
        org.division.head = factories.person("Nora Nextdirector", unit=org.division)
        org.division.save()
        assert reads(org.division.head) == {application.current_text_id}
        assert reads(director) == {application.current_text_id}, "who signed it, reads it"

    def test_a_list_for_the_superintendent_is_no_application(self, superintendent, cohort):
        SignedText.objects.create(kind=SignedText.Kind.CERTIFICATE_BATCH, text="A list", digest="0" * 64)
        assert reads(superintendent) == set()


class TestChanges:
    def test_a_signer_compares_with_the_text_they_signed(self, applicant, supervisor, director, cohort):
        first = given_back(sign(submitted(applicant, cohort), supervisor), director)
        again = changed(first, timely="By May 1.")
        found = readers.changes_for(again, supervisor, text=again.current_text.text, than=again.current_text)
        assert found.earlier == first.current_text
        assert found.acted_on.status == "signed"
        assert found.returned.acted_by == director
        assert [passage.label for chapter in found.chapters for passage in chapter.passages] == ["Timely"]

    def test_a_signer_compares_with_the_last_they_acted_on_not_the_last_of_all(
        self, applicant, supervisor, director, cohort
    ):
        first = given_back(sign(submitted(applicant, cohort), supervisor), director)
        second = given_back(changed(first, timely="By May 1."), supervisor)
        third = sign(changed(second, timely="By May 1.", specific="All of it."), supervisor)
        found = readers.changes_for(third, director, text=third.current_text.text, than=third.current_text)
        assert found.earlier == first.current_text
        labels = [passage.label for chapter in found.chapters for passage in chapter.passages]
        assert labels == ["Specific", "Timely"]

    def test_a_signer_without_an_earlier_act_compares_with_what_was_returned(self, moved, applicant):
        old, application = moved
        found = readers.changes_for(
            application,
            applicant.supervisor,
            text=application.current_text.text,
            than=application.current_text,
        )
        assert (found.earlier, found.acted_on) == (old, None)

    def test_the_first_text_has_nothing_before_it(self, applicant, cohort):
        application = submitted(applicant, cohort)
        text = application.current_text
        assert readers.changes_for(application, applicant, text=text.text, than=text) is None

    def test_the_applicant_sees_them_before_signing_again(self, client, applicant, supervisor, cohort):
        application = given_back(submitted(applicant, cohort), supervisor)
        client.force_login(applicant)
        url = reverse("application_review", args=[application.pk])
        assert "Nothing has changed since then." in client.get(url).content.decode()
        draft(applicant, cohort, project_title="One form for meals")
        page = client.get(url).content.decode()
        assert "that Sam Supervisor returned on Monday, November 23, 2026" in page
        assert '<del><span class="visually-hidden"> removed: </span>school <span' in page

    def test_signers_see_them_where_they_sign(self, client, moved, applicant):
        _, application = moved
        client.force_login(applicant.supervisor)
        page = client.get(reverse("approval", args=[application.pk])).content.decode()
        assert "What changed" in page
        assert "<ins><span" in page

    def test_a_first_submission_shows_none(self, client, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        client.force_login(supervisor)
        assert "What changed" not in client.get(reverse("approval", args=[application.pk])).content.decode()

    def test_what_was_typed_is_text_not_markup(self, client, applicant, supervisor, cohort):
        application = given_back(submitted(applicant, cohort), supervisor)
        changed(application, timely="<script>alert(1)</script>")
        client.force_login(supervisor)
        page = client.get(reverse("approval", args=[application.pk])).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


class TestSignedTexts:
    def titles(self, client, user) -> list[tuple[str, str]]:
        client.force_login(user)
        page = client.get(reverse("approvals_signed")).context["page"]
        return [(each.capacity, each.signer.name) for each in page]

    def test_lists_what_stands_in_ones_name_whatever_became_of_it(
        self, client, moved, applicant, supervisor, director
    ):
        old, application = moved
        workflow.withdraw(application=application, by=applicant, now=NOW)
        assert self.titles(client, supervisor) == [("Supervisor", "Sam Supervisor")]
        assert address(application, old) in client.get(reverse("approvals_signed")).content.decode()
        assert self.titles(client, director) == [], "returned is not signed"
        assert self.titles(client, applicant) == [], "the own application has its own page"

    def test_three_rows_take_as_many_queries_as_one(self, client, org, applicant, supervisor, cohort):
        sign(submitted(applicant, cohort), supervisor)
        client.force_login(supervisor)
        one = queries(client, reverse("approvals_signed"))
        for number in range(2):
            other = factories.person(f"Other {number}", unit=org.unit, supervisor=supervisor)
            sign(submitted(other, cohort), supervisor)
        assert queries(client, reverse("approvals_signed")) == one


def test_the_list_of_approvals_shows_changes_in_as_many_queries_for_three(
    client, org, applicant, supervisor, cohort
):
    client.force_login(supervisor)
    counts = []
    opened = []
    for number in range(3):
        person = factories.person(f"Other {number}", unit=org.unit, supervisor=supervisor)
        application = changed(given_back(submitted(person, cohort), supervisor), timely="By May 1.")
        opened.append(application.pk)
        if number in (0, 2):
            url = reverse("approvals") + "?" + "&".join(f"open={pk}" for pk in opened)
            counts.append(queries(client, url))
    assert counts[0] == counts[1]
    page = client.get(url).content.decode()
    assert page.count("What changed") == 3
    assert all(page.count(f'id="changes-{pk}"') == 1 for pk in opened)
