"""Applications and signatures on paper, entered by the branch office with their scan (A15). All rules hold as on screen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from applications import checks, drafting, notices, on_paper, routing, settling, text, workflow
from applications.models import Application
from applications.routing import Settled, Signer
from applications.settling import NotWaitingOnYou
from coaching import audit, paper, permissions, signing
from coaching.errors import Refused
from coaching.models import Cohort, Competency, Scan, SignedText, SignOff, User
from coaching.paper import Attested


class NotOnPaper(Refused):
    """Dates or names on the paper do not fit the rules."""


class AlreadyApplied(Refused):
    pass


@dataclass(frozen=True)
class PaperSignature:
    """One signature on it: whose, and of which day; `concept_date` where it corrects the applicant's (A3)."""

    signer: User
    signed_date: date
    concept_date: date | None = None


@dataclass(frozen=True)
class _Paper:
    """One paper at hand, and who enters it when."""

    attested: Attested
    signed_date: date
    received_date: date
    by: User
    now: datetime


@transaction.atomic
def enter(
    *,
    cohort: Cohort,
    applicant: User,
    answers: Mapping[str, object],
    ratings: Mapping[Competency, tuple[str, str]],
    received_date: date,
    signed_date: date,
    signatures: Sequence[PaperSignature],
    attested: Attested,
    by: User,
    now: datetime,
) -> Application:
    """Enter an application that came on paper; it waits at the first step that is not signed on it.

    `received_date` counts for the deadline, `signed_date` is that of the applicant's signature; `signatures` in the
    order of the route. Raises permissions.NotYourCohort, AlreadyApplied, NotOnPaper, drafting.NotOpen,
    workflow.NotComplete, routing.NoSigner, paper.NotAScan, paper.NotAttested, signing.NameDoesNotMatch and what
    `record_signature` raises.
    """
    Cohort.objects.select_for_update().get(pk=cohort.pk)
    permissions.require_office(cohort=cohort, by=by, now=now)
    check_applicant(cohort, applicant, by)
    today = drafting.today_of(cohort, now)
    _check_days(signed_date, received_date, today)
    received_at = paper.moment(cohort, received_date, now)
    application = drafting.start(cohort=cohort, by=applicant, now=received_at)
    drafting.save_answers(application=application, by=applicant, answers=answers, now=now)
    drafting.save_ratings(application=application, by=applicant, ratings=ratings, now=now)
    application = drafting.lock(application)
    findings = checks.missing(application, on=signed_date)  # A3: discussed before it was signed
    if findings:
        raise workflow.NotComplete(findings)
    route = routing.route_for(applicant, cohort, on=today)
    whole = text.canonical(application, route, on=received_date)
    signed = signing.signed_text(kind=SignedText.Kind.APPLICATION, text=whole, by=by, now=now)
    _send(application, signed, route, _Paper(attested, signed_date, received_date, by, now), signatures)
    notices.submitted(application, now=now)
    notices.turn(application, now=now)
    return application


def _send(
    application: Application,
    signed: SignedText,
    route: list[Signer],
    given: _Paper,
    signatures: Sequence[PaperSignature],
) -> None:
    """The applicant's signature on paper sends the application, as of the day on which it was received (A7); the
    others on the same sheet follow it, with the same scan."""
    cohort, by, now = application.cohort, given.by, given.now
    scan = paper.keep_scan(content=given.attested.scan, by=by, now=now)
    paper.sign_on_paper(
        text=signed,
        signer=application.applicant,
        capacity="Applicant",
        statement=cohort.program.commitment_statement,
        signed_at=paper.moment(cohort, given.signed_date, now),
        scan=scan,
        by=by,
        attested_name=given.attested.name,
        now=now,
    )
    received_at = paper.moment(cohort, given.received_date, now)
    workflow.send(application, signed, route, submitted_at=received_at, now=now)
    data = {"text": signed.digest, "scan": scan.sha256, "received_date": given.received_date}
    audit.record("application.entered_on_paper", by=by, obj=application, now=now, data=data)
    for each in signatures:
        if not _signed_already(application, each.signer):  # one person in two posts signs once (A9)
            _sign(application, each, scan, given.attested.name, by, now)


@transaction.atomic
def receive(
    *,
    application: Application,
    received_date: date,
    signed_date: date,
    attested: Attested,
    by: User,
    now: datetime,
    signatures: Sequence[PaperSignature] = (),
) -> Application:
    """The text that the applicant printed (`on_paper.ask_to_apply`) came back signed: it is submitted (A7).

    `signatures` are the others on the same sheet, in the order of the route. Raises permissions.NotYourCohort,
    drafting.NotEditable, settling.TextChanged, NotOnPaper, drafting.NotOpen, routing.NoSigner, paper.NotAScan,
    paper.NotAttested, signing.NameDoesNotMatch and what `record_signature` raises.
    """
    application = drafting.lock(application)
    cohort = application.cohort
    permissions.require_office(cohort=cohort, by=by, now=now)
    printed = application.paper_text
    if printed is None or not application.is_editable:
        raise drafting.NotEditable(f"Nothing of {application.applicant} waits for a signature on paper.")
    _check_days(signed_date, received_date, drafting.today_of(cohort, now))
    received_at = paper.moment(cohort, received_date, now)
    if application.status == Application.Status.DRAFT:  # a returned one was in time
        reasons = drafting.reasons_not_to_start(application.applicant, cohort, now=received_at)
        if reasons:
            raise drafting.NotOpen(" ".join(reasons))
    route = routing.route_for(application.applicant, cohort, on=drafting.today_of(cohort, now))
    printed_on = on_paper.printed_date(application)
    if signed_date < printed_on:
        raise NotOnPaper(f"The text was printed on {printed_on:%B %-d, %Y}; nobody signed it before that.")
    if not on_paper.is_right(application, route):
        raise settling.TextChanged(
            f"{application.applicant} has changed the application since it was printed, or its signers have changed. "
            "It has to be printed and signed again."
        )
    _send(application, printed, route, _Paper(attested, signed_date, received_date, by, now), signatures)
    notices.submitted(application, now=now)
    notices.turn(application, now=now)
    return application


