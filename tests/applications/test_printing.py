"""The application as a form to file: accessible, searchable, whole, with every signature or its empty line (A1, A8)."""

import io
import subprocess
from dataclasses import replace

import page
import pikepdf
import pytest
from django.urls import reverse

from applications import drafting, printing, workflow
from applications.printing import Form
from tests import factories
from tests.applications.factories import ANSWERS, accepted, competencies, delegate, draft, sign, submitted
from tests.certificates.content import text_of
from tests.clock import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def form_of(application, text=None) -> Form:
    return printing.of_text(application, text or application.current_text, now=NOW)


def draft_form(application) -> Form:
    return printing.of_draft(application, drafting.preview(application, now=NOW), now=NOW)


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, on one line."""
    found = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout
    return [" ".join(sheet.split()) for sheet in found.decode().split("\f")[:-1]]


def letters(text: str) -> str:
    return "".join(text.split())


DRAWN: dict[str, bytes] = {}


class TestSigned:
    @pytest.fixture
    def application(self, applicant, cohort):
        return accepted(applicant, cohort)

    @pytest.fixture
    def pdf(self, application):
        """Drawn once: the same in each test."""
        form = form_of(application)
        return DRAWN.get(form.text) or DRAWN.setdefault(form.text, printing.render(form))

    def test_it_is_letter_portrait_and_meets_pdf_ua_1(self, pdf):
        report = page.validate_pdf_bytes(pdf, profile="ua1")
        assert [(failure.rule_id, failure.message) for failure in report.failures] == []
        assert report.is_compliant
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            assert {tuple(map(float, sheet.mediabox)) for sheet in opened.pages} == {(0, 0, 612, 792)}

    def test_it_has_language_title_and_bookmarks(self, pdf, cohort):
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            assert opened.Root.Lang == "en-US"
            assert bool(opened.Root.MarkInfo.Marked)
            assert str(opened.docinfo.Title) == f"Application of Ana Applicant to the {cohort}"
            with opened.open_outline() as outline:
                (top,) = outline.root
                assert top.title == "Peer Coaching Program"
                assert [item.title for item in top.children] == [
                    "1 Applicant",
                    "2 Why I Want To Take Part",
                    "3 Leadership",
                    "4 Competencies",
                    "5 Division Project",
                    "6 The Project Concept Was Discussed",
                    "7 Acknowledged By The Applicant",
                    "8 Route Of Signatures",
                    "Signatures",
                ]

    def test_every_word_that_was_signed_is_on_it(self, application, pdf):
        """A1, A2, A4, A6; each passage in one piece, so that it is found by searching."""
        text = letters(text_of(pdf))
        for section in form_of(application).sections:
            for block in section.blocks:
                for each in block.fields:
                    assert letters(each.label.removesuffix(":")) in text
                    assert letters(each.answer) in text or each.label in ("", "What the program offers")
        for answer in ANSWERS.values():
            assert not isinstance(answer, str) or letters(answer) in text
        assert all(f"About{letters(each.name)}." in text for each in competencies(application.cohort))

    def test_each_page_names_applicant_digest_and_number(self, application, pdf):
        sheets = pages_of(pdf)
        for number, sheet in enumerate(sheets, start=1):
            foot = f"Page {number} of {len(sheets)}"
            assert foot in sheet
            assert f"SHA-256 {application.current_text.digest}" in sheet
            assert "Ana Applicant" in sheet

    def test_the_last_page_has_every_signature(self, application, pdf):
        """A8: name, capacity, time with its zone, statement."""
        last = pages_of(pdf)[-1]
        for sign_off in application.current_text.sign_offs.all():
            assert sign_off.capacity in last
            assert sign_off.signer.name in last
            assert " ".join(sign_off.statement.split()) in last
        assert last.count("Monday, November 23, 2026, 10:00:00 AM PST") == 4
        assert last.count("Signature (electronic)") == 4
        assert last.count("Project concept discussed on") == 2
        assert "Thursday, November 5, 2026" in last
        assert "not signed" not in last

    def test_a_name_typed_in_lower_case_is_printed_as_it_is_on_record(
        self, client, applicant, supervisor, cohort
    ):
        """What was typed stays in the record of the signature."""
        application = sign(submitted(applicant, cohort), supervisor, typed_name="sam  supervisor")
        text = application.current_text
        assert text.sign_offs.get(signer=supervisor).typed_name == "sam supervisor"
        last = pages_of(printing.render(form_of(application)))[-1]
        assert "Signature (electronic) Sam Supervisor" in last
        client.force_login(applicant)
        page = client.get(reverse("application_text", args=[application.pk, text.pk])).content.decode()
        assert "sam supervisor" not in last + page

    def test_it_says_how_the_application_stands_and_how_long_it_is_kept(self, application, pdf):
        text = text_of(pdf)
        assert "Accepted. As of November 23, 2026, 10:00 AM PST." in text
        assert f"Kept until December 31, {application.cohort.first_month.year + 5}." in text

    def test_the_name_of_the_file_tells_the_text(self, application):
        name = printing.file_name(form_of(application))
        assert name == f"application-2027-11-program-ana-applicant-{application.current_text.digest[:8]}.pdf"


class TestUnfinished:
    def test_what_is_still_asked_for_has_an_empty_line(self, applicant, supervisor, cohort):
        application = sign(submitted(applicant, cohort), supervisor)
        signed = [(each.name, each.signed_at) for each in form_of(application).signatures]
        assert signed == [
            ("Ana Applicant", NOW),
            ("Sam Supervisor", NOW),
            ("Dana Director", None),
            ("Derek Deputy", None),
        ]

    def test_a_draft_says_so_and_has_a_line_for_each_signature(self, applicant, cohort):
        pdf = printing.render(draft_form(draft(applicant, cohort)))
        text = text_of(pdf)
        assert text.count("Signature: not signed yet") == 4
        assert "Not signed and not submitted" in text
        assert "Draft. Not signed." in pages_of(pdf)[-1]
        assert "SHA-256" not in text
        assert "Decision: mark one" in text
        assert "Accepted Waitlisted Not selected" in text
        assert page.is_pdf_compliant_bytes(pdf, profile="ua1")

    def test_an_old_text_says_that_its_signatures_no_longer_hold(self, applicant, supervisor, cohort):
        first = workflow.return_for_changes(
            application=submitted(applicant, cohort), by=supervisor, comment="Name a number.", now=NOW
        )
        old = first.current_text
        assert form_of(first).state == "Returned for changes."
        again = submitted(applicant, cohort, timely="By May 1.")
        form = form_of(again, old)
        assert form.state.startswith("No longer current")
        assert [each.name for each in form.signatures] == ["Ana Applicant"]

    def test_withdrawn_says_so(self, applicant, cohort):
        application = workflow.withdraw(application=submitted(applicant, cohort), by=applicant, now=NOW)
        assert form_of(application).state == "Withdrawn by the applicant."

    def test_both_names_and_the_order_stand_on_a_delegates_signature(
        self, applicant, supervisor, outsider, cohort
    ):
        """A9."""
        delegate(supervisor, outsider, reason="Vacation")
        signature = form_of(sign(submitted(applicant, cohort), outsider)).signatures[1]
        assert (signature.name, signature.for_whom) == (outsider.name, "Sam Supervisor")
        assert signature.order == "From November 23, 2026 to November 30, 2026: Vacation"


class TestAnyWords:
    @pytest.fixture
    def form(self, applicant, cohort) -> Form:
        return draft_form(draft(applicant, cohort, why="Here."))

    @pytest.mark.parametrize(
        "name",
        [
            "Maximiliana Wilhelmina Anastasia-Konstantinopoulou Featherstonehaugh de la Cruz Y Nguyễn",
            "Wolfeschlegelsteinhausenbergerdorff" * 4,
            "محمد عبد الرحمن الهاشمي",
            "דוד לוי",
            "欧阳娜娜",
            "김민준",
        ],
    )
    def test_any_name_stands_whole(self, form, name):
        pdf = printing.render(
            replace(form, applicant=name, text=form.text.replace("Name: Ana Applicant", f"Name: {name}"))
        )
        found = letters(text_of(pdf)).replace("-", "")
        assert letters(name).replace("-", "") in found or letters(name[::-1]) in found
        assert page.is_pdf_compliant_bytes(pdf, profile="ua1")

    def test_thirty_thousand_letters_stand_whole(self, form):
        long = " ".join(f"word{number}" for number in range(4300))
        assert len(long) > 30_000
        pdf = printing.render(replace(form, text=form.text.replace("Here.", long)))
        text = " ".join(pages_of(pdf))
        assert all(f"word{number}" in text for number in range(4300))
        assert page.is_pdf_compliant_bytes(pdf, profile="ua1")

    def test_what_no_font_can_write_stands_as_its_number(self, form):
        pdf = printing.render(replace(form, text=form.text.replace("Here.", "He\x07re \U0010fffd.")))
        assert "He[U+0007]re [U+10FFFD]." in text_of(pdf)
        assert page.is_pdf_compliant_bytes(pdf, profile="ua1")

    def test_markup_is_text(self, form):
        pdf = printing.render(
            replace(form, text=form.text.replace("Here.", '<img src="http://127.0.0.1:1/x">'))
        )
        assert '<img src="http://127.0.0.1:1/x">' in text_of(pdf)

    def test_the_name_of_the_file_has_no_markup_and_keeps_letters(self, form):
        name = printing.file_name(replace(form, applicant='欧阳 "娜娜"/..\r\nX: y'))
        assert name.startswith("draft-application-2027-11-program-欧阳-娜娜-x-y-")


class TestFiles:
    def test_the_signed_text_as_a_file(self, client, applicant, supervisor, cohort):
        application = submitted(applicant, cohort)
        client.force_login(supervisor)
        url = reverse("application_text_file", args=[application.pk, application.current_text_id])
        response = client.get(url)
        assert response["Content-Type"] == "application/pdf"
        assert response["Cache-Control"] == "private, no-store"
        assert response["Content-Disposition"] == (
            f'inline; filename="application-2027-11-program-ana-applicant-{application.current_text.digest[:8]}.pdf"'
        )
        assert response.content.startswith(b"%PDF-1.7")

    def test_a_name_in_another_script_is_encoded(self, client, applicant, cohort):
        applicant.name = "欧阳娜娜"
        applicant.save()
        application = draft(applicant, cohort)
        client.force_login(applicant)
        response = client.get(reverse("application_draft_file", args=[application.pk]))
        assert (
            "filename*=utf-8''draft-application-2027-11-program-%E6%AC%A7" in response["Content-Disposition"]
        )

    def test_a_draft_without_a_route_says_why(self, client, applicant, cohort):
        applicant.supervisor = None
        applicant.save()
        application = draft(applicant, cohort)
        client.force_login(applicant)
        url = reverse("application_draft_file", args=[application.pk])
        response = client.get(url)
        assert response.url == reverse("application_review", args=[application.pk])

    def test_a_submitted_one_is_no_draft(self, client, applicant, cohort):
        application = submitted(applicant, cohort)
        client.force_login(applicant)
        url = reverse("application_draft_file", args=[application.pk])
        assert client.get(url).url == reverse("application", args=[application.pk])

    def test_a_draft_is_nobody_elses(self, client, applicant, supervisor, branch_officer, cohort):
        application = draft(applicant, cohort)
        for other in (supervisor, branch_officer, factories.person("Other Person")):
            client.force_login(other)
            assert client.get(reverse("application_draft_file", args=[application.pk])).status_code == 404
