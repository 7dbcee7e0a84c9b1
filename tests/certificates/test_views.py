"""The rooms of holder, branch office and approver: who gets in, what they see, what they can do there."""

import io
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from certificates import issuing, lost_seals, names, sealing
from certificates.approval import return_batch, submit_for_approval, take_back
from certificates.issuing import issue_batch
from certificates.models import Batch, Certificate, SignaturePicture
from certificates.replacing import reissue, revoke
from coaching import jobs, outbox
from coaching.models import AuditEvent, Job, Message, Participant, RoleAssignment
from meetings.models import EvaluationReceipt
from tests import factories
from tests.certificates.content import text_of
from tests.certificates.history import AFTER, completed_team, delegate_to, registered
from tests.promises import promised, written_to

pytestmark = pytest.mark.usefixtures("plain_not_found")


def text(response) -> str:
    """What is on the page, without markup, on one line."""
    body = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("&#x27;", "'").split())


def get(client, user, name, *args, **query):
    client.force_login(user)
    return client.get(reverse(name, args=args), query)


def post(client, user, name, *args, **data):
    client.force_login(user)
    return client.post(reverse(name, args=args), data)


def sign(client, user, batch):
    """Look at a sample, then approve."""
    get(client, user, "certificate_sample", batch.pk)
    return post(client, user, "certificate_approve", batch.pk, typed_name=user.name)


class TestHolder:
    def test_sees_and_downloads_the_stored_bytes(self, client, certificate):
        holder = certificate.participant.user
        page = get(client, holder, "certificate", certificate.pk)
        assert "You kept your commitment for the whole program" in text(page)
        response = get(client, holder, "certificate_download", certificate.pk)
        assert response.content == bytes(certificate.file.pdf)
        assert response["Content-Type"] == "application/pdf"
        assert (
            response["Content-Disposition"] == f'attachment; filename="certificate-{certificate.serial}.pdf"'
        )
        assert response["Cache-Control"] == "private, no-store"

    def test_downloads_the_same_bytes_each_time(self, client, certificate):
        """Never rendered again, whatever changes."""
        holder = certificate.participant.user
        first = get(client, holder, "certificate_download", certificate.pk).content
        holder.name = "Somebody Else"
        holder.save()
        assert get(client, holder, "certificate_download", certificate.pk).content == first

    def test_reads_why_it_was_revoked(self, client, certificate, branch_officer):
        revoke(certificate=certificate, by=branch_officer, reason="Issued by mistake", now=AFTER)
        page = text(get(client, certificate.participant.user, "certificate", certificate.pk))
        assert "was revoked on Tuesday, October 5, 2027. Reason: Issued by mistake" in page

    @pytest.mark.parametrize(
        "who", ["outsider", "director", "superintendent", "training_officer", "administrator", "supervisor"]
    )
    @pytest.mark.parametrize("name", ["certificate", "certificate_download"])
    def test_others_get_404(self, client, certificate, request, who, name):
        assert get(client, request.getfixturevalue(who), name, certificate.pk).status_code == 404

    def test_a_team_mate_gets_404(self, client, certificate, members):
        assert get(client, members[1].user, "certificate", certificate.pk).status_code == 404

    def test_a_stranger_is_sent_to_sign_in(self, client, certificate):
        response = client.get(reverse("certificate_download", args=[certificate.pk]))
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")

    def test_index_says_what_is_missing(self, client, members):
        EvaluationReceipt.objects.filter(participant=members[0]).first().delete()
        page = text(get(client, members[0].user, "certificates"))
        assert "What still stands between you and the certificate" in page
        assert "Introduction to Program" in page

    def test_index_says_that_the_approval_is_awaited(self, client, members):
        assert "You have met the commitment." in text(get(client, members[0].user, "certificates"))

    def test_index_leads_to_the_certificate(self, client, certificate):
        page = get(client, certificate.participant.user, "certificates")
        assert reverse("certificate", args=[certificate.pk]) in page.content.decode()

    def test_index_is_empty_for_who_takes_no_part(self, client, outsider):
        assert "No certificates yet" in text(get(client, outsider, "certificates"))