def check_applicant(cohort: Cohort, applicant: User, by: User) -> None:
    """Whether anything can be entered for this person at all. Raises NotOnPaper, AlreadyApplied."""
    if applicant.pk == by.pk:
        raise NotOnPaper("Nobody enters their own application. Ask a colleague of the branch office.")
    if not applicant.is_active:
        raise NotOnPaper(f"{applicant} is no longer active in the directory.")
    existing = Application.objects.standing().filter(applicant=applicant, cohort=cohort).first()
    if existing is None:
        return
    if existing.status == Application.Status.DRAFT:
        raise AlreadyApplied(
            f"{applicant} has begun an application to the {cohort} in the browser. Ask them to withdraw that draft first."
        )
    raise AlreadyApplied(
        f"{applicant} has applied to the {cohort} already: {existing.get_status_display().lower()}."
    )


def _check_days(signed_date: date, received_date: date, today: date) -> None:
    if received_date > today:
        raise NotOnPaper("The day on which the paper was received is still to come.")
    if signed_date > received_date:
        raise NotOnPaper("The applicant signed after the paper was received. Check both dates.")


def _signed_already(application: Application, signer: User) -> bool:
    return application.review_steps.current_round().filter(acted_by=signer).exists()


@transaction.atomic
def record_signature(
    *, application: Application, signature: PaperSignature, attested: Attested, by: User, now: datetime
) -> Application:
    """Record that whoever it waits on has signed on paper; it goes on to the next (A8, A9).

    Raises permissions.NotYourCohort, NotWaitingOnYou, settling.DecisionNeeded, settling.ConceptNotDiscussed,
    NotOnPaper, paper.NotAScan, paper.NotAttested, signing.NameDoesNotMatch.
    """
    application = drafting.lock(application)
    permissions.require_office(cohort=application.cohort, by=by, now=now)
    scan = paper.keep_scan(content=attested.scan, by=by, now=now)
    sign_off = _sign(application, signature, scan, attested.name, by, now)
    notices.signed(application, sign_off, now=now)
    notices.turn(application, now=now)
    return application


def _sign(
    application: Application,
    signature: PaperSignature,
    scan: Scan,
    attested_name: str,
    by: User,
    now: datetime,
) -> SignOff:
    """One signature for all steps that this person settles in a row, but the decision (A9)."""
    since = _signed_by_applicant(application, now)
    if not since <= signature.signed_date <= drafting.today_of(application.cohort, now):
        raise NotOnPaper(
            f"{signature.signer} signed on {signature.signed_date:%B %-d, %Y}? The applicant signed on "
            f"{since:%B %-d, %Y}, and nobody signs before that or in the future. Check the dates."
        )
    settled = _settled(application, signature)
    right = settled[0][1]
    corrected = signature.concept_date
    if corrected and corrected > min(since, signature.signed_date):
        raise settling.ConceptNotDiscussed(
            settled[0][0].office,
            f"The applicant signed on {since:%B %-d, %Y}, and the project concept is discussed before that. Look at the "
            "day on the paper again; if it says so, give the paper back to the applicant.",
        )
    sign_off = paper.sign_on_paper(
        text=application.current_text,  # type: ignore[arg-type]
        signer=signature.signer,
        capacity="; also ".join(routing.capacity(step, each) for step, each in settled)[:200],
        statement="\n".join(settling.statements(settled)),
        signed_at=paper.moment(application.cohort, signature.signed_date, now),
        scan=scan,
        by=by,
        attested_name=attested_name,
        now=now,
        on_behalf_of=right.on_behalf_of,
        delegation=right.delegation,
    )
    dates = {step.office: corrected for step, _ in settled if corrected}
    settling.mark_signed(application, settled, sign_off, dates, by=by, now=now)
    workflow.move_on(application, now)
    return sign_off


def _signed_by_applicant(application: Application, now: datetime) -> date:
    """The day their own signature on this text is dated: what came on paper was signed before it was received."""
    own = SignOff.objects.filter(text=application.current_text_id, signer=application.applicant_id).first()
    return drafting.today_of(application.cohort, own.signed_at if own else now)


def _settled(application: Application, signature: PaperSignature) -> Settled:
    """The steps that wait on this person, in the right they had on the day of the paper."""
    settled = routing.steps_to_settle(application, signature.signer, on=signature.signed_date)
    if not settled:
        waiting = application.current_step()
        on = f"it waits on {waiting.signer} ({waiting.route_step.title})" if waiting else "it waits on nobody"
        raise NotWaitingOnYou(
            f"{signature.signer} could not sign this on {signature.signed_date:%B %-d, %Y}: {on}. If somebody else signs "
            "in that place, record the order under “Who signs for whom”, or give the step to them."
        )
    before = [(step, right) for step, right in settled if not step.route_step.decides]
    if not before:
        raise settling.DecisionNeeded(
            "The decision is made here, by the deciding office or its designee; record a designee from a written order "
            "if the deputy never signs in."
        )
    return before
