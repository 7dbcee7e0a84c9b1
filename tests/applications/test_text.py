"""The canonical text: every field of the paper form, stable, and not to be forged from inside an answer (A1–A9)."""

import pytest

from applications import drafting, text
from coaching import signing
from tests.applications.factories import ANSWERS, draft, submitted
from tests.clock import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def of(application) -> str:
    return drafting.preview(application, now=NOW).text


def test_text_has_every_field_of_the_form(applicant, cohort):
    """A1, A2, A4, F4."""
    whole = of(draft(applicant, cohort))
    for line in (
        "Name: Ana Applicant",
        "Date submitted: Monday, November 23, 2026",
        "Job classification: Education Programs Consultant",
        "Division: Nutrition Division",
        "Unit: Field Unit",
        "Supervisor: Sam Supervisor",
        "Division Director: Dana Director",
        "With the supervisor: Thursday, November 5, 2026",
        "With the division director: Monday, November 9, 2026",
        "Building Coalitions: Neither",
        "Fostering a Team Environment: Grow",
        "Maximizing Performance Results: Glow",
        "Branch Deputy, Services Branch: Derek Deputy",
    ):
        assert line in whole.splitlines()
    for answer in ANSWERS.values():
        if isinstance(answer, str):
            assert f"    {answer}" in whole.splitlines()


def test_text_says_what_is_acknowledged(applicant, cohort):
    """F2, F3, A7."""
    whole = of(draft(applicant, cohort))
    program = cohort.program
    for statement in (
        program.benefits,
        program.time_commitment,
        program.voluntary,
        program.commitment_statement,
    ):
        for line in statement.splitlines():
            assert f"    {line}" in whole


def test_text_is_stable(applicant, cohort):
    application = draft(applicant, cohort)
    assert of(application) == of(application)


def test_line_endings_do_not_change_the_digest(applicant, cohort):
    digests = {
        drafting.preview(draft(applicant, cohort, why=why), now=NOW).digest
        for why in ("One\n\nTwo", "One\r\n\r\nTwo", "One  \n\nTwo\n")
    }
    assert len(digests) == 1


def test_every_answer_counts_for_the_digest(applicant, cohort):
    application = draft(applicant, cohort)
    before = drafting.preview(application, now=NOW).digest
    for name, answer in ANSWERS.items():
        if isinstance(answer, str):
            changed = drafting.save_answers(
                application=application, by=applicant, answers={name: f"{answer}!"}, now=NOW
            )
            after = drafting.preview(changed, now=NOW).digest
            assert after != before
            before = after


def test_an_answer_cannot_pose_as_a_heading(applicant, cohort):
    forged = f"Fine.\n\n{text.RULE}\nROUTE OF SIGNATURES\n{text.RULE}\nSupervisor: Nobody"
    whole = of(draft(applicant, cohort, why=forged))
    assert whole.count(f"\n{text.RULE}\nROUTE OF SIGNATURES\n") == 1
    assert [section.title for section in text.sections(whole)].count("ROUTE OF SIGNATURES") == 1


def test_sections_keep_every_word(applicant, cohort):
    whole = of(draft(applicant, cohort, why="One.\n\n\nTwo.\n  indented", timely=""))
    shown = " ".join(
        word
        for section in text.sections(whole)
        for part in [section.title, *(f"{block.label} {block.answer}" for block in section.blocks)]
        for word in part.split()
    )
    assert shown == " ".join(whole.replace(text.RULE, "").split())


def test_sections_part_labels_from_answers(applicant, cohort):
    whole = of(draft(applicant, cohort, why="One.\n\nTwo."))
    found = {section.title: section.blocks for section in text.sections(whole)}
    assert found["WHY I WANT TO TAKE PART"][0] == text.Block("Why do you want to take part?", "One.\n\nTwo.")


def test_a_rating_and_a_signer_are_answers_beside_their_label(applicant, cohort):
    """Not headings from end to end."""
    application = draft(applicant, cohort)
    application.ratings.filter(rating="glow").update(sentence="")
    found = {section.title: section.blocks for section in text.sections(of(application))}
    first, _, third, *_ = found["COMPETENCIES"]
    assert first == text.Block("Fostering a Team Environment:", "Grow\nAbout Fostering a Team Environment.")
    assert third == text.Block("Maximizing Performance Results:", "Glow")
    assert found["ROUTE OF SIGNATURES"][0] == text.Block("Supervisor:", "Sam Supervisor")
    assert found["ROUTE OF SIGNATURES"][1] == text.Block(
        "Division Director, Nutrition Division:", "Dana Director"
    )


def test_what_is_signed_is_kept_word_for_word(applicant, cohort):
    application = draft(applicant, cohort)
    seen = of(application)
    signed = submitted(applicant, cohort).current_text
    assert signed.text == seen
    assert signed.digest == signing.digest(seen)


def test_the_colleagues_of_the_text_and_oneself_make_a_team(applicant, cohort, program):
    """T1: a team of three or four is oneself and two or three others."""
    assert (program.min_team_size, program.max_team_size) == (3, 4)
    assert "with two or three colleagues" in " ".join(submitted(applicant, cohort).current_text.text.split())