class TestBranchOffice:
    def test_sees_who_completed_and_what_others_lack(self, client, cohort, members, branch_officer):
        """C1, C2: counts of evaluations, never which ones."""
        EvaluationReceipt.objects.filter(participant=members[1]).delete()
        factories.participant(cohort, factories.person("Zoe Zabel"))
        page = text(get(client, branch_officer, "certificate_completion", cohort.pk))
        assert "Ada Alvarez Finance Division Complete" in page
        assert "Ben Brooks Finance Division 8 evaluations to fill in." in page
        assert "Zoe Zabel No meeting attended in February 2027, March 2027" in page
        assert "2 participants can be proposed now" in page

    def test_where_nobody_can_be_proposed_the_page_says_why(self, client, cohort, approved, branch_officer):
        """And offers no button that does nothing."""
        ada, ben, _ = approved.entries.order_by("name")
        registered(approved, ada.participant)
        revoke(
            certificate=registered(approved, ben.participant),
            by=branch_officer,
            reason="Not earned",
            now=AFTER,
        )
        factories.participant(cohort, factories.person("Zoe Zabel"))
        factories.participant(cohort, factories.person("Yan Young"))
        response = get(client, branch_officer, "certificate_completion", cohort.pk)
        assert (
            "Nobody can be proposed now: 1 with a certificate, 1 whose certificate was revoked (open it to have "
            "them put on a new list), 1 on a list (open it above to go on), 2 with something missing (see below)."
        ) in text(response)
        assert "Put them on a list" not in text(response)
        assert "disabled" not in response.content.decode()

    def test_completion_costs_the_same_for_more_people(self, client, program, branch, branch_officer):
        cohort = factories.cohort(program, branch, by=branch_officer)
        factories.participant(cohort)
        url = reverse("certificate_completion", args=[cohort.pk])
        client.force_login(branch_officer)
        client.get(url)
        with CaptureQueriesContext(connection) as one:
            client.get(url)
        completed_team(cohort, ["Ada Alvarez", "Ben Brooks", "Chi Chen"], by=branch_officer)
        with CaptureQueriesContext(connection) as four:
            response = client.get(url)
        assert len(response.context["rows"]) == 4
        assert len(four) == len(one)

    def test_proposes_submits_and_issues(
        self, client, cohort, members, branch_officer, superintendent, django_capture_on_commit_callbacks
    ):
        response = post(client, branch_officer, "certificate_propose", cohort.pk)
        batch = Batch.objects.get()
        assert response["Location"] == reverse("certificate_batch", args=[batch.pk])
        assert "approved by Sofia Superintendent" in text(
            get(client, branch_officer, "certificate_batch", batch.pk)
        )
        assert promised(get(client, branch_officer, "certificate_batch", batch.pk)) == 1
        post(client, branch_officer, "certificate_submit", batch.pk)
        assert written_to("certificates.batch_awaiting_approval") == 1
        assert "Waiting for Sofia Superintendent since Tuesday, October 5, 2027" in text(
            get(client, branch_officer, "certificate_batch", batch.pk)
        )
        sign(client, superintendent, batch)
        assert promised(get(client, branch_officer, "certificate_batch", batch.pk)) == 3
        post(client, branch_officer, "certificate_issue", batch.pk)
        assert "Waiting to start" in text(get(client, branch_officer, "certificate_batch", batch.pk))
        jobs.run(Job.objects.get().pk)
        assert written_to("certificates.issued") == 3
        assert "Certificates issued: 3. Still to issue: 0." in text(
            get(client, branch_officer, "certificate_batch", batch.pk)
        )

    def test_bringing_a_list_up_to_date_says_what_changed(
        self, client, cohort, draft, members, branch_officer
    ):
        def pressed() -> str:
            address = reverse("certificate_propose", args=[cohort.pk])
            return text(client.post(address, follow=True))

        client.force_login(branch_officer)
        assert "The list is up to date. Nothing on it has changed." in pressed()
        ada, ben, chi = members
        names.write(person=ada.user, name="Ada Álvarez", said="", now=AFTER)
        EvaluationReceipt.objects.filter(participant=ben).first().delete()
        draft.entries.filter(participant=chi).update(minutes=900)
        assert (
            "The list is up to date. Taken off: Ben Brooks. Written otherwise: Ada Álvarez, before Ada Alvarez. "
            "Other hours: Chi Chen, 16 hours instead of 15 hours."
        ) in pressed()
        draft.entries.filter(participant=chi).delete()
        assert "The list is up to date. Added: Chi Chen." in pressed()

    def test_a_list_that_is_new_was_not_brought_up_to_date(self, client, cohort, members, branch_officer):
        client.force_login(branch_officer)
        page = client.post(reverse("certificate_propose", args=[cohort.pk]), follow=True)
        assert "up to date." not in text(page)

    def test_pressing_twice_starts_one_job(self, client, approved, branch_officer):
        post(client, branch_officer, "certificate_issue", approved.pk)
        post(client, branch_officer, "certificate_issue", approved.pk)
        assert Job.objects.count() == 1

    def test_refusals_are_said_on_the_page(self, client, cohort, draft, branch_officer):
        client.force_login(branch_officer)
        response = client.post(reverse("certificate_issue", args=[draft.pk]), follow=True)
        assert "The superintendent has not approved this list." in text(response)
        draft.entries.all().delete()
        response = client.post(reverse("certificate_submit", args=[draft.pk]), follow=True)
        assert "The list is empty." in text(response)
        assert "The list is empty" in text(
            client.get(reverse("certificate_sample", args=[draft.pk]), follow=True)
        )
        Participant.objects.update(status="left", left_at=AFTER)
        response = client.post(reverse("certificate_propose", args=[cohort.pk]), follow=True)
        assert "Nobody can be proposed" in text(response)

    def test_who_was_not_issued_is_listed_with_the_reason(self, client, approved, members, branch_officer):
        EvaluationReceipt.objects.filter(participant=members[1]).first().delete()
        post(client, branch_officer, "certificate_issue", approved.pk)
        jobs.run(Job.objects.get().pk)
        page = text(get(client, branch_officer, "certificate_batch", approved.pk))
        assert "Ben Brooks : 1 evaluation to fill in." in page
        assert "Certificates issued: 2. Still to issue: 1." in page

    def test_reissues(self, client, certificate, branch_officer):
        assert "The new one will say Ada Alvarez" in text(
            get(client, branch_officer, "certificate_reissue", certificate.pk)
        )
        for _ in range(2):
            response = post(client, branch_officer, "certificate_reissue", certificate.pk, reason="Copy lost")
            assert response["Location"] == reverse("certificate", args=[certificate.pk])
        jobs.run(Job.objects.get().pk)
        new = certificate.participant.certificates.valid().get()
        page = text(get(client, branch_officer, "certificate", certificate.pk))
        assert f"Reason: Copy lost. See certificate {new.serial}." in page
        again = post(client, branch_officer, "certificate_reissue", certificate.pk, reason="Copy lost")
        assert "was replaced by another on" in text(client.get(again["Location"]))
        assert certificate.participant.certificates.count() == 2

    def test_a_new_one_has_the_name_that_the_page_showed(self, client, certificate, members, branch_officer):
        page = get(client, branch_officer, "certificate_reissue", certificate.pk)
        shown = page.context["form"]["name"].value()
        assert shown == "Ada Alvarez"
        names.write(person=members[0].user, name="Ada Cruz", said="", now=AFTER)
        asked = {"reason": "Copy lost", "name": shown}
        response = client.post(reverse("certificate_reissue", args=[certificate.pk]), asked)
        assert "The name was changed meanwhile" in text(response)
        assert "The new one will say Ada Cruz" in text(response)
        form = response.context["form"]
        assert (form["reason"].value(), form["name"].value()) == ("Copy lost", "Ada Cruz")
        assert not Job.objects.exists()

    def test_a_reason_stays_typed_where_the_key_of_the_seal_was_lost(
        self, client, certificate, branch_officer, superintendent
    ):
        """It is told at once, not by a job that fails."""
        seal = issuing.kept(sealing.current(), AFTER)
        lost_seals.record(seals=[seal], by=superintendent, reason="A stolen laptop", now=AFTER)
        response = post(client, branch_officer, "certificate_reissue", certificate.pk, reason="Copy lost")
        assert "The key of the seal was lost to somebody else" in text(response)
        assert response.context["form"]["reason"].value() == "Copy lost"
        assert not Job.objects.exists()

    def test_while_one_is_made_its_page_shows_that_and_no_form(self, client, certificate, branch_officer):
        post(client, branch_officer, "certificate_reissue", certificate.pk, reason="Copy lost")
        asked = "Bo Branchoffice asked for it on Tuesday, October 5, 2027"
        for ask in (get, post):
            answer = ask(client, branch_officer, "certificate_reissue", certificate.pk)
            assert answer["Location"] == reverse("certificate", args=[certificate.pk])
            page = text(client.get(answer["Location"]))
            assert f"is being made already: {asked}, with this reason: Copy lost." in page
            assert f"in the place of this one. {asked}. Reason: Copy lost." in page

    def test_a_second_reason_is_not_dropped_in_silence(self, client, certificate, branch_officer):
        post(client, branch_officer, "certificate_reissue", certificate.pk, reason="Copy lost")
        answer = post(client, branch_officer, "certificate_reissue", certificate.pk, reason="Name corrected")
        page = text(client.get(answer["Location"]))
        assert "with this reason: Copy lost. Yours was not taken: Name corrected." in page
        assert Job.objects.get().arguments["reason"] == "Copy lost"

    def test_who_reads_the_reason_is_said_where_it_is_typed(
        self, client, certificate, members, branch_officer
    ):
        for name in ("certificate_reissue", "certificate_revoke"):
            page = text(get(client, branch_officer, name, certificate.pk))
            assert "The holder reads" in page
        reissue(certificate=certificate, by=branch_officer, reason="Printed copy lost", now=AFTER)
        assert "Printed copy lost" in text(get(client, members[0].user, "certificate", certificate.pk))

    def test_revokes(self, client, certificate, branch_officer):
        get(client, branch_officer, "certificate_revoke", certificate.pk)
        certificate.refresh_from_db()
        assert certificate.is_valid
        post(client, branch_officer, "certificate_revoke", certificate.pk, reason="Not earned")
        certificate.refresh_from_db()
        assert (certificate.status, certificate.reason) == ("revoked", "Not earned")

    @pytest.mark.parametrize("name", ["certificate_reissue", "certificate_revoke"])
    def test_a_reason_is_asked_for(self, client, certificate, branch_officer, name):
        response = post(client, branch_officer, name, certificate.pk, reason=" ")
        assert "This field is required." in text(response)
        certificate.refresh_from_db()
        assert certificate.is_valid

    def test_the_register_is_searched_by_name_and_number(self, client, certificate, branch_officer):
        def found(words):
            page = get(client, branch_officer, "certificate_register", q=words)
            return sorted(row.claims["name"] for row in page.context["page"])

        assert found("") == ["Ada Alvarez", "Ben Brooks", "Chi Chen"]
        assert found("ben") == ["Ben Brooks"]
        assert found("chen chi") == ["Chi Chen"]
        assert found(certificate.serial) == ["Ada Alvarez"]
        assert found("nobody") == []

    def test_the_register_costs_the_same_for_more(self, client, certificates, branch_officer):
        client.force_login(branch_officer)
        counts = []
        for words, rows in (("Ada", 1), ("", 3)):
            with CaptureQueriesContext(connection) as captured:
                page = client.get(reverse("certificate_register"), {"q": words})
            assert len(page.context["page"]) == rows
            counts.append(len(captured))
        assert counts[0] == counts[1]

    def test_another_branch_sees_nothing(self, client, certificate, org):
        other = factories.unit("branch", "Other Branch", parent=org.department)
        stranger = factories.officer(other)
        batch = certificate.batch
        for name, pk in (
            ("certificate_completion", batch.cohort_id),
            ("certificate_batch", batch.pk),
            ("certificate_sample", batch.pk),
            ("certificate", certificate.pk),
            ("certificate_reissue", certificate.pk),
            ("certificate_revoke", certificate.pk),
        ):
            assert get(client, stranger, name, pk).status_code == 404
        for name, pk in (
            ("certificate_propose", batch.cohort_id),
            ("certificate_submit", batch.pk),
            ("certificate_issue", batch.pk),
        ):
            assert post(client, stranger, name, pk).status_code == 404
        assert list(get(client, stranger, "certificate_register").context["page"]) == []

    def test_an_officer_who_takes_part_has_no_say_over_the_cohort(self, client, certificate, members):
        """T10"""
        officer = members[0].user
        RoleAssignment.objects.create(
            user=officer,
            office=RoleAssignment.Office.BRANCH_OFFICE,
            unit=members[0].cohort.branch,
            start_date=date(2027, 1, 1),
        )
        assert get(client, officer, "certificate", certificate.pk).status_code == 200
        for name in ("certificate_reissue", "certificate_revoke"):
            assert post(client, officer, name, certificate.pk, reason="x").status_code == 404
        assert get(client, officer, "certificate_completion", members[0].cohort_id).status_code == 404

    @pytest.mark.parametrize("who", ["outsider", "director", "deputy", "superintendent", "administrator"])
    @pytest.mark.parametrize("name", ["certificate_propose", "certificate_submit", "certificate_issue"])
    def test_nobody_else_writes(self, client, approved, request, who, name):
        pk = approved.cohort_id if name == "certificate_propose" else approved.pk
        assert post(client, request.getfixturevalue(who), name, pk).status_code == 404
        assert not Job.objects.exists()

    @pytest.mark.parametrize(
        "name", ["certificate_propose", "certificate_submit", "certificate_issue", "certificate_approve"]
    )
    def test_nothing_changes_on_get(self, client, submitted, branch_officer, superintendent, name):
        """It leads to the page that the act is sent from."""
        user = superintendent if name == "certificate_approve" else branch_officer
        about_cohort = name == "certificate_propose"
        answer = get(client, user, name, submitted.cohort_id if about_cohort else submitted.pk)
        assert answer.url == (
            reverse("certificate_completion", args=[submitted.cohort_id])
            if about_cohort
            else reverse("certificate_batch", args=[submitted.pk])
        )
        status = submitted.status
        submitted.refresh_from_db()
        assert submitted.status == status
        assert not Job.objects.exists()


