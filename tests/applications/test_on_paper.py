"""Whoever would rather sign on paper prints the text, and the branch office enters what comes back (A15)."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from applications import drafting, on_paper, paper, timeline, workflow
from applications.models import Application
from applications.paper import Attested, PaperSignature
from applications.settling import DecisionNeeded, NotWaitingOnYou, TextChanged
from coaching import outbox
from coaching.models import AuditEvent, Delegation, Scan, SignedText, SignOff
from coaching.permissions import NotYourCohort
from tests import factories
from tests.applications.factories import A_SCAN, at_deputy, draft, sign, submit, submitted
from tests.clock import NOW, TODAY
from tests.constraints import refused_by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]
LATER = NOW + timedelta(days=3)


def words(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


def untagged(page: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", page).split())


@pytest.fixture
def printed(applicant, cohort) -> Application:
    return on_paper.ask_to_apply(application=draft(applicant, cohort), by=applicant, now=NOW)


@pytest.fixture
def receive(branch_officer):
    def received(application: Application, **values) -> Application:
        whole = {
            "received_date": TODAY + timedelta(days=2),
            "signed_date": TODAY + timedelta(days=1),
            "attested": Attested(A_SCAN, branch_officer.name),
            "by": branch_officer,
            "now": LATER,
            **values,
        }
        return paper.receive(application=application, **whole)

    return received


class TestApplicant:
    def test_the_text_is_kept_as_it_was_printed(self, printed, applicant):
        assert printed.status == "draft"
        assert printed.paper_text.text == drafting.preview(printed, now=NOW).text
        on_paper.ask_to_apply(application=printed, by=applicant, now=NOW)
        assert SignedText.objects.count() == 1
        assert AuditEvent.objects.filter(action="application.paper_asked").count() == 1

    def test_what_came_back_signed_is_submitted_as_of_its_day(self, printed, receive, applicant, supervisor):
        """A7."""
        application = receive(printed)
        assert (application.status, application.current_text) == ("in_review", printed.paper_text)
        assert application.paper_text is None
        assert drafting.today_of(application.cohort, application.submitted_at) == TODAY + timedelta(days=2)
        sign_off = SignOff.objects.get()
        assert (sign_off.signer, sign_off.on_paper, sign_off.signed_at.date()) == (
            applicant,
            True,
            TODAY + timedelta(days=1),
        )
        assert application.current_step().signer == supervisor

    def test_the_other_signatures_on_the_same_sheet_are_taken_with_it(
        self, printed, receive, applicant, supervisor, director
    ):
        """A15: one sheet has the lines of all who sign before the decision."""
        others = [
            PaperSignature(supervisor, TODAY + timedelta(days=1)),
            PaperSignature(director, TODAY + timedelta(days=2)),
        ]
        application = receive(printed, signatures=others)
        assert application.current_step().office == "deputy"
        rows = SignOff.objects.order_by("signed_at")
        assert [each.signer for each in rows] == [applicant, supervisor, director]
        assert {each.scan for each in rows} == {Scan.objects.get()}
        first = timeline.timeline(application)[0]
        assert (first.title, first.at) == ("Entered by Bo Branchoffice (branch office)", LATER)
        days = "on November 24, 2026 and received on November 25, 2026."
        assert first.text == f"On paper, signed by Ana Applicant {days}"

    def test_one_wrong_signature_on_it_and_nothing_is_kept(self, printed, receive, supervisor, director):
        for others, refusal in (
            ([PaperSignature(supervisor, TODAY)], paper.NotOnPaper),
            ([PaperSignature(director, TODAY + timedelta(days=1))], NotWaitingOnYou),
        ):
            with pytest.raises(refusal):
                receive(printed, signatures=others)
            printed.refresh_from_db()
            assert (printed.status, Scan.objects.count(), SignOff.objects.count()) == ("draft", 0, 0)

    def test_a_signature_of_the_same_sheet_can_be_recorded_later(
        self, printed, receive, supervisor, branch_officer
    ):
        application = paper.record_signature(
            application=receive(printed),
            signature=PaperSignature(supervisor, TODAY + timedelta(days=1)),  # before the day of receipt
            attested=Attested(A_SCAN, branch_officer.name),
            by=branch_officer,
            now=LATER,
        )
        assert application.current_step().office == "director"

    def test_a_changed_text_has_to_be_printed_again(self, printed, receive, applicant):
        drafting.save_answers(application=printed, by=applicant, answers={"why": "Another reason."}, now=NOW)
        with pytest.raises(TextChanged, match="printed and signed again"):
            receive(printed)
        again = on_paper.ask_to_apply(application=printed, by=applicant, now=NOW)
        assert receive(again).status == "in_review"

    def test_it_can_still_be_signed_here(self, printed):
        application = submit(printed)
        assert application.paper_text is None
        assert SignOff.objects.get().on_paper is False

    def test_twice_is_refused(self, printed, receive):
        receive(printed)
        with pytest.raises(drafting.NotEditable):
            receive(printed)
        assert SignOff.objects.count() == 1

    @pytest.mark.parametrize(
        ("values", "refusal"),
        [
            ({"signed_date": TODAY - timedelta(days=1)}, paper.NotOnPaper),
            ({"received_date": TODAY}, paper.NotOnPaper),
            ({"received_date": TODAY + timedelta(days=9)}, paper.NotOnPaper),
        ],
    )
    def test_the_days_have_to_make_sense(self, printed, receive, values, refusal):
        with pytest.raises(refusal):
            receive(printed, **values)

    def test_received_after_the_closing_day_is_too_late(self, printed, receive):
        late = NOW + timedelta(days=60)
        with pytest.raises(drafting.NotOpen):
            receive(printed, received_date=date(2027, 1, 4), now=late)

    def test_is_entered_by_the_branch_office_alone(self, printed, receive, deputy):
        with pytest.raises(NotYourCohort):
            receive(printed, by=deputy)

    def test_an_incomplete_one_is_not_printed(self, applicant, cohort):
        with pytest.raises(workflow.NotComplete):
            on_paper.ask_to_apply(application=draft(applicant, cohort, why=""), by=applicant, now=NOW)

    def test_nobody_prints_anothers_draft(self, applicant, outsider, cohort):
        with pytest.raises(drafting.NotYours):
            on_paper.ask_to_apply(application=draft(applicant, cohort), by=outsider, now=NOW)

    def test_the_way_through_the_pages(self, client, applicant, branch_officer, cohort):
        application = draft(applicant, cohort)
        client.force_login(applicant)
        assert "I prefer to sign on paper" in words(
            client.get(reverse("application_review", args=[application.pk]))
        )
        response = client.post(reverse("paper_ask", args=[application.pk]))
        assert response["Location"] == reverse("application_print", args=[application.pk])
        page = words(client.get(response["Location"]))
        assert "Signature of Ana Applicant" in page
        assert "Signature of Sam Supervisor" in page
        assert "Signature of Derek Deputy" not in page
        assert "You sign on paper." in words(client.get(reverse("application", args=[application.pk])))
        client.force_login(branch_officer)
        receive = reverse("paper_receive", args=[application.pk])
        assert receive in words(client.get(reverse("paper_person", args=[cohort.pk])))
        assert client.get(reverse("application_print", args=[application.pk])).status_code == 200
        assert client.get(reverse("application", args=[application.pk])).status_code == 404
        supervisor = applicant.supervisor.email
        values = {
            "received_date": TODAY,
            "signed_date": TODAY,
            "attested_name": "x",
            "signer_supervisor": supervisor,
            "signed_supervisor": TODAY,
        }
        page = client.post(
            receive, {**values, "signed_date": "", "scan": SimpleUploadedFile("a.txt", b"Paper")}
        )
        assert set(page.context["form"].errors) == {"attested_name", "signed_date", "scan"}  # all at once
        assert "type your own name exactly" in words(page)
        values |= {"attested_name": branch_officer.name, "concept_supervisor": TODAY + timedelta(days=1)}
        page = client.post(receive, {**values, "scan": SimpleUploadedFile("a.png", A_SCAN)})
        assert (
            "discussed before that. Look at the day on the paper"
            in page.context["form"].errors["concept_supervisor"][0]
        )
        assert Application.objects.get().status == "draft"
        values["concept_supervisor"] = TODAY - timedelta(days=9)
        response = client.post(receive, {**values, "scan": SimpleUploadedFile("a.png", A_SCAN)})
        assert response["Location"] == reverse("application", args=[application.pk])
        assert Application.objects.get().status == "in_review"
        assert Application.objects.get().current_step().office == "director"
        signed = Application.objects.get().review_steps.get(office="supervisor")
        assert signed.concept_date == TODAY - timedelta(days=9)  # A3: as the paper corrects it
        assert client.get(receive).status_code == 404


class TestIncomplete:
    def test_says_before_it_is_pressed_when_it_can_be_printed(self, client, applicant, cohort):
        application = draft(applicant, cohort, why="")
        client.force_login(applicant)
        page = words(client.get(reverse("application_review", args=[application.pk])))
        assert (
            "When all of it is there, you sign at the end of this page, or print the text and sign on paper."
            in page
        )
        assert reverse("paper_ask", args=[application.pk]) not in page

    @pytest.mark.parametrize(
        ("gaps", "says"),
        [
            ({"why": ""}, "1 answer is still missing"),
            ({"why": "", "project_title": "", "concept_director_date": None}, "3 answers are still missing"),
        ],
    )
    def test_asked_from_another_tab_leads_to_what_is_missing(self, client, applicant, cohort, gaps, says):
        application = draft(applicant, cohort, **gaps)
        client.force_login(applicant)
        answer = client.post(reverse("paper_ask", args=[application.pk]))
        review = reverse("application_review", args=[application.pk])
        assert answer["Location"] == review
        page = client.get(review)
        assert [str(each) for each in page.context["messages"]] == [f"Not printed yet: {says}, listed below."]
        assert f'href="{reverse("application_step", args=[application.pk, "why"])}#id_why"' in words(page)
        assert not SignedText.objects.exists()


class TestNoLongerRight:
    """A sheet that the branch office could not enter says so wherever it is spoken of."""

    def pages(self, client, application, branch_officer) -> list[str]:
        client.force_login(application.applicant)
        names = ("application", "application_review", "application_print")
        own = [words(client.get(reverse(name, args=[application.pk]))) for name in names]
        client.force_login(branch_officer)
        return [*own, words(client.get(reverse("paper_receive", args=[application.pk])))]

    def assert_void(self, client, application, branch_officer, why: str) -> None:
        pages = self.pages(client, application, branch_officer)
        ask = reverse("paper_ask", args=[application.pk])
        assert f"no longer right You printed it on Monday, November 23, 2026. {why}" in untagged(pages[0])
        assert f"that you printed on Monday, November 23, 2026 is no longer right. {why}" in pages[1]
        assert f"no longer right It was printed on Monday, November 23, 2026. {why}" in untagged(pages[2])
        assert f"cannot be entered It was printed on Monday, November 23, 2026. {why}" in untagged(pages[3])
        for page in pages[:3]:
            assert f'action="{ask}"' in page
            assert "Print it again" in page
        assert "You sign on paper." not in pages[0]
        assert 'name="attested_name"' not in pages[3]

    def assert_right(self, client, application, branch_officer) -> None:
        pages = self.pages(client, application, branch_officer)
        assert "You sign on paper." in pages[0]
        assert "You printed it on Monday, November 23, 2026." in pages[1]
        assert all(reverse("paper_ask", args=[application.pk]) not in page for page in pages)
        assert 'name="attested_name"' in pages[3]
        assert not any("no longer right" in page for page in pages)

    def test_while_nothing_has_changed_it_is_right(self, client, printed, branch_officer):
        self.assert_right(client, printed, branch_officer)

    def test_another_head(self, client, printed, branch_officer, org, receive):
        """A9."""
        org.division.head = org.other_director
        org.division.save()
        self.assert_void(client, printed, branch_officer, "Who signs it has changed since.")
        with pytest.raises(TextChanged):
            receive(printed)
        client.force_login(printed.applicant)
        answer = client.post(reverse("paper_ask", args=[printed.pk]))
        assert "Signature of Olga Otherdirector" in words(client.get(answer["Location"]))
        self.assert_right(client, printed, branch_officer)

    def test_somebody_acts_for_a_signer(self, client, printed, branch_officer, supervisor, outsider, org):
        """A9."""
        Delegation.objects.create(
            kind="acting",
            principal=supervisor,
            person=outsider,
            reason="Leave.",
            start_date=TODAY,
            end_date=TODAY,
        )
        self.assert_void(client, printed, branch_officer, "Who signs it has changed since.")

    def test_another_answer(self, client, printed, branch_officer, applicant):
        drafting.save_answers(application=printed, by=applicant, answers={"why": "Another."}, now=NOW)
        self.assert_void(client, printed, branch_officer, "What it says has changed since.")

    def test_both(self, client, printed, branch_officer, applicant, outsider):
        drafting.save_answers(application=printed, by=applicant, answers={"why": "Another."}, now=NOW)
        applicant.supervisor = outsider
        applicant.save()
        self.assert_void(client, printed, branch_officer, "What it says and who signs it have changed since.")

    def test_a_post_without_anybody(self, client, printed, branch_officer, org):
        """Then nothing can be entered either; pressing says whom to ask."""
        org.division.head = None
        org.division.save()
        client.force_login(printed.applicant)
        page = words(client.get(reverse("application", args=[printed.pk])))
        assert "One of the posts that sign it has nobody now." in page
        answer = client.post(reverse("paper_ask", args=[printed.pk]), follow=True)
        assert "Please ask the branch office" in words(answer)

    def test_an_incomplete_one_is_completed_first(self, client, printed, applicant):
        drafting.save_answers(application=printed, by=applicant, answers={"why": ""}, now=NOW)
        client.force_login(applicant)
        page = words(client.get(reverse("application", args=[printed.pk])))
        assert "1 answer still missing" in page
        assert "Print it again when nothing is missing any more, and sign the new one." in page
        assert reverse("paper_ask", args=[printed.pk]) not in page

    def test_of_a_returned_one_too(self, client, applicant, supervisor, cohort, branch_officer, org):
        application = workflow.return_for_changes(
            application=submitted(applicant, cohort), by=supervisor, comment="Say more.", now=NOW
        )
        on_paper.ask_to_apply(application=application, by=applicant, now=NOW)
        self.assert_right(client, application, branch_officer)
        org.division.head = org.other_director
        org.division.save()
        self.assert_void(client, application, branch_officer, "Who signs it has changed since.")

    def test_a_sheet_that_is_right_stays_on_another_day(self, printed, receive, applicant):
        """It may have been signed meanwhile."""
        again = on_paper.ask_to_apply(application=printed, by=applicant, now=LATER)
        assert again.paper_text == printed.paper_text
        assert SignedText.objects.count() == 1
        assert receive(printed).status == "in_review"


class TestSigner:
    def test_the_application_shows_that_they_sign_on_paper(
        self, client, applicant, supervisor, branch_officer, cohort
    ):
        application = submitted(applicant, cohort)
        client.force_login(supervisor)
        assert "I prefer to sign on paper" in words(client.get(reverse("approval", args=[application.pk])))
        response = client.post(reverse("paper_ask", args=[application.pk]))
        assert "Signature of Sam Supervisor" in words(client.get(response["Location"]))
        client.force_login(applicant)
        assert "Sam Supervisor signs on paper." in words(
            client.get(reverse("application", args=[application.pk]))
        )

    def test_the_branch_office_enters_it(self, applicant, supervisor, branch_officer, cohort):
        application = submitted(applicant, cohort)
        on_paper.ask_to_sign(application=application, by=supervisor, now=NOW)
        paper.record_signature(
            application=application,
            signature=PaperSignature(supervisor, TODAY),
            attested=Attested(A_SCAN, branch_officer.name),
            by=branch_officer,
            now=NOW,
        )
        assert application.current_step().signer.name == "Dana Director"

    def test_they_can_sign_here_after_all(self, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        step = on_paper.ask_to_sign(application=application, by=supervisor, now=NOW)
        assert on_paper.ask_to_sign(application=application, by=supervisor, now=LATER) == step
        assert sign(application, supervisor).current_step().signer.name == "Dana Director"

    def test_the_office_is_told_while_it_is_so(self, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        outbox.deliver_due(now=NOW)
        mail.outbox.clear()
        on_paper.ask_to_sign(application=application, by=supervisor, now=NOW)
        outbox.deliver_due(now=NOW)
        (letter,) = mail.outbox
        assert letter.to[0].startswith("bo.")
        assert reverse("paper_signature", args=[application.pk]) in letter.body

    def test_only_whom_it_waits_on_and_not_to_decide(self, applicant, director, deputy, cohort):
        application = submitted(applicant, cohort)
        with pytest.raises(NotWaitingOnYou):
            on_paper.ask_to_sign(application=application, by=director, now=NOW)
        with pytest.raises(NotWaitingOnYou, match="their own"):
            on_paper.ask_to_sign(application=application, by=applicant, now=NOW)
        colleague = factories.person(unit=applicant.unit, supervisor=applicant.supervisor)
        other = at_deputy(colleague, cohort)
        with pytest.raises(DecisionNeeded):
            on_paper.ask_to_sign(application=other, by=other.current_step().signer, now=NOW)


class TestDatabase:
    def test_a_printed_text_lasts_until_it_is_sent(self, printed, receive):
        sent = receive(printed)
        change = Application.objects.filter(pk=sent.pk).update
        assert refused_by(change, paper_text=sent.current_text) == "application_paper_until_it_is_sent"

    def test_paper_is_asked_for_once_it_waits(self, applicant, cohort):
        last = submitted(applicant, cohort).route().last()
        change = type(last).objects.filter(pk=last.pk).update
        assert refused_by(change, paper_asked_at=NOW) == "reviewstep_paper_once_it_waits"
