"""For the demo: an application that came on paper, a step given to somebody else, and a signer who prefers paper."""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from PIL import Image, ImageDraw

from applications import checks, drafting, on_paper, paper, reassigning
from applications.models import Application
from coaching.models import Cohort, User
from coaching.site import staging


def show(cohort: Cohort, *, officer: User, people: Iterator[User], chance: Random, now: datetime) -> None:
    """Takes three of the people; each application is then in review (A9, A15)."""
    _on_paper(cohort, next(people), officer, chance, now)
    given = _submitted(cohort, next(people), chance, now - timedelta(days=4))
    step = given.current_step()
    assert step is not None
    reassigning.reassign(
        step=step,
        to=given.route()[1].signer,
        reason=f"{step.signer} is on parental leave until March.",
        by=officer,
        now=now - timedelta(days=1),
    )
    prefers = _submitted(cohort, next(people), chance, now - timedelta(days=3))
    on_paper.ask_to_sign(application=prefers, by=staging.waits_on(prefers), now=now - timedelta(days=2))


def _submitted(cohort: Cohort, applicant: User, chance: Random, now: datetime) -> Application:
    application = staging.write_application(cohort=cohort, applicant=applicant, chance=chance, now=now)
    return staging.submit(application, now=now)


def _on_paper(cohort: Cohort, applicant: User, officer: User, chance: Random, now: datetime) -> None:
    """Signed by the applicant and the supervisor two days before it came in."""
    competencies = checks.competencies_of(Application(cohort=cohort))
    received = drafting.today_of(cohort, now) - timedelta(days=1)
    signed = received - timedelta(days=2)
    answers = staging.draw_answers(chance, today=signed)
    assert applicant.supervisor is not None
    paper.enter(
        cohort=cohort,
        applicant=applicant,
        answers={**answers, "project_competencies": competencies[:2]},
        ratings=staging.draw_ratings(competencies, chance),
        received_date=received,
        signed_date=signed,
        signatures=[paper.PaperSignature(applicant.supervisor, signed)],
        attested=paper.Attested(_scan(applicant), officer.name),
        by=officer,
        now=now,
    )


def _scan(applicant: User) -> bytes:
    """A sheet that says what it stands for."""
    sheet = Image.new("L", (850, 1100), 250)
    lines = (
        "Application to the Peer Coaching Program",
        f"Signed: {applicant}",
        f"Signed: {applicant.supervisor}",
    )
    for number, line in enumerate((*lines, "(Invented for the demo.)")):
        ImageDraw.Draw(sheet).text((90, 120 + 60 * number), line, fill=20)
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()