class TestDeputy:
    def test_reads_the_register_of_the_branch(self, client, certificate, deputy):
        page = get(client, deputy, "certificate_register")
        assert len(page.context["page"]) == 3
        assert get(client, deputy, "certificate", certificate.pk).status_code == 200
        assert post(client, deputy, "certificate_revoke", certificate.pk, reason="x").status_code == 404


class TestApprover:
    def test_reads_the_list_and_a_sample_then_signs(self, client, drawn, submitted, superintendent):
        index = get(client, superintendent, "certificates")
        assert reverse("certificate_batch", args=[submitted.pk]) in index.content.decode()
        page = text(get(client, superintendent, "certificate_batch", submitted.pk))
        assert "1. Ada Alvarez , Finance Division: 16 hours" in page
        assert "As State Superintendent of Public Instruction, I approve certificates of completion" in page
        sample = get(client, superintendent, "certificate_sample", submitted.pk)
        assert sample["Content-Type"] == "application/pdf"
        assert text_of(sample.content).startswith("Sample: not a certificate")
        assert not Certificate.objects.exists()
        response = post(
            client, superintendent, "certificate_approve", submitted.pk, typed_name="sofia  superintendent"
        )
        assert response.status_code == 302
        submitted.refresh_from_db()
        assert submitted.status == Batch.Status.APPROVED

    def test_nobody_signs_who_has_not_looked_at_a_sample(self, client, submitted, superintendent):
        """What is signed says so; and it is a sample of the list as it waits."""
        name = superintendent.name
        response = post(client, superintendent, "certificate_approve", submitted.pk, typed_name=name)
        assert "Look at a sample first" in text(response)
        assert response.context["approve_form"]["typed_name"].value() == name
        return_batch(batch=submitted, by=superintendent, reason="x", now=AFTER)
        get(client, superintendent, "certificate_sample", submitted.pk)
        submit_for_approval(batch=submitted, by=submitted.submitted_by, now=AFTER)
        response = post(client, superintendent, "certificate_approve", submitted.pk, typed_name=name)
        assert "Look at a sample first" in text(response)
        assert sign(client, superintendent, submitted).status_code == 302

    @pytest.mark.parametrize("how", ["taken back", "sent back"])
    def test_the_link_of_a_mail_says_so_once_the_list_is_with_the_office_again(
        self, client, submitted, superintendent, branch_officer, outsider, how
    ):
        get(client, superintendent, "certificate_batch", submitted.pk)
        if how == "taken back":
            take_back(batch=submitted, by=branch_officer, reason="One is missing.", now=AFTER)
        else:
            return_batch(batch=submitted, by=superintendent, reason="One is missing.", now=AFTER)
        who = (
            "Bo Branchoffice of the branch office took"
            if how == "taken back"
            else "Sofia Superintendent sent"
        )
        told = f"{who} this list back. There is nothing for you to do."
        page = text(get(client, superintendent, "certificate_batch", submitted.pk))
        assert told in page
        assert "Ada Alvarez" not in page
        sign = post(
            client, superintendent, "certificate_approve", submitted.pk, typed_name=superintendent.name
        )
        send = post(client, superintendent, "certificate_return", submitted.pk, reason="x")
        assert told in text(sign)
        assert told in text(send)
        assert told not in text(get(client, branch_officer, "certificate_batch", submitted.pk))
        assert get(client, outsider, "certificate_batch", submitted.pk).status_code == 404

    def test_a_list_that_was_never_submitted_is_not_told_of(self, client, draft, superintendent):
        assert get(client, superintendent, "certificate_batch", draft.pk).status_code == 404

    @pytest.mark.parametrize("typed", ["", "Somebody Else"])
    def test_another_name_is_refused_in_the_form(self, client, submitted, superintendent, typed):
        response = post(client, superintendent, "certificate_approve", submitted.pk, typed_name=typed)
        assert response.status_code == 200
        expected = "To sign, type your name exactly" if typed else "Type your name to sign."
        assert expected in text(response)
        submitted.refresh_from_db()
        assert submitted.status == Batch.Status.AWAITING

    def test_a_delegate_is_shown_in_which_capacity_they_sign(self, client, submitted, org, outsider):
        delegate_to(outsider, org)
        page = text(get(client, outsider, "certificate_batch", submitted.pk))
        assert "As delegate of the State Superintendent of Public Instruction, I approve" in page
        sign(client, outsider, submitted)
        page = text(get(client, outsider, "certificate_batch", submitted.pk))
        assert "Otto Outsider, delegate of the State Superintendent of Public Instruction" in page
        assert "For Sofia Superintendent" in page

    def test_sends_back_with_a_reason(self, client, submitted, superintendent, branch_officer):
        assert "This field is required." in text(
            post(client, superintendent, "certificate_return", submitted.pk, reason="")
        )
        post(client, superintendent, "certificate_return", submitted.pk, reason="One name is wrong.")
        assert "Sofia Superintendent sent this list back: One name is wrong." in text(
            get(client, branch_officer, "certificate_batch", submitted.pk)
        )

    def test_does_not_see_a_draft(self, client, draft, superintendent):
        assert get(client, superintendent, "certificate_batch", draft.pk).status_code == 404

    def test_the_head_of_another_department_sees_nothing(self, client, submitted):
        head = factories.person("Hana Head")
        factories.unit("department", "Another Department", head=head)
        assert get(client, head, "certificate_batch", submitted.pk).status_code == 404
        assert (
            post(client, head, "certificate_approve", submitted.pk, typed_name=head.name).status_code == 404
        )
        assert list(get(client, head, "certificates").context["awaiting"]) == []

    @pytest.mark.parametrize("who", ["branch_officer", "deputy", "director", "outsider", "administrator"])
    def test_nobody_else_approves_or_sends_back(self, client, submitted, request, who):
        user = request.getfixturevalue(who)
        assert (
            post(client, user, "certificate_approve", submitted.pk, typed_name=user.name).status_code == 404
        )
        assert post(client, user, "certificate_return", submitted.pk, reason="x").status_code == 404


