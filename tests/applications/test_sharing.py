"""A draft is shared, read-only, for the talk about the project concept (A3)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from applications import drafting, sharing, workflow
from applications.models import Application, DraftShare
from coaching import outbox
from coaching.models import AuditEvent, Delegation, Message
from tests import factories
from tests.applications.factories import ANSWERS, draft, submit, submitted
from tests.applications.test_models import breaking
from tests.applications.test_views import step_url, words
from tests.clock import NOW, TODAY
from tests.constraints import refused_by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]
LATER = NOW + timedelta(days=2)


@pytest.fixture
def application(applicant, cohort):
    return draft(applicant, cohort)


@pytest.fixture
def shared(application, supervisor) -> DraftShare:
    return share(application, supervisor)


def share(application, person) -> DraftShare:
    return sharing.share(application=application, by=application.applicant, person=person, now=NOW)


def page_of(application) -> str:
    return reverse("application_draft", args=[application.pk])


class TestShare:
    def test_supervisor_and_director_of_today_can_be_chosen(self, application, supervisor, director):
        partners = sharing.partners(application, now=NOW)
        assert [(each.signer, each.post) for each in partners] == [
            (supervisor, "Supervisor"),
            (director, "Division Director, Nutrition Division"),
        ]

    def test_one_person_in_both_posts_once(self, application, applicant, director):
        applicant.supervisor = director
        applicant.save()
        again = Application.objects.get(pk=application.pk)
        assert [each.signer for each in sharing.partners(again, now=NOW)] == [director]

    def test_an_acting_director_is_chosen_in_the_absence(self, application, org, director, outsider):
        Delegation.objects.create(
            kind="acting",
            principal=director,
            unit=org.division,
            person=outsider,
            reason="Leave.",
            start_date=TODAY,
            end_date=TODAY,
        )
        assert [each.signer for each in sharing.partners(application, now=NOW)][1] == outsider

    def test_a_vacant_post_leaves_the_other(self, application, org, supervisor):
        org.division.head = None
        org.division.save()
        again = Application.objects.get(pk=application.pk)
        assert [each.signer for each in sharing.partners(again, now=NOW)] == [supervisor]

    def test_is_recorded_and_told_once(self, application, supervisor):
        first, second = share(application, supervisor), share(application, supervisor)
        assert first == second
        assert (first.person, first.shared_at, first.ended_at) == (supervisor, NOW, None)
        assert list(AuditEvent.objects.values_list("action", flat=True)) == ["draft.shared"]
        assert Message.objects.get().recipient == supervisor

    @pytest.mark.parametrize("who", ["deputy", "outsider", "applicant", "branch_officer"])
    def test_with_nobody_else(self, request, application, who):
        with pytest.raises(sharing.NotAPartner, match="neither of them today"):
            share(application, request.getfixturevalue(who))
        assert not DraftShare.objects.exists()

    def test_by_another_is_refused(self, application, supervisor, outsider):
        with pytest.raises(drafting.NotYours):
            sharing.share(application=application, by=outsider, person=supervisor, now=NOW)

    def test_once_submitted_is_refused(self, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        with pytest.raises(drafting.NotEditable):
            share(application, supervisor)

    def test_once_returned_is_refused(self, applicant, supervisor, director, cohort):
        application = submitted(applicant, cohort)
        workflow.return_for_changes(application=application, by=supervisor, comment="Change.", now=NOW)
        with pytest.raises(sharing.NotADraft):
            share(application, director)

    def test_submits_nothing(self, shared, application):
        application.refresh_from_db()
        assert (application.status, application.submitted_at) == ("draft", None)
        assert not application.review_steps.exists()

    def test_can_be_ended_and_begun_anew(self, shared, application, applicant, supervisor):
        for _ in range(2):
            sharing.end(share=shared, by=applicant, now=LATER)
        shared.refresh_from_db()
        assert shared.ended_at == LATER
        assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
            "draft.shared",
            "draft.share_ended",
        ]
        assert share(application, supervisor) != shared

    def test_is_ended_by_nobody_else(self, shared, supervisor):
        with pytest.raises(drafting.NotYours):
            sharing.end(share=shared, by=supervisor, now=LATER)

    def test_once_a_person_and_ends_after_it_began(self, shared, application, supervisor):
        again = DraftShare(application=application, person=supervisor, shared_at=NOW)
        assert refused_by(again.save) == "draftshare_once_per_person"
        assert breaking(shared, ended_at=NOW - timedelta(days=1)) == "draftshare_ends_after_it_began"


class TestReading:
    def test_shows_every_answer_and_that_it_is_not_submitted(self, client, shared, application, supervisor):
        client.force_login(supervisor)
        page = words(client.get(page_of(application)))
        for text in ("why", "project_description", "specific", "role_aimed_for"):
            assert ANSWERS[text] in page.replace("&#x27;", "'")
        assert "Not submitted; for your talk about the project concept." in page
        assert "Ana Applicant shares this draft with you" in page
        assert "Thursday, November 5, 2026" in page
        assert "coaching@example.org" in page
        assert '<form method="post" action="/applications' not in page

    def test_the_applicant_sees_what_they_see(self, client, application, applicant):
        client.force_login(applicant)
        assert "what those see with whom you share it" in words(client.get(page_of(application)))

    @pytest.mark.parametrize("who", ["director", "deputy", "branch_officer", "administrator", "outsider"])
    def test_is_for_nobody_else(self, request, client, shared, application, who):
        client.force_login(request.getfixturevalue(who))
        assert client.get(page_of(application)).status_code == 404

    def test_ends_with_the_sharing(self, client, shared, application, applicant, supervisor):
        sharing.end(share=shared, by=applicant, now=LATER)
        client.force_login(supervisor)
        assert client.get(page_of(application)).status_code == 404

    @pytest.mark.parametrize("became", ["in_review", "withdrawn", "returned"])
    def test_ends_by_itself(self, client, shared, application, applicant, supervisor, became):
        if became == "withdrawn":
            workflow.withdraw(application=application, by=applicant, now=NOW)
        else:
            submit(application)
        if became == "returned":
            workflow.return_for_changes(application=application, by=supervisor, comment="Change.", now=NOW)
        for person in (supervisor, applicant):
            client.force_login(person)
            assert client.get(page_of(application)).status_code == 404
        assert sharing.names(application) == []

    def test_gives_no_other_page(self, client, shared, application, supervisor):
        client.force_login(supervisor)
        for address in (
            reverse("application", args=[application.pk]),
            reverse("application_share", args=[application.pk]),
            reverse("approval", args=[application.pk]),
            step_url(application, "why"),
        ):
            assert client.get(address).status_code == 404


class TestPages:
    @pytest.fixture
    def as_applicant(self, client, applicant):
        client.force_login(applicant)
        return client

    def test_the_applicant_shares_sees_since_when_and_stops(
        self, as_applicant, application, supervisor, director
    ):
        url = reverse("application_share", args=[application.pk])
        assert "You alone." in words(as_applicant.get(url))
        assert as_applicant.post(url, {"person": supervisor.pk}).url == url
        page = words(as_applicant.get(url))
        assert "<h3>Sam Supervisor</h3><p>Since Monday, November 23, 2026</p>" in page
        assert "Dana Director" in page
        shared = application.shares.get()
        end = reverse("application_share_end", args=[application.pk, shared.pk])
        assert as_applicant.get(end).url == url
        for _ in range(2):
            assert as_applicant.post(end).url == url
        assert "You alone." in words(as_applicant.get(url))

    def test_sent_twice_shares_once(self, as_applicant, application, supervisor):
        url = reverse("application_share", args=[application.pk])
        for _ in range(2):
            as_applicant.post(url, {"person": supervisor.pk})
        assert DraftShare.objects.count() == Message.objects.count() == 1

    @pytest.mark.parametrize("person", ["", "0", "x"])
    def test_sent_without_a_partner_shares_nothing(self, as_applicant, application, outsider, person):
        url = reverse("application_share", args=[application.pk])
        assert as_applicant.post(url, {"person": person}).url == url
        assert as_applicant.post(url, {"person": outsider.pk}).url == url
        assert not DraftShare.objects.exists()

    def test_a_submitted_one_leads_to_its_page(self, as_applicant, applicant, cohort):
        application = submitted(applicant, cohort)
        url = reverse("application_share", args=[application.pk])
        assert as_applicant.get(url).url == reverse("application", args=[application.pk])

    def test_anothers_share_is_not_ended(self, as_applicant, application, org, supervisor, cohort):
        other = draft(factories.person("Other Person", unit=org.unit, supervisor=supervisor), cohort)
        theirs = share(other, supervisor)
        end = reverse("application_share_end", args=[application.pk, theirs.pk])
        assert as_applicant.post(end).status_code == 404
        theirs.refresh_from_db()
        assert theirs.ended_at is None

    def test_who_reads_this_says_so_at_every_field(self, as_applicant, application, supervisor, director):
        assert "You alone while it is a draft" in words(as_applicant.get(step_url(application, "why")))
        share(application, supervisor)
        assert "You, and Sam Supervisor, with whom you share" in words(
            as_applicant.get(step_url(application, "why"))
        )
        share(application, director)
        for step in ("why", "competencies", "project"):
            page = words(as_applicant.get(step_url(application, step)))
            assert "You, and Sam Supervisor and Dana Director, with whom you share this draft" in page
            assert "You alone" not in page


class TestMail:
    def test_leads_to_the_draft_and_asks_for_nothing(self, shared, application):
        outbox.deliver_due(now=NOW)
        (letter,) = mail.outbox
        assert letter.subject == "Ana Applicant shares the draft of an application with you"
        assert f"http://127.0.0.1:8000/applications/{application.pk}/draft/" in letter.body
        assert "It is not submitted" in letter.body

    def test_is_not_sent_once_sharing_has_ended(self, shared, applicant):
        sharing.end(share=shared, by=applicant, now=NOW)
        outbox.deliver_due(now=NOW)
        assert mail.outbox == []

    def test_is_not_sent_once_it_was_submitted(self, shared, application):
        submit(application)
        outbox.deliver_due(now=NOW)
        assert not any("shares the draft" in letter.subject for letter in mail.outbox)
