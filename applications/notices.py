"""Which mail goes to whom at which turn of an application; queued in the turn's own transaction (A11)."""

from datetime import date, datetime

from applications.models import Application, Decision, ProjectChange, ReviewStep, SeatOffer
from applications.routing import expected_signers
from coaching import offices, outbox
from coaching.models import Message, SignOff, User


def _office(application: Application, now: datetime) -> list[User]:
    """The cohort's branch office without the applicant (T10)."""
    day = now.astimezone(application.cohort.zone).date()
    officers = offices.branch_officers(application.cohort.branch, on=day)
    return [officer for officer in officers if officer.pk != application.applicant_id]


def submitted(application: Application, *, now: datetime) -> None:
    """To the applicant and to the branch office."""
    assert application.current_text_id is not None
    ids = {"application": application.pk, "text": application.current_text_id}
    key = f"{application.pk}:{application.current_text_id}"
    outbox.queue(kind="application_submitted", to=application.applicant, key=key, now=now, ids=ids)
    for officer in _office(application, now):
        outbox.queue(kind="application_received", to=officer, key=key, now=now, ids=ids)


def turn(application: Application, *, now: datetime) -> None:
    """To everybody who can sign now: the signer, and whoever stands in for them."""
    step = application.current_step()
    if step is None:
        return
    day = now.astimezone(application.cohort.zone).date()
    for person in expected_signers(step, on=day):
        outbox.queue(kind="application_to_sign", to=person, key=str(step.pk), now=now, ids={"step": step.pk})


def signed(application: Application, sign_off: SignOff, *, now: datetime) -> None:
    ids = {"application": application.pk, "sign_off": sign_off.pk}
    outbox.queue(kind="application_signed", to=application.applicant, key=str(sign_off.pk), now=now, ids=ids)


def returned(application: Application, step: ReviewStep, *, now: datetime) -> None:
    _about_step("application_returned", application, step, now)


def declined(application: Application, step: ReviewStep, *, now: datetime) -> None:
    _about_step("application_declined", application, step, now)


def _about_step(kind: str, application: Application, step: ReviewStep, now: datetime) -> None:
    outbox.queue(kind=kind, to=application.applicant, key=str(step.pk), now=now, ids={"step": step.pk})


def decided(application: Application, decision: Decision, *, now: datetime) -> None:
    """A11: every applicant is told of the outcome."""
    outbox.queue(
        kind="application_outcome",
        to=application.applicant,
        key=str(decision.pk),
        now=now,
        ids={"decision": decision.pk},
    )


def seat_answered(offer: SeatOffer, *, now: datetime) -> None:
    """A receipt for what somebody on the waitlist has answered, which the branch office wrote down."""
    person = offer.application.applicant
    assert offer.answered_at is not None
    answered = int(
        offer.answered_at.timestamp() * 1_000_000
    )  # which answer: a later one has a mail of its own
    ids = {"offer": offer.pk, "answered": answered}
    key = f"{offer.pk}:{offer.answer}:{answered}"
    outbox.queue(kind="application_seat_answered", to=person, key=key, now=now, ids=ids)


def paper_asked(application: Application, *, key: str, now: datetime) -> None:
    """To the branch office: a signed paper will come in."""
    ids = {"application": application.pk}
    outbox.queue_many(kind="application_paper_asked", to=_office(application, now), key=key, now=now, ids=ids)


def reassigned(application: Application, old: ReviewStep, new: ReviewStep, *, now: datetime) -> None:
    """To the applicant and to whoever no longer has to sign; to whoever has to, once it is their turn (see `turn`)."""
    people = [application.applicant, old.signer]
    if new.since_at is None:
        people.append(new.signer)
    outbox.queue_many(
        kind="application_reassigned", to=people, key=str(new.pk), now=now, ids={"step": new.pk}
    )


def withdrawn(application: Application, waiting: ReviewStep | None, *, now: datetime) -> None:
    """To the applicant as a receipt; to whoever had it and to the branch office, if it had been sent at all."""
    people = [application.applicant]
    if application.submitted_at:
        people += _office(application, now)
    if waiting:
        people.append(waiting.signer)
    for person in people:
        outbox.queue(
            kind="application_withdrawn",
            to=person,
            key=str(application.pk),
            now=now,
            ids={"application": application.pk},
        )


def closed(application: Application, waiting: ReviewStep | None, *, now: datetime) -> None:
    """A11: to the applicant, and to everybody who could have signed it."""
    people = {application.applicant_id: application.applicant}
    if waiting:
        day = now.astimezone(application.cohort.zone).date()
        people |= {person.pk: person for person in expected_signers(waiting, on=day)}
    ids = {"application": application.pk}
    outbox.queue_many(
        kind="application_closed", to=people.values(), key=str(application.pk), now=now, ids=ids
    )


def more_time(application: Application, last_date: date, *, now: datetime) -> None:
    """To somebody who is still writing: there is time until this day."""
    outbox.queue(
        kind="application_more_time",
        to=application.applicant,
        key=f"{application.pk}:{last_date}",
        now=now,
        ids={"application": application.pk},
    )


def route_problem(application: Application, *, now: datetime) -> None:
    """To the branch office, once a day: an applicant cannot submit because a post has nobody who could sign."""
    day = now.astimezone(application.cohort.zone).date()
    for officer in _office(application, now):
        outbox.queue(
            kind="application_route_problem",
            to=officer,
            key=f"{application.pk}:{day}",
            now=now,
            ids={"application": application.pk},
        )


def project_change_asked(change: ProjectChange, day: date, *, now: datetime) -> None:
    """A14: to everybody who can answer."""
    people = expected_signers(change, on=day)
    outbox.queue_many(
        kind="project_change_asked", to=people, key=str(change.pk), now=now, ids={"change": change.pk}
    )


def project_change_taken_back(change: ProjectChange, *, now: datetime) -> None:
    """To whoever was asked and has heard of it."""
    told = Message.objects.filter(kind="project_change_asked", ids__change=change.pk, sent_at__isnull=False)
    people = list(User.objects.filter(pk__in=told.values("recipient"), is_active=True))
    outbox.queue_many(
        kind="project_change_taken_back", to=people, key=str(change.pk), now=now, ids={"change": change.pk}
    )


def project_change_settled(change: ProjectChange, *, now: datetime) -> None:
    person = change.participant.user
    outbox.queue(
        kind="project_change_settled", to=person, key=str(change.pk), now=now, ids={"change": change.pk}
    )