class TestSignaturePicture:
    def picture(self, size=(600, 150), kind="PNG"):
        out = io.BytesIO()
        Image.new("RGB", size, "navy").save(out, kind)
        return SimpleUploadedFile("me.png", out.getvalue())

    def test_is_kept_drawn_anew_and_printed_on_what_is_issued(
        self, client, drawn, submitted, superintendent, members
    ):
        post(client, superintendent, "certificate_signature", picture=self.picture(kind="JPEG"))
        kept = SignaturePicture.objects.get(person=superintendent)
        assert bytes(kept.picture).startswith(b"\x89PNG")
        shown = get(client, superintendent, "certificate_signature_picture")
        assert (shown.content, shown["Content-Type"]) == (bytes(kept.picture), "image/png")
        sign(client, superintendent, submitted)
        issue_batch(batch=submitted, by=None, now=AFTER)
        assert text_of(bytes(members[0].certificates.get().file.pdf)).count("Sofia Superintendent") == 1

    @pytest.mark.parametrize(
        ("upload", "says"),
        [
            (SimpleUploadedFile("x.png", b"no picture"), "no PNG or JPEG picture"),
            (SimpleUploadedFile("x.png", b"\x89PNG\r\n\x1a\n" + b"x" * 50), "no PNG or JPEG picture"),
            (
                SimpleUploadedFile("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
                "no PNG or JPEG picture",
            ),
            (SimpleUploadedFile("x.png", b"x" * 1_000_001), "larger than 1 MB"),
        ],
        ids=["text", "broken", "svg", "large"],
    )
    def test_other_files_are_refused(self, client, superintendent, upload, says):
        upload.seek(0)
        assert says in text(post(client, superintendent, "certificate_signature", picture=upload))
        assert not SignaturePicture.objects.exists()

    def test_a_picture_of_too_many_pixels_is_refused(self, client, superintendent):
        response = post(
            client, superintendent, "certificate_signature", picture=self.picture(size=(5000, 4000))
        )
        assert "too many pixels" in text(response)

    @pytest.mark.parametrize(
        ("size", "words"),
        [
            ((5, 5), "too small to be printed well: 5 by 5 pixels"),
            ((100, 3000), "too small"),
            ((300, 3000), "not the shape of a signature: 300 by 3000 pixels"),
            ((3000, 200), "at most 12 times as wide"),
        ],
    )
    def test_what_has_not_the_shape_of_one_is_refused(self, client, superintendent, size, words):
        response = post(client, superintendent, "certificate_signature", picture=self.picture(size=size))
        assert words in text(response)
        assert not SignaturePicture.objects.exists()

    def test_it_can_be_removed(self, client, superintendent):
        post(client, superintendent, "certificate_signature", picture=self.picture())
        assert "Remove this picture" in text(get(client, superintendent, "certificate_signature"))
        for _ in range(2):
            post(client, superintendent, "certificate_signature_remove")
        assert not SignaturePicture.objects.exists()
        assert AuditEvent.objects.filter(action="signature_picture.removed").count() == 1
        assert "None is kept yet" in text(get(client, superintendent, "certificate_signature"))

    def test_only_approvers_have_one(self, client, branch_officer, outsider):
        for user in (branch_officer, outsider):
            assert get(client, user, "certificate_signature").status_code == 404
            assert get(client, user, "certificate_signature_picture").status_code == 404


class TestMail:
    def sent(self, mailoutbox):
        outbox.deliver_due(now=AFTER)
        return {message.to[0]: message for message in mailoutbox}

    def test_the_holder_gets_a_link_never_the_file(self, issued, mailoutbox):
        letter = self.sent(mailoutbox)[issued.participant.user.email]
        assert letter.subject == "Your certificate of the Peer Coaching Program"
        assert reverse("certificate", args=[issued.pk]) in letter.body
        assert letter.attachments == []
        assert issued.code not in letter.body

    def test_one_in_the_place_of_another_says_so(self, issued, branch_officer, mailoutbox):
        self.sent(mailoutbox)
        new = reissue(certificate=issued, by=branch_officer, reason="Lost", now=AFTER)
        letter = self.sent(mailoutbox)[issued.participant.user.email]
        assert (
            letter.subject
            == f"A new certificate of the Peer Coaching Program, in the place of {issued.serial}"
        )
        body = " ".join(letter.body.split())
        assert f"number {new.serial}. It replaces certificate {issued.serial}, which no longer stands" in body
        assert "Congratulations" not in body

    def test_the_superintendent_is_asked_and_the_office_told(
        self, submitted, superintendent, branch_officer, client, mailoutbox
    ):
        address = reverse("certificate_batch", args=[submitted.pk])
        letter = self.sent(mailoutbox)[superintendent.email]
        assert letter.subject == f"Certificates of the {submitted.cohort} await your approval"
        assert "3 participants" in letter.body
        assert address in letter.body
        sign(client, superintendent, submitted)
        letter = self.sent(mailoutbox)[branch_officer.email]
        assert letter.subject == f"Certificates of the {submitted.cohort} are approved"
        assert address in letter.body

    def test_a_list_sent_back_carries_its_reason(
        self, submitted, superintendent, branch_officer, client, mailoutbox
    ):
        post(client, superintendent, "certificate_return", submitted.pk, reason="Ben’s & Ada’s names")
        body = self.sent(mailoutbox)[branch_officer.email].body
        assert "was sent back by Sofia Superintendent, with this reason:\n\nBen’s & Ada’s names" in body
        # The question has been answered meanwhile.
        assert (
            Message.objects.get(kind="certificates.batch_awaiting_approval").status == Message.Status.DROPPED
        )

    def test_a_list_taken_back_since_is_not_written_of_as_sent_back(
        self, submitted, superintendent, branch_officer, mailoutbox
    ):
        batch = return_batch(batch=submitted, by=superintendent, reason="One is wrong.", now=AFTER)
        batch = submit_for_approval(batch=batch, by=branch_officer, now=AFTER)
        take_back(batch=batch, by=branch_officer, reason="One is missing.", now=AFTER)
        assert branch_officer.email not in self.sent(mailoutbox)

    def test_a_revocation_tells_the_holder_where_the_reason_is(self, certificate, branch_officer, mailoutbox):
        revoke(certificate=certificate, by=branch_officer, reason="A private matter", now=AFTER)
        letter = self.sent(mailoutbox)[certificate.participant.user.email]
        assert letter.subject == f"Your certificate {certificate.serial} was revoked"
        assert "A private matter" not in letter.body
        assert "coaching@example.org" in letter.body


def test_the_admin_shows_and_changes_nothing(client, certificate, administrator):
    client.force_login(administrator)
    for model in (
        "batch",
        "batchentry",
        "certificate",
        "certificatefile",
        "serialcounter",
        "signaturepicture",
    ):
        listed = reverse(f"admin:certificates_{model}_changelist")
        assert client.get(listed).status_code == 200
        assert client.get(reverse(f"admin:certificates_{model}_add")).status_code == 403
    change = reverse("admin:certificates_certificate_change", args=[certificate.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"status": "revoked"}).status_code == 403
    file = client.get(reverse("admin:certificates_certificatefile_change", args=[certificate.pk]))
    assert file.status_code == 200


class TestOldPages:
    """A page that was opened before somebody else acted says what became of the matter."""

    def test_whose_approval_was_not_needed_reads_who_approved(
        self, client, submitted, superintendent, outsider, org
    ):
        delegate_to(outsider, org)
        sign(client, outsider, submitted)
        client.force_login(superintendent)
        page = client.post(
            reverse("certificate_approve", args=[submitted.pk]),
            {"typed_name": superintendent.name},
            follow=True,
        )
        assert (
            "Your approval was not needed: Otto Outsider, delegate of the State Superintendent of Public Instruction, "
            "approved this list on October 5, 2027."
        ) in text(page)

    def test_a_certificate_is_not_said_to_be_revoked_twice(self, client, issued, branch_officer):
        revoke(certificate=issued, by=branch_officer, reason="Wrong person", now=AFTER)
        client.force_login(branch_officer)
        for act in ("certificate_revoke", "certificate_reissue"):
            page = client.post(reverse(act, args=[issued.pk]), {"reason": "Again"}, follow=True)
            told = text(page)
            assert f"{issued.serial} was revoked on October 5, 2027. Nothing was done now." in told
            assert "The holder gets a mail" not in told
        assert written_to("certificates.revoked") == 1
